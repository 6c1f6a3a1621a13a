package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/shutdown"
	"github.com/mainspring-go/mainspring/workflow"
)

// both is a worker with everything.
func both() worker.Options {
	return worker.Options{Workflows: []any{Greet, Await, Confused}, Activities: []any{Echo, Fail, Obey}}
}

func TestWorkerAnswersBothKindsOfTasks(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.start(t, both())
		f.workflowTasks <- firstTask("Greet", "run", "world")
		f.activityTasks <- activityTask("Echo", 1, "hi")
		pass(time.Second)
		answer := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
		if got := answer.GetCommands()[0].GetCompleteWorkflowExecutionCommandAttributes().GetResult(); string(
			got.GetPayloads()[0].GetData()) != `"hello world"` {
			t.Errorf("workflow result %v", got)
		}
		result := only[*workflowservice.RespondActivityTaskCompletedRequest](t, f)
		if string(result.GetTaskToken()) != "Echo1" {
			t.Errorf("activity token %q", result.GetTaskToken())
		}
	})
}

func TestRunReturnsNilWhenItsContextEnds(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.worker(t, both())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx) }()
		synctest.Wait()
		if n := f.polling(activities); n == 0 {
			t.Fatalf("%d activity polls", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		report, over := w.Report()
		if !over || !errors.Is(report.Cause, context.Canceled) {
			t.Errorf("over %v, cause %v", over, report.Cause)
		}
	})
}

func TestRunReturnsNilWhenItsContextEndsDuringTheStart(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.describe = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := f.worker(t, both()).Run(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

func TestStartOutlivesItsContext(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.worker(t, both())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if err := w.Start(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
		pass(10 * time.Minute)
		f.workflowTasks <- firstTask("Greet", "run", "world")
		f.activityTasks <- activityTask("Echo", 1, "hi")
		pass(time.Second)
		only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
		only[*workflowservice.RespondActivityTaskCompletedRequest](t, f)
		stop(t, w)
	})
}

func TestStartFailsWithoutItsNamespace(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.describe = func(context.Context) error { return refused(codes.NotFound) }
		o := both()
		o.Namespace = "shop"
		o.OnFatalError = func(context.Context, error) { t.Error("OnFatalError called: the caller knows") }
		w := f.worker(t, o)
		waited := make(chan error, 1)
		go func() { waited <- w.Wait(t.Context()) }()
		err := w.Start(t.Context())
		var option *worker.OptionError
		var notFound *serviceerror.NotFound
		if !errors.As(err, &option) || option.Field != "Namespace" || option.Value != `"shop"` ||
			!errors.As(err, &notFound) {
			t.Fatalf("error %v", err)
		}
		if got := <-waited; !errors.Is(got, err) {
			t.Errorf("Wait: %v", got)
		}
		if got := w.Start(t.Context()); !errors.Is(got, worker.ErrStopped) {
			t.Errorf("second Start: %v", got)
		}
		if err := w.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if polls, _ := arrivals[*workflowservice.PollWorkflowTaskQueueRequest](f); len(polls) > 0 {
			t.Errorf("%d polls", len(polls))
		}
	})
}

func TestStartFailsWhenItsContextEnds(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.describe = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		w := f.worker(t, both())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		err := w.Start(ctx)
		if err == nil || time.Since(began) != time.Second {
			t.Fatalf("error %v after %v", err, time.Since(began))
		}
		if got := w.Wait(t.Context()); !errors.Is(got, err) {
			t.Errorf("Wait: %v", got)
		}
	})
}

func TestServerThatCannotDescribeNamespacesIsPolled(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.describe = func(context.Context) error { return refused(codes.Unimplemented) }
		f.start(t, both())
		if f.polling(normal) == 0 {
			t.Error("no polls")
		}
	})
}

func TestShutdownBeforeStart(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.worker(t, both())
		if took := stop(t, w); took != 0 {
			t.Errorf("took %v", took)
		}
		stop(t, w)
		if err := w.Start(t.Context()); !errors.Is(err, worker.ErrStopped) {
			t.Errorf("Start: %v", err)
		}
		if err := w.Run(t.Context()); !errors.Is(err, worker.ErrStopped) {
			t.Errorf("Run: %v", err)
		}
		if err := w.Wait(t.Context()); err != nil {
			t.Errorf("Wait: %v", err)
		}
		if len(f.requests) > 0 {
			t.Errorf("requests: %v", f.requests)
		}
	})
}

