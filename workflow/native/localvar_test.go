package native_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
)

// caller is an interceptor that keeps who calls for the workflow.
type caller struct {
	workflow.InboundInterceptorBase
	name workflow.LocalVar[string]
}

func (c *caller) InterceptWorkflow(
	ctx workflow.Context, next workflow.InboundInterceptor,
) workflow.InboundInterceptor {
	return &caller{workflow.InboundInterceptorBase{Next: next}, workflow.NewLocalVar[string](ctx)}
}

func (c *caller) ExecuteWorkflow(ctx workflow.Context, in *workflow.ExecuteInput) (any, error) {
	c.name.Set(ctx, "alice")
	in.Args = []any{c.name}
	result, err := c.Next.ExecuteWorkflow(ctx, in)
	if s, ok := result.(string); ok {
		result = s + c.name.Get(ctx)
	}
	return result, err
}

func TestLocalVarsAreSharedWithInterceptors(t *testing.T) {
	l := startWith(t, native.Options{Interceptors: []workflow.Interceptor{&caller{}}},
		func(ctx workflow.Context, name workflow.LocalVar[string]) (string, error) {
			count := workflow.NewLocalVar[*int](ctx)
			if count.Get(ctx) != nil {
				return "not zero", nil
			}
			was := name.Get(ctx)
			workflow.Go(ctx, func(ctx workflow.Context) { name.Set(ctx, "bob") })
			err := workflow.Sleep(ctx, time.Second)
			return was + " " + name.Get(ctx) + " ", err
		})
	l.does("StartTimer 5 1s")
	l.FireTimer("5")
	l.does(`CompleteWorkflow "alice bob bob"`)
}

func TestMisusedLocalVars(t *testing.T) {
	var stolen workflow.LocalVar[int]
	for _, tt := range []struct {
		name string
		wf   func(workflow.Context) error
		want string
	}{
		{"zero", func(ctx workflow.Context) error {
			var v workflow.LocalVar[int]
			v.Get(ctx)
			return nil
		}, "workflow.LocalVar is not initialized"},
		{"of another run", func(ctx workflow.Context) error {
			stolen.Set(ctx, 1)
			return nil
		}, "context belongs to a different workflow run"},
		{"set in a side effect", func(ctx workflow.Context) error {
			v := workflow.NewLocalVar[int](ctx)
			workflow.SideEffect(ctx, func(ctx workflow.Context) any { v.Set(ctx, 1); return nil })
			return nil
		}, "illegal access"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start(t, func(ctx workflow.Context) error {
				stolen = workflow.NewLocalVar[int](ctx)
				return nil
			}).does("CompleteWorkflow")
			if got := start(t, tt.wf).fails().Failure.GetMessage(); !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
