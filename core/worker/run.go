package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
)

// Start checks that the namespace exists and begins to poll. When it returns
// without an error the worker runs until [Worker.Shutdown]; it also stops by
// itself after a fatal error, which Options.OnFatalError is told of and
// [Worker.Wait] returns. ctx bounds the start only.
func (w *Worker) Start(ctx context.Context) error {
	if err := w.claim(); err != nil {
		return err
	}
	err := w.start(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil:
		w.state = stopped
		// Nothing was started, so nothing holds this up; whoever waits is told.
		_, _ = w.coordinator.Shutdown(ctx, &fatalError{err})
		return err
	case w.state == stopping || w.state == stopped:
		return ErrStopped // while it was starting
	default:
		w.state = running
		return nil
	}
}

// claim makes this call the one that starts the worker.
func (w *Worker) claim() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch w.state {
	case created:
	case stopping, stopped:
		return ErrStopped
	default:
		return ErrStarted
	}
	if err := errors.Join(w.rejected...); err != nil {
		return err
	}
	if len(w.workflows.Definitions()) == 0 && (w.activities.Len() == 0 || w.options.NoRemoteActivities) {
		return ErrNothingRegistered
	}
	w.state = starting
	return nil
}

func (w *Worker) start(ctx context.Context) error {
	drains, err := w.describeNamespace(ctx)
	if err != nil {
		return err
	}
	// What the tasks of this worker share, their cancellation included.
	tasks, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	p, err := w.compose(tasks)
	if err != nil {
		cancel(err)
		return err
	}
	p.drains = drains
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state != starting {
		cancel(ErrStopped)
		return ErrStopped
	}
	w.parts, w.cancelTasks = *p, cancel
	for _, part := range p.pollers {
		go func() {
			if err := part.Run(tasks); err != nil {
				w.coordinator.Fatal(&fatalError{fmt.Errorf("worker: %w", err)})
			}
		}()
	}
	go w.watch(tasks)
	return nil
}

// describeNamespace checks that the namespace is there, and reports whether
// the server ends the polls of a worker that stops. Servers that are too old
// to describe one are taken at their word.
func (w *Worker) describeNamespace(ctx context.Context) (drains bool, err error) {
	resp, err := call(ctx, callTimeout, w.service.stub.DescribeNamespace,
		&workflowservice.DescribeNamespaceRequest{Namespace: w.options.Namespace})
	var old *serviceerror.Unimplemented
	switch {
	case errors.As(err, &old):
		return false, nil
	case err != nil:
		return false, &OptionError{
			Field: "Namespace", Value: fmt.Sprintf("%q", w.options.Namespace),
			Err: fmt.Errorf("it cannot be described, so it is not polled: %w", err),
		}
	}
	return resp.GetNamespaceInfo().GetCapabilities().GetWorkerPollCompleteOnShutdown(), nil
}

// A fatalError is a cause of a stop that nobody asked for.
type fatalError struct{ error }

func (e *fatalError) Unwrap() error { return e.error }

// broken returns what broke, if that is why the worker stops.
func (w *Worker) broken() error {
	var f *fatalError
	if errors.As(w.coordinator.Cause(), &f) {
		return f.error
	}
	return nil
}

// watch stops the worker after a fatal error.
func (w *Worker) watch(ctx context.Context) {
	select {
	case <-w.coordinator.Done():
		return
	case <-w.coordinator.Triggered():
	}
	err := w.broken()
	if err == nil {
		return // someone called Shutdown
	}
	w.options.Logger.ErrorContext(ctx, "Worker stops after a fatal error", "Error", err)
	w.tellFatal(ctx, err)
	_, _ = w.shutdown(ctx, w.coordinator.Cause()) // the report is with the coordinator
}

// tellFatal calls the user's hook; its own mistakes stay its own.
func (w *Worker) tellFatal(ctx context.Context, err error) {
	if w.options.OnFatalError == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			w.options.Logger.ErrorContext(ctx, "OnFatalError panicked", "Panic", p,
				"Stack", string(debug.Stack()))
		}
	}()
	w.options.OnFatalError(ctx, err)
}

// Run starts the worker and blocks until ctx ends or something breaks, then
// stops it as [Worker.Shutdown] does and returns when everything has ended. It
// returns nil if ctx was the reason, else the fatal error.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.Start(ctx); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		_, err := w.shutdown(context.WithoutCancel(ctx), context.Cause(ctx))
		return err
	case <-w.coordinator.Triggered():
	}
	return w.Wait(context.WithoutCancel(ctx))
}

// Wait blocks until the worker has stopped and returns the fatal error, if
// that was the reason. It returns ctx's error if ctx ends first.
func (w *Worker) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-w.coordinator.Done():
	}
	return w.broken()
}
