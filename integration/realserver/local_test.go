package realserver_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// chores does all that can happen to local activities: it is written twice, for
// the SDK and for us, and must leave the same history.
func chores(ctx workflow.Context, long time.Duration) (string, error) {
	log := ""
	note := func(format string, args ...any) { log += fmt.Sprintf(format, args...) + ";" }
	if err := workflow.SetQueryHandler(ctx, "log", func() (string, error) { return log, nil }); err != nil {
		return "", err
	}
	options := workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: time.Minute, Summary: "a chore",
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond},
	}
	with := func(ctx workflow.Context, change func(*workflow.LocalActivityOptions)) workflow.Context {
		o := options
		policy := *options.RetryPolicy
		o.RetryPolicy = &policy
		change(&o)
		return workflow.WithLocalActivityOptions(ctx, o)
	}
	ctx = workflow.WithLocalActivityOptions(ctx, options)

	// Several at once, which end in another order; one is asked for by another coroutine.
	slow, quick := workflow.ExecuteLocalActivity(ctx, "Wait", 600*time.Millisecond), workflow.ExecuteLocalActivity(ctx, "Flaky", 1)
	done := workflow.NewChannel(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		var n int
		err := workflow.ExecuteLocalActivity(ctx, "Flaky", 2).Get(ctx, &n)
		note("inner %d %v", n, err)
		workflow.NewTimer(ctx, time.Hour)
		done.Send(ctx, nil)
	})
	var n int
	note("quick %v %d", quick.Get(ctx, &n), n)
	note("slow %v", slow.Get(ctx, nil))
	done.Receive(ctx, nil)

	// Tried again here, and after a timer of the server.
	note("flaky %v %d", workflow.ExecuteLocalActivity(ctx, "Flaky", 3).Get(ctx, &n), n)
	far := with(ctx, func(o *workflow.LocalActivityOptions) { o.RetryPolicy.InitialInterval = 2500 * time.Millisecond })
	note("far %v %d", workflow.ExecuteLocalActivity(far, "Flaky", 2).Get(ctx, &n), n)

	// Failures.
	once := with(ctx, func(o *workflow.LocalActivityOptions) { o.RetryPolicy.MaximumAttempts = 1 })
	note("fail %v", workflow.ExecuteLocalActivity(ctx, "Fail").Get(ctx, nil))
	err := workflow.ExecuteLocalActivity(once, "Panic").Get(ctx, nil)
	note("panic %v %t", err, temporal.IsPanicError(err))
	short := with(once, func(o *workflow.LocalActivityOptions) {
		o.StartToCloseTimeout, o.RetryPolicy.MaximumAttempts = 50*time.Millisecond, 1
	})
	note("timeout %v", workflow.ExecuteLocalActivity(short, "Wait", time.Minute).Get(ctx, nil))

	// Canceled while it runs, for which it has time also on a busy machine, and before.
	child, cancel := workflow.WithCancel(ctx)
	running := workflow.ExecuteLocalActivity(child, "Wait", time.Minute)
	note("before %v", workflow.ExecuteLocalActivity(ctx, "Wait", 200*time.Millisecond).Get(ctx, nil))
	cancel()
	err = running.Get(ctx, nil)
	note("running %v %t", err, temporal.IsCanceledError(err))
	err = workflow.ExecuteLocalActivity(child, "Wait", time.Minute).Get(ctx, nil)
	note("late %v", err)

	// One that takes several workflow tasks, with others and a signal beside it.
	signaled := workflow.NewWaitGroup(ctx)
	signaled.Go(ctx, func(ctx workflow.Context) {
		var s string
		workflow.GetSignalChannel(ctx, "go").Receive(ctx, &s)
		note("signal %s %v", s, workflow.ExecuteLocalActivity(ctx, "Flaky", 1).Get(ctx, nil))
	})
	note("long begins")
	err = workflow.ExecuteLocalActivity(ctx, "Wait", long).Get(ctx, nil)
	signaled.Wait(ctx)
	note("long %v", err)
	var s string
	workflow.GetSignalChannel(ctx, "stop").Receive(ctx, &s)
	note("%s %v", s, workflow.ExecuteLocalActivity(ctx, "Flaky", 1).Get(ctx, nil))
	return log, nil
}

