package converter

import (
	"context"

	"github.com/mainspring-go/mainspring/temporal/workflowcontext"
)

// WorkflowContext is workflow.Context, by another name: package workflow imports this one.
type WorkflowContext = workflowcontext.Context

// ContextAware is implemented by data converters that adapt to the context of a workflow, of an
// activity or of a client's call. They are also used without any context, and must then work too.
type ContextAware interface {
	// WithWorkflowContext returns a converter bound to the context of a workflow.
	WithWorkflowContext(ctx WorkflowContext) DataConverter
	// WithContext returns a converter bound to the context of an activity or of a call.
	WithContext(ctx context.Context) DataConverter
}

// WithContext binds dc to ctx if it is ContextAware, and returns it unchanged otherwise.
func WithContext(ctx context.Context, dc DataConverter) DataConverter {
	if aware, ok := dc.(ContextAware); ok {
		return aware.WithContext(ctx)
	}
	return dc
}

// WithWorkflowContext binds dc to a workflow's context if it is ContextAware, and returns it
// unchanged otherwise.
func WithWorkflowContext(ctx WorkflowContext, dc DataConverter) DataConverter {
	if aware, ok := dc.(ContextAware); ok {
		return aware.WithWorkflowContext(ctx)
	}
	return dc
}
