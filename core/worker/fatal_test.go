package worker_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/sticky"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// breakPolls makes the polls of one queue fail from now on.
func breakPolls(f *frontend, which kind, code codes.Code) {
	f.poll.Store(new(func(k kind) error {
		if k == which {
			return refused(code)
		}
		return nil
	}))
}

func TestErrorsOfPolls(t *testing.T) {
	for code, fatal := range map[codes.Code]bool{
		codes.InvalidArgument:    true,
		codes.NotFound:           true,
		codes.PermissionDenied:   true,
		codes.Unauthenticated:    true,
		codes.FailedPrecondition: true,
		codes.Unimplemented:      true,
		codes.ResourceExhausted:  false,
		codes.Unavailable:        false,
		codes.Internal:           false,
		codes.Unknown:            false,
		codes.DeadlineExceeded:   false,
		codes.Canceled:           false,
		codes.Aborted:            false,
	} {
		t.Run(code.String(), func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				breakPolls(f, activities, code)
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
				defer cancel()
				began := time.Now()
				err := f.worker(t, both()).Run(ctx)
				var broken *poller.FatalError
				switch took := time.Since(began); {
				case !fatal && err != nil:
					t.Errorf("Run: %v", err)
				case fatal && !errors.As(err, &broken):
					t.Errorf("Run: %v", err)
				case fatal && (took < time.Minute || took > 2*time.Minute):
					t.Errorf("Run took %v", took)
				}
			})
		})
	}
}

// The longer pause after ResourceExhausted is what tells it from other errors.
func TestThrottledPollsWaitLonger(t *testing.T) {
	polls := func(code codes.Code) (n int) {
		in(t, func(t *testing.T, f *frontend) {
			breakPolls(f, activities, code)
			f.start(t, worker.Options{Activities: []any{Echo}, MaxConcurrentActivityTaskPolls: 1})
			pass(3 * time.Second)
			all, _ := arrivals[*workflowservice.PollActivityTaskQueueRequest](f)
			n = len(all)
		})
		return n
	}
	if throttled, down := polls(codes.ResourceExhausted), polls(codes.Unavailable); throttled >= down {
		t.Errorf("%d polls when throttled, %d when the server is down", throttled, down)
	}
}

func TestOnFatalError(t *testing.T) {
	var w *worker.Worker
	var calls atomic.Int32
	for name, hook := range map[string]func(ctx context.Context){
		"returns":  func(context.Context) {},
		"is slow":  func(context.Context) { time.Sleep(time.Minute) },
		"panics":   func(context.Context) { panic("broken hook") },
		"exits":    func(context.Context) { runtime.Goexit() },
		"stops it": func(ctx context.Context) { _ = w.Shutdown(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				breakPolls(f, normal, codes.NotFound)
				calls.Store(0)
				o, logs := both(), new(logbook)
				o.Logger = logs.logger()
				var told error
				o.OnFatalError = func(ctx context.Context, err error) {
					calls.Add(1)
					told = err
					if all, _ := arrivals[*workflowservice.ShutdownWorkerRequest](f); len(all) > 0 {
						t.Error("called after the worker began to stop")
					}
					hook(ctx)
				}
				w = f.worker(t, o)
				err := w.Run(t.Context())
				if err == nil || !errors.Is(told, err) || calls.Load() != 1 {
					t.Errorf("Run: %v, hook: %v, %d calls", err, told, calls.Load())
				}
				if got := w.Wait(t.Context()); !errors.Is(got, err) {
					t.Errorf("Wait: %v", got)
				}
				if report, over := w.Report(); !over || !errors.Is(report.Cause, err) {
					t.Errorf("report %v, over %v", report, over)
				}
				synctest.Wait()
				if n := f.polling(activities) + f.polling(stickyKind); n > 0 {
					t.Errorf("%d polls left", n)
				}
				if (name == "panics") != logs.has("broken hook") {
					t.Error("the panic of the hook must be logged")
				}
			})
		})
	}
}

// The hook does not hold up who stops the worker meanwhile.
func TestContextEndsDuringOnFatalError(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		breakPolls(f, normal, codes.NotFound)
		o := both()
		release := make(chan struct{})
		o.OnFatalError = func(context.Context, error) { <-release }
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		var broken *poller.FatalError
		if err := f.worker(t, o).Run(ctx); !errors.As(err, &broken) || time.Since(began) != time.Hour {
			t.Errorf("Run: %v after %v", err, time.Since(began))
		}
		close(release)
	})
}

func TestFatalErrorAfterStartReachesWait(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		breakPolls(f, stickyKind, codes.PermissionDenied)
		w := f.worker(t, both())
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		var broken *poller.FatalError
		if err := w.Wait(eventually(t)); !errors.As(err, &broken) {
			t.Errorf("Wait: %v", err)
		}
	})
}

// A server that is back in time heals all.
func TestOutageShorterThanAMinute(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		back := time.Now().Add(50 * time.Second)
		f.poll.Store(new(func(kind) error {
			if time.Now().Before(back) {
				return refused(codes.PermissionDenied)
			}
			return nil
		}))
		f.start(t, both())
		pass(5 * time.Minute)
		f.activityTasks <- activityTask("Echo", 1, "x")
		pass(time.Second)
		only[*workflowservice.RespondActivityTaskCompletedRequest](t, f)
	})
}

func TestExecutorThatBreaks(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		pool, err := activity.NewPool(1)
		if err != nil {
			t.Fatal(err)
		}
		w := f.worker(t, worker.Options{Activities: []any{Echo}, ActivityExecutor: pool})
		done := make(chan error, 1)
		go func() { done <- w.Run(t.Context()) }()
		f.activityTasks <- activityTask("Echo", 1, "x")
		pass(time.Second)
		pool.Close()
		f.activityTasks <- activityTask("Echo", 2, "y")
		err = <-done
		var option *worker.OptionError
		if !errors.Is(err, activity.ErrPoolClosed) || !errors.As(err, &option) ||
			option.Field != "ActivityExecutor" {
			t.Errorf("Run: %v", err)
		}
		only[*workflowservice.RespondActivityTaskFailedRequest](t, f)
	})
}

func TestCacheThatIsClosed(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		cache, err := sticky.New(sticky.Options[string, *task.Run]{MaxEntries: 1})
		if err != nil {
			t.Fatal(err)
		}
		w := f.worker(t, worker.Options{Workflows: []any{Greet}, Parts: worker.Parts{Cache: cache}})
		done := make(chan error, 1)
		go func() { done <- w.Run(t.Context()) }()
		synctest.Wait()
		if err := cache.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.workflowTasks <- firstTask("Greet", "run", "x")
		var option *worker.OptionError
		if err := <-done; !errors.Is(err, sticky.ErrClosed) || !errors.As(err, &option) ||
			option.Field != "Parts.Cache" {
			t.Errorf("Run: %v", err)
		}
	})
}