// sdkChores is chores with other imports.
func sdkChores(ctx sdkworkflow.Context, long time.Duration) (string, error) {
	log := ""
	note := func(format string, args ...any) { log += fmt.Sprintf(format, args...) + ";" }
	if err := sdkworkflow.SetQueryHandler(ctx, "log", func() (string, error) { return log, nil }); err != nil {
		return "", err
	}
	options := sdkworkflow.LocalActivityOptions{
		ScheduleToCloseTimeout: time.Minute, Summary: "a chore",
		RetryPolicy: &sdktemporal.RetryPolicy{InitialInterval: 100 * time.Millisecond},
	}
	with := func(ctx sdkworkflow.Context, change func(*sdkworkflow.LocalActivityOptions)) sdkworkflow.Context {
		o := options
		policy := *options.RetryPolicy
		o.RetryPolicy = &policy
		change(&o)
		return sdkworkflow.WithLocalActivityOptions(ctx, o)
	}
	ctx = sdkworkflow.WithLocalActivityOptions(ctx, options)

	slow, quick := sdkworkflow.ExecuteLocalActivity(ctx, "Wait", 600*time.Millisecond), sdkworkflow.ExecuteLocalActivity(ctx, "Flaky", 1)
	done := sdkworkflow.NewChannel(ctx)
	sdkworkflow.Go(ctx, func(ctx sdkworkflow.Context) {
		var n int
		err := sdkworkflow.ExecuteLocalActivity(ctx, "Flaky", 2).Get(ctx, &n)
		note("inner %d %v", n, err)
		sdkworkflow.NewTimer(ctx, time.Hour)
		done.Send(ctx, nil)
	})
	var n int
	note("quick %v %d", quick.Get(ctx, &n), n)
	note("slow %v", slow.Get(ctx, nil))
	done.Receive(ctx, nil)

	note("flaky %v %d", sdkworkflow.ExecuteLocalActivity(ctx, "Flaky", 3).Get(ctx, &n), n)
	far := with(ctx, func(o *sdkworkflow.LocalActivityOptions) { o.RetryPolicy.InitialInterval = 2500 * time.Millisecond })
	note("far %v %d", sdkworkflow.ExecuteLocalActivity(far, "Flaky", 2).Get(ctx, &n), n)

	once := with(ctx, func(o *sdkworkflow.LocalActivityOptions) { o.RetryPolicy.MaximumAttempts = 1 })
	note("fail %v", sdkworkflow.ExecuteLocalActivity(ctx, "Fail").Get(ctx, nil))
	err := sdkworkflow.ExecuteLocalActivity(once, "Panic").Get(ctx, nil)
	note("panic %v %t", err, sdktemporal.IsPanicError(err))
	short := with(once, func(o *sdkworkflow.LocalActivityOptions) {
		o.StartToCloseTimeout, o.RetryPolicy.MaximumAttempts = 50*time.Millisecond, 1
	})
	note("timeout %v", sdkworkflow.ExecuteLocalActivity(short, "Wait", time.Minute).Get(ctx, nil))

	child, cancel := sdkworkflow.WithCancel(ctx)
	running := sdkworkflow.ExecuteLocalActivity(child, "Wait", time.Minute)
	note("before %v", sdkworkflow.ExecuteLocalActivity(ctx, "Wait", 200*time.Millisecond).Get(ctx, nil))
	cancel()
	err = running.Get(ctx, nil)
	note("running %v %t", err, sdktemporal.IsCanceledError(err))
	err = sdkworkflow.ExecuteLocalActivity(child, "Wait", time.Minute).Get(ctx, nil)
	note("late %v", err)

	signaled := sdkworkflow.NewWaitGroup(ctx)
	signaled.Go(ctx, func(ctx sdkworkflow.Context) {
		var s string
		sdkworkflow.GetSignalChannel(ctx, "go").Receive(ctx, &s)
		note("signal %s %v", s, sdkworkflow.ExecuteLocalActivity(ctx, "Flaky", 1).Get(ctx, nil))
	})
	note("long begins")
	err = sdkworkflow.ExecuteLocalActivity(ctx, "Wait", long).Get(ctx, nil)
	signaled.Wait(ctx)
	note("long %v", err)
	var s string
	sdkworkflow.GetSignalChannel(ctx, "stop").Receive(ctx, &s)
	note("%s %v", s, sdkworkflow.ExecuteLocalActivity(ctx, "Flaky", 1).Get(ctx, nil))
	return log, nil
}

