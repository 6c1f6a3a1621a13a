package worker_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow"
)

var errSoldOut = errors.New("sold out")

// Panic panics in its first task.
func Panic(workflow.Context) error { panic(errSoldOut) }

// Hog holds its task for a while.
func Hog(_ workflow.Context, d time.Duration) error {
	time.Sleep(d)
	return nil
}

// Linger has a deferred function that takes its time.
func Linger(ctx workflow.Context) error {
	defer time.Sleep(500 * time.Millisecond)
	return workflow.Await(ctx, func() bool { return false })
}

// failed returns why the workflow of the only answer has failed.
func failed(t *testing.T, f *frontend) *failurepb.Failure {
	t.Helper()
	answer := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
	return answer.GetCommands()[0].GetFailWorkflowExecutionCommandAttributes().GetFailure()
}

func testWorkflowPanicPolicy(t *testing.T, f *frontend) {
	f.start(t, worker.Options{Workflows: []any{Panic}, WorkflowPanicPolicy: worker.FailWorkflow})
	f.workflowTasks <- firstTask("Panic", "run")
	pass(time.Second)
	if got := failed(t, f); got.GetCause().GetMessage() != "sold out" {
		t.Errorf("failure %v", got)
	}
}

func testFailWorkflowOn(t *testing.T, f *frontend) {
	f.start(t, worker.Options{Workflows: []any{Panic}, FailWorkflowOn: func(workflowType string, err error) bool {
		return workflowType == "Panic" && errors.Is(err, errSoldOut)
	}})
	f.workflowTasks <- firstTask("Panic", "run")
	pass(time.Second)
	if got := failed(t, f); got.GetMessage() != "sold out" || got.GetCause() != nil {
		t.Errorf("failure %v", got)
	}
}

func TestPanicsBlockByDefault(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{Workflows: []any{Panic}})
		f.workflowTasks <- firstTask("Panic", "run")
		pass(time.Second)
		got := only[*workflowservice.RespondWorkflowTaskFailedRequest](t, f)
		if got.GetCause() != enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE ||
			got.GetFailure().GetMessage() != "sold out" {
			t.Errorf("told %v", got)
		}
	})
}

// tooLarge checks that an answer of a thousand bytes is not sent.
func (f *frontend) tooLarge(t *testing.T, limit string) {
	t.Helper()
	f.workflowTasks <- firstTask("Greet", "run", strings.Repeat("x", 1000))
	pass(time.Second)
	got := only[*workflowservice.RespondWorkflowTaskFailedRequest](t, f)
	if got.GetCause() != enumspb.WORKFLOW_TASK_FAILED_CAUSE_PAYLOADS_TOO_LARGE ||
		!strings.HasSuffix(got.GetFailure().GetMessage(), "the limit is "+limit) {
		t.Errorf("told %v", got)
	}
}

func testLimits(t *testing.T, f *frontend) {
	f.start(t, worker.Options{Workflows: []any{Greet}, Limits: worker.Limits{PayloadError: 500}})
	f.tooLarge(t, "500")
}

func TestLimitsOfTheNamespace(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.limits = &namespacepb.NamespaceInfo_Limits{BlobSizeLimitError: 700}
		f.start(t, worker.Options{Workflows: []any{Greet}})
		f.tooLarge(t, "700")
	})
	in(t, func(t *testing.T, f *frontend) {
		f.limits = &namespacepb.NamespaceInfo_Limits{BlobSizeLimitError: 700}
		f.start(t, worker.Options{Activities: []any{Echo}})
		f.activityTasks <- activityTask("Echo", 1, strings.Repeat("x", 1000))
		pass(time.Second)
		got := only[*workflowservice.RespondActivityTaskFailedRequest](t, f)
		if !strings.Contains(got.GetFailure().GetMessage(), "over the error limit of 700") {
			t.Errorf("told %v", got)
		}
	})
}

func testDisablePayloadErrorLimit(t *testing.T, f *frontend) {
	f.limits = &namespacepb.NamespaceInfo_Limits{BlobSizeLimitError: 700}
	f.start(t, worker.Options{Workflows: []any{Greet}, DisablePayloadErrorLimit: true})
	f.workflowTasks <- firstTask("Greet", "run", strings.Repeat("x", 1000))
	pass(time.Second)
	only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
}

func testDeadlockDetectionTimeout(t *testing.T, f *frontend) {
	f.start(t, worker.Options{Workflows: []any{Hog}, DeadlockDetectionTimeout: 3 * time.Second})
	f.workflowTasks <- firstTask("Hog", "run 1", 2*time.Second)
	pass(time.Minute)
	only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
	f.workflowTasks <- firstTask("Hog", "run 2", 4*time.Second)
	pass(time.Minute)
	got := only[*workflowservice.RespondWorkflowTaskFailedRequest](t, f)
	if !strings.Contains(got.GetFailure().GetMessage(), "didn't yield for over 3s") {
		t.Errorf("told %v", got)
	}
}

func testDebugMode(t *testing.T, f *frontend) {
	sandboxed := newSlowRunner(0)
	w := f.start(t, worker.Options{Workflows: []any{Hog, "Elsewhere"}, WorkflowRunner: sandboxed, DebugMode: true})
	checkDebugged(t, f)
	if p, r := sandboxed.prepared.Load(), sandboxed.runs.Load(); p != 1 || r != 0 {
		t.Errorf("the sandbox prepared %d workflows and ran %d, want the one that has no function here, and none", p, r)
	}
	stop(t, w)
	unsandboxed := newSlowRunner(0)
	f.start(t, worker.Options{
		Workflows: []any{Greet}, WorkflowRunner: sandboxed, UnsandboxedWorkflowRunner: unsandboxed, DebugMode: true,
	})
	f.workflowTasks <- firstTask("Greet", "run", "world")
	pass(time.Second)
	if sandboxed.runs.Load() != 0 || unsandboxed.runs.Load() != 1 {
		t.Errorf("the sandbox ran %d, the other runner %d", sandboxed.runs.Load(), unsandboxed.runs.Load())
	}
}

// checkDebugged checks that a workflow may take an hour for a step.
func checkDebugged(t *testing.T, f *frontend) {
	t.Helper()
	f.workflowTasks <- firstTask("Hog", "run", time.Hour)
	pass(2 * time.Hour)
	only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
}

func TestDebugModeFromTheEnvironment(t *testing.T) {
	t.Setenv("TEMPORAL_DEBUG", "1")
	in(t, func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{Workflows: []any{Hog}, WorkflowRunner: newSlowRunner(time.Minute)})
		checkDebugged(t, f)
	})
}

func testDisableSafeWorkflowEviction(t *testing.T, f *frontend) {
	for _, unsafe := range []bool{false, true} {
		w := f.start(t, worker.Options{Workflows: []any{Linger}, DisableSafeWorkflowEviction: unsafe})
		f.workflowTasks <- firstTask("Linger", "run")
		pass(time.Second)
		if took := stop(t, w); (took == 0) != unsafe {
			t.Errorf("unsafe %t: the worker stopped in %v", unsafe, took)
		}
		pass(time.Second)
	}
}
