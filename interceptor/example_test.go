package interceptor_test

import (
	"context"
	"fmt"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/interceptor"
	"github.com/mainspring-go/mainspring/workflow"
)

// An audit prints what workflows start. Give it to a worker with
// worker.Options.Interceptors.
type audit struct {
	interceptor.WorkerInterceptorBase
}

func (a *audit) InterceptWorkflow(
	_ workflow.Context, next interceptor.WorkflowInboundInterceptor,
) interceptor.WorkflowInboundInterceptor {
	return &auditIn{interceptor.WorkflowInboundInterceptorBase{Next: next}}
}

// auditIn puts an outbound interceptor in place.
type auditIn struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (a *auditIn) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return a.Next.Init(&auditOut{interceptor.WorkflowOutboundInterceptorBase{Next: out}})
}

type auditOut struct {
	interceptor.WorkflowOutboundInterceptorBase
}

func (a *auditOut) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	if !workflow.IsReplaying(ctx) { // once is enough
		fmt.Println(a.GetInfo(ctx).WorkflowType.Name, "starts", name)
	}
	return a.Next.ExecuteActivity(ctx, name, args...)
}

func ExampleWorkerInterceptor() {
	var _ interceptor.WorkerInterceptor = &audit{}
	// Output:
}

// A worker of your own composes the activity half with activity.Chain.
func ExampleActivities() {
	registry := activity.NewRegistry()
	err := registry.RegisterActivityWithOptions(func(_ context.Context, name string) (string, error) {
		return "hello " + name, nil
	}, activity.RegisterOptions{Name: "Greet"})
	if err != nil {
		fmt.Println(err)
		return
	}
	greet, err := registry.Lookup("Greet")
	if err != nil {
		fmt.Println(err)
		return
	}
	interceptors := []interceptor.WorkerInterceptor{&upper{}}
	invoke := activity.Chain(activity.Intercept(interceptor.Activities(interceptors)...))
	fmt.Println(invoke(context.Background(), &activity.Invocation{Definition: greet, Args: []any{"you"}}))
	// Output: HELLO YOU <nil>
}
