package env

import (
	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A ChildStarted is called when a child workflow has been started, with its
// run, or could not be, with the failure.
type ChildStarted func(runID string, failure *failurepb.Failure)

// child is a child workflow whose id is taken: it has not ended, or what became
// of the request to cancel it is still to come.
type child struct {
	started ChildStarted       // nil once called
	closed  Resolved           // nil once called
	cancel  *commandpb.Command // asked for and not answered
}

// HasChild reports whether the workflow id is that of a child that is known.
func (e *Env) HasChild(id string) bool { return e.children[id] != nil }

// StartChild makes the command that starts a child workflow, whose id must not
// be taken. It returns a function that asks for the child's cancellation, once
// and while it has not ended.
func (e *Env) StartChild(
	attr *commandpb.StartChildWorkflowExecutionCommandAttributes,
	meta *sdkpb.UserMetadata,
	started ChildStarted,
	closed Resolved,
) (cancel func()) {
	if e.children == nil {
		e.children = make(map[string]*child)
	}
	c := &child{started: started, closed: closed}
	e.children[attr.GetWorkflowId()] = c
	e.Emit(&commandpb.Command{
		CommandType:  enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION,
		UserMetadata: meta,
		Attributes: &commandpb.Command_StartChildWorkflowExecutionCommandAttributes{
			StartChildWorkflowExecutionCommandAttributes: attr,
		},
	})
	request := &commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes{
		Namespace:         attr.GetNamespace(), //nolint:staticcheck // histories of the official SDK have it
		WorkflowId:        attr.GetWorkflowId(),
		ChildWorkflowOnly: true,
	}
	return func() {
		if c.closed == nil || c.cancel != nil {
			return
		}
		c.cancel = requestCancel(request)
		e.Emit(c.cancel)
	}
}

func requestCancel(
	attr *commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes,
) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_RequestCancelExternalWorkflowExecutionCommandAttributes{
			RequestCancelExternalWorkflowExecutionCommandAttributes: attr,
		},
	}
}

// childStarted ends the start of a child.
func (e *Env) childStarted(r *runner.Resolve) {
	c := e.children[r.ID]
	if c == nil || c.started == nil {
		return
	}
	if r.Failure != nil {
		delete(e.children, r.ID)
	}
	started := c.started
	c.started = nil
	started(r.RunID, r.Failure)
}

// childClosed ends a child. A request to cancel it that was not sent need not
// be; one that was keeps the id taken until it is answered.
func (e *Env) childClosed(r *runner.Resolve) {
	c := e.children[r.ID]
	if c == nil || c.closed == nil {
		return
	}
	if c.cancel == nil || e.drop(c.cancel) {
		delete(e.children, r.ID)
	}
	closed := c.closed
	c.closed = nil
	closed(r.Result, r.Failure)
}

// childCancelAnswered ends the request to cancel a child.
func (e *Env) childCancelAnswered(r *runner.Resolve) {
	c := e.children[r.ID]
	if c == nil {
		return
	}
	c.cancel = nil
	if c.closed == nil {
		delete(e.children, r.ID)
	}
}

// SignalExternal makes the command that signals another workflow; the control
// of the attributes is filled in.
func (e *Env) SignalExternal(
	attr *commandpb.SignalExternalWorkflowExecutionCommandAttributes, answered Resolved,
) {
	id := e.external(runner.ExternalSignal, answered)
	attr.Control = id //nolint:staticcheck // it is the only id that such a command has
	e.Emit(&commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_SignalExternalWorkflowExecutionCommandAttributes{
			SignalExternalWorkflowExecutionCommandAttributes: attr,
		},
	})
}

// CancelExternal makes the command that asks another workflow to cancel
// itself; the control of the attributes is filled in.
func (e *Env) CancelExternal(
	attr *commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes, answered Resolved,
) {
	id := e.external(runner.ExternalCancel, answered)
	attr.Control = id //nolint:staticcheck // it is the only id that such a command has
	e.Emit(requestCancel(attr))
}

// external gives an id to something that is sent to another workflow.
func (e *Env) external(kind runner.Kind, answered Resolved) string {
	id := e.PeekName()
	e.await(&Pending{Ends: answered, key: pendingKey{kind, id}})
	return id
}
