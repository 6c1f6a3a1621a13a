package realserver_test

import (
	"context"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/client"

	"github.com/mainspring-go/mainspring/core/worker"
	example "github.com/mainspring-go/mainspring/integration/examples/sandbox/flows"
	"github.com/mainspring-go/mainspring/integration/sandboxed"
	"github.com/mainspring-go/mainspring/sandbox"
	"github.com/mainspring-go/mainspring/sandbox/engine"
	"github.com/mainspring-go/mainspring/sticky"
	"github.com/mainspring-go/mainspring/temporal"
)

// exampleSandbox returns a runner on the guest of the example, with its workflows.
func exampleSandbox(t *testing.T) *sandbox.Runner {
	t.Helper()
	file, err := sandboxed.Build(t.Context(), "github.com/mainspring-go/mainspring/integration/examples/sandbox/guest")
	if err != nil {
		t.Fatal(err)
	}
	// Machines that run tests may be slow.
	module, err := engine.Compile(t.Context(), file, engine.Options{MaxCallTime: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := module.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	r, err := sandbox.New(t.Context(), module, sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSandboxedWorkflows(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	w := startWorker(t, dial(t), queue, worker.Options{
		WorkflowRunner:     exampleSandbox(t),
		Workflows:          []any{example.Order, example.Misbehave, "MisbehaveOnce"},
		Activities:         []any{example.Charge},
		MaxCachedWorkflows: new(1),
		FailWorkflowOn: func(workflowType string, err error) bool {
			return workflowType == "MisbehaveOnce" && temporal.IsApplicationError(err)
		},
	})
	t.Run("rebuilt from history", func(t *testing.T) {
		// The cache holds one of the two, so that each task and query evicts the other.
		one, two := start(t, c, queue, "Order", []any{"one"}), start(t, c, queue, "Order", []any{"two"})
		for _, run := range []client.WorkflowRun{one, two, one} {
			awaitStatus(t, c, run.GetID(), "waiting for an address")
		}
		for run, want := range map[client.WorkflowRun]string{
			one: "charged one, sent to Main Street, as order number 1",
			two: "charged two, sent to Main Street, as order number 1",
		} {
			if err := c.SignalWorkflow(t.Context(), run.GetID(), "", example.Address, "Main Street"); err != nil {
				t.Fatal(err)
			}
			var got string
			if err := run.Get(t.Context(), &got); err != nil || got != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
			if n := countEvents(t, c, run, enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED); n != 0 {
				t.Errorf("%d workflow tasks failed", n)
			}
		}
		if s := w.Stats(); s.Cache.Evictions[sticky.ReasonFull] == 0 {
			t.Errorf("nothing was evicted: %+v", s.Cache)
		}
	})
	misdeed := example.Misdeeds()[0].Name
	t.Run("a violation fails the task", func(t *testing.T) {
		run := start(t, c, queue, "Misbehave", []any{misdeed})
		until(t, func() bool { return countEvents(t, c, run, enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED) > 0 })
		for _, e := range history(t, c, run).GetEvents() {
			if a := e.GetWorkflowTaskFailedEventAttributes(); a != nil {
				isRefused(t, a.GetFailure())
			}
		}
		if err := c.TerminateWorkflow(t.Context(), run.GetID(), "", "seen"); err != nil {
			t.Error(err)
		}
	})
	t.Run("or the workflow", func(t *testing.T) {
		events := closedHistory(t, c, start(t, c, queue, "MisbehaveOnce", []any{misdeed}))
		isRefused(t, events[len(events)-1].GetWorkflowExecutionFailedEventAttributes().GetFailure())
	})
}

// isRefused checks that a failure names the call, and where it was.
func isRefused(t *testing.T, f *failurepb.Failure) {
	t.Helper()
	if f.GetApplicationFailureInfo().GetType() != sandbox.Forbidden ||
		!strings.Contains(f.GetMessage(), `os.Open of "/etc/hostname" is forbidden`) ||
		!strings.Contains(f.GetStackTrace(), "flows.readFile") {
		t.Errorf("the server was told %v", f)
	}
}
