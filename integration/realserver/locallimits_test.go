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

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/shutdown"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// near runs local activity "Near" n times, one after the other, each within a minute and limit.
func near(ctx workflow.Context, n int, limit time.Duration) (string, error) {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: min(limit, time.Minute), RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	done := 0
	if err := workflow.SetQueryHandler(ctx, "log", func() (string, error) { return fmt.Sprint("done ", done), nil }); err != nil {
		return "", err
	}
	for range n {
		if err := workflow.ExecuteLocalActivity(ctx, "Near").Get(ctx, nil); err != nil {
			return err.Error(), nil //nolint:nilerr // what it fails with is the result
		}
		done++
	}
	return "", nil
}

// nearby has what near runs.
type nearby struct{ run func(context.Context) error }

func (n *nearby) Near(ctx context.Context) error { return n.run(ctx) }

// startNear starts near with workflow tasks of two seconds.
func startNear(t *testing.T, c client.Client, queue string, n int, limit time.Duration) client.WorkflowRun {
	t.Helper()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		TaskQueue: queue, WorkflowTaskTimeout: 2 * time.Second,
	}, "near", n, limit)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func endNear(t *testing.T, c client.Client, run client.WorkflowRun) (failure string) {
	t.Helper()
	if err := run.Get(t.Context(), &failure); err != nil {
		t.Fatal(err)
	}
	if n := countEvents(t, c, run, enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT); n != 0 {
		t.Errorf("%d workflow tasks timed out", n)
	}
	return failure
}

// Local activities above the rate wait, their workflow goes on answering, and a live change lets
// them go.
func TestLocalActivitiesKeepTheirPace(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	w := startWorker(t, dial(t), queue, worker.Options{
		Workflows: []any{near}, MaxLocalActivitiesPerSecond: 1.0 / 3600,
		Activities: []any{&nearby{func(context.Context) error { return nil }}},
	})
	run := startNear(t, c, queue, 5, time.Minute)
	until(t, func() bool {
		s := w.Stats()
		return s.LocalActivities == 1 && s.LocalActivityRate.Waiting == 1
	})
	awaitLog(t, c, run, "done 1") // in the task that a heartbeat brings
	if err := w.SetMaxLocalActivitiesPerSecond(50); err != nil {
		t.Fatal(err)
	}
	if failure := endNear(t, c, run); failure != "" {
		t.Error(failure)
	}
	if s := w.Stats(); s.LocalActivities != 5 || s.LocalActivityRate.Spent != 5 {
		t.Errorf("%d local activities, rate %+v", s.LocalActivities, s.LocalActivityRate)
	}
	until(t, func() bool { return w.Stats().LocalActivitySlots.Issued == 0 })
}

// One that never returns holds its slot, but the workflow of another that waits for the slot is
// not stuck: its time runs out.
func TestLocalActivitiesDoNotWaitForEver(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	release := make(chan struct{})
	var runs atomic.Int32
	w := startWorker(t, dial(t), queue, worker.Options{
		Workflows: []any{near}, MaxConcurrentLocalActivities: 1,
		Activities: []any{&nearby{func(context.Context) error {
			runs.Add(1)
			<-release
			return nil
		}}},
	})
	defer close(release)
	for i := range 2 {
		run := startNear(t, c, queue, 1, time.Second)
		if failure := endNear(t, c, run); !strings.Contains(failure, "ScheduleToClose") {
			t.Errorf("workflow %d ended with %q, want a timeout", i, failure)
		}
		if n := countEvents(t, c, run, enumspb.EVENT_TYPE_MARKER_RECORDED); n != 1 {
			t.Errorf("workflow %d has %d markers", i, n)
		}
	}
	if s := w.Stats().LocalActivitySlots; runs.Load() != 1 || s.Used != 1 || s.Waiting != 0 {
		t.Errorf("%d ran, slots %+v", runs.Load(), s)
	}
}

// What a local activity breaks is its own.
func TestLocalActivitiesThatBreakOut(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	for name, tt := range map[string]struct {
		run  func(context.Context) error
		want string
	}{
		"goexit":   {func(context.Context) error { runtime.Goexit(); return nil }, "runtime.Goexit"},
		"panic":    {func(context.Context) error { panic(errors.New("a defect")) }, "a defect"},
		"deadline": {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, "ScheduleToClose"},
	} {
		queue := queue + name
		w := startWorker(t, dial(t), queue, worker.Options{
			Workflows: []any{near}, Activities: []any{&nearby{tt.run}},
		})
		if failure := endNear(t, c, startNear(t, c, queue, 1, time.Second)); !strings.Contains(failure, tt.want) {
			t.Errorf("%s: got %q", name, failure)
		}
		if n := w.Stats().LocalActivitiesFailed; n != 1 {
			t.Errorf("%s: %d failed", name, n)
		}
		until(t, func() bool { return w.Stats().LocalActivitySlots.Issued == 0 })
	}
}

// A stop that has no more time leaves a local activity behind that ignores its cancellation, and
// says so; its workflow goes on elsewhere at once, without waiting for a timeout.
func TestAStopLeavesADeafLocalActivityBehind(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	release := make(chan struct{})
	deaf, err := worker.New(dial(t), queue, worker.Options{
		Workflows: []any{near}, Logger: quiet(),
		Activities: []any{&nearby{func(context.Context) error { <-release; return nil }}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := deaf.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	run := startNear(t, c, queue, 1, time.Minute)
	until(t, func() bool { return deaf.Stats().LocalActivitySlots.Used == 1 })
	impatient, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
	defer cancel()
	if err := deaf.Shutdown(impatient); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the impatient stop ended with %v", err)
	}
	err = deaf.Wait(context.WithoutCancel(t.Context()))
	if _, ok := errors.AsType[*shutdown.IncompleteError](err); !ok {
		t.Errorf("the stop ended with %v", err)
	}
	startWorker(t, dial(t), queue, worker.Options{
		Workflows: []any{near}, Activities: []any{&nearby{func(context.Context) error { return nil }}},
	})
	if failure := endNear(t, c, run); failure != "" {
		t.Error(failure)
	}
	close(release)
	until(t, func() bool { return deaf.Stats().LocalActivitySlots.Issued == 0 })
}
