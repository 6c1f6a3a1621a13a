package interceptor

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/workflow"
)

// A WorkerInterceptor intercepts the workflows and the activities of a worker. Implementations
// embed [WorkerInterceptorBase], so that they go on to work when methods are added. Their methods
// are called from several goroutines at once.
type WorkerInterceptor interface {
	// InterceptActivity is called for every attempt of an activity. It returns what is called
	// instead of next and may call it.
	InterceptActivity(ctx context.Context, next ActivityInboundInterceptor) ActivityInboundInterceptor
	// InterceptWorkflow is called for every workflow run, when it starts and whenever it is
	// rebuilt. It returns what is called instead of next and may call it.
	InterceptWorkflow(ctx workflow.Context, next WorkflowInboundInterceptor) WorkflowInboundInterceptor

	mustEmbedWorkerInterceptorBase()
}

// WorkerInterceptorBase intercepts nothing. Every [WorkerInterceptor] embeds it.
type WorkerInterceptorBase struct{}

var _ WorkerInterceptor = (*WorkerInterceptorBase)(nil)

// InterceptActivity passes every call on.
func (*WorkerInterceptorBase) InterceptActivity(
	_ context.Context, next ActivityInboundInterceptor,
) ActivityInboundInterceptor {
	return &ActivityInboundInterceptorBase{Next: next}
}

// InterceptWorkflow passes every call on.
func (*WorkerInterceptorBase) InterceptWorkflow(
	_ workflow.Context, next WorkflowInboundInterceptor,
) WorkflowInboundInterceptor {
	return &WorkflowInboundInterceptorBase{Next: next}
}

func (*WorkerInterceptorBase) mustEmbedWorkerInterceptorBase() {}

// Workflows returns the half of interceptors that a workflow runner takes.
func Workflows(interceptors []WorkerInterceptor) []workflow.Interceptor {
	out := make([]workflow.Interceptor, 0, len(interceptors))
	for _, i := range interceptors {
		out = append(out, i)
	}
	return out
}

// Activities returns the half of interceptors that activities take: see activity.Intercept.
func Activities(interceptors []WorkerInterceptor) []activity.Interceptor {
	out := make([]activity.Interceptor, 0, len(interceptors))
	for _, i := range interceptors {
		out = append(out, i)
	}
	return out
}

// Extract returns what puts into an activity's context what context propagators find in the header
// of its task, as activity/task takes it; nil for no propagators.
func Extract(
	propagators []workflow.ContextPropagator,
) func(ctx context.Context, header *commonpb.Header) (context.Context, error) {
	if len(propagators) == 0 {
		return nil
	}
	return func(ctx context.Context, header *commonpb.Header) (context.Context, error) {
		reader := workflow.NewHeaderReader(header)
		for _, p := range propagators {
			var err error
			if ctx, err = p.Extract(ctx, reader); err != nil {
				return nil, fmt.Errorf("failed propagating header: %w", err)
			}
		}
		return ctx, nil
	}
}
