package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"

	"github.com/mainspring-go/mainspring/poller"
)

// Start checks that the namespace exists, for up to a minute if the server cannot
// tell at once, and begins to poll. When it returns
// without an error the worker runs until [Worker.Shutdown]; it also stops by
// itself after a fatal error, which Options.OnFatalError is told of and
// [Worker.Wait] returns. After an error it has stopped, unless the error is
// about what is registered. ctx bounds the start only.
func (w *Worker) Start(ctx context.Context) error {
	ctx, err := w.claim(ctx)
	if err != nil {
		return err
	}
	defer close(w.startEnded)
	defer w.abortStart()
	if err := w.start(ctx); err != nil {
		return w.startFailed(ctx, err)
	}
	return nil
}

// claim makes this call the one that starts the worker, and its context one
// that a Shutdown in the meantime ends.
func (w *Worker) claim(ctx context.Context) (context.Context, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch w.state {
	case created:
	case stopping:
		return nil, ErrStopped
	default:
		return nil, ErrStarted
	}
	if err := errors.Join(w.rejected...); err != nil {
		return nil, err
	}
	if len(w.workflows.Definitions()) == 0 {
		switch {
		case w.activities.Len() == 0:
			return nil, ErrNothingRegistered
		case w.options.NoRemoteActivities:
			return nil, fmt.Errorf("%w; Options.NoRemoteActivities is true, so its activities do not count",
				ErrNothingRegistered)
		}
	}
	if err := w.options.DeploymentOptions.unversioned(w.workflows.Definitions()); err != nil {
		return nil, err
	}
	w.state = starting
	ctx, w.abortStart = context.WithCancel(ctx)
	return ctx, nil
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
	if m := w.options.SharedStateManager; m != nil {
		if p.unshare, err = m.Hold(); err != nil {
			cancel(err)
			return refused("SharedStateManager", m, err)
		}
	}
	w.state, w.parts, w.cancelTasks = running, *p, cancel
	for _, part := range p.pollers {
		go func() {
			// The tasks' context must not cut polls short: a stop has its own order.
			if err := part.Run(context.WithoutCancel(tasks)); err != nil {
				w.coordinator.Fatal(fmt.Errorf("worker: %w", err))
			}
		}()
	}
	go w.watch(tasks)
	for _, recheck := range p.rechecks {
		go w.every(recheckEvery, recheck)
	}
	return nil
}

// startFailed stops a worker of which nothing runs yet.
func (w *Worker) startFailed(ctx context.Context, err error) error {
	w.mu.Lock()
	first := w.state == starting
	if first {
		w.state = stopping
		close(w.stopping)
	}
	w.mu.Unlock()
	if !first {
		return ErrStopped // by someone else, while it was starting
	}
	// There is nothing to stop, so this is done at once; whoever waits is told.
	w.coordinator.Fatal(err)
	_, _ = w.coordinator.Shutdown(context.WithoutCancel(ctx), nil)
	return err
}

// every calls f now and then until the worker begins to stop.
func (w *Worker) every(d time.Duration, f func()) {
	ticker := time.NewTicker(d)
	defer ticker.Stop()
	for {
		select {
		case <-w.stopping:
			return
		case <-ticker.C:
			f()
		}
	}
}

// How long the namespace is asked for, and how often, while the server gives
// answers that may pass.
const (
	startTimeout = time.Minute
	startEvery   = time.Second
)

// describeNamespace checks that the namespace is there, and reports whether
// the server ends the polls of a worker that stops. Servers that are too old
// to describe one are taken at their word.
func (w *Worker) describeNamespace(ctx context.Context) (drains bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	req := &workflowservice.DescribeNamespaceRequest{Namespace: w.options.Namespace}
	resp, err := call(ctx, callTimeout, w.service.stub.DescribeNamespace, req)
	for err != nil && classify(err) != poller.Fatal {
		w.options.Logger.WarnContext(ctx, "The namespace cannot be described, which is tried again",
			slog.String("Namespace", w.options.Namespace), slog.Any("Error", err))
		select {
		case <-ctx.Done():
			return false, w.badNamespace(fmt.Errorf("%w, after %w", context.Cause(ctx), err))
		case <-time.After(startEvery):
		}
		resp, err = call(ctx, callTimeout, w.service.stub.DescribeNamespace, req)
	}
	var old *serviceerror.Unimplemented
	if err != nil && !errors.As(err, &old) {
		return false, w.badNamespace(err)
	}
	w.namespace = resp.GetNamespaceInfo().GetLimits()
	if info, err := call(ctx, callTimeout, w.service.stub.GetSystemInfo,
		&workflowservice.GetSystemInfoRequest{}); err == nil {
		w.server = info.GetCapabilities() // they spare calls; we do without when it does not tell
	}
	w.startsEagerly = resp.GetNamespaceInfo().GetCapabilities().GetEagerWorkflowStart()
	return resp.GetNamespaceInfo().GetCapabilities().GetWorkerPollCompleteOnShutdown(), nil
}

func (w *Worker) badNamespace(err error) error {
	return &OptionError{
		Of: "worker", Field: "Namespace", Value: fmt.Sprintf("%q", w.options.Namespace),
		Err: fmt.Errorf("it cannot be described, so it is not polled: %w", err),
	}
}

// watch stops the worker after a fatal error.
func (w *Worker) watch(ctx context.Context) {
	<-w.coordinator.Triggered()
	err := w.coordinator.Broken()
	if err == nil {
		return // someone called Shutdown
	}
	w.options.Logger.ErrorContext(ctx, "Worker stops after a fatal error",
		slog.Any("Error", err))
	// Deferred, because the hook may end this goroutine.
	defer func() { _ = w.shutdown(ctx, w.coordinator.Cause()) }() // its report is with the coordinator
	w.tellFatal(ctx, err)
}

// tellFatal calls the user's hook; its own mistakes stay its own.
func (w *Worker) tellFatal(ctx context.Context, err error) {
	if w.options.OnFatalError == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			w.options.Logger.ErrorContext(ctx, "OnFatalError panicked", slog.Any("Panic", p),
				slog.String("Stack", string(debug.Stack())))
		}
	}()
	w.options.OnFatalError(ctx, err)
}

// Run starts the worker and blocks until ctx ends or something breaks, then
// stops it as [Worker.Shutdown] does and returns when everything has ended. It
// returns nil if that was because ctx ended or Shutdown was called, else what
// broke. An error that matches [*shutdown.IncompleteError] names what did not
// end.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.Start(ctx); err != nil {
		if ctx.Err() != nil && interrupted(err) {
			return nil
		}
		return err
	}
	forever := context.WithoutCancel(ctx)
	select {
	case <-ctx.Done():
		_ = w.shutdown(forever, context.Cause(ctx)) // Wait returns its error, too
	case <-w.coordinator.Done():
	}
	return w.Wait(forever)
}

// interrupted reports whether err comes from a context that has ended.
func interrupted(err error) bool {
	c := serviceerror.ToStatus(err).Code()
	return c == codes.Canceled || c == codes.DeadlineExceeded ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// Wait blocks until the worker has stopped and returns what broke, if that was
// the reason, or else an error that matches [*shutdown.IncompleteError] if
// something did not end. It returns ctx's error if ctx ends first.
func (w *Worker) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-w.coordinator.Done():
	}
	if err := w.coordinator.Broken(); err != nil {
		return err
	}
	report, _ := w.coordinator.Report()
	return report.Err()
}
