package service

import (
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
)

// Commands that reach other workflows. Each writes that it was initiated; what it
// does to the other workflow, and what came of it, follows the commit in
// transactions of their own, as in the server's transfer queue. A workflow that
// has closed by then does nothing any more.

// target returns the namespace that a command names; the workflow's own if it
// names none. An unknown one refuses the answer, another one fails the task.
func (c *completion) target(name string) (n *namespace, cross, unknown error) {
	if name == "" {
		return c.r.namespace, nil, nil
	}
	n, unknown = c.r.s.space(name)
	if unknown == nil && n != c.r.namespace {
		cross = invalid(textCrossNamespace)
	}
	return n, cross, unknown
}

func (c *completion) signalExternal(
	a *commandpb.SignalExternalWorkflowExecutionCommandAttributes,
) (*historypb.HistoryEvent, error) {
	space := a.GetNamespace() //nolint:staticcheck // workers still send it
	n, cross, err := c.target(space)
	if err != nil {
		return nil, err
	}
	if err := checkSignalExternal(a, cross); err != nil {
		return c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_SIGNAL_WORKFLOW_EXECUTION_ATTRIBUTES, err), nil
	}
	r, requestID := c.r, c.r.s.newID()
	initiated := &historypb.SignalExternalWorkflowExecutionInitiatedEventAttributes{
		WorkflowTaskCompletedEventId: c.completed.GetEventId(),
		Namespace:                    space, NamespaceId: n.id,
		WorkflowExecution: &commonpb.WorkflowExecution{
			WorkflowId: a.GetExecution().GetWorkflowId(), RunId: a.GetExecution().GetRunId(),
		},
		SignalName: a.GetSignalName(), Input: a.GetInput(), Header: a.GetHeader(),
		Control:           a.GetControl(), //nolint:staticcheck // older workers use it
		ChildWorkflowOnly: a.GetChildWorkflowOnly(),
	}
	e := r.newEvent(enumspb.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED)
	e.Attributes = &historypb.HistoryEvent_SignalExternalWorkflowExecutionInitiatedEventAttributes{
		SignalExternalWorkflowExecutionInitiatedEventAttributes: initiated,
	}
	r.add(e)
	r.after = append(r.after, func() { r.sendSignal(n, e.GetEventId(), initiated, requestID) })
	return e, nil
}

func checkSignalExternal(a *commandpb.SignalExternalWorkflowExecutionCommandAttributes, cross error) error {
	const of = "SignalExternalWorkflowExecutionCommand"
	id, run := a.GetExecution().GetWorkflowId(), a.GetExecution().GetRunId()
	name, space := a.GetSignalName(), a.GetNamespace() //nolint:staticcheck // workers still send it
	switch {
	case a == nil:
		return invalid("SignalExternalWorkflowExecutionCommandAttributes is not set on " + of + ".")
	case a.GetExecution() == nil:
		return invalid("Execution is not set on " + of + ".")
	case cross != nil:
		return cross
	case id == "":
		return invalid("WorkflowId is not set on "+of+". Namespace=%s RunId=%s SignalName=%s", space, run, name)
	case len(id) > maxID:
		return invalid("WorkflowId on "+of+" exceeds length limit. "+
			"WorkflowId=%s Length=%d Limit=%d Namespace=%s RunId=%s SignalName=%s", id, len(id), maxID, space, run, name)
	case run != "" && !isUUID(run):
		return invalid("Invalid RunId set on "+of+". WorkflowId=%s Namespace=%s RunId=%s SignalName=%s",
			id, space, run, name)
	case name == "":
		return invalid("SignalName is not set on "+of+". WorkflowId=%s Namespace=%s RunId=%s", id, space, run)
	}
	return nil
}

// sendSignal sends the signal that the event has initiated, and writes what came
// of it.
func (r *run) sendSignal(
	n *namespace, initiated int64, a *historypb.SignalExternalWorkflowExecutionInitiatedEventAttributes,
	requestID string,
) {
	if !r.running() {
		return
	}
	other, err := r.other(n, a.GetWorkflowExecution())
	if err == nil {
		err = other.signal(&historypb.WorkflowExecutionSignaledEventAttributes{
			SignalName: a.GetSignalName(), Input: a.GetInput(), Header: a.GetHeader(),
			Identity: historyIdentity, RequestId: requestID, ExternalWorkflowExecution: r.execution(),
		}, nil, a.GetChildWorkflowOnly())
	}
	if err != nil {
		e := r.newEvent(enumspb.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED)
		e.Attributes = &historypb.HistoryEvent_SignalExternalWorkflowExecutionFailedEventAttributes{
			SignalExternalWorkflowExecutionFailedEventAttributes: &historypb.SignalExternalWorkflowExecutionFailedEventAttributes{
				InitiatedEventId: initiated, Namespace: n.name, NamespaceId: n.id,
				WorkflowExecution: a.GetWorkflowExecution(),
				Control:           a.GetControl(), //nolint:staticcheck // older workers use it
				Cause:             enumspb.SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND,
			},
		}
		r.hear(e)
		return
	}
	e := r.newEvent(enumspb.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED)
	e.Attributes = &historypb.HistoryEvent_ExternalWorkflowExecutionSignaledEventAttributes{
		ExternalWorkflowExecutionSignaledEventAttributes: &historypb.ExternalWorkflowExecutionSignaledEventAttributes{
			InitiatedEventId: initiated, Namespace: n.name, NamespaceId: n.id,
			WorkflowExecution: a.GetWorkflowExecution(),
			Control:           a.GetControl(), //nolint:staticcheck // older workers use it
		},
	}
	r.hear(e)
}

