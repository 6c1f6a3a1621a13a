package histories

import (
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
)

// take removes what was sent with this event id and returns it.
func (h *History) take(initiated int64) Sent {
	i := slices.IndexFunc(h.Sent, func(s Sent) bool { return s.Initiated == initiated })
	if i < 0 {
		panic("nothing was sent by that event") //nolint:forbidigo // a mistake of the test
	}
	s := h.Sent[i]
	h.Sent = slices.Delete(h.Sent, i, i+1)
	return s
}

// Deliver passes on what an event has sent to another workflow.
func (h *History) Deliver(initiated int64) {
	s := h.take(initiated)
	to := &commonpb.WorkflowExecution{WorkflowId: s.WorkflowID}
	if s.Signal {
		h.Add(enumspb.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED, &historypb.HistoryEvent{
			Attributes: &historypb.HistoryEvent_ExternalWorkflowExecutionSignaledEventAttributes{
				ExternalWorkflowExecutionSignaledEventAttributes: &historypb.
					ExternalWorkflowExecutionSignaledEventAttributes{
					InitiatedEventId: initiated, Namespace: "ns", WorkflowExecution: to,
				},
			},
		})
		return
	}
	h.Add(enumspb.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ExternalWorkflowExecutionCancelRequestedEventAttributes{
			ExternalWorkflowExecutionCancelRequestedEventAttributes: &historypb.
				ExternalWorkflowExecutionCancelRequestedEventAttributes{
				InitiatedEventId: initiated, Namespace: "ns", WorkflowExecution: to,
			},
		},
	})
}

// Causes of [History.Refuse], the same for signals and cancellations.
const (
	NoSuchWorkflow  = 1
	NoSuchNamespace = 2
	OtherCause      = 3
)

// Refuse refuses what an event has sent to another workflow.
//
//nolint:staticcheck // histories have these fields, deprecated as they are
func (h *History) Refuse(initiated int64, cause int32) {
	s := h.take(initiated)
	to := &commonpb.WorkflowExecution{WorkflowId: s.WorkflowID}
	if s.Signal {
		h.Add(enumspb.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED, &historypb.HistoryEvent{
			Attributes: &historypb.HistoryEvent_SignalExternalWorkflowExecutionFailedEventAttributes{
				SignalExternalWorkflowExecutionFailedEventAttributes: &historypb.
					SignalExternalWorkflowExecutionFailedEventAttributes{
					InitiatedEventId: initiated, Namespace: "ns", WorkflowExecution: to,
					Cause: enumspb.SignalExternalWorkflowExecutionFailedCause(cause), Control: s.Control,
				},
			},
		})
		return
	}
	h.Add(enumspb.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_RequestCancelExternalWorkflowExecutionFailedEventAttributes{
			RequestCancelExternalWorkflowExecutionFailedEventAttributes: &historypb.
				RequestCancelExternalWorkflowExecutionFailedEventAttributes{
				InitiatedEventId: initiated, Namespace: "ns", WorkflowExecution: to,
				Cause: enumspb.CancelExternalWorkflowExecutionFailedCause(cause), Control: s.Control,
			},
		},
	})
}
