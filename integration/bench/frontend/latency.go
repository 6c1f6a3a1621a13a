package frontend

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"golang.org/x/sys/unix"
)

// Latency is an activity that returns what [Clock] said when it began; a unit is one.
const Latency Work = "activity that tells when it began"

// StampActivity is that activity.
const StampActivity = "Stamp"

// Clock is nanoseconds on a clock that all processes of a machine share, and nobody sets.
func Clock() (int64, error) {
	var now unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	return now.Nano(), err
}

// Stamp is what [Clock] says as the payload that an activity returns.
func Stamp() (*commonpb.Payloads, error) {
	now, err := Clock()
	return jsonPayload(strconv.FormatInt(now, 10)), err
}

// A pace says when tasks arrive that come at random, independently of each other and of what becomes
// of those before: a Poisson process.
type pace struct {
	random *rand.Rand
	rate   float64 // a second
	next   time.Time
}

func newPace(rate float64, seed uint64) *pace {
	return &pace{random: rand.New(rand.NewPCG(seed, seed)), rate: rate, next: time.Now()}
}

// gap is the time between two tasks.
func (p *pace) gap() time.Duration {
	return time.Duration(p.random.ExpFloat64() / p.rate * float64(time.Second))
}

// wait waits until a task arrives. Whoever is late waits for none of those that should have arrived.
func (p *pace) wait(ctx context.Context) error {
	p.next = p.next.Add(p.gap())
	left := time.Until(p.next)
	if left <= 0 {
		return ctx.Err()
	}
	return Pause(ctx, left)
}

// Pause waits for a time, unless ctx ends first: then it returns its error.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stamped makes a put note when the task of the run became available.
func (r *run) stamped(next put) put {
	return func(ctx context.Context, over <-chan struct{}) error {
		now, err := Clock()
		if err != nil {
			return err
		}
		r.available.Store(now)
		return next(ctx, over)
	}
}

// latency is how long the task of the run was available when the activity began that returned got.
func (r *run) latency(got *commonpb.Payloads) (time.Duration, error) {
	now, err := Clock()
	if err != nil {
		return 0, err
	}
	if len(got.GetPayloads()) != 1 {
		return 0, fmt.Errorf("frontend: %d results, want the time", len(got.GetPayloads()))
	}
	began, err := strconv.ParseInt(string(got.GetPayloads()[0].GetData()), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("frontend: the result is not the time: %w", err)
	}
	if put := r.available.Load(); began < put || began > now {
		return 0, fmt.Errorf("frontend: an activity began at %d, when its task was there from %d to %d", began, put, now)
	}
	return time.Duration(began - r.available.Load()), nil
}

// percentile is the least of them that so many of a hundred do not exceed. It sorts them.
func percentile(all []time.Duration, percent int) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[max(0, (len(all)*percent+99)/100-1)]
}
