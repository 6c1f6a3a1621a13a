package poller

import (
	"context"
	"fmt"
	"time"
)

// Wait blocks until polling has ended, no task is expected any more and the last handler has
// returned. If ctx ends first it returns an error that wraps ctx's and says how many are left.
func (p *Poller[T, K]) Wait(ctx context.Context) error {
	select {
	case <-p.done:
		return nil
	default:
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		s := p.Status()
		return fmt.Errorf("poller %q is %s with %d polls in flight, %d handlers running and %d tasks expected: %w",
			s.Name, s.State, s.InFlight, s.Handling, s.Expecting, context.Cause(ctx))
	}
}

// Polled returns a channel that is closed when the poller was stopped and no poll is in flight: when
// Run returns. Tasks may still be handled.
func (p *Poller[T, K]) Polled() <-chan struct{} { return p.over }

// WaitTasks blocks until no task is handled or expected. Unlike Wait it takes no notice of polls,
// which may bring more: it is for a poller that was stopped and whose source ignores that. If ctx
// ends first it returns the cause.
func (p *Poller[T, K]) WaitTasks(ctx context.Context) error {
	p.mu.Lock()
	if p.counts[handling]+p.counts[expecting] == 0 {
		p.mu.Unlock()
		return nil
	}
	if p.quiet == nil {
		p.quiet = make(chan struct{})
	}
	quiet := p.quiet
	p.mu.Unlock()
	select {
	case <-quiet:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Patience says for how long polls may end by themselves. The zero value is for none.
type Patience struct {
	// Most bounds it.
	Most time.Duration
	// Quiet is how long no poll must have brought a task for nobody to expect that one is on its
	// way. The time before the wait counts too. Zero means that Most has to pass.
	Quiet time.Duration
}

// AwaitPolls waits until pollers that were stopped have no poll in flight. Those that have when the
// patience or ctx is over are interrupted, and waited for all the same: a poll that ignores that is
// for the caller to leave.
func AwaitPolls[P interface {
	Stop(mode StopMode)
	Polled() <-chan struct{}
	Status() Status
}](ctx context.Context, patience Patience, pollers []P) {
	began := time.Now()
	over := time.NewTimer(left(began, patience, pollers))
	defer over.Stop()
	for i := 0; i < len(pollers); {
		select {
		case <-pollers[i].Polled():
			i++
			continue
		case <-over.C:
			if more := left(began, patience, pollers); more > 0 { // a task has come meanwhile
				over.Reset(more)
				continue
			}
		case <-ctx.Done():
		}
		break
	}
	for _, p := range pollers {
		p.Stop(Interrupt)
	}
	for _, p := range pollers {
		<-p.Polled()
	}
}

// left is how much of the patience that began at a time is left.
func left[P interface{ Status() Status }](began time.Time, patience Patience, pollers []P) time.Duration {
	now := time.Now()
	most := patience.Most - now.Sub(began)
	if patience.Quiet <= 0 {
		return most
	}
	var latest time.Time
	for _, p := range pollers {
		if at := p.Status().LastTask; at.After(latest) {
			latest = at
		}
	}
	return min(most, patience.Quiet-now.Sub(latest))
}
