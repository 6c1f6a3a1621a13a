package realserver_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// three has three activities done at once.
func three(ctx workflow.Context) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: patience, RetryPolicy: &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond},
	})
	futures := []workflow.Future{}
	for i := range 3 {
		futures = append(futures, workflow.ExecuteActivity(ctx, "Work", i))
	}
	said := []string{}
	for _, f := range futures {
		var s string
		if err := f.Get(ctx, &s); err != nil {
			return "", err
		}
		said = append(said, s)
	}
	return strings.Join(said, " "), nil
}

// An executor that breaks stops its worker, which says so; what it had in hand is done by another
// worker, at once.
func TestExecutorThatBreaksUnderAWorker(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	pool, err := activity.NewPool(1)
	if err != nil {
		t.Fatal(err)
	}
	var began atomic.Int32
	release := make(chan struct{})
	work := func(name string) func(context.Context, int) (string, error) {
		return func(_ context.Context, n int) (string, error) {
			if name == "first" {
				began.Add(1)
				<-release
			}
			return fmt.Sprint(name, n), nil
		}
	}
	first, err := worker.New(dial(t), queue, worker.Options{
		ActivityExecutor: pool, MaxConcurrentActivities: 3, GracefulShutdownTimeout: patience, Logger: quiet(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.RegisterActivityWithOptions(work("first"), activity.RegisterOptions{Name: "Work"}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- first.Run(t.Context()) }()
	startWorker(t, dial(t), queue, worker.Options{Workflows: []any{three}, NoRemoteActivities: true, Logger: quiet()})
	all, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, "three")
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return first.Stats().ActivitySlots.Used == 3 })
	closed := make(chan struct{})
	go func() { pool.Close(); close(closed) }()
	until(t, func() bool { return pool.Health() != nil })

	second, err := worker.New(dial(t), queue, worker.Options{Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.RegisterActivityWithOptions(work("second"), activity.RegisterOptions{Name: "Work"}); err != nil {
		t.Fatal(err)
	}
	run(t, second)
	close(release)
	var option *worker.OptionError
	if err := <-ended; !errors.As(err, &option) || option.Field != "ActivityExecutor" || !errors.Is(err, activity.ErrPoolClosed) {
		t.Errorf("Run: %v", err)
	}
	<-closed
	var said string
	if err := all.Get(t.Context(), &said); err != nil || strings.Count(said, "second") != 2 || began.Load() != 1 {
		t.Errorf("the workflow said %q, %v; want one activity done by the first worker and two by the second", said, err)
	}
	if n := countEvents(t, c, all, enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT); n != 0 {
		t.Errorf("%d activities timed out", n)
	}
}

// explode is an activity that panics.
func explode(context.Context) error { panic("the mainspring broke") }

// explodes has it done, also as a local activity.
func explodes(ctx workflow.Context) error {
	once := &temporal.RetryPolicy{MaximumAttempts: 1}
	near := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: patience, RetryPolicy: once})
	if err := workflow.ExecuteLocalActivity(near, explode).Get(ctx, nil); !temporal.IsPanicError(err) {
		return fmt.Errorf("a local activity that panicked returned %w", err)
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: patience, RetryPolicy: once})
	return workflow.ExecuteActivity(ctx, explode).Get(ctx, nil)
}

// A panic carries its stack into history, and the hook is told the same.
func TestPanicsOfActivitiesAreTold(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	type call struct {
		info activity.Info
		err  *temporal.PanicError
	}
	told := make(chan call, 2)
	startWorker(t, dial(t), queue, worker.Options{
		Workflows: []any{explodes}, Activities: []any{explode}, Logger: quiet(),
		OnActivityPanic: func(_ context.Context, info activity.Info, err *temporal.PanicError) {
			told <- call{info, err}
			panic("so did the hook")
		},
	})
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, "explodes")
	if err != nil {
		t.Fatal(err)
	}
	failed, _ := failedActivity(t, c, run)
	near, far := <-told, <-told
	if !near.info.IsLocalActivity || near.err.Error() != "the mainspring broke" ||
		!strings.Contains(near.err.StackTrace(), "realserver_test.explode") {
		t.Errorf("of the local activity the hook was told %+v, %v\n%s", near.info, near.err, near.err.StackTrace())
	}
	if far.info.IsLocalActivity || far.info.WorkflowExecution.RunID != run.GetRunID() || far.err.Error() != "the mainspring broke" {
		t.Errorf("the hook was told %+v, %v", far.info, far.err)
	}
	if f := failed.GetFailure(); f.GetStackTrace() != far.err.StackTrace() || f.GetMessage() != far.err.Error() ||
		!strings.Contains(f.GetStackTrace(), "realserver_test.explode") {
		t.Errorf("history says %v, the hook was told %v\n%s", f, far.err, far.err.StackTrace())
	}
}

// quits is an activity that ends its goroutine.
func quits(context.Context) error {
	runtime.Goexit()
	return nil
}

// callsQuits has it done once.
func callsQuits(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: patience, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	return workflow.ExecuteActivity(ctx, quits).Get(ctx, nil)
}

// An activity that ends its goroutine instead of returning has failed, and costs no slot and no place
// of its executor.
func TestActivitiesThatEndTheirGoroutine(t *testing.T) {
	t.Parallel()
	pool, err := activity.NewPool(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	for name, executor := range map[string]activity.Executor{"in place": activity.InPlace{}, "pool": pool} {
		t.Run(name, func(t *testing.T) {
			queue, c := taskQueue(t), sdkClient(t)
			startWorker(t, dial(t), queue, worker.Options{
				Workflows: []any{callsQuits}, Activities: []any{quits}, ActivityExecutor: executor, MaxConcurrentActivities: 1,
			})
			for range 2 {
				run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, "callsQuits")
				if err != nil {
					t.Fatal(err)
				}
				failed, _ := failedActivity(t, c, run)
				if f := failed.GetFailure(); !strings.Contains(f.GetMessage(), "runtime.Goexit") {
					t.Errorf("the activity failed with %v", f)
				}
			}
		})
	}
}
