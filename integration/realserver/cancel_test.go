package realserver_test

import (
	"context"
	"errors"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// waiter waits until it is canceled, and tells so by heartbeats.
func waiter(ctx context.Context) error {
	for {
		activity.RecordHeartbeat(ctx, "waiting")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func cleanUp(context.Context) (string, error) { return "clean", nil }

// patient waits for an activity and a timer at once; canceled, it waits for
// the activity to end and cleans up.
func patient(ctx workflow.Context) (string, error) {
	options := workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, HeartbeatTimeout: 2 * time.Second, WaitForCancellation: true,
	}
	waiting := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), waiter)
	timer := workflow.NewTimer(ctx, time.Hour)
	err := waiting.Get(ctx, nil)
	var canceled *temporal.CanceledError
	if !errors.As(err, &canceled) || !errors.Is(timer.Get(ctx, nil), workflow.ErrCanceled) {
		return "", temporal.NewNonRetryableApplicationError("not canceled", "Wrong", err)
	}
	aside, _ := workflow.NewDisconnectedContext(workflow.WithActivityOptions(ctx, options))
	var result string
	if err := workflow.ExecuteActivity(aside, cleanUp).Get(aside, &result); err != nil {
		return "", err
	}
	if result != "clean" {
		return "", temporal.NewNonRetryableApplicationError("not clean: "+result, "Wrong", nil)
	}
	return "", ctx.Err()
}

func TestCancelReachesActivityAndTimer(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	startWorker(t, dial(t), queue, worker.Options{
		Workflows: []any{patient}, Activities: []any{waiter, cleanUp},
	})
	run := start(t, c, queue, "patient", nil)
	awaitEvent(t, c, run, enumspb.EVENT_TYPE_TIMER_STARTED)
	if err := c.CancelWorkflow(t.Context(), run.GetID(), ""); err != nil {
		t.Fatal(err)
	}
	err := run.Get(t.Context(), nil)
	if _, ok := errors.AsType[*sdktemporal.CanceledError](err); !ok {
		t.Errorf("the workflow ended with %v, want canceled", err)
	}
	for typ, want := range map[enumspb.EventType]int{
		enumspb.EVENT_TYPE_TIMER_CANCELED:                 1,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED:         1,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:        1,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:    1,
		enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED:           0,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED: 1,
	} {
		if n := countEvents(t, c, run, typ); n != want {
			t.Errorf("%d events of type %v, want %d", n, typ, want)
		}
	}
}

// awaitEvent waits until the history of a run has an event of the type.
func awaitEvent(t *testing.T, c client.Client, run client.WorkflowRun, typ enumspb.EventType) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	it := c.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), true,
		enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		e, err := it.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e.GetEventType() == typ {
			return
		}
	}
	t.Fatalf("history ended without %v", typ)
}
