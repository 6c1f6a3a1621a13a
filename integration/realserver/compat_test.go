package realserver_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow"
)

// mixed does everything that a workflow of this release can, in shapes that
// are easy to get wrong: it is written twice, for the SDK and for us, and must
// leave the same history.
func mixed(ctx workflow.Context) (string, error) {
	log := ""
	note := func(format string, args ...any) { log += fmt.Sprintf(format, args...) + ";" }
	if err := workflow.SetQueryHandler(ctx, "log", func() (string, error) { return log, nil }); err != nil {
		return "", err
	}
	err := workflow.SetUpdateHandlerWithOptions(ctx, "slow", func(ctx workflow.Context, n int) (int, error) {
		err := workflow.Sleep(ctx, time.Duration(n)*time.Millisecond)
		note("update %d", n)
		return n + 1, err
	}, workflow.UpdateHandlerOptions{Validator: func(n int) error {
		if n < 0 {
			return errors.New("negative")
		}
		return nil
	}})
	if err != nil {
		return "", err
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})

	// A timer canceled in the task that made it, an activity canceled later.
	timerCtx, cancelTimer := workflow.WithCancel(ctx)
	timer := workflow.NewTimer(timerCtx, time.Hour)
	cancelTimer()
	note("timer: %v", timer.Get(ctx, nil))

	// Coroutines that talk.
	numbers := workflow.NewChannel(ctx)
	wg := workflow.NewWaitGroup(ctx)
	for i := range 3 {
		wg.Go(ctx, func(ctx workflow.Context) {
			var got string
			err := workflow.ExecuteActivity(ctx, "Echo", fmt.Sprint(i)).Get(ctx, &got)
			note("echo %d %s %v", i, got, err)
			numbers.Send(ctx, i)
		})
	}
	sum := 0
	for range 3 {
		var n int
		numbers.Receive(ctx, &n)
		sum += n
	}
	wg.Wait(ctx)
	note("sum %d", sum)

	// The first of several things.
	go1 := workflow.GetSignalChannel(ctx, "go")
	deadline := workflow.NewTimer(ctx, 20*time.Second)
	for waiting := true; waiting; {
		workflow.NewSelector(ctx).
			AddReceive(go1, func(c workflow.ReceiveChannel, _ bool) {
				var s string
				c.Receive(ctx, &s)
				note("signal %s", s)
				waiting = s != "stop"
			}).
			AddFuture(deadline, func(workflow.Future) { note("deadline"); waiting = false }).
			Select(ctx)
	}
	ok, err := workflow.AwaitWithTimeout(ctx, 30*time.Second, func() bool {
		return workflow.AllHandlersFinished(ctx)
	})
	note("await %t %v", ok, err)
	return log, nil
}

