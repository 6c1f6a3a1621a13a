package converter

import (
	"context"
)

// ContextAware is implemented by data converters that adapt to the context of an activity or of a
// client's call. Converters that also adapt to a workflow's context have a second method,
//
//	WithWorkflowContext(ctx workflow.Context) converter.DataConverter
//
// which WithWorkflowContext finds: this package does not know workflow.Context. Converters are
// also used without any context, and must then work too.
type ContextAware interface {
	// WithContext returns a converter bound to ctx.
	WithContext(ctx context.Context) DataConverter
}

// WithContext binds dc to ctx if it is ContextAware, and returns it unchanged otherwise.
func WithContext(ctx context.Context, dc DataConverter) DataConverter {
	if aware, ok := dc.(ContextAware); ok {
		return aware.WithContext(ctx)
	}
	return dc
}

// WithWorkflowContext binds dc to a workflow's context if it has a method
// WithWorkflowContext(C) DataConverter, and returns it unchanged otherwise. C is the static type
// of ctx: workflow.Context.
func WithWorkflowContext[C any](ctx C, dc DataConverter) DataConverter {
	if aware, ok := dc.(interface {
		WithWorkflowContext(ctx C) DataConverter
	}); ok {
		return aware.WithWorkflowContext(ctx)
	}
	return dc
}