func TestShutdownDuringStart(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.describe = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		w := f.worker(t, both())
		started := make(chan error, 1)
		go func() { started <- w.Start(t.Context()) }()
		synctest.Wait()
		if took := stop(t, w); took != 0 {
			t.Errorf("took %v", took)
		}
		select {
		case err := <-started:
			if !errors.Is(err, worker.ErrStopped) {
				t.Errorf("Start: %v", err)
			}
		default:
			t.Error("Shutdown has returned before Start")
			t.Log(<-started)
		}
		if report, over := w.Report(); !over || !errors.Is(report.Cause, shutdown.ErrRequested) ||
			len(report.Fatals) > 0 {
			t.Errorf("report %v", report)
		}
	})
}

func TestSecondStartIsRefused(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.start(t, both())
		if err := w.Start(t.Context()); !errors.Is(err, worker.ErrStarted) {
			t.Errorf("Start: %v", err)
		}
		if err := w.Run(t.Context()); !errors.Is(err, worker.ErrStarted) {
			t.Errorf("Run: %v", err)
		}
		if err := w.RegisterWorkflow(Greet); !errors.Is(err, worker.ErrRegisteredLate) {
			t.Errorf("RegisterWorkflow: %v", err)
		}
		stop(t, w)
		if err := w.Start(t.Context()); !errors.Is(err, worker.ErrStopped) {
			t.Errorf("Start after Shutdown: %v", err)
		}
	})
}

func TestShutdownIsOne(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.drains = true
		w := f.worker(t, both())
		ran := make(chan error, 1)
		go func() { ran <- w.Run(t.Context()) }()
		synctest.Wait()
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if err := w.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if err := <-ran; err != nil {
			t.Errorf("Run: %v", err)
		}
		only[*workflowservice.ShutdownWorkerRequest](t, f)
	})
}

// No order of the calls may hang, panic or leave anything behind.
func TestStartAndShutdownRace(t *testing.T) {
	for range 50 {
		in(t, func(t *testing.T, f *frontend) {
			w := f.worker(t, both())
			started := make(chan error, 1)
			var all sync.WaitGroup
			all.Go(func() { started <- w.Start(t.Context()) })
			all.Go(func() {
				if err := w.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			})
			all.Wait()
			if err := <-started; err != nil && !errors.Is(err, worker.ErrStopped) {
				t.Error(err)
			}
			stop(t, w)
		})
	}
}

func TestNothingIsLeftAfterTheEnd(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.start(t, both())
		synctest.Wait()
		for i := range 20 {
			f.activityTasks <- activityTask("Echo", i, "x")
		}
		f.workflowTasks <- firstTask("Await", "run")
		pass(time.Minute)
		if n := w.Stats().Cache.Entries; n != 1 {
			t.Errorf("%d cached", n)
		}
		if took := stop(t, w); took != 0 {
			t.Errorf("an idle worker took %v to stop", took)
		}
		s := w.Stats()
		if s.Cache.Entries != 0 || s.WorkflowSlots.Issued != 0 || s.ActivitySlots.Issued != 0 {
			t.Errorf("left: %+v", s)
		}
		if s.WorkflowSlots.DoubleReleases+s.ActivitySlots.DoubleReleases > 0 {
			t.Errorf("permits released twice: %+v", s)
		}
		// The bubble fails if a goroutine is left.
	})
}

// deafPolls is a client whose polls take no notice of their context.
type deafPolls struct {
	workflowservice.WorkflowServiceClient
	tasks   chan *workflowservice.PollActivityTaskQueueResponse
	release chan struct{}
}

func (p deafPolls) WorkflowService() workflowservice.WorkflowServiceClient { return p }

func (p deafPolls) PollActivityTaskQueue(
	context.Context, *workflowservice.PollActivityTaskQueueRequest, ...grpc.CallOption,
) (*workflowservice.PollActivityTaskQueueResponse, error) {
	select {
	case task := <-p.tasks:
		return task, nil
	case <-p.release:
		return nil, errors.New("late")
	}
}