// sdkMixed is mixed with other imports.
func sdkMixed(ctx sdkworkflow.Context) (string, error) {
	log := ""
	note := func(format string, args ...any) { log += fmt.Sprintf(format, args...) + ";" }
	if err := sdkworkflow.SetQueryHandler(ctx, "log", func() (string, error) { return log, nil }); err != nil {
		return "", err
	}
	err := sdkworkflow.SetUpdateHandlerWithOptions(ctx, "slow", func(ctx sdkworkflow.Context, n int) (int, error) {
		err := sdkworkflow.Sleep(ctx, time.Duration(n)*time.Millisecond)
		note("update %d", n)
		return n + 1, err
	}, sdkworkflow.UpdateHandlerOptions{Validator: func(n int) error {
		if n < 0 {
			return errors.New("negative")
		}
		return nil
	}})
	if err != nil {
		return "", err
	}
	ctx = sdkworkflow.WithActivityOptions(ctx, sdkworkflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})

	timerCtx, cancelTimer := sdkworkflow.WithCancel(ctx)
	timer := sdkworkflow.NewTimer(timerCtx, time.Hour)
	cancelTimer()
	note("timer: %v", timer.Get(ctx, nil))

	numbers := sdkworkflow.NewChannel(ctx)
	wg := sdkworkflow.NewWaitGroup(ctx)
	for i := range 3 {
		wg.Go(ctx, func(ctx sdkworkflow.Context) {
			var got string
			err := sdkworkflow.ExecuteActivity(ctx, "Echo", fmt.Sprint(i)).Get(ctx, &got)
			note("echo %d %s %v", i, got, err)
			numbers.Send(ctx, i)
		})
	}
	sum := 0
	for range 3 {
		var n int
		numbers.Receive(ctx, &n)
		sum += n
	}
	wg.Wait(ctx)
	note("sum %d", sum)

	go1 := sdkworkflow.GetSignalChannel(ctx, "go")
	deadline := sdkworkflow.NewTimer(ctx, 20*time.Second)
	for waiting := true; waiting; {
		sdkworkflow.NewSelector(ctx).
			AddReceive(go1, func(c sdkworkflow.ReceiveChannel, _ bool) {
				var s string
				c.Receive(ctx, &s)
				note("signal %s", s)
				waiting = s != "stop"
			}).
			AddFuture(deadline, func(sdkworkflow.Future) { note("deadline"); waiting = false }).
			Select(ctx)
	}
	ok, err := sdkworkflow.AwaitWithTimeout(ctx, 30*time.Second, func() bool {
		return sdkworkflow.AllHandlersFinished(ctx)
	})
	note("await %t %v", ok, err)
	return log, nil
}

// echo is the activity of both.
type echo struct{}

func (echo) Echo(s string) (string, error) { return s, nil }

// oursOn runs a worker of ours on a queue until stop is called.
func oursOn(t *testing.T, queue string, cache int) (stop func()) {
	t.Helper()
	w, err := worker.New(dial(t), queue, worker.Options{
		Workflows: []any{mixed}, Activities: []any{&echo{}}, Logger: quiet(), MaxCachedWorkflows: &cache,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := w.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if s := w.Stats(); s.WorkflowTasksFailed != 0 {
			t.Errorf("%d workflow tasks failed on our worker", s.WorkflowTasksFailed)
		}
	}
}

// theirsOn runs a worker of the SDK on a queue until stop is called.
func theirsOn(t *testing.T, queue string, _ int) (stop func()) {
	t.Helper()
	// A busy machine may keep a coroutine waiting for its turn for a second.
	w := sdkworker.New(sdkClient(t), queue, sdkworker.Options{DeadlockDetectionTimeout: patience})
	w.RegisterWorkflowWithOptions(sdkMixed, sdkworkflow.RegisterOptions{Name: "mixed"})
	w.RegisterActivity(&echo{})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return w.Stop
}

func TestHistoriesMoveBetweenUsAndTheSDK(t *testing.T) {
	t.Parallel()
	type runs func(t *testing.T, queue string, cache int) (stop func())
	for name, workers := range map[string][]runs{
		"ours":                {oursOn},
		"the SDK's, ours":     {theirsOn, oursOn},
		"ours, the SDK's":     {oursOn, theirsOn},
		"taking turns":        {oursOn, theirsOn, oursOn, theirsOn},
		"taking turns, other": {theirsOn, oursOn, theirsOn, oursOn},
	} {
		for _, cache := range []int{0, 10} {
			t.Run(fmt.Sprintf("%s, cache %d", name, cache), func(t *testing.T) {
				t.Parallel()
				queue, c := taskQueue(t), sdkClient(t)
				run := start(t, c, queue, "mixed", nil)
				next := func(step int) (stop func()) { return workers[step%len(workers)](t, queue, cache) }

				stop := next(0)
				awaitLog(t, c, run, "sum 3")
				updateSlow(t, c, run, 5)
				stop()
				signal(t, c, run, "one") // nobody is there
				stop = next(1)
				awaitLog(t, c, run, "signal one")
				updateSlow(t, c, run, 7)
				stop()
				stop = next(2)
				signal(t, c, run, "two")
				awaitLog(t, c, run, "signal two")
				stop()
				stop = next(3)
				signal(t, c, run, "stop")
				var log string
				if err := run.Get(t.Context(), &log); err != nil {
					t.Fatal(err)
				}
				stop()
				check(t, c, run, queue, log)
			})
		}
	}
}

// check replays the finished run on both sides, from its beginning.
func check(t *testing.T, c client.Client, run client.WorkflowRun, queue, log string) {
	t.Helper()
	h := history(t, c, run)
	for _, e := range h.GetEvents() {
		if e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED {
			t.Errorf("a workflow task failed: %v", e.GetWorkflowTaskFailedEventAttributes().GetFailure())
		}
		if a := e.GetActivityTaskScheduledEventAttributes(); a != nil && a.GetActivityId() != fmt.Sprint(e.GetEventId()) {
			t.Errorf("activity %s is scheduled by event %d", a.GetActivityId(), e.GetEventId())
		}
		if a := e.GetTimerStartedEventAttributes(); a != nil && a.GetTimerId() != fmt.Sprint(e.GetEventId()) {
			t.Errorf("timer %s is started by event %d", a.GetTimerId(), e.GetEventId())
		}
	}
	replayer := sdkworker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(sdkMixed, sdkworkflow.RegisterOptions{Name: "mixed"})
	if err := replayer.ReplayWorkflowHistory(nil, h); err != nil {
		t.Errorf("the SDK's replayer: %v", err)
	}
	stop := oursOn(t, queue, 10)
	defer stop()
	awaitLog(t, c, run, log[len(log)-10:]) // a query of a closed run replays it
}

func history(t *testing.T, c client.Client, run client.WorkflowRun) *historypb.History {
	t.Helper()
	var h historypb.History
	it := c.GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), false,
		enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		e, err := it.Next()
		if err != nil {
			t.Fatal(err)
		}
		h.Events = append(h.Events, e)
	}
	return &h
}

