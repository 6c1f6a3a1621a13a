package typed_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	commandpb "go.temporal.io/api/command/v1"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A run of one workflow with its history.
type run struct {
	histories.Driver
	*histories.History
}

func instance(t testing.TB, fn any) runner.Instance {
	t.Helper()
	r := native.New(native.Options{ActivityName: new(workflow.Registry).Name})
	if err := r.Prepare(runner.Definition{Type: "wf", Func: fn}); err != nil {
		t.Fatal(err)
	}
	i, err := r.NewInstance(runner.Details{
		Namespace: "ns", WorkflowID: "id", RunID: "run", WorkflowType: "wf",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	return i
}

func start(t testing.TB, fn any) *run {
	t.Helper()
	r := &run{History: histories.Start("wf")}
	r.Instance = instance(t, fn)
	r.Local = localResult
	return r
}

// localResult ends the oldest local activity with 7.
func localResult(l *histories.Locals) *runner.LocalResult {
	if len(l.Open) == 0 {
		return nil
	}
	return &runner.LocalResult{
		ID: l.Open[0].ID, Time: histories.Epoch(), Attempt: 1, Result: histories.Payloads(7),
	}
}

func (r *run) task(t testing.TB) machine.Answer {
	t.Helper()
	r.Task()
	a, err := r.Sticky(r.History)
	if err != nil {
		t.Fatalf("workflow task failed: %v", err)
	}
	r.Complete(a)
	return a
}

// ask asks a query, without a task.
func (r *run) ask(t *testing.T, name string, args ...any) runner.Answer {
	t.Helper()
	a, err := r.Do(machine.Task{
		PreviousStartedID: r.Previous,
		Queries:           []runner.Query{{ID: "q", Type: name, Args: histories.Payloads(args...)}},
	}, r.Since(r.Machine.LastStarted()))
	if err != nil || len(a.Answers) != 1 {
		t.Fatalf("query %s: %v, %v", name, a.Answers, err)
	}
	return a.Answers[0]
}

// replays runs a history on a new instance of fn.
func replays(t testing.TB, fn any, h *histories.History) {
	t.Helper()
	d := histories.Driver{Instance: instance(t, fn), Local: localResult}
	if _, err := d.Do(machine.Task{PreviousStartedID: h.Previous}, h.Since(0)); err != nil {
		t.Errorf("replay: %v", err)
	}
}

// twins runs a workflow that was written twice, typed and untyped. Both must
// give the same commands, and replay the history of the other. A step is what
// happens between two tasks.
func twins(t *testing.T, typed, untyped any, steps ...func(h *histories.History)) {
	t.Helper()
	one, other := start(t, typed), start(t, untyped)
	for i := 0; ; i++ {
		got, want := one.task(t), other.task(t)
		if diff := cmp.Diff(want.Commands, got.Commands, protocmp.Transform()); diff != "" {
			t.Fatalf("commands of task %d (-untyped +typed):\n%s", i, diff)
		}
		if diff := cmp.Diff(want.Messages, got.Messages, protocmp.Transform()); diff != "" {
			t.Fatalf("messages of task %d (-untyped +typed):\n%s", i, diff)
		}
		if i == len(steps) {
			if !closed(got.Commands) {
				t.Fatalf("the workflow is still open after %q", histories.Describe(got.Commands))
			}
			break
		}
		steps[i](one.History)
		steps[i](other.History)
	}
	replays(t, typed, other.History)
	replays(t, untyped, one.History)
}

func closed(commands []*commandpb.Command) bool {
	if len(commands) == 0 {
		return false
	}
	last := commands[len(commands)-1]
	return last.GetCompleteWorkflowExecutionCommandAttributes() != nil ||
		last.GetContinueAsNewWorkflowExecutionCommandAttributes() != nil
}
