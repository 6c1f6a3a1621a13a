package histories

import (
	"fmt"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
)

// A Child is a child workflow that is open.
type Child struct {
	// Initiated is the event that asked for it.
	Initiated int64
	// Started is the event that said that it runs; zero until then.
	Started int64

	typ *commonpb.WorkflowType
}

// Sent is a signal to another workflow, or a request to cancel one, that
// was not answered yet.
type Sent struct {
	// Initiated is the event that recorded it.
	Initiated int64
	// WorkflowID is where it goes.
	WorkflowID string
	// Control is the id that the command gave; empty for cancelling a child.
	Control string
	// Signal is set if it is a signal.
	Signal bool
}

// other adds the event that a command about another run causes.
//
//nolint:staticcheck // histories have these fields, deprecated as they are
func (h *History) other(c *commandpb.Command, e *historypb.HistoryEvent) {
	switch c.GetCommandType() {
	case enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION:
		a := c.GetStartChildWorkflowExecutionCommandAttributes()
		if _, ok := h.Children[a.GetWorkflowId()]; ok {
			panic("two children " + a.GetWorkflowId()) //nolint:forbidigo // a mistake of the test
		}
		e.Attributes = &historypb.HistoryEvent_StartChildWorkflowExecutionInitiatedEventAttributes{
			StartChildWorkflowExecutionInitiatedEventAttributes: &historypb.
				StartChildWorkflowExecutionInitiatedEventAttributes{
				Namespace: a.GetNamespace(), WorkflowId: a.GetWorkflowId(), WorkflowType: a.GetWorkflowType(),
				Input: a.GetInput(),
			},
		}
		h.Children[a.GetWorkflowId()] = Child{
			Initiated: h.Add(enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED, e), typ: a.GetWorkflowType(),
		}
	case enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION:
		a := c.GetSignalExternalWorkflowExecutionCommandAttributes()
		e.Attributes = &historypb.HistoryEvent_SignalExternalWorkflowExecutionInitiatedEventAttributes{
			SignalExternalWorkflowExecutionInitiatedEventAttributes: &historypb.
				SignalExternalWorkflowExecutionInitiatedEventAttributes{
				Namespace: a.GetNamespace(), WorkflowExecution: a.GetExecution(), SignalName: a.GetSignalName(),
				Control: a.GetControl(), ChildWorkflowOnly: a.GetChildWorkflowOnly(),
			},
		}
		h.Sent = append(h.Sent, Sent{
			Initiated:  h.Add(enumspb.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED, e),
			WorkflowID: a.GetExecution().GetWorkflowId(), Control: a.GetControl(), Signal: true,
		})
	case enumspb.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION:
		a := c.GetRequestCancelExternalWorkflowExecutionCommandAttributes()
		e.Attributes = &historypb.HistoryEvent_RequestCancelExternalWorkflowExecutionInitiatedEventAttributes{
			RequestCancelExternalWorkflowExecutionInitiatedEventAttributes: &historypb.
				RequestCancelExternalWorkflowExecutionInitiatedEventAttributes{
				Namespace:         a.GetNamespace(),
				WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: a.GetWorkflowId(), RunId: a.GetRunId()},
				Control:           a.GetControl(), ChildWorkflowOnly: a.GetChildWorkflowOnly(),
			},
		}
		h.Sent = append(h.Sent, Sent{
			Initiated:  h.Add(enumspb.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED, e),
			WorkflowID: a.GetWorkflowId(), Control: a.GetControl(),
		})
	case enumspb.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION:
		h.close(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW)
	default:
		panic(fmt.Sprintf("no event for %v", c)) //nolint:forbidigo // a mistake of the test
	}
}

// needChild returns an open child that a test says is there.
func (h *History) needChild(id string) Child {
	c, ok := h.Children[id]
	if !ok {
		panic(fmt.Sprintf("child %q is not open: %v", id, h.Children)) //nolint:forbidigo // a mistake of the test
	}
	return c
}

// ChildRun is the run id of the child with this id.
func ChildRun(id string) string { return "run of " + id }

func childExecution(id string) *commonpb.WorkflowExecution {
	return &commonpb.WorkflowExecution{WorkflowId: id, RunId: ChildRun(id)}
}

