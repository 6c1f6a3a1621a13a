package task

import (
	"context"
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
)

// Observers are called on the goroutines that run activities, several at once. They must not
// block and must not change what Info points to. ctx is that of [Handler.Handle].

// StartObserver is told of each task before it runs.
type StartObserver interface {
	ActivityStarted(ctx context.Context, event Started)
}

// EndObserver is told of each task after its report, also of one that was handed back.
type EndObserver interface {
	ActivityEnded(ctx context.Context, event Ended)
}

// PanicObserver is told of each activity that panicked, before its report.
type PanicObserver interface {
	ActivityPanicked(ctx context.Context, event Panicked)
}

// HeartbeatObserver is told of each heartbeat that was sent.
type HeartbeatObserver interface {
	ActivityHeartbeat(ctx context.Context, event Heartbeat)
}

// Started is the beginning of an attempt.
type Started struct {
	// Info describes the attempt.
	Info *activity.Info
	// ScheduleToStart is how long the attempt waited in the task queue, on the server's clock.
	ScheduleToStart time.Duration
}

// Ended is the end of an attempt.
type Ended struct {
	// Info describes the attempt.
	Info *activity.Info
	// Outcome is how the attempt ended.
	Outcome Outcome
	// Err is the error behind any outcome but Completed. It is an
	// *activity.NotRegisteredError if nobody registered the type.
	Err error
	// Execution is how long the attempt ran, its report not counted.
	Execution time.Duration
	// EndToEnd is the time from the first attempt's scheduling to the end of this one.
	EndToEnd time.Duration
	// ReportErr is what Handle returns: nil if the server has the report or needs none.
	ReportErr error
}

// Panicked is a panic of an activity.
type Panicked struct {
	// Info describes the attempt.
	Info *activity.Info
	// Err carries the value and the stack.
	Err *temporal.PanicError
}

// Heartbeat is a heartbeat that was sent.
type Heartbeat struct {
	// Info describes the attempt.
	Info *activity.Info
	// Err is nil if the server took it.
	Err error
	// Next is when the next one may be sent.
	Next time.Time
}

type observers struct {
	starts     []StartObserver
	ends       []EndObserver
	panics     []PanicObserver
	heartbeats []HeartbeatObserver
}

func sortObservers(all []any) (observers, error) {
	var o observers
	for i, one := range all {
		known := false
		if s, ok := one.(StartObserver); ok {
			o.starts, known = append(o.starts, s), true
		}
		if e, ok := one.(EndObserver); ok {
			o.ends, known = append(o.ends, e), true
		}
		if p, ok := one.(PanicObserver); ok {
			o.panics, known = append(o.panics, p), true
		}
		if h, ok := one.(HeartbeatObserver); ok {
			o.heartbeats, known = append(o.heartbeats, h), true
		}
		if !known {
			return o, fmt.Errorf("task.Options.Observers[%d] is a %T, which observes "+
				"nothing: implement an observer interface of package task", i, one)
		}
	}
	return o, nil
}

func (o *observers) started(ctx context.Context, event Started) {
	for _, s := range o.starts {
		s.ActivityStarted(ctx, event)
	}
}

func (o *observers) ended(ctx context.Context, event Ended) {
	for _, e := range o.ends {
		e.ActivityEnded(ctx, event)
	}
}

func (o *observers) panicked(ctx context.Context, event Panicked) {
	for _, p := range o.panics {
		p.ActivityPanicked(ctx, event)
	}
}

func (o *observers) heartbeat(ctx context.Context, event Heartbeat) {
	for _, h := range o.heartbeats {
		h.ActivityHeartbeat(ctx, event)
	}
}
