package typed_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/typed"
)

type parcel struct {
	Item  string
	Count int
}

var errDone = errors.New("")

// said is the error of a workflow that has no result to tell what it got.
func said(args ...any) error { return fmt.Errorf("%v%w", args, errDone) }

// stacked is what a workflow sees of its own stack.
func stacked() string {
	buf := make([]byte, 1<<14)
	return string(buf[:runtime.Stack(buf, false)])
}

func TestWorkflowsAreCalledWithoutReflection(t *testing.T) {
	var stack string
	got := func(args ...any) string {
		stack = stacked()
		return fmt.Sprintf("%v", args)
	}
	args := []any{parcel{"tea", 2}, true, []string{"x"}}
	for _, tt := range []struct {
		fn   workflow.Function
		args []any
		want string
	}{
		{typed.Workflow0(func(workflow.Context) (string, error) { return got(), nil }), nil, "[]"},
		{typed.Workflow1(func(_ workflow.Context, o parcel) (string, error) { return got(o), nil }), args[:1], "[{tea 2}]"},
		{typed.Workflow2(func(_ workflow.Context, o *parcel, b bool) (string, error) {
			return got(*o, b), nil
		}), args[:2], "[{tea 2} true]"},
		{typed.Workflow3(func(_ workflow.Context, o parcel, b any, s []string) (string, error) {
			return got(o, b, s), nil
		}), args, "[{tea 2} true [x]]"},
		{typed.Workflow3(func(_ workflow.Context, o parcel, b any, s []string) (string, error) {
			return got(o, b, s), nil
		}), args[:1], "[{tea 2} <nil> []]"},
		{typed.WorkflowDo0(func(workflow.Context) error { got(); return said() }), nil, "[]"},
		{typed.WorkflowDo1(func(_ workflow.Context, o parcel) error { got(); return said(o) }), args[:1], "[{tea 2}]"},
		{typed.WorkflowDo2(func(_ workflow.Context, o parcel, b bool) error { got(); return said(o, b) }), args[:2], "[{tea 2} true]"},
		{typed.WorkflowDo3(func(_ workflow.Context, o parcel, b bool, s []string) error {
			got()
			return said(o, b, s)
		}), args, "[{tea 2} true [x]]"},
	} {
		stack = ""
		r := &run{History: histories.Start("wf", tt.args...)}
		r.Instance = instance(t, tt.fn)
		a := r.task(t)
		if len(a.Commands) != 1 {
			t.Fatalf("got commands %v, want the end", a.Commands)
		}
		result := a.Commands[0].GetFailWorkflowExecutionCommandAttributes().GetFailure().GetMessage()
		if done := a.Commands[0].GetCompleteWorkflowExecutionCommandAttributes(); done != nil {
			if err := converter.GetDefaultDataConverter().FromPayloads(done.GetResult(), &result); err != nil {
				t.Error(err)
			}
		}
		if result != tt.want {
			t.Errorf("got %q, want %q", result, tt.want)
		}
		if stack == "" || strings.Contains(stack, "reflect.") {
			t.Errorf("there is reflection beneath the workflow:\n%s", stack)
		}
	}
}
