package task_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// reason returns why the last command fails the workflow.
func reason(t *testing.T, commands []*commandpb.Command) *failurepb.Failure {
	t.Helper()
	if len(commands) == 0 || commands[len(commands)-1].GetFailWorkflowExecutionCommandAttributes() == nil {
		t.Fatalf("got commands %q, want one that fails the workflow", histories.Describe(commands))
	}
	return commands[len(commands)-1].GetFailWorkflowExecutionCommandAttributes().GetFailure()
}

func failing(o *task.Options) { o.PanicPolicy = task.Fail }

const policyText = "Workflow failed on panic due to FailWorkflow workflow panic policy"

func TestPanicsFailTheWorkflow(t *testing.T) {
	b := newBench(t, counting, failing)
	b.Signal("s", "one")
	b.Signal("s", "panic")
	b.Task()
	if err := b.handler.Handle(t.Context(), b.full(func(p *polled) { p.Attempt = 7 })); err != nil {
		t.Fatal(err)
	}
	b.ended(t, task.Fresh, task.Answered, task.Completed)
	if _, ok := errors.AsType[*temporal.PanicError](b.observed[0].Err); !ok {
		t.Errorf("the observer was told %v, want the panic", b.observed[0].Err)
	}
	got := b.completed[0]
	if len(b.failed) != 0 || len(got.GetSdkMetadata().GetLangUsedFlags()) == 0 {
		t.Errorf("got %d failed tasks and flags %v", len(b.failed), got.GetSdkMetadata().GetLangUsedFlags())
	}
	// What it did before is done.
	if d := histories.Describe(got.GetCommands()); d != "StartTimer 7 1m0s\nFailWorkflow: "+policyText {
		t.Errorf("got commands %q", d)
	}
	f := reason(t, got.GetCommands())
	if info := f.GetApplicationFailureInfo(); info.GetType() != "" || info.GetNonRetryable() ||
		f.GetCause().GetApplicationFailureInfo().GetType() != "PanicError" || f.GetCause().GetMessage() != "as told" {
		t.Errorf("got failure %v", f)
	}
}

func TestCodeThatDoesNotFitFailsTheWorkflow(t *testing.T) {
	broken := func(t *testing.T, edit func(*task.Options)) *bench {
		t.Helper()
		b := newBench(t, counting, edit)
		b.Signal("s", "one")
		b.Task()
		b.does(t, b.full(), "StartTimer 6 1m0s")
		b.close()
		b.Signal("s", "two")
		b.Task()
		if err := b.change(changed); err != nil {
			t.Fatal(err)
		}
		if err := b.handler.Handle(t.Context(), b.full()); err != nil {
			t.Fatal(err)
		}
		return b
	}
	f := reason(t, broken(t, failing).completed[1].GetCommands())
	if f.GetMessage() != policyText || !strings.HasPrefix(f.GetCause().GetMessage(), "[TMPRL1100] nondeterministic workflow") ||
		f.GetCause().GetStackTrace() == "" {
		t.Errorf("got failure %v", f)
	}
	var asked string
	f = reason(t, broken(t, func(o *task.Options) {
		o.FailWorkflow = func(workflowType string, err error) bool {
			asked = workflowType
			_, ok := errors.AsType[*machine.NondeterminismError](err)
			return ok
		}
	}).completed[1].GetCommands())
	if f.GetApplicationFailureInfo().GetType() != "NondeterminismError" || asked != "wf" {
		t.Errorf("got failure %v for %q", f, asked)
	}
}

func TestOtherFailuresAreNotTheWorkflows(t *testing.T) {
	b := newBench(t, counting, failing, func(o *task.Options) {
		o.FailWorkflow = func(string, error) bool { return true }
	})
	b.Signal("s")
	b.Events[1].EventId = 7
	b.Task()
	if err := b.handler.Handle(t.Context(), b.full()); err == nil || len(b.failed) != 1 || len(b.completed) != 0 {
		t.Errorf("damaged history: got %v, %d failed tasks and %d answers", err, len(b.failed), len(b.completed))
	}
	b = newBench(t, counting, failing)
	b.Task()
	p := b.full(func(p *polled) { p.WorkflowType.Name = "unknown" })
	if err := b.handler.Handle(t.Context(), p); err == nil || len(b.failed) != 1 || len(b.completed) != 0 {
		t.Errorf("unknown type: got %v, %d failed tasks and %d answers", err, len(b.failed), len(b.completed))
	}
}

func TestErrorsOfMismatchesFoundByTheCode(t *testing.T) {
	b := newBench(t, counting)
	b.Task()
	b.does(t, b.full(), "")
	b.Signal("s", "x")
	b.Task()
	b.Events[3].GetWorkflowTaskCompletedEventAttributes().SdkMetadata.LangUsedFlags = []uint32{99}
	b.close()
	err := b.handler.Handle(t.Context(), b.full())
	if nd, ok := errors.AsType[*machine.NondeterminismError](err); !ok || nd.Detail != "unknown SDK flag: 99" || nd.Task != 3 {
		t.Errorf("got %v, want a NondeterminismError about the flag", err)
	}
}

func TestSlowTasksAreLogged(t *testing.T) {
	for _, tt := range []struct {
		takes time.Duration
		want  string
	}{
		{5 * time.Second, ""},
		{6 * time.Second, `level=INFO msg="[TMPRL1104] run:4:1 Workflow task duration exceeded 5 seconds."`},
		{11 * time.Second, `level=WARN msg="[TMPRL1104] run:4:1 Workflow task duration exceeded 10 seconds."`},
	} {
		synctest.Test(t, func(t *testing.T) {
			var log strings.Builder
			b := newBench(t, func(workflow.Context) (string, error) { return "", nil }, func(o *task.Options) {
				o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			})
			b.complete = func(*completed) (*response, error) {
				time.Sleep(tt.takes)
				return &response{}, nil
			}
			b.Task()
			if err := b.handler.Handle(t.Context(), b.full()); err != nil {
				t.Fatal(err)
			}
			if got := log.String(); (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("a task of %v was logged as %q, want %q", tt.takes, got, tt.want)
			}
		})
	}
}
