package service

import (
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
)

// childEnd is the event by which a run learns that a child has ended with the
// event last. Which attributes it has depends on that.
func (r *run) childEnd(
	c *child, e *commonpb.WorkflowExecution, last *historypb.HistoryEvent,
) *historypb.HistoryEvent {
	a, initiated, started := c.attributes(), c.initiated.GetEventId(), c.started
	space, spaceID, kind := a.GetNamespace(), a.GetNamespaceId(), a.GetWorkflowType()
	switch last.GetEventType() {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
		end := r.newEvent(enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED)
		end.Attributes = &historypb.HistoryEvent_ChildWorkflowExecutionCompletedEventAttributes{
			ChildWorkflowExecutionCompletedEventAttributes: &historypb.ChildWorkflowExecutionCompletedEventAttributes{
				InitiatedEventId: initiated, StartedEventId: started, Namespace: space, NamespaceId: spaceID,
				WorkflowExecution: e, WorkflowType: kind,
				Result: last.GetWorkflowExecutionCompletedEventAttributes().GetResult(),
			},
		}
		return end
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
		end := r.newEvent(enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED)
		end.Attributes = &historypb.HistoryEvent_ChildWorkflowExecutionFailedEventAttributes{
			ChildWorkflowExecutionFailedEventAttributes: &historypb.ChildWorkflowExecutionFailedEventAttributes{
				InitiatedEventId: initiated, StartedEventId: started, Namespace: space, NamespaceId: spaceID,
				WorkflowExecution: e, WorkflowType: kind,
				Failure:    last.GetWorkflowExecutionFailedEventAttributes().GetFailure(),
				RetryState: last.GetWorkflowExecutionFailedEventAttributes().GetRetryState(),
			},
		}
		return end
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
		end := r.newEvent(enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED)
		end.Attributes = &historypb.HistoryEvent_ChildWorkflowExecutionCanceledEventAttributes{
			ChildWorkflowExecutionCanceledEventAttributes: &historypb.ChildWorkflowExecutionCanceledEventAttributes{
				InitiatedEventId: initiated, StartedEventId: started, Namespace: space, NamespaceId: spaceID,
				WorkflowExecution: e, WorkflowType: kind,
				Details: last.GetWorkflowExecutionCanceledEventAttributes().GetDetails(),
			},
		}
		return end
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
		end := r.newEvent(enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT)
		end.Attributes = &historypb.HistoryEvent_ChildWorkflowExecutionTimedOutEventAttributes{
			ChildWorkflowExecutionTimedOutEventAttributes: &historypb.ChildWorkflowExecutionTimedOutEventAttributes{
				InitiatedEventId: initiated, StartedEventId: started, Namespace: space, NamespaceId: spaceID,
				WorkflowExecution: e, WorkflowType: kind,
				RetryState: last.GetWorkflowExecutionTimedOutEventAttributes().GetRetryState(),
			},
		}
		return end
	default:
		end := r.newEvent(enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED)
		end.Attributes = &historypb.HistoryEvent_ChildWorkflowExecutionTerminatedEventAttributes{
			ChildWorkflowExecutionTerminatedEventAttributes: &historypb.ChildWorkflowExecutionTerminatedEventAttributes{
				InitiatedEventId: initiated, StartedEventId: started, Namespace: space, NamespaceId: spaceID,
				WorkflowExecution: e, WorkflowType: kind,
			},
		}
		return end
	}
}

// wireChild tells the end of a child the id of its start, which is written with
// it or was written before.
func wireChild(e *historypb.HistoryEvent, started map[int64]int64) {
	set := func(initiated int64, id *int64) {
		if at := started[initiated]; at != 0 {
			*id = at
		}
	}
	if a := e.GetChildWorkflowExecutionCompletedEventAttributes(); a != nil {
		set(a.GetInitiatedEventId(), &a.StartedEventId)
	}
	if a := e.GetChildWorkflowExecutionFailedEventAttributes(); a != nil {
		set(a.GetInitiatedEventId(), &a.StartedEventId)
	}
	if a := e.GetChildWorkflowExecutionTimedOutEventAttributes(); a != nil {
		set(a.GetInitiatedEventId(), &a.StartedEventId)
	}
	if a := e.GetChildWorkflowExecutionCanceledEventAttributes(); a != nil {
		set(a.GetInitiatedEventId(), &a.StartedEventId)
	}
	if a := e.GetChildWorkflowExecutionTerminatedEventAttributes(); a != nil {
		set(a.GetInitiatedEventId(), &a.StartedEventId)
	}
}