// other returns the run that an event of r names, which may not be one of the
// same workflow.
func (r *run) other(n *namespace, e *commonpb.WorkflowExecution) (*run, error) {
	if n == r.namespace && e.GetWorkflowId() == r.workflowID {
		return nil, serviceerror.NewNotFound("a workflow does not reach itself")
	}
	return r.s.find(n.name, e)
}

// hear writes what has become of something else and lets the workflow see it.
func (r *run) hear(e *historypb.HistoryEvent) {
	r.add(e)
	r.ensureTask()
	r.commit()
}

func (c *completion) cancelExternal(
	a *commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes,
) (*historypb.HistoryEvent, error) {
	space := a.GetNamespace() //nolint:staticcheck // workers still send it
	n, cross, err := c.target(space)
	if err != nil {
		return nil, err
	}
	err = checkCancelExternal(a, cross)
	if err == nil && c.children[a.GetWorkflowId()] {
		err = invalid("Start and RequestCancel for child workflow is not allowed in same workflow task. "+
			"WorkflowId=%s RunId=%s Namespace=%s", a.GetWorkflowId(), a.GetRunId(), space)
	}
	if err != nil {
		return c.refuse(
			enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_ATTRIBUTES, err), nil
	}
	r := c.r
	initiated := &historypb.RequestCancelExternalWorkflowExecutionInitiatedEventAttributes{
		WorkflowTaskCompletedEventId: c.completed.GetEventId(),
		Namespace:                    space, NamespaceId: n.id,
		WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: a.GetWorkflowId(), RunId: a.GetRunId()},
		Control:           a.GetControl(), //nolint:staticcheck // older workers use it
		ChildWorkflowOnly: a.GetChildWorkflowOnly(),
		Reason:            a.GetReason(),
	}
	e := r.newEvent(enumspb.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED)
	e.Attributes = &historypb.HistoryEvent_RequestCancelExternalWorkflowExecutionInitiatedEventAttributes{
		RequestCancelExternalWorkflowExecutionInitiatedEventAttributes: initiated,
	}
	r.add(e)
	r.after = append(r.after, func() { r.sendCancel(n, e.GetEventId(), initiated) })
	return e, nil
}

func checkCancelExternal(
	a *commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes, cross error,
) error {
	const of = "RequestCancelExternalWorkflowExecutionCommand"
	id, run := a.GetWorkflowId(), a.GetRunId()
	space := a.GetNamespace() //nolint:staticcheck // workers still send it
	switch {
	case a == nil:
		return invalid("RequestCancelExternalWorkflowExecutionCommandAttributes is not set on " + of + ".")
	case cross != nil:
		return cross
	case id == "":
		return invalid("WorkflowId is not set on "+of+". Namespace=%s RunId=%s", space, run)
	case len(id) > maxID:
		return invalid("WorkflowId on "+of+" exceeds length limit. "+
			"WorkflowId=%s Length=%d Limit=%d RunId=%s Namespace=%s", id, len(id), maxID, run, space)
	case run != "" && !isUUID(run):
		return invalid("Invalid RunId set on "+of+". WorkflowId=%s RunId=%s Namespace=%s", id, run, space)
	}
	return nil
}

// sendCancel asks for the cancellation that the event has initiated, and writes
// what came of it.
func (r *run) sendCancel(
	n *namespace, initiated int64, a *historypb.RequestCancelExternalWorkflowExecutionInitiatedEventAttributes,
) {
	if !r.running() {
		return
	}
	other, err := r.other(n, a.GetWorkflowExecution())
	if err == nil {
		err = other.requestCancel(&historypb.WorkflowExecutionCancelRequestedEventAttributes{
			Cause: a.GetReason(), Identity: historyIdentity,
			ExternalInitiatedEventId: initiated, ExternalWorkflowExecution: r.execution(),
		}, nil, "", a.GetChildWorkflowOnly())
	}
	if err != nil {
		e := r.newEvent(enumspb.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED)
		e.Attributes = &historypb.HistoryEvent_RequestCancelExternalWorkflowExecutionFailedEventAttributes{
			RequestCancelExternalWorkflowExecutionFailedEventAttributes: &historypb.RequestCancelExternalWorkflowExecutionFailedEventAttributes{
				InitiatedEventId: initiated, Namespace: n.name, NamespaceId: n.id,
				WorkflowExecution: a.GetWorkflowExecution(),
				Cause:             enumspb.CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND,
			},
		}
		r.hear(e)
		return
	}
	e := r.newEvent(enumspb.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED)
	e.Attributes = &historypb.HistoryEvent_ExternalWorkflowExecutionCancelRequestedEventAttributes{
		ExternalWorkflowExecutionCancelRequestedEventAttributes: &historypb.ExternalWorkflowExecutionCancelRequestedEventAttributes{
			InitiatedEventId: initiated, Namespace: n.name, NamespaceId: n.id,
			WorkflowExecution: a.GetWorkflowExecution(),
		},
	}
	r.hear(e)
}