// StartChild starts a child that was asked for.
func (h *History) StartChild(id string) {
	c := h.needChild(id)
	c.Started = h.Add(enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ChildWorkflowExecutionStartedEventAttributes{
			ChildWorkflowExecutionStartedEventAttributes: &historypb.
				ChildWorkflowExecutionStartedEventAttributes{
				WorkflowExecution: childExecution(id), WorkflowType: c.typ, InitiatedEventId: c.Initiated,
			},
		},
	})
	h.Children[id] = c
}

// FailChildStart refuses to start a child that was asked for.
func (h *History) FailChildStart(id string, cause enumspb.StartChildWorkflowExecutionFailedCause) {
	c := h.needChild(id)
	h.Add(enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_StartChildWorkflowExecutionFailedEventAttributes{
			StartChildWorkflowExecutionFailedEventAttributes: &historypb.
				StartChildWorkflowExecutionFailedEventAttributes{
				Namespace: "ns", WorkflowId: id, WorkflowType: c.typ, InitiatedEventId: c.Initiated, Cause: cause,
			},
		},
	})
	delete(h.Children, id)
}

// CompleteChild completes a child that was started.
func (h *History) CompleteChild(id string, result ...any) {
	c := h.needChild(id)
	h.Add(enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ChildWorkflowExecutionCompletedEventAttributes{
			ChildWorkflowExecutionCompletedEventAttributes: &historypb.
				ChildWorkflowExecutionCompletedEventAttributes{
				WorkflowExecution: childExecution(id), WorkflowType: c.typ, Result: Payloads(result...),
				InitiatedEventId: c.Initiated, StartedEventId: c.Started,
			},
		},
	})
	delete(h.Children, id)
}

// FailChild fails a child that was started.
func (h *History) FailChild(id string, why *failurepb.Failure) {
	c := h.needChild(id)
	h.Add(enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ChildWorkflowExecutionFailedEventAttributes{
			ChildWorkflowExecutionFailedEventAttributes: &historypb.ChildWorkflowExecutionFailedEventAttributes{
				Namespace: "ns", WorkflowExecution: childExecution(id), WorkflowType: c.typ, Failure: why,
				InitiatedEventId: c.Initiated, StartedEventId: c.Started,
				RetryState: enumspb.RETRY_STATE_RETRY_POLICY_NOT_SET,
			},
		},
	})
	delete(h.Children, id)
}

// CancelChild ends a child that was started as canceled.
func (h *History) CancelChild(id string, details ...any) {
	c := h.needChild(id)
	h.Add(enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ChildWorkflowExecutionCanceledEventAttributes{
			ChildWorkflowExecutionCanceledEventAttributes: &historypb.
				ChildWorkflowExecutionCanceledEventAttributes{
				Namespace: "ns", WorkflowExecution: childExecution(id), WorkflowType: c.typ,
				Details: Payloads(details...), InitiatedEventId: c.Initiated, StartedEventId: c.Started,
			},
		},
	})
	delete(h.Children, id)
}

// TimeOutChild times a child out that was started.
func (h *History) TimeOutChild(id string) {
	c := h.needChild(id)
	h.Add(enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ChildWorkflowExecutionTimedOutEventAttributes{
			ChildWorkflowExecutionTimedOutEventAttributes: &historypb.
				ChildWorkflowExecutionTimedOutEventAttributes{
				Namespace: "ns", WorkflowExecution: childExecution(id), WorkflowType: c.typ,
				InitiatedEventId: c.Initiated, StartedEventId: c.Started, RetryState: enumspb.RETRY_STATE_TIMEOUT,
			},
		},
	})
	delete(h.Children, id)
}

// TerminateChild terminates a child that was started.
func (h *History) TerminateChild(id string) {
	c := h.needChild(id)
	h.Add(enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ChildWorkflowExecutionTerminatedEventAttributes{
			ChildWorkflowExecutionTerminatedEventAttributes: &historypb.
				ChildWorkflowExecutionTerminatedEventAttributes{
				Namespace: "ns", WorkflowExecution: childExecution(id), WorkflowType: c.typ,
				InitiatedEventId: c.Initiated, StartedEventId: c.Started,
			},
		},
	})
	delete(h.Children, id)
}
