package typed

import "github.com/mainspring-go/mainspring/workflow"

// A Signal is the name of signals that carry a T; [None] carries nothing.
type Signal[T any] string

// Channel returns the channel on which the signals arrive: see
// [workflow.GetSignalChannel].
func (s Signal[T]) Channel(ctx workflow.Context) ReceiveChannel[T] {
	return ReceiveChannel[T]{workflow.GetSignalChannel(ctx, string(s))}
}

// ChannelWithOptions is Channel with options.
func (s Signal[T]) ChannelWithOptions(
	ctx workflow.Context, options workflow.SignalChannelOptions,
) ReceiveChannel[T] {
	return ReceiveChannel[T]{workflow.GetSignalChannelWithOptions(ctx, string(s), options)}
}

// SignalExternalWorkflow sends the signal to another workflow: see
// [workflow.SignalExternalWorkflow].
func (s Signal[T]) SignalExternalWorkflow(
	ctx workflow.Context, workflowID, runID string, arg T,
) Future[None] {
	return Future[None]{workflow.SignalExternalWorkflow(ctx, workflowID, runID, string(s), argument(arg))}
}

// A Child is any [ChildFuture].
type Child interface {
	// Child returns the future of package workflow.
	Child() workflow.ChildWorkflowFuture
}

// SignalChildWorkflow sends the signal to a child once that was started.
func (s Signal[T]) SignalChildWorkflow(ctx workflow.Context, child Child, arg T) Future[None] {
	return Future[None]{child.Child().SignalChildWorkflow(ctx, string(s), argument(arg))}
}
