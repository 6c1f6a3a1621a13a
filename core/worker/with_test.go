package worker_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/shutdown"
)

var errBody = errors.New("the body is dissatisfied")

func TestWithReturnsWhatTheBodyDoes(t *testing.T) {
	for _, want := range []error{nil, errBody, context.Canceled} {
		in(t, func(t *testing.T, f *frontend) {
			w := f.worker(t, both())
			err := worker.With(t.Context(), w, func(ctx context.Context) error {
				if !w.IsRunning() || w.IsShutdown() {
					t.Error("the worker does not run beside the body")
				}
				f.activityTasks <- activityTask("Echo", 1, "x")
				pass(time.Second)
				only[*workflowservice.RespondActivityTaskCompletedRequest](t, f)
				if ctx.Err() != nil {
					t.Errorf("the body was canceled: %v", context.Cause(ctx))
				}
				return want
			})
			if !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
			if w.IsRunning() || !w.IsShutdown() {
				t.Error("With has returned before the worker has stopped")
			}
		})
	}
}

// The body learns what broke at once, and With returns it unless the body has an error of its own.
func TestWithWhenSomethingBreaks(t *testing.T) {
	for name, c := range map[string]struct {
		body func(context.Context) error
		own  error
	}{
		"obeys":           {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, nil},
		"obeys and wraps": {func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("x: %w", ctx.Err()) }, nil},
		"gives the cause": {func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }, nil},
		"swallows it":     {func(ctx context.Context) error { <-ctx.Done(); return nil }, nil},
		"fails itself":    {func(ctx context.Context) error { <-ctx.Done(); return errBody }, errBody},
		"takes its time":  {func(context.Context) error { time.Sleep(time.Hour); return nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				breakPolls(f, normal, codes.PermissionDenied)
				w := f.worker(t, both())
				var broken *poller.FatalError
				err := worker.With(t.Context(), w, func(ctx context.Context) error {
					err := c.body(ctx)
					if !errors.As(context.Cause(ctx), &broken) {
						t.Errorf("the cause is %v", context.Cause(ctx))
					}
					return err
				})
				if c.own != nil && !errors.Is(err, c.own) || c.own == nil && !errors.As(err, &broken) {
					t.Errorf("got %v", err)
				}
				if got := w.Wait(t.Context()); !errors.As(got, &broken) || !w.IsShutdown() {
					t.Errorf("Wait: %v", got)
				}
			})
		})
	}
}

// A cancellation of the caller is the body's own, also if something breaks afterwards.
func TestWithCanceledBeforeSomethingBreaks(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.worker(t, both())
		ctx, cancel := context.WithCancel(t.Context())
		err := worker.With(ctx, w, func(ctx context.Context) error {
			cancel()
			breakPolls(f, normal, codes.PermissionDenied)
			time.Sleep(time.Hour)
			return ctx.Err()
		})
		var broken *poller.FatalError
		if !errors.Is(err, context.Canceled) || errors.As(err, &broken) {
			t.Errorf("got %v", err)
		}
	})
}

// Who stops the worker does not interrupt the body.
func TestWithAndShutdown(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.drains = true
		w := f.worker(t, both())
		err := worker.With(t.Context(), w, func(ctx context.Context) error {
			if err := w.Shutdown(ctx); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			return ctx.Err()
		})
		if err != nil {
			t.Error(err)
		}
		only[*workflowservice.ShutdownWorkerRequest](t, f)
	})
}

