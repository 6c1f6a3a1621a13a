package task

import (
	"context"
	"errors"
	"fmt"

	"github.com/mainspring-go/mainspring/workflow/internal/coro"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// An Executor decides where and when workflow code runs: each activation is one call. A task that
// waits for local activities or for its history holds none. Whoever hands one to a worker keeps
// it: the worker never closes it.
type Executor interface {
	// Execute runs activate once, on any goroutine, and returns when activate has returned. It
	// may wait before; the clock of the task at the server runs meanwhile, that of the deadlock
	// detector does not. It may be called from many goroutines at once. ctx ends when nobody
	// waits for the task any more. After an error, or without a run, the task fails and the run
	// leaves the cache, so that the server hands the task out again.
	Execute(ctx context.Context, activate func()) error
}

// Bounded is an [Executor] that runs activations where they are asked for, so many at once: as
// many as there are processors keep them busy, however many tasks a worker holds. Others wait
// until one of these is over. Several workers may share one.
type Bounded struct{ running chan struct{} }

// NewBounded returns an executor of size activations at once, size >= 1.
func NewBounded(size int) (*Bounded, error) {
	if size < 1 {
		return nil, fmt.Errorf("size of an executor of workflow tasks is %d: it must be at least 1", size)
	}
	return &Bounded{running: make(chan struct{}, size)}, nil
}

// Execute implements [Executor]. It gives up waiting when ctx ends, with its cause.
func (b *Bounded) Execute(ctx context.Context, activate func()) error {
	select {
	case b.running <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-b.running }()
	activate()
	return nil
}

var errNotRun = errors.New("the executor of workflow tasks returned without having run the code")

// activate runs an activation where the executor says.
func (w *work) activate(ctx context.Context, r *Run, a *runner.Activation) (*runner.Completion, error) {
	if w.Executor == nil {
		return r.instance.Activate(ctx, a), nil
	}
	var c *runner.Completion
	activate := func() { c = r.instance.Activate(ctx, a) }
	_, bounded := w.Executor.(*Bounded)
	err := execute(ctx, w.Executor, func() {
		switch {
		case c != nil: // once, whatever the executor does
		case bounded:
			activate()
		default: // its goroutines may be locked to threads
			coro.Unlocked(activate)
		}
	})
	switch {
	case err == nil && c != nil:
		return c, nil
	case err == nil:
		err = errNotRun
	case ctx.Err() != nil:
		return nil, err
	default:
		err = fmt.Errorf("the executor of workflow tasks: %w", err)
	}
	return nil, w.broken(err)
}

// execute makes an error of a panic of the executor.
func execute(ctx context.Context, e Executor, f func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return e.Execute(ctx, f)
}

// step is what an activation does to the machines.
func (w *work) step(ctx context.Context, r *Run, a *runner.Activation, started int64) error {
	c, err := w.activate(ctx, r, a)
	switch {
	case err != nil:
		return err
	case c.Failure != nil:
		return w.codeFailed(c, started)
	}
	if err := r.machine.Apply(c); err != nil {
		return w.broken(err)
	}
	return nil
}
