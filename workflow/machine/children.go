package machine

import (
	"fmt"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// childState is how far a child workflow has come.
type childState uint8

const (
	childSent              childState = iota // the command to start it was sent
	childInitiated                           // and is in history
	childCanceledInitiated                   // and so is a request to cancel it
	childStarted                             // it runs
	childCancelSent                          // the command to cancel it was sent
	childCancelAccepted                      // and the server has passed it on
	childClosedUnanswered                    // it has ended, what became of the request is still to come
	childDone                                // it is forgotten
)

// String returns the name that errors give to s.
func (s childState) String() string {
	return [...]string{
		"CommandSent", "Initiated", "CanceledAfterInitiated", "Started", "CancellationCommandSent",
		"CancellationCommandAccepted", "CompletedAfterCancellationCommandSent", "Completed",
	}[s]
}

// childInput is what can happen to a child workflow.
type childInput string

const (
	childSeesInitiated       childInput = "initiated"
	childSeesStartFailed     childInput = "start failed"
	childSeesStarted         childInput = "started"
	childSeesClosed          childInput = "closed"
	childSeesCanceled        childInput = "canceled"
	childSeesCancelInitiated childInput = "cancellation initiated"
	childSeesCancelAccepted  childInput = "cancellation requested"
	childSeesCancelFailed    childInput = "cancellation failed"
)

// after returns the state after in; false if that cannot happen in s.
func (s childState) after(in childInput) (childState, bool) {
	switch in {
	case childSeesInitiated:
		return childInitiated, s == childSent
	case childSeesStartFailed:
		return childDone, s == childSent || s == childInitiated
	case childSeesStarted:
		switch s {
		case childInitiated:
			return childStarted, true
		case childCanceledInitiated:
			return childCancelSent, true
		default:
			return s, true
		}
	case childSeesClosed:
		return s.ended(), s != childSent
	case childSeesCanceled:
		return s.ended(), s != childSent && s != childInitiated && s != childClosedUnanswered
	case childSeesCancelInitiated:
		if s == childInitiated {
			return childCanceledInitiated, true
		}
		return s, s == childCancelSent || s == childCanceledInitiated
	case childSeesCancelAccepted:
		if s == childClosedUnanswered {
			return childDone, true
		}
		return childCancelAccepted, true
	case childSeesCancelFailed:
		if s == childClosedUnanswered {
			return childDone, true
		}
		return childStarted, s == childCancelSent
	default:
		return s, false
	}
}

// ended is the state of a child that has ended: a request to cancel it that
// was not answered yet keeps it, since the answer names it.
func (s childState) ended() childState {
	if s == childCancelSent {
		return childClosedUnanswered
	}
	return childDone
}

// children are the child workflows of a run that are not forgotten, by
// workflow id.
type children struct{ byID map[string]childState }

func (cs *children) start(c *commandpb.StartChildWorkflowExecutionCommandAttributes) {
	if cs.byID == nil {
		cs.byID = make(map[string]childState)
	}
	cs.byID[c.GetWorkflowId()] = childSent
}

func (cs *children) cancel(c *commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes) {
	if cs.byID[c.GetWorkflowId()] == childStarted {
		cs.byID[c.GetWorkflowId()] = childCancelSent
	}
}

// see takes the child with this id through one event.
func (cs *children) see(id string, in childInput, e *historypb.HistoryEvent) error {
	s, ok := cs.byID[id]
	if !ok {
		return unexpected("child workflow "+id, e)
	}
	next, ok := s.after(in)
	switch {
	case !ok:
		return &NondeterminismError{
			EventID: e.GetEventId(), Event: describeEvent(e), Detail: fmt.Sprintf(
				"invalid state transition: attempt to %s, child workflow %s, state=%s, event: %s",
				in, id, s, describeEvent(e)),
		}
	case next == childDone:
		delete(cs.byID, id)
	default:
		cs.byID[id] = next
	}
	return nil
}

// event follows one event of a child; the result is what the workflow is to
// know of it, if anything.
func (cs *children) event(e *historypb.HistoryEvent) (*runner.Resolve, error) {
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
		id := e.GetStartChildWorkflowExecutionInitiatedEventAttributes().GetWorkflowId()
		return nil, cs.see(id, childSeesInitiated, e)
	case enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED:
		a := e.GetStartChildWorkflowExecutionFailedEventAttributes()
		return &runner.Resolve{
			Kind: runner.ChildStart, ID: a.GetWorkflowId(), Failure: startFailure(a),
		}, cs.see(a.GetWorkflowId(), childSeesStartFailed, e)
	case enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED:
		x := e.GetChildWorkflowExecutionStartedEventAttributes().GetWorkflowExecution()
		return &runner.Resolve{
			Kind: runner.ChildStart, ID: x.GetWorkflowId(), RunID: x.GetRunId(),
		}, cs.see(x.GetWorkflowId(), childSeesStarted, e)
	case enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED:
		r := childResolution(e)
		return r, cs.see(r.ID, childSeesCanceled, e)
	default:
		r := childResolution(e)
		return r, cs.see(r.ID, childSeesClosed, e)
	}
}

