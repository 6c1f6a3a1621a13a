package worker

import (
	"context"
	"errors"
)

// With runs body while the worker runs: it starts the worker, calls body, stops
// the worker as [Worker.Shutdown] does, whatever body does, and returns when
// everything has ended. Body is not called if the start fails.
//
// The context of body ends with ctx, and when something breaks, with what broke
// as its cause; it does not when somebody calls Shutdown. With returns the error
// of body. It returns what [Worker.Wait] does if body returned nil, or a
// cancellation that came of what broke.
func With(ctx context.Context, w *Worker, body func(ctx context.Context) error) error {
	if body == nil {
		return errors.New("worker: With was given no body: use Run to run the worker until it is stopped")
	}
	if err := w.Start(ctx); err != nil {
		return err
	}
	return w.coordinator.Around(ctx, body, func() error {
		forever := context.WithoutCancel(ctx)
		_ = w.Shutdown(forever) // Wait returns its error, too
		return w.Wait(forever)
	})
}

// IsRunning reports whether the worker was started and has not ended: it is
// true while the worker stops.
func (w *Worker) IsRunning() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cancelTasks != nil && !w.IsShutdown()
}

// IsShutdown reports whether the worker has ended, for good: Wait does not wait.
func (w *Worker) IsShutdown() bool { return w.coordinator.IsDone() }
