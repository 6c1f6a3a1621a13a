package machine

import (
	"fmt"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// others tells the machines of what a command starts outside of the run.
func (m *Machine) others(c *commandpb.Command) {
	switch c.GetCommandType() {
	case enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION:
		m.children.start(c.GetStartChildWorkflowExecutionCommandAttributes())
	case enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION:
		a := c.GetSignalExternalWorkflowExecutionCommandAttributes()
		m.signals.command(a.GetControl()) //nolint:staticcheck // it is the only id that they have
	case enumspb.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION:
		a := c.GetRequestCancelExternalWorkflowExecutionCommandAttributes()
		if a.GetChildWorkflowOnly() {
			m.children.cancel(a)
			return
		}
		m.cancels.command(a.GetControl()) //nolint:staticcheck // it is the only id that they have
	default:
	}
}

// cancellation follows one event of a request to cancel another workflow.
// Those that name none of our own were for a child.
func (m *Machine) cancellation(e *historypb.HistoryEvent) (*runner.Resolve, error) {
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
		a := e.GetRequestCancelExternalWorkflowExecutionInitiatedEventAttributes()
		if a.GetControl() == "" { //nolint:staticcheck // it is the only id that they have
			return nil, m.children.see(a.GetWorkflowExecution().GetWorkflowId(), childSeesCancelInitiated, e)
		}
	case enumspb.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED:
		a := e.GetRequestCancelExternalWorkflowExecutionFailedEventAttributes()
		if _, ok := m.cancels.initiated[a.GetInitiatedEventId()]; !ok {
			return m.canceledChild(a.GetWorkflowExecution().GetWorkflowId(), childSeesCancelFailed, e)
		}
	default:
		a := e.GetExternalWorkflowExecutionCancelRequestedEventAttributes()
		if _, ok := m.cancels.initiated[a.GetInitiatedEventId()]; !ok {
			return m.canceledChild(a.GetWorkflowExecution().GetWorkflowId(), childSeesCancelAccepted, e)
		}
	}
	return m.cancels.event(runner.ExternalCancel, e)
}

// canceledChild is the answer to a request to cancel a child.
func (m *Machine) canceledChild(
	id string, in childInput, e *historypb.HistoryEvent,
) (*runner.Resolve, error) {
	return &runner.Resolve{Kind: runner.ChildCancel, ID: id}, m.children.see(id, in, e)
}

// externals are the signals, or the cancellations, that were sent to other
// workflows and not answered yet.
type externals struct {
	sent      map[string]bool  // by their ids; the value says whether the event was seen
	initiated map[int64]string // the ids by that event
}

func (x *externals) command(id string) {
	if x.sent == nil {
		x.sent = make(map[string]bool)
		x.initiated = make(map[int64]string)
	}
	x.sent[id] = false
}

// event follows one event; the result is what the workflow is to know of it.
func (x *externals) event(kind runner.Kind, e *historypb.HistoryEvent) (*runner.Resolve, error) {
	if id, ok := initiatedExternal(e); ok {
		seen, ok := x.sent[id]
		if !ok || seen {
			return nil, unexpected(kind.String()+" "+id, e)
		}
		x.sent[id] = true
		x.initiated[e.GetEventId()] = id
		return nil, nil //nolint:nilnil // nothing happened and nothing is wrong
	}
	initiated, failure := answeredExternal(e)
	id, ok := x.initiated[initiated]
	if !ok {
		return nil, unexpected(kind.String(), e)
	}
	delete(x.initiated, initiated)
	delete(x.sent, id)
	return &runner.Resolve{Kind: kind, ID: id, Failure: failure}, nil
}

// initiatedExternal returns the id of what e says was sent, if it says so.
func initiatedExternal(e *historypb.HistoryEvent) (id string, ok bool) {
	if a := e.GetSignalExternalWorkflowExecutionInitiatedEventAttributes(); a != nil {
		return a.GetControl(), true //nolint:staticcheck // it is the only id that they have
	}
	if a := e.GetRequestCancelExternalWorkflowExecutionInitiatedEventAttributes(); a != nil {
		return a.GetControl(), true //nolint:staticcheck // it is the only id that they have
	}
	return "", false
}

// answeredExternal returns which event's request e answers, and why it failed
// if it did.
func answeredExternal(e *historypb.HistoryEvent) (initiated int64, failure *failurepb.Failure) {
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED:
		return e.GetExternalWorkflowExecutionSignaledEventAttributes().GetInitiatedEventId(), nil
	case enumspb.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED:
		a := e.GetSignalExternalWorkflowExecutionFailedEventAttributes()
		switch a.GetCause() {
		case enumspb.SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND:
			failure = unknownExternal()
		case enumspb.SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_NAMESPACE_NOT_FOUND:
			failure = namespaceNotFound()
		default:
			failure = refusal("", fmt.Sprintf(
				"unable to signal external workflow for unknown cause: %v", a.GetCause()))
		}
		return a.GetInitiatedEventId(), failure
	case enumspb.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED:
		a := e.GetRequestCancelExternalWorkflowExecutionFailedEventAttributes()
		switch a.GetCause() {
		case enumspb.CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND:
			failure = unknownExternal()
		case enumspb.CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_NAMESPACE_NOT_FOUND:
			failure = namespaceNotFound()
		default:
			failure = refusal("", fmt.Sprintf(
				"unable to cancel external workflow for unknown cause: %v", a.GetCause()))
		}
		return a.GetInitiatedEventId(), failure
	default:
		return e.GetExternalWorkflowExecutionCancelRequestedEventAttributes().GetInitiatedEventId(), nil
	}
}

func unknownExternal() *failurepb.Failure {
	return refusal(runner.UnknownExternal, "unknown external workflow execution")
}

func namespaceNotFound() *failurepb.Failure {
	return refusal(runner.NamespaceNotFound, "namespace not found")
}

// refusal is the failure of what the server has refused.
func refusal(typ, message string) *failurepb.Failure {
	return &failurepb.Failure{
		Message: message,
		FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: typ},
		},
	}
}
