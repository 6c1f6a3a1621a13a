package converter

import "reflect"

// SerializationContext says on whose behalf values are converted. It is one of
// WorkflowSerializationContext, ActivitySerializationContext and NexusSerializationContext.
type SerializationContext interface {
	isSerializationContext()
}

// WorkflowSerializationContext accompanies the payloads of a workflow: input, result, signals,
// queries, updates, memo, continue-as-new.
type WorkflowSerializationContext struct {
	// Namespace is the namespace of the workflow.
	Namespace string
	// WorkflowID is the id of the workflow that the payload belongs to: for a child workflow the
	// child's, for an external signal the target's.
	WorkflowID string
}

// ActivitySerializationContext accompanies the payloads of an activity: input, result, heartbeat
// details, failure details.
type ActivitySerializationContext struct {
	// Namespace is the namespace of the activity.
	Namespace string
	// WorkflowID is the id of the workflow that scheduled the activity, if one did.
	WorkflowID string
	// WorkflowType is the type of that workflow.
	WorkflowType string
	// ActivityType is the type of the activity.
	ActivityType string
	// TaskQueue is the task queue of the activity.
	TaskQueue string
	// IsLocal says whether it is a local activity.
	IsLocal bool
}

// NexusSerializationContext accompanies the payloads of a Nexus operation.
type NexusSerializationContext struct {
	// Endpoint is the endpoint's name.
	Endpoint string
	// Service is the service's name.
	Service string
	// Operation is the operation's name.
	Operation string
}

func (WorkflowSerializationContext) isSerializationContext() {}
func (ActivitySerializationContext) isSerializationContext() {}
func (NexusSerializationContext) isSerializationContext()    {}

// DataConverterWithSerializationContext is implemented by data converters whose output depends on
// the context, such as ones that encrypt with the workflow id as associated data. They must also
// work without a context. The method is called often: it should cost little.
type DataConverterWithSerializationContext interface {
	// WithSerializationContext returns a converter bound to the context.
	WithSerializationContext(ctx SerializationContext) DataConverter
}

// PayloadCodecWithSerializationContext is implemented by codecs whose output depends on the
// context. They must also work without one. The method is called often: it should cost little.
type PayloadCodecWithSerializationContext interface {
	// WithSerializationContext returns a codec bound to the context.
	WithSerializationContext(ctx SerializationContext) PayloadCodec
}

// FailureConverterWithSerializationContext is implemented by failure converters whose output
// depends on the context. They must also work without one. The method is called often: it should
// cost little.
type FailureConverterWithSerializationContext interface {
	// WithSerializationContext returns a failure converter bound to the context.
	WithSerializationContext(ctx SerializationContext) FailureConverter
}

// WithDataConverterSerializationContext binds dc to the context if it can be bound, and returns
// it unchanged otherwise.
func WithDataConverterSerializationContext(
	dc DataConverter, ctx SerializationContext,
) DataConverter {
	if aware, ok := dc.(DataConverterWithSerializationContext); ok {
		return aware.WithSerializationContext(ctx)
	}
	return dc
}

// WithFailureConverterSerializationContext binds fc to the context if it can be bound, and
// returns it unchanged otherwise.
func WithFailureConverterSerializationContext(
	fc FailureConverter, ctx SerializationContext,
) FailureConverter {
	if aware, ok := fc.(FailureConverterWithSerializationContext); ok {
		return aware.WithSerializationContext(ctx)
	}
	return fc
}

// identical reports whether binding a value to a context has given the value itself. Values that
// cannot be compared are taken for new ones.
func identical(a, b any) bool {
	v := reflect.ValueOf(a)
	return v.IsValid() && v.Comparable() && a == b
}