// It is given up; the tasks in hand are not.
func TestPollThatIgnoresItsContext(t *testing.T) {
	for sleep, least := range map[time.Duration]time.Duration{0: 0, time.Hour: 59 * time.Minute} {
		in(t, func(t *testing.T, f *frontend) {
			polls := deafPolls{
				f.client.WorkflowService(),
				make(chan *workflowservice.PollActivityTaskQueueResponse, 1), make(chan struct{}),
			}
			o := both()
			o.Activities, o.Logger = append(o.Activities, Sleep), slog.New(slog.DiscardHandler)
			w, err := worker.New(polls, taskQueue, o)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- w.Run(ctx) }()
			polls.tasks <- activityTask("Sleep", 1, sleep)
			pass(time.Second)
			cancel()
			began := time.Now()
			var incomplete *shutdown.IncompleteError
			if err := <-done; !errors.As(err, &incomplete) ||
				!slices.Equal(incomplete.Abandoned, []string{"stop polls/polls"}) {
				t.Errorf("Run: %v", err)
			}
			if took := time.Since(began); took < least || took > least+2*time.Minute {
				t.Errorf("took %v", took)
			}
			only[*workflowservice.RespondActivityTaskCompletedRequest](t, f)
			close(polls.release)
		})
	}
}

func TestImpatientShutdown(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		release := make(chan struct{})
		stubborn := func(context.Context) error { <-release; return nil }
		w := f.worker(t, worker.Options{GracefulShutdownTimeout: time.Hour})
		if err := w.RegisterActivityWithOptions(stubborn, named("stubborn")); err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.activityTasks <- activityTask("stubborn", 1)
		pass(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if err := w.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Minute {
			t.Fatalf("Shutdown: %v after %v", err, time.Since(began))
		}
		if _, over := w.Report(); over {
			t.Error("over while an activity runs")
		}
		close(release)
		if err := w.Wait(eventually(t)); err != nil {
			t.Errorf("Wait: %v", err)
		}
		only[*workflowservice.RespondActivityTaskCompletedRequest](t, f)
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.start(t, both())
		why := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, why)
		defer cancel()
		if err := w.Wait(ctx); !errors.Is(err, why) {
			t.Errorf("Wait: %v", err)
		}
	})
}

// Whatever a workflow does to its goroutine, the slot comes back and the worker goes on.
func TestWorkflowsThatBreakOut(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.worker(t, worker.Options{
			MaxConcurrentWorkflowTasks: 1, MaxCachedWorkflows: new(0), Workflows: []any{Greet},
		})
		for name, run := range map[string]func(workflow.Context) error{
			"panics": func(workflow.Context) error { panic("broken") },
			"exits":  func(workflow.Context) error { runtime.Goexit(); return nil },
		} {
			err := w.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: name})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"panics", "exits", "panics", "exits"} {
			f.workflowTasks <- firstTask(name, "run of "+name)
		}
		f.workflowTasks <- firstTask("Greet", "run", "world")
		pass(time.Minute)
		if failed, _ := arrivals[*workflowservice.RespondWorkflowTaskFailedRequest](f); len(failed) < 2 {
			t.Errorf("%d failures reported", len(failed))
		}
		only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
		stop(t, w)
		if s := w.Stats().WorkflowSlots; s.Issued != 0 || s.DoubleReleases != 0 {
			t.Errorf("slots %+v", s)
		}
	})
}

// Whatever an activity does to its goroutine, the slot comes back and the worker goes on.
func TestActivitiesThatBreakOut(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.worker(t, worker.Options{MaxConcurrentActivities: 1, Activities: []any{Echo}})
		for name, a := range map[string]func(context.Context) error{
			"panics": func(context.Context) error { panic("broken") },
			"exits":  func(context.Context) error { runtime.Goexit(); return nil },
		} {
			if err := w.RegisterActivityWithOptions(a, named(name)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			f.activityTasks <- activityTask("panics", i)
			f.activityTasks <- activityTask("exits", i)
		}
		f.activityTasks <- activityTask("Echo", 7, "still here")
		pass(time.Minute)
		if failed, _ := arrivals[*workflowservice.RespondActivityTaskFailedRequest](f); len(failed) != 6 {
			t.Errorf("%d failures reported", len(failed))
		}
		if got := f.completedTokens(); !slices.Equal(got, []string{"Echo7"}) {
			t.Errorf("completed %q", got)
		}
		stop(t, w)
		if s := w.Stats().ActivitySlots; s.Issued != 0 || s.DoubleReleases != 0 {
			t.Errorf("slots %+v", s)
		}
	})
}
