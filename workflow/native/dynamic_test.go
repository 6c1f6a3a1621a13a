package native_test

import (
	"errors"
	"strings"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// anything is a dynamic workflow: it returns its type and its first argument.
func anything(ctx workflow.Context, args converter.EncodedValues) (string, error) {
	var s string
	if !args.HasValues() {
		return workflow.GetInfo(ctx).WorkflowType.Name + " without", nil
	}
	err := args.Get(&s)
	return workflow.GetInfo(ctx).WorkflowType.Name + " " + s, err
}

// dynamicRunner has the workflow "fixed", and the registered dynamic one.
func dynamicRunner(t *testing.T, o workflow.DynamicRegisterOptions) *native.Runner {
	t.Helper()
	var registry workflow.Registry
	fixed := func(workflow.Context, string) (string, error) { return "fixed", nil }
	err := errors.Join(
		registry.RegisterDynamicWorkflow(anything, o),
		registry.RegisterWorkflowWithOptions(fixed, workflow.RegisterOptions{Name: "fixed"}))
	if err != nil {
		t.Fatal(err)
	}
	r := native.New(native.Options{})
	for _, def := range registry.Definitions() {
		if err := r.Prepare(def); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// finish runs a workflow of a type that ends in its first task.
func finish(t *testing.T, r *native.Runner, typ string, args ...any) (string, enumspb.VersioningBehavior) {
	t.Helper()
	i, err := r.NewInstance(runner.Details{WorkflowType: typ})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	h := histories.Start(typ, args...)
	h.Task()
	var behavior enumspb.VersioningBehavior
	d := &histories.Driver{Instance: i, Seen: func(_ *runner.Activation, c *runner.Completion) {
		behavior = c.VersioningBehavior
	}}
	a, err := d.Full(h)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(histories.Describe(a.Commands), "CompleteWorkflow "), behavior
}

func TestDynamicWorkflowsRunWhatNothingElseDoes(t *testing.T) {
	r := dynamicRunner(t, workflow.DynamicRegisterOptions{})
	for _, tt := range []struct {
		typ  string
		args []any
		want string
	}{
		{"fixed", []any{"x"}, `"fixed"`},
		{"one", []any{"x"}, `"one x"`},
		{"other", nil, `"other without"`},
	} {
		if got, behavior := finish(t, r, tt.typ, tt.args...); got != tt.want || behavior != 0 {
			t.Errorf("%s returned %s (%v), want %s", tt.typ, got, behavior, tt.want)
		}
	}
}

func TestDynamicWorkflowsHaveABehaviorForEachType(t *testing.T) {
	r := dynamicRunner(t, workflow.DynamicRegisterOptions{
		LoadDynamicRuntimeOptions: func(
			d workflow.LoadDynamicRuntimeOptionsDetails,
		) (workflow.DynamicRuntimeOptions, error) {
			if d.WorkflowType.Name == "broken" {
				return workflow.DynamicRuntimeOptions{VersioningBehavior: workflow.VersioningBehaviorPinned},
					errors.New("no idea")
			}
			return workflow.DynamicRuntimeOptions{VersioningBehavior: workflow.VersioningBehaviorPinned}, nil
		},
	})
	for typ, want := range map[string]enumspb.VersioningBehavior{
		"fixed":  enumspb.VERSIONING_BEHAVIOR_UNSPECIFIED,
		"one":    enumspb.VERSIONING_BEHAVIOR_PINNED,
		"broken": enumspb.VERSIONING_BEHAVIOR_UNSPECIFIED,
	} {
		if _, got := finish(t, r, typ, "x"); got != want {
			t.Errorf("%s: got %v, want %v", typ, got, want)
		}
	}
}

// argsOf is an interceptor that shows what a dynamic workflow is called with.
type argsOf struct {
	workflow.InboundInterceptorBase
	seen *[]any
}

func (a *argsOf) InterceptWorkflow(
	_ workflow.Context, next workflow.InboundInterceptor,
) workflow.InboundInterceptor {
	return &argsOf{workflow.InboundInterceptorBase{Next: next}, a.seen}
}

func (a *argsOf) ExecuteWorkflow(ctx workflow.Context, in *workflow.ExecuteInput) (any, error) {
	*a.seen = in.Args
	return a.Next.ExecuteWorkflow(ctx, in)
}

func TestInterceptorsSeeTheInputOfDynamicWorkflows(t *testing.T) {
	var seen []any
	r := native.New(native.Options{Interceptors: []workflow.Interceptor{&argsOf{seen: &seen}}})
	if err := r.Prepare(runner.Definition{Dynamic: true, Func: anything}); err != nil {
		t.Fatal(err)
	}
	if got, _ := finish(t, r, "any", "x"); got != `"any x"` {
		t.Errorf("got %s", got)
	}
	if len(seen) != 1 {
		t.Fatalf("got %d arguments, want all input in one", len(seen))
	}
	if _, ok := seen[0].(converter.EncodedValues); !ok {
		t.Errorf("got a %T", seen[0])
	}
}