func TestWithDoesNotCallTheBodyInVain(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		body := func(context.Context) error { t.Error("the body was called"); return nil }
		f.describe = func(context.Context) error { return refused(codes.NotFound) }
		var option *worker.OptionError
		if err := worker.With(t.Context(), f.worker(t, both()), body); !errors.As(err, &option) {
			t.Errorf("without its namespace: %v", err)
		}
		f.describe = nil
		w := f.start(t, both())
		if err := worker.With(t.Context(), w, body); !errors.Is(err, worker.ErrStarted) {
			t.Errorf("of one that runs: %v", err)
		}
		if !w.IsRunning() {
			t.Error("the refused call has stopped the worker")
		}
		stop(t, w)
		if err := worker.With(t.Context(), w, body); !errors.Is(err, worker.ErrStopped) {
			t.Errorf("of one that was stopped: %v", err)
		}
		if err := worker.With(t.Context(), f.worker(t, both()), nil); err == nil {
			t.Error("without a body: no error")
		}
	})
}

// The worker is stopped however the body ends.
func TestWithABodyThatBreaksOut(t *testing.T) {
	for name, body := range map[string]func(context.Context) error{
		"panics": func(context.Context) error { panic("broken body") },
		"exits":  func(context.Context) error { runtime.Goexit(); return nil },
	} {
		in(t, func(t *testing.T, f *frontend) {
			w := f.worker(t, both())
			ended := make(chan any)
			go func() {
				defer close(ended)
				defer func() { ended <- recover() }()
				_ = worker.With(t.Context(), w, body)
			}()
			if p := <-ended; (name == "panics") != (p == "broken body") {
				t.Errorf("%s: recovered %v", name, p)
			}
			<-ended
			if !w.IsShutdown() {
				t.Errorf("%s: the worker runs on", name)
			}
		})
	}
}

// What did not end is the error of a body that has none.
func TestWithReportsWhatDidNotEnd(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		release := make(chan struct{})
		w := f.worker(t, worker.Options{})
		if err := w.RegisterActivityWithOptions(
			func(context.Context) error { <-release; return nil }, named("stubborn")); err != nil {
			t.Fatal(err)
		}
		err := worker.With(t.Context(), w, func(context.Context) error {
			f.activityTasks <- activityTask("stubborn", 1)
			pass(time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var waited *shutdown.WaitError
			if err := w.Shutdown(ctx); !errors.As(err, &waited) {
				t.Errorf("Shutdown: %v", err)
			}
			return nil
		})
		var incomplete *shutdown.IncompleteError
		if !errors.As(err, &incomplete) || len(incomplete.Left) != 1 {
			t.Errorf("got %v", err)
		}
		close(release)
	})
}

func TestIsRunningAndIsShutdown(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		describing := make(chan struct{})
		f.describe = func(context.Context) error { <-describing; return nil }
		w := f.worker(t, worker.Options{Activities: []any{Sleep}, GracefulShutdownTimeout: time.Hour})
		is := func(when string, running, over bool) {
			t.Helper()
			if w.IsRunning() != running || w.IsShutdown() != over {
				t.Errorf("%s: running %v, shut down %v", when, w.IsRunning(), w.IsShutdown())
			}
		}
		is("when new", false, false)
		started := make(chan error, 1)
		go func() { started <- w.Start(t.Context()) }()
		synctest.Wait()
		is("during the start", false, false)
		close(describing)
		if err := <-started; err != nil {
			t.Fatal(err)
		}
		is("when started", true, false)
		f.activityTasks <- activityTask("Sleep", 1, time.Minute)
		pass(time.Second)
		took := stopLater(t, w)
		is("during the stop", true, false)
		<-took
		is("after the stop", false, true)
		if got := w.TaskQueue(); got != taskQueue {
			t.Errorf("task queue %q", got)
		}

		unused := f.worker(t, both())
		stop(t, unused)
		if unused.IsRunning() || !unused.IsShutdown() {
			t.Error("a worker that was shut down before its start")
		}
		f.describe = func(context.Context) error { return refused(codes.NotFound) }
		failed := f.worker(t, both())
		if err := failed.Start(t.Context()); err == nil {
			t.Error("started without a namespace")
		}
		if failed.IsRunning() || !failed.IsShutdown() {
			t.Error("a worker whose start failed")
		}
	})
}
