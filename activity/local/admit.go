package local

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal"
)

// A Ticket is the leave to begin an attempt.
type Ticket interface {
	// Spend says that the attempt begins.
	Spend()
	// Return gives it back: unspent, or when the function has returned.
	Return()
}

// free is the ticket of a runner without Admit.
type free struct{}

func (free) Spend()  {}
func (free) Return() {}

// askAgain is how soon an Admit that failed is asked again.
const askAgain = time.Second

// admit waits for leave until the activity's time is over.
func (r *Runner) admit(ctx context.Context, t *Task) (Ticket, error) {
	if r.options.Admit == nil {
		return free{}, nil
	}
	wait, cancel := ctx, func() {}
	if end := t.end(); !end.IsZero() {
		wait, cancel = context.WithDeadline(ctx, end)
	}
	defer cancel()
	for wait.Err() == nil {
		ticket, err := r.ask(wait, t)
		switch {
		case err == nil && wait.Err() == nil:
			return ticket, nil
		case err == nil:
			ticket.Return()
			continue
		case wait.Err() != nil:
			continue
		}
		r.logger(&t.Info).WarnContext(ctx, "local activity waits: it could not be admitted", slog.Any("Error", err))
		again := time.NewTimer(askAgain)
		select {
		case <-again.C:
		case <-wait.Done():
			again.Stop()
		}
	}
	if ctx.Err() != nil {
		return nil, temporal.NewCanceledError()
	}
	return nil, stopped(wait, enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE)
}

// ask calls Admit, which may have parts of a user's.
func (r *Runner) ask(ctx context.Context, t *Task) (_ Ticket, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %w", temporal.NewPanicError(p, string(debug.Stack())))
		}
	}()
	return r.options.Admit(ctx, t)
}

// end is when the time of all attempts is over; zero for never.
func (t *Task) end() time.Time {
	if t.Expires.IsZero() && t.Info.ScheduleToCloseTimeout > 0 {
		return t.Info.ScheduledTime.Add(t.Info.ScheduleToCloseTimeout)
	}
	return t.Expires
}

// running counts the functions that have not returned.
type running struct {
	mu   sync.Mutex
	n    int
	idle chan struct{} // closed when n is zero again; nil if nobody asks
}

// begin counts one, unless ctx has ended.
func (r *running) begin(ctx context.Context) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	r.n++
	return true
}

func (r *running) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n--
	if r.n == 0 && r.idle != nil {
		close(r.idle)
		r.idle = nil
	}
}

// Wait waits until no function runs, or ctx ends: its cause is the error. No attempt begins once
// its context has ended, so that none does afterwards if the contexts of all have.
func (r *Runner) Wait(ctx context.Context) error {
	w := &r.running
	w.mu.Lock()
	if w.n == 0 {
		w.mu.Unlock()
		return nil
	}
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
	idle := w.idle
	w.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
