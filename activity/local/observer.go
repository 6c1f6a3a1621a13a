package local

import (
	"context"
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/activity"
)

// Observers are called on the goroutines of [Runner.Run], several at once. They must not block and
// must not change what Info points to. ctx is Run's.

// StartObserver is told of each attempt that begins.
type StartObserver interface {
	LocalActivityStarted(ctx context.Context, event Started)
}

// EndObserver is told of each attempt that has begun when it has ended for its workflow.
type EndObserver interface {
	LocalActivityEnded(ctx context.Context, event Ended)
}

// Started is the beginning of an attempt.
type Started struct {
	// Info describes the attempt.
	Info *activity.Info
}

// Ended is the end of an attempt.
type Ended struct {
	// Info describes the attempt.
	Info *activity.Info
	// Err is what Run returns.
	Err error
	// Execution is how long the attempt ran: its function may go on.
	Execution time.Duration
	// EndToEnd is the time since ScheduledTime.
	EndToEnd time.Duration
}

type observers struct {
	starts []StartObserver
	ends   []EndObserver
}

func sortObservers(all []any) (o observers, err error) {
	for i, one := range all {
		s, starts := one.(StartObserver)
		if starts {
			o.starts = append(o.starts, s)
		}
		e, ends := one.(EndObserver)
		if ends {
			o.ends = append(o.ends, e)
		}
		if !starts && !ends {
			return o, fmt.Errorf("local.Options.Observers[%d] is a %T, which observes nothing: "+
				"implement an observer interface of package local", i, one)
		}
	}
	return o, nil
}

func (o *observers) started(ctx context.Context, event Started) {
	for _, s := range o.starts {
		s.LocalActivityStarted(ctx, event)
	}
}

func (o *observers) ended(ctx context.Context, event Ended) {
	for _, e := range o.ends {
		e.LocalActivityEnded(ctx, event)
	}
}
