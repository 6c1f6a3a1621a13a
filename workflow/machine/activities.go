package machine

import (
	"cmp"
	"fmt"
	"slices"

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
	ended     bool
}

// activities are those of a run that have not ended. Events come in the order of their commands, so
// that none is looked for long.
type activities struct {
	sent  []activity // by command; their events were not seen
	begun []activity // by event; those that have ended stay until they are the most
	ended int        // how many of begun have
}

// command takes note of a command; so many may follow, itself included.
func (as *activities) command(c *commandpb.Command, follow int) {
	attr := c.GetScheduleActivityTaskCommandAttributes()
	if attr == nil {
		return // a request to cancel changes nothing until the server says so
	}
	as.sent = appendTo(as.sent, activity{id: attr.GetActivityId(), typ: attr.GetActivityType().GetName()}, follow)
}

// event follows one event of an activity; the result is what the workflow is
// to know of it, if anything.
func (as *activities) event(e *historypb.HistoryEvent) (*runner.Resolve, error) {
	if attr := e.GetActivityTaskScheduledEventAttributes(); attr != nil {
		if !as.begin(attr.GetActivityId(), e.GetEventId()) {
			return nil, unexpected("activity "+attr.GetActivityId(), e)
		}
		return nil, nil //nolint:nilnil // nothing happened and nothing is wrong
	}
	scheduled := scheduledID(e)
	a := as.find(scheduled)
	if a == nil {
		return nil, &NondeterminismError{EventID: e.GetEventId(), Detail: fmt.Sprintf(
			"unable to find activityID for the scheduledEventID: %d, for the event: %s", scheduled, e.GetEventType())}
	}
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED, enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED:
		return nil, nil //nolint:nilnil // it goes on
	default:
	}
	r := resolution(a, e)
	as.end(a)
	return r, nil
}

// begin takes note of the event of a command; it reports false if there was no such command.
func (as *activities) begin(id string, scheduled int64) bool {
	i := slices.IndexFunc(as.sent, func(a activity) bool { return a.id == id })
	if i < 0 {
		return false
	}
	a := as.sent[i]
	a.scheduled = scheduled
	as.begun = appendTo(as.begun, a, len(as.sent)) // for they all begin now
	if i > 0 || len(as.sent) == 1 {
		as.sent = slices.Delete(as.sent, i, i+1)
	} else {
		as.sent = as.sent[1:]
	}
	return true
}

// find returns the activity of an ActivityTaskScheduled; nil if there is none, or no more.
func (as *activities) find(scheduled int64) *activity {
	i, ok := slices.BinarySearchFunc(as.begun, scheduled, func(a activity, id int64) int {
		return cmp.Compare(a.scheduled, id)
	})
	if !ok || as.begun[i].ended {
		return nil
	}
	return &as.begun[i]
}

// manyActivities are so many that their room is given back when all have ended.
const manyActivities = 64

// end forgets one of begun.
func (as *activities) end(a *activity) {
	a.ended = true
	if as.ended++; 2*as.ended > len(as.begun) {
		as.begun = slices.DeleteFunc(as.begun, func(a activity) bool { return a.ended })
		as.ended = 0
		if len(as.begun) == 0 && cap(as.begun) > manyActivities {
			as.begun = nil // there may never be so many again
		}
	}
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

// resolution is how e ends a.
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
	default: // ActivityTaskCanceled
		attr := e.GetActivityTaskCanceledEventAttributes()
		r.Failure = a.failure(attr.GetStartedEventId(), attr.GetIdentity(),
			enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE, &failurepb.Failure{
				Message: "canceled",
				FailureInfo: &failurepb.Failure_CanceledFailureInfo{
					CanceledFailureInfo: &failurepb.CanceledFailureInfo{Details: attr.GetDetails()},
				},
			})
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