// choresLog is what chores returns.
const choresLog = "quick <nil> 1;inner 2 <nil>;slow <nil>;flaky <nil> 3;far <nil> 2;" +
	"fail broken (type: Broken, retryable: false);panic the spring broke true;" +
	"timeout deadline exceeded (type: StartToClose);before <nil>;running canceled true;late canceled;" +
	"long begins;signal now <nil>;long <nil>;enough <nil>;"

// ourChores runs a worker of ours until stop is called.
func ourChores(t *testing.T, queue string, c *chore, o worker.Options) (w *worker.Worker, stop func()) {
	t.Helper()
	o.Workflows, o.Activities, o.Logger = []any{chores}, []any{c}, quiet()
	w, err := worker.New(dial(t), queue, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, func() {
		t.Helper()
		if err := w.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		if s := w.Stats(); s.WorkflowTasksFailed != 0 || s.LocalActivitySlots.Issued != 0 {
			t.Errorf("%d workflow tasks failed on our worker, %+v", s.WorkflowTasksFailed, s.LocalActivitySlots)
		}
	}
}

func theirChores(t *testing.T, queue string) (stop func()) {
	t.Helper()
	w := sdkworker.New(sdkClient(t), queue, sdkworker.Options{
		DeadlockDetectionTimeout: patience, WorkerStopTimeout: 100 * time.Millisecond,
	})
	w.RegisterWorkflowWithOptions(sdkChores, sdkworkflow.RegisterOptions{Name: "chores"})
	w.RegisterActivity(&sdkChore{})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return w.Stop
}

// startChores starts a run whose workflow tasks time out after 2 s, so that
// heartbeats come after 1.6 s.
func startChores(t *testing.T, c client.Client, queue string, long time.Duration) client.WorkflowRun {
	t.Helper()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		TaskQueue: queue, WorkflowTaskTimeout: 2 * time.Second,
	}, "chores", long)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func endChores(t *testing.T, c client.Client, run client.WorkflowRun) {
	t.Helper()
	if err := c.SignalWorkflow(t.Context(), run.GetID(), "", "stop", "enough"); err != nil {
		t.Fatal(err)
	}
	var log string
	if err := run.Get(t.Context(), &log); err != nil {
		t.Fatal(err)
	}
	if log != choresLog {
		t.Errorf("got log\n%s\nwant\n%s", log, choresLog)
	}
}

// checkChores replays the run on both sides, and returns how many workflow tasks it has.
func checkChores(t *testing.T, c client.Client, run client.WorkflowRun, queue string) (tasks int) {
	t.Helper()
	h := history(t, c, run)
	var markers []string
	for _, e := range h.GetEvents() {
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED:
			t.Errorf("a workflow task failed: %v", e.GetWorkflowTaskFailedEventAttributes().GetFailure())
		case enumspb.EVENT_TYPE_MARKER_RECORDED:
			markers = append(markers, string(e.GetUserMetadata().GetSummary().GetData()))
		case enumspb.EVENT_TYPE_TIMER_STARTED:
			if id := e.GetTimerStartedEventAttributes().GetTimerId(); id != fmt.Sprint(e.GetEventId()) {
				t.Errorf("timer %s is started by event %d", id, e.GetEventId())
			}
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			tasks++
		default:
		}
	}
	if len(markers) != 15 || markers[0] != `"a chore"` {
		t.Errorf("got markers of %d local activities: %q, want 15", len(markers), markers)
	}
	replayer := sdkworker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(sdkChores, sdkworkflow.RegisterOptions{Name: "chores"})
	if err := replayer.ReplayWorkflowHistory(nil, h); err != nil {
		t.Errorf("the SDK's replayer: %v", err)
	}
	ours := worker.NewWorkflowReplayer()
	if err := errors.Join(
		ours.RegisterWorkflow(chores),
		ours.ReplayWorkflowHistory(nil, h),
	); err != nil {
		t.Errorf("our replayer: %v", err)
	}
	_, stop := ourChores(t, queue, &chore{}, worker.Options{})
	defer stop()
	awaitLog(t, c, run, "enough") // a query of a closed run replays it
	return tasks
}