func signal(t *testing.T, c client.Client, run client.WorkflowRun, what string) {
	t.Helper()
	if err := c.SignalWorkflow(t.Context(), run.GetID(), "", "go", what); err != nil {
		t.Fatal(err)
	}
}

func updateSlow(t *testing.T, c client.Client, run client.WorkflowRun, n int) {
	t.Helper()
	for _, n := range []int{-1, n} {
		u, err := update(t, c, run, n)
		var app *sdktemporal.ApplicationError
		if n < 0 {
			if err == nil {
				err = u.Get(t.Context(), nil)
			}
			if !errors.As(err, &app) || app.Message() != "negative" {
				t.Errorf("an update that must be rejected: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// update asks for it again if the SDK's worker took its cached run for another than it was, which it
// rarely does when updates are rejected on a busy machine: the task failed, and the update with it.
func update(t *testing.T, c client.Client, run client.WorkflowRun, n int) (client.WorkflowUpdateHandle, error) {
	t.Helper()
	for {
		u, err := c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: run.GetID(), UpdateName: "slow", Args: []any{n},
			WaitForStage: client.WorkflowUpdateStageAccepted,
		})
		if err == nil || !strings.Contains(err.Error(), "[TMPRL1100] invalid state transition") {
			return u, err
		}
		t.Log("asked again after", err)
	}
}

// awaitLog asks for the log of a run until it has the words.
func awaitLog(t *testing.T, c client.Client, run client.WorkflowRun, words string) {
	t.Helper()
	var log string
	for deadline := time.Now().Add(patience); !strings.Contains(log, words); {
		if time.Now().After(deadline) {
			t.Fatalf("the log is %q, want %q in it", log, words)
		}
		v, err := c.QueryWorkflow(t.Context(), run.GetID(), "", "log")
		if lost := new(serviceerror.DeadlineExceeded); errors.As(err, &lost) {
			// A worker of the SDK may stop with a task in hand, and a task may be put
			// on the sticky queue of a worker that has just stopped; the server hands
			// both out again when they time out, after ten seconds.
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Get(&log); err != nil {
			t.Fatal(err)
		}
	}
}
