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

// AwaitPolls waits until pollers that were stopped have no poll in flight. Those that have when the
// patience or ctx is over are interrupted, and waited for all the same: a poll that ignores that is
// for the caller to leave. A patience of zero interrupts them at once.
func AwaitPolls[P interface {
	Stop(mode StopMode)
	Polled() <-chan struct{}
}](ctx context.Context, patience time.Duration, pollers []P) {
	over := time.NewTimer(patience)
	defer over.Stop()
	for i := 0; i < len(pollers); {
		select {
		case <-pollers[i].Polled():
			i++
			continue
		case <-over.C:
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
