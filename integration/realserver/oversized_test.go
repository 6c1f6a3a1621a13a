package realserver_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// heavy has activities that have so many bytes to tell.
type heavy struct{}

func (*heavy) Result(_ context.Context, n int) (string, error) { return strings.Repeat("x", n), nil }

func (*heavy) Fail(_ context.Context, n int) error {
	return temporal.NewApplicationError("it broke: "+strings.Repeat("x", n), "Broken")
}

func (*heavy) Beat(ctx context.Context, n int) error {
	activity.RecordHeartbeat(ctx, strings.Repeat("x", n))
	<-ctx.Done()
	return ctx.Err()
}

func (*heavy) Cancel(ctx context.Context, n int) error {
	for ctx.Err() == nil {
		activity.RecordHeartbeat(ctx)
		time.Sleep(50 * time.Millisecond)
	}
	return temporal.NewCanceledError(strings.Repeat("x", n))
}

// carry has one of them done, and cancels it soon if it waits for that.
func carry(ctx workflow.Context, what string, n int) error {
	ctx, cancel := workflow.WithCancel(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: patience, WaitForCancellation: true,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond, MaximumAttempts: 2},
	}))
	done := workflow.ExecuteActivity(ctx, what, n)
	if what == "Cancel" {
		if err := workflow.Sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
		cancel()
	}
	return done.Get(ctx, nil)
}

// failedActivity is how the one activity of a run failed, and in which attempt: how else it may
// have ended is a mistake.
func failedActivity(t *testing.T, c client.Client, run client.WorkflowRun) (*historypb.ActivityTaskFailedEventAttributes, int32) {
	t.Helper()
	if err := run.Get(t.Context(), nil); err == nil {
		t.Fatal("the workflow did not fail")
	}
	var attempt int32
	for _, e := range history(t, c, run).GetEvents() {
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
			attempt = e.GetActivityTaskStartedEventAttributes().GetAttempt()
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED:
			return e.GetActivityTaskFailedEventAttributes(), attempt
		}
	}
	t.Fatalf("the activity did not fail: %v", history(t, c, run))
	return nil, 0
}

// What is too large fails the attempt and says how large it is, whoever finds out: the worker, the
// connection or, without sizes, the server. Nothing is left to a timeout, and only errors are retried.
func TestOversizedActivities(t *testing.T) {
	t.Parallel()
	const (
		three, five = 3 << 20, 5 << 20
		limited     = "3145764 bytes, over the error limit of 2097152"
		connection  = "of 5242916 bytes is too large to be sent: grpc: received message larger than max (52431"
	)
	c := sdkClient(t)
	for _, tt := range []struct {
		disabled bool // the limits of the worker
		what     string
		size     int
		want     string // in the failure's message
		typ      string
		attempts int32
	}{
		{false, "Result", three, "activity result has " + limited, "PayloadsTooLarge", 1},
		{false, "Beat", three, "activity heartbeat has " + limited, "PayloadsTooLarge", 1},
		{false, "Cancel", three, "activity cancellation has " + limited, "PayloadsTooLarge", 1},
		{false, "Fail", three, "xxx... [activity error of 3145", "Broken", 2},
		{false, "Fail", five, "bytes, over the error limit of 2097152]", "Broken", 2},
		{true, "Result", three, "Complete result exceeds size limit.", "", 1},
		{true, "Beat", three, "Heartbeat details exceed size limit.", "", 1},
		{true, "Cancel", three, "Cancel details exceed size limit.", "", 1},
		{true, "Fail", three, "Failure exceeds size limit.", "", 1},
		{true, "Result", five, "activity result " + connection, "PayloadsTooLarge", 1},
		{true, "Beat", five, "activity heartbeat " + connection, "PayloadsTooLarge", 1},
		{true, "Cancel", five, "activity cancellation " + connection, "PayloadsTooLarge", 1},
		{true, "Fail", five, "bytes, too large to be sent: grpc: received message larger than max (52431", "Broken", 2},
	} {
		name := fmt.Sprintf("%s of %d MB", tt.what, tt.size>>20)
		if tt.disabled {
			name += " without our limit"
		}
		t.Run(name, func(t *testing.T) {
			queue := taskQueue(t)
			startWorker(t, dial(t), queue, worker.Options{
				Workflows: []any{carry}, Activities: []any{&heavy{}}, DisablePayloadErrorLimit: tt.disabled,
				MaxHeartbeatThrottleInterval: 50 * time.Millisecond,
			})
			run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, "carry", tt.what, tt.size)
			if err != nil {
				t.Fatal(err)
			}
			failed, attempts := failedActivity(t, c, run)
			f := failed.GetFailure()
			if !strings.Contains(f.GetMessage(), tt.want) || f.GetApplicationFailureInfo().GetType() != tt.typ {
				t.Errorf("the activity failed with type %q: %.2000s\nwant %q: ...%s...",
					f.GetApplicationFailureInfo().GetType(), f.GetMessage(), tt.typ, tt.want)
			}
			if attempts != tt.attempts {
				t.Errorf("it took %d attempts, want %d", attempts, tt.attempts)
			}
		})
	}
}
