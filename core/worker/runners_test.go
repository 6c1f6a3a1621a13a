package worker_test

import (
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow"
)

// free is how a workflow is registered that asks for no sandbox.
var free = workflow.RegisterOptions{Unsandboxed: true}

func testUnsandboxedWorkflowRunner(t *testing.T, f *frontend) {
	sandboxed, unsandboxed := newSlowRunner(0), newSlowRunner(0)
	w := f.worker(t, worker.Options{WorkflowRunner: sandboxed, UnsandboxedWorkflowRunner: unsandboxed})
	if err := w.RegisterWorkflowWithOptions(Greet, free); err != nil {
		t.Fatal(err)
	}
	if err := w.RegisterWorkflow(Await); err != nil {
		t.Fatal(err)
	}
	f.begin(t, w)
	f.workflowTasks <- firstTask("Greet", "run", "world")
	pass(time.Second)
	if sandboxed.prepared.Load() != 1 || unsandboxed.prepared.Load() != 1 ||
		sandboxed.runs.Load() != 0 || unsandboxed.runs.Load() != 1 {
		t.Errorf("the one prepared %d and ran %d, the other %d and %d", sandboxed.prepared.Load(),
			sandboxed.runs.Load(), unsandboxed.prepared.Load(), unsandboxed.runs.Load())
	}
}

// By default what is unsandboxed runs natively beside a sandbox, which has others by name alone.
func TestUnsandboxedRunsNatively(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		sandboxed := newSlowRunner(0)
		w := f.worker(t, worker.Options{Workflows: []any{"Elsewhere"}, WorkflowRunner: sandboxed})
		if err := w.RegisterWorkflowWithOptions(Greet, free); err != nil {
			t.Fatal(err)
		}
		f.begin(t, w)
		f.workflowTasks <- firstTask("Greet", "run", "world")
		pass(time.Second)
		only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
		if sandboxed.prepared.Load() != 1 || sandboxed.runs.Load() != 0 {
			t.Errorf("the sandbox prepared %d and ran %d", sandboxed.prepared.Load(), sandboxed.runs.Load())
		}
	})
}

// What has no function is refused where a runner of functions is to run it.
func TestNamesAreForRunnersThatHaveWorkflows(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.worker(t, worker.Options{})
		if err := w.RegisterWorkflow("Elsewhere"); err == nil || !strings.Contains(err.Error(), "is no function") {
			t.Errorf("without a runner: %v", err)
		}
		w = f.worker(t, worker.Options{WorkflowRunner: newSlowRunner(0)})
		if err := w.RegisterWorkflowWithOptions("Elsewhere", free); err != nil {
			t.Fatal(err)
		}
		err := w.Start(t.Context())
		if err == nil {
			t.Fatal("a worker without the workflow has started")
		}
		for _, part := range []string{
			"UnsandboxedWorkflowRunner is *native.Runner", `"Elsewhere"`, "registered by name",
		} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("the error lacks %q: %v", part, err)
			}
		}
	})
}
