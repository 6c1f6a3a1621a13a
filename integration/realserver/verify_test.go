package realserver_test

import (
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow"
)

// unlucky reads a clock that it must not read.
func unlucky(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	return workflow.ExecuteActivity(ctx, "Echo", time.Now().Format(time.RFC3339Nano)).Get(ctx, nil)
}

// verifying runs a worker that verifies its workflows until stop is called.
func verifying(t *testing.T, queue string) (stop func()) {
	t.Helper()
	w, err := worker.New(dial(t), queue, worker.Options{
		Workflows: []any{mixed, unlucky}, Activities: []any{&echo{}}, Logger: quiet(), VerifyWorkflows: true,
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
	}
}

// Workflows that do everything right go through on a worker that verifies them.
func TestVerifyingWorkerTakesDeterministicWorkflows(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	run := start(t, c, queue, "mixed", nil)
	stop := verifying(t, queue)
	defer stop()
	awaitLog(t, c, run, "sum 3")
	updateSlow(t, c, run, 5)
	signal(t, c, run, "one")
	awaitLog(t, c, run, "signal one")
	signal(t, c, run, "stop")
	if err := run.Get(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, e := range history(t, c, run).GetEvents() {
		if a := e.GetWorkflowTaskFailedEventAttributes(); a != nil {
			t.Errorf("a workflow task failed: %v", a.GetFailure())
		}
	}
}

// The server hears why a task failed, and of none of its commands.
func TestVerifyingWorkerRefusesTheClock(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	run := start(t, c, queue, "unlucky", nil)
	stop := verifying(t, queue)
	defer stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		for _, e := range history(t, c, run).GetEvents() {
			if e.GetActivityTaskScheduledEventAttributes() != nil {
				t.Fatal("the activity was scheduled")
			}
			a := e.GetWorkflowTaskFailedEventAttributes()
			if a == nil {
				continue
			}
			if a.GetCause() != enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR ||
				!strings.Contains(a.GetFailure().GetMessage(), "workflow unlucky is not deterministic") {
				t.Errorf("the task failed with %s: %v", a.GetCause(), a.GetFailure())
			}
			return
		}
	}
	t.Error("no workflow task has failed")
}