// While a local activity runs its run can be queried and signaled, and its
// workflow task does not time out; with and without a cache.
func TestLocalActivitiesOnAServer(t *testing.T) {
	t.Parallel()
	for _, cache := range []int{10, 0} {
		t.Run(fmt.Sprintf("cache %d", cache), func(t *testing.T) {
			t.Parallel()
			queue, c, made := taskQueue(t), sdkClient(t), &chore{}
			w, stop := ourChores(t, queue, made, worker.Options{MaxCachedWorkflows: &cache})
			run := startChores(t, c, queue, 8*time.Second)
			awaitLog(t, c, run, "long begins")
			signal(t, c, run, "now")
			awaitLog(t, c, run, "signal now")
			endChores(t, c, run)
			if n := made.waits.Load(); n != 5 { // two canceled, of which one never began
				t.Errorf("Wait ran %d times, want 5: nothing runs twice", n)
			}
			if s := w.Stats(); s.LocalActivities != 17 || s.LocalActivitiesFailed != 8 {
				t.Errorf("got %d local activities, of which %d failed, want 17 and 8", s.LocalActivities, s.LocalActivitiesFailed)
			}
			stop()
			if n := checkChores(t, c, run, queue); n < 6 {
				t.Errorf("history has %d workflow tasks, want 6 at least: two would do without heartbeats", n)
			}
			if n := countEvents(t, c, run, enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT); n != 0 {
				t.Errorf("%d workflow tasks timed out", n)
			}
		})
	}
}

// Workers of ours and of the SDK take turns at a run, with and without a local
// activity under way.
func TestLocalActivitiesMoveBetweenUsAndTheSDK(t *testing.T) {
	t.Parallel()
	ours := func(t *testing.T, queue string) func() {
		t.Helper()
		_, stop := ourChores(t, queue, &chore{}, worker.Options{})
		return stop
	}
	theirs := theirChores
	for name, workers := range map[string][]func(t *testing.T, queue string) func(){
		"the SDK's":       {theirs, theirs, theirs},
		"the SDK's, ours": {theirs, ours, theirs},
		"ours, the SDK's": {ours, theirs, ours},
		"ours":            {ours, ours, ours},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue, c := taskQueue(t), sdkClient(t)
			run := startChores(t, c, queue, 8*time.Second)
			stop := workers[0](t, queue)
			awaitLog(t, c, run, "flaky")
			stop() // while it waits for the server's timer
			stop = workers[1](t, queue)
			awaitLog(t, c, run, "long begins")
			signal(t, c, run, "now")
			awaitLog(t, c, run, "signal now")
			stop() // while the long one runs
			stop = workers[2](t, queue)
			endChores(t, c, run)
			stop()
			checkChores(t, c, run, queue)
		})
	}
}

// A worker that stops hands over its workflow task at once: what has ended does
// not run again, and nobody waits for a timeout.
func TestAStopHandsLocalActivitiesOver(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	first, second := &chore{}, &chore{}
	_, stopFirst := ourChores(t, queue, first, worker.Options{})
	run := startChores(t, c, queue, 8*time.Second)
	awaitLog(t, c, run, "long begins")
	signal(t, c, run, "now")
	awaitLog(t, c, run, "signal now")
	stopFirst()
	_, stopSecond := ourChores(t, queue, second, worker.Options{})
	endChores(t, c, run)
	stopSecond()
	if n := second.waits.Load(); n != 1 {
		t.Errorf("the second worker ran Wait %d times, want once: only the long one had not ended", n)
	}
	if n := countEvents(t, c, run, enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT); n != 0 {
		t.Errorf("%d workflow tasks timed out", n)
	}
	checkChores(t, c, run, queue)
}