// childResolution is how e ends a child workflow.
func childResolution(e *historypb.HistoryEvent) *runner.Resolve {
	r := &runner.Resolve{Kind: runner.Child}
	var end childEnd
	state := enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE
	var cause *failurepb.Failure
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED:
		a := e.GetChildWorkflowExecutionFailedEventAttributes()
		end, state, cause = a, a.GetRetryState(), a.GetFailure()
	case enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED:
		a := e.GetChildWorkflowExecutionCanceledEventAttributes()
		end, cause = a, &failurepb.Failure{
			Message: "canceled",
			FailureInfo: &failurepb.Failure_CanceledFailureInfo{
				CanceledFailureInfo: &failurepb.CanceledFailureInfo{Details: a.GetDetails()},
			},
		}
	case enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT:
		a := e.GetChildWorkflowExecutionTimedOutEventAttributes()
		end, state, cause = a, a.GetRetryState(), &failurepb.Failure{
			Message: "Child workflow timeout",
			FailureInfo: &failurepb.Failure_TimeoutFailureInfo{
				TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{
					TimeoutType: enumspb.TIMEOUT_TYPE_START_TO_CLOSE,
				},
			},
		}
	case enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED:
		end, cause = e.GetChildWorkflowExecutionTerminatedEventAttributes(), &failurepb.Failure{
			Message: "terminated",
			FailureInfo: &failurepb.Failure_TerminatedFailureInfo{
				TerminatedFailureInfo: &failurepb.TerminatedFailureInfo{},
			},
		}
	default:
		a := e.GetChildWorkflowExecutionCompletedEventAttributes()
		r.ID, r.Result = a.GetWorkflowExecution().GetWorkflowId(), a.GetResult()
		return r
	}
	r.ID, r.Failure = end.GetWorkflowExecution().GetWorkflowId(), childFailure(end, state, cause)
	return r
}

// childEnd is what the events have in common that end a child workflow.
type childEnd interface {
	GetNamespace() string
	GetWorkflowExecution() *commonpb.WorkflowExecution
	GetWorkflowType() *commonpb.WorkflowType
	GetInitiatedEventId() int64
	GetStartedEventId() int64
}

// childFailure wraps the cause as the workflow sees it.
func childFailure(
	end childEnd, state enumspb.RetryState, cause *failurepb.Failure,
) *failurepb.Failure {
	return &failurepb.Failure{
		Message: "child workflow execution error",
		Cause:   cause,
		FailureInfo: &failurepb.Failure_ChildWorkflowExecutionFailureInfo{
			ChildWorkflowExecutionFailureInfo: &failurepb.ChildWorkflowExecutionFailureInfo{
				Namespace:         end.GetNamespace(),
				WorkflowExecution: end.GetWorkflowExecution(),
				WorkflowType:      end.GetWorkflowType(),
				InitiatedEventId:  end.GetInitiatedEventId(),
				StartedEventId:    end.GetStartedEventId(),
				RetryState:        state,
			},
		},
	}
}

// startFailure is the failure of a child that could not be started.
func startFailure(a *historypb.StartChildWorkflowExecutionFailedEventAttributes) *failurepb.Failure {
	var cause *failurepb.Failure
	switch a.GetCause() {
	case enumspb.START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS:
		cause = refusal(runner.AlreadyStarted, "child workflow execution already started")
	case enumspb.START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_NAMESPACE_NOT_FOUND:
		cause = namespaceNotFound()
	case enumspb.START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_INVALID_VERSIONING_OVERRIDE:
		cause = refusal(runner.InvalidVersioning, "invalid versioning override")
	default:
		cause = refusal("", fmt.Sprintf("unable to start child workflow for unknown cause: %v", a.GetCause()))
	}
	return childFailure(notStarted{a}, enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE, cause)
}

// notStarted is the end of a child that never ran.
type notStarted struct {
	*historypb.StartChildWorkflowExecutionFailedEventAttributes
}

func (n notStarted) GetWorkflowExecution() *commonpb.WorkflowExecution {
	return &commonpb.WorkflowExecution{WorkflowId: n.GetWorkflowId()}
}

func (notStarted) GetStartedEventId() int64 { return 0 }
