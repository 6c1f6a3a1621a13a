package workflow

import (
	"cmp"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// converters are those for the values of one activity or one workflow.
type converters struct {
	data     converter.DataConverter
	failures converter.FailureConverter
}

// convertersOf returns the converters for the values of an activity. Those of
// an activity on another queue than the workflow's may differ.
func (r *run) convertersOf(ctx Context, activityType, queue string, local bool) converters {
	if !r.env.Adapts && !r.converters {
		return converters{converterOf(ctx), r.env.FailureConverter}
	}
	return r.bound(ctx, converter.ActivitySerializationContext{
		Namespace:    r.info.Namespace,
		WorkflowID:   r.info.WorkflowExecution.ID,
		WorkflowType: r.info.WorkflowType.Name,
		ActivityType: activityType,
		TaskQueue:    cmp.Or(queue, r.info.TaskQueueName),
		IsLocal:      local,
	})
}

// convertersFor returns the converters for the values of another workflow.
func (r *run) convertersFor(ctx Context, namespace, workflowID string) converters {
	if !r.env.Adapts && !r.converters {
		return converters{converterOf(ctx), r.env.FailureConverter}
	}
	return r.bound(ctx, converter.WorkflowSerializationContext{
		Namespace: cmp.Or(namespace, r.info.Namespace), WorkflowID: workflowID,
	})
}

func (r *run) bound(ctx Context, about converter.SerializationContext) converters {
	root := ownConverter(ctx)
	if root == nil {
		t := timedConverter(r.env.RootDataConverter, r.env.Coroutines.Watch)
		root = &t
	}
	return converters{
		data: converter.WithWorkflowContext(ctx,
			converter.WithDataConverterSerializationContext(root, about)),
		failures: converter.WithFailureConverterSerializationContext(
			&timedFailures{r.env.RootFailureConverter, r.env.Coroutines.Watch}, about),
	}
}
