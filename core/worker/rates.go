package worker

import (
	"cmp"
	"fmt"
	"sync/atomic"
	"time"

	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/mainspring-go/mainspring/ratelimit"
	"github.com/mainspring-go/mainspring/temporal/settings"
)

// rates are how fast activities start. All can change while the worker runs.
type rates struct {
	activities, locals ratelimit.Limiter
	queue              queueRate
}

// set takes what the options say.
func (r *rates) set(o *Options) (err error) {
	if r.activities, err = limiter(o.Parts.ActivityRate, o.MaxActivitiesPerSecond); err != nil {
		return err
	}
	r.queue.set(o.MaxTaskQueueActivitiesPerSecond)
	r.locals, err = limiter(o.Parts.LocalActivityRate, o.MaxLocalActivitiesPerSecond)
	return err
}

// burstTime is what activities may start at once, as time in which they are
// earned: enough for polls to wait side by side, too little to notice.
const burstTime = time.Second / 10

// limiter is the given one, or one that also without a limit can get one later.
func limiter(given ratelimit.Limiter, perSecond float64) (ratelimit.Limiter, error) {
	if given != nil {
		return given, nil
	}
	b, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: cmp.Or(perSecond, 1), BurstTime: burstTime})
	if err == nil && perSecond == 0 {
		b.Lift()
	}
	return b, err
}

// SetMaxActivitiesPerSecond changes Options.MaxActivitiesPerSecond of a worker,
// also while it runs; 0 means no limit. Polls that wait for their turn feel it
// at once; one that the server has may still bring a task by the limit before.
// With Parts.ActivityRate given it calls that one's SetLimit, or Lift for 0,
// for all workers that share it. The error is an [*OptionError].
func (w *Worker) SetMaxActivitiesPerSecond(perSecond float64) error {
	return setLimit("MaxActivitiesPerSecond", w.rates.activities, perSecond)
}

// SetMaxLocalActivitiesPerSecond does for Options.MaxLocalActivitiesPerSecond and
// Parts.LocalActivityRate what SetMaxActivitiesPerSecond does for activities.
func (w *Worker) SetMaxLocalActivitiesPerSecond(perSecond float64) error {
	return setLimit("MaxLocalActivitiesPerSecond", w.rates.locals, perSecond)
}

// SetMaxTaskQueueActivitiesPerSecond changes
// Options.MaxTaskQueueActivitiesPerSecond of a worker, also while it runs; 0
// means no limit. The server hears of it with the next poll. The error is an
// [*OptionError].
func (w *Worker) SetMaxTaskQueueActivitiesPerSecond(perSecond float64) error {
	p := settings.Check{Of: "worker"}
	if p.Rate("MaxTaskQueueActivitiesPerSecond", perSecond, "activities"); p.Err() != nil {
		return p.Errors()[0]
	}
	w.rates.queue.set(perSecond)
	return nil
}

// perSecond is the rate of a limiter that tells it; zero for no limit.
func perSecond(l ratelimit.Limiter) float64 {
	if r, ok := l.(ratelimit.Reporter); ok {
		return r.Stats().PerSecond
	}
	return 0
}

// setLimit changes the rate of a limiter that the user may have given.
func setLimit(field string, l ratelimit.Limiter, perSecond float64) error {
	p := settings.Check{Of: "worker"}
	if p.Rate(field, perSecond, "activities"); p.Err() != nil {
		return p.Errors()[0]
	}
	if err := ratelimit.SetRate(l, perSecond); err != nil {
		return &OptionError{Of: "worker", Field: field, Value: fmt.Sprint(perSecond), Err: err}
	}
	return nil
}

// A queueRate is what the server is asked to hand out a second to all workers of
// a task queue. It is safe for concurrent use.
type queueRate struct {
	told atomic.Pointer[toldRate] // nil as long as there was no limit
}

// A toldRate is a limit, zero for none, and how polls say it.
type toldRate struct {
	perSecond float64
	metadata  *taskqueuepb.TaskQueueMetadata
}

// unlimited is what stands for no limit where there has been one: a server goes
// by what it was last told.
const unlimited = 100_000

func (q *queueRate) set(perSecond float64) {
	if perSecond > 0 || q.told.Load() != nil {
		q.told.Store(&toldRate{perSecond, &taskqueuepb.TaskQueueMetadata{
			MaxTasksPerSecond: wrapperspb.Double(cmp.Or(perSecond, unlimited)),
		}})
	}
}

// perSecond is the limit, zero for none.
func (q *queueRate) perSecond() float64 {
	if t := q.told.Load(); t != nil {
		return t.perSecond
	}
	return 0
}

// metadata is what polls carry. A nil q asks for nothing.
func (q *queueRate) metadata() *taskqueuepb.TaskQueueMetadata {
	if q == nil {
		return nil
	}
	if t := q.told.Load(); t != nil {
		return t.metadata
	}
	return nil
}