// A run that is canceled cancels its local activity, across heartbeats.
func TestCancelReachesLocalActivities(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	w, err := worker.New(dial(t), queue, worker.Options{Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan error, 1)
	err = w.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
		return workflow.ExecuteLocalActivity(ctx, func(ctx context.Context) error {
			<-ctx.Done()
			told <- ctx.Err()
			return ctx.Err()
		}).Get(ctx, nil)
	}, workflow.RegisterOptions{Name: "waits"})
	if err != nil {
		t.Fatal(err)
	}
	run(t, w)
	r, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		TaskQueue: queue, WorkflowTaskTimeout: 2 * time.Second,
	}, "waits")
	if err != nil {
		t.Fatal(err)
	}
	awaitEvent(t, c, r, enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED) // a heartbeat
	if err := c.CancelWorkflow(t.Context(), r.GetID(), ""); err != nil {
		t.Fatal(err)
	}
	if err := <-told; !errors.Is(err, context.Canceled) {
		t.Errorf("the activity was told %v", err)
	}
	var canceled *sdktemporal.CanceledError
	if err := r.Get(t.Context(), nil); !errors.As(err, &canceled) {
		t.Errorf("the run ended with %v", err)
	}
	var marker *historypb.HistoryEvent
	for _, e := range history(t, c, r).GetEvents() {
		if e.GetMarkerRecordedEventAttributes() != nil {
			marker = e
		}
	}
	if f := marker.GetMarkerRecordedEventAttributes().GetFailure(); f.GetCanceledFailureInfo() == nil ||
		!strings.Contains(f.GetMessage(), "canceled") {
		t.Errorf("the marker has failure %v", f)
	}
}

// An update whose handler runs a local activity, on a run that has nothing else
// to do: its workflow task is speculative at first. Another comes while it runs.
func TestUpdatesWithLocalActivities(t *testing.T) {
	t.Parallel()
	for _, cache := range []int{10, 0} {
		t.Run(fmt.Sprintf("cache %d", cache), func(t *testing.T) {
			t.Parallel()
			queue, c := taskQueue(t), sdkClient(t)
			code := func(ctx workflow.Context) (int, error) {
				sum := 0
				err := workflow.SetUpdateHandlerWithOptions(ctx, "add", func(ctx workflow.Context, n int) (int, error) {
					ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
					err := workflow.ExecuteLocalActivity(ctx, wait, time.Duration(n)*time.Second).Get(ctx, nil)
					sum += n
					return sum, err
				}, workflow.UpdateHandlerOptions{Validator: func(n int) error {
					if n < 0 {
						return errors.New("negative")
					}
					return nil
				}})
				if err != nil {
					return 0, err
				}
				workflow.GetSignalChannel(ctx, "stop").Receive(ctx, nil)
				return sum, nil
			}
			w, err := worker.New(dial(t), queue, worker.Options{Logger: quiet(), MaxCachedWorkflows: &cache})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.RegisterWorkflowWithOptions(code, workflow.RegisterOptions{Name: "adds"}); err != nil {
				t.Fatal(err)
			}
			run(t, w)
			r, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
				TaskQueue: queue, WorkflowTaskTimeout: 2 * time.Second,
			}, "adds")
			if err != nil {
				t.Fatal(err)
			}
			awaitEvent(t, c, r, enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
			add := func(n int) client.WorkflowUpdateHandle {
				h, err := c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
					WorkflowID: r.GetID(), UpdateName: "add", Args: []any{n}, WaitForStage: client.WorkflowUpdateStageAccepted,
				})
				if err != nil {
					t.Fatal(err)
				}
				return h
			}
			slow := add(5)
			if err := add(-1).Get(t.Context(), nil); err == nil {
				t.Error("an update that the validator refuses went through")
			}
			var quick, all int
			if err := errors.Join(add(1).Get(t.Context(), &quick), slow.Get(t.Context(), &all)); err != nil {
				t.Fatal(err)
			}
			if quick+all != 1+6 && quick+all != 5+6 { // whichever was first
				t.Errorf("the updates returned %d and %d", quick, all)
			}
			if err := c.SignalWorkflow(t.Context(), r.GetID(), "", "stop", nil); err != nil {
				t.Fatal(err)
			}
			if err := r.Get(t.Context(), &all); err != nil || all != 6 {
				t.Errorf("the run returned %d and %v", all, err)
			}
			h := history(t, c, r)
			replayer := worker.NewWorkflowReplayer()
			if err := errors.Join(
				replayer.RegisterWorkflowWithOptions(code, workflow.RegisterOptions{Name: "adds"}),
				replayer.ReplayWorkflowHistory(nil, h),
			); err != nil {
				t.Errorf("replay: %v", err)
			}
			if s := w.Stats(); s.WorkflowTasksFailed != 0 {
				t.Errorf("%d workflow tasks failed", s.WorkflowTasksFailed)
			}
		})
	}
}
