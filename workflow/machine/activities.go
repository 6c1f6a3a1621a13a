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

// activity is one activity on its way: its command was sent, then its event
// was seen, until an event ends it.
type activity struct {
	id        string
	typ       string
	scheduled int64 // its ActivityTaskScheduled; zero until that is seen
}

// activities are those of a run that have not ended.
type activities struct {
	byID        map[string]*activity
	byScheduled map[int64]*activity
}

func (as *activities) command(c *commandpb.Command) {
	attr := c.GetScheduleActivityTaskCommandAttributes()
	if attr == nil {
		return // a request to cancel changes nothing until the server says so
	}
	if as.byID == nil {
		as.byID = make(map[string]*activity)
		as.byScheduled = make(map[int64]*activity)
	}
	as.byID[attr.GetActivityId()] = &activity{
		id: attr.GetActivityId(), typ: attr.GetActivityType().GetName(),
	}
}

// event follows one event of an activity; the result is what the workflow is
// to know of it, if anything.
func (as *activities) event(e *historypb.HistoryEvent) (*runner.Resolve, error) {
	if attr := e.GetActivityTaskScheduledEventAttributes(); attr != nil {
		a, ok := as.byID[attr.GetActivityId()]
		if !ok || a.scheduled != 0 {
			return nil, unexpected("activity "+attr.GetActivityId(), e)
		}
		a.scheduled = e.GetEventId()
		as.byScheduled[a.scheduled] = a
		return nil, nil //nolint:nilnil // nothing happened and nothing is wrong
	}
	scheduled := scheduledID(e)
	a, ok := as.byScheduled[scheduled]
	if !ok {
		return nil, &NondeterminismError{EventID: e.GetEventId(), Detail: fmt.Sprintf(
			"unable to find activityID for the scheduledEventID: %d, for the event: %s", scheduled, e.GetEventType())}
	}
	r := resolution(a, e)
	if r != nil {
		delete(as.byID, a.id)
		delete(as.byScheduled, scheduled)
	}
	return r, nil
}

// scheduledID returns the id of the ActivityTaskScheduled that e is about.
func scheduledID(e *historypb.HistoryEvent) int64 {
	// All but the attributes that e has are nil, and give zero.
	return e.GetActivityTaskStartedEventAttributes().GetScheduledEventId() +
		e.GetActivityTaskCancelRequestedEventAttributes().GetScheduledEventId() +
		e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId() +
		e.GetActivityTaskFailedEventAttributes().GetScheduledEventId() +
		e.GetActivityTaskTimedOutEventAttributes().GetScheduledEventId() +
		e.GetActivityTaskCanceledEventAttributes().GetScheduledEventId()
}

// resolution is how e ends a; nil if it does not.
func resolution(a *activity, e *historypb.HistoryEvent) *runner.Resolve {
	r := &runner.Resolve{Kind: runner.Activity, ID: a.id}
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		r.Result = e.GetActivityTaskCompletedEventAttributes().GetResult()
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED:
		attr := e.GetActivityTaskFailedEventAttributes()
		r.Failure = a.failure(attr.GetStartedEventId(), attr.GetIdentity(),
			attr.GetRetryState(), attr.GetFailure())
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
		attr := e.GetActivityTaskTimedOutEventAttributes()
		r.Failure = a.failure(attr.GetStartedEventId(), "", attr.GetRetryState(), attr.GetFailure())
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
		attr := e.GetActivityTaskCanceledEventAttributes()
		r.Failure = a.failure(attr.GetStartedEventId(), attr.GetIdentity(),
			enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE, &failurepb.Failure{
				Message: "canceled",
				FailureInfo: &failurepb.Failure_CanceledFailureInfo{
					CanceledFailureInfo: &failurepb.CanceledFailureInfo{Details: attr.GetDetails()},
				},
			})
	default:
		return nil
	}
	return r
}

// failure wraps the cause as the workflow sees it.
func (a *activity) failure(
	started int64, identity string, state enumspb.RetryState, cause *failurepb.Failure,
) *failurepb.Failure {
	return &failurepb.Failure{
		Message: "activity error",
		Cause:   cause,
		FailureInfo: &failurepb.Failure_ActivityFailureInfo{
			ActivityFailureInfo: &failurepb.ActivityFailureInfo{
				ScheduledEventId: a.scheduled,
				StartedEventId:   started,
				Identity:         identity,
				ActivityType:     &commonpb.ActivityType{Name: a.typ},
				ActivityId:       a.id,
				RetryState:       state,
			},
		},
	}
}
