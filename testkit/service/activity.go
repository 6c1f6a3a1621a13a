package service

import (
	"cmp"
	"slices"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// activity is an activity that has not ended.
type activity struct {
	scheduled  *historypb.HistoryEvent // ActivityTaskScheduled
	attributes *historypb.ActivityTaskScheduledEventAttributes

	attempt     int32
	stamp       int64     // tells the offers that are good
	scheduledAt time.Time // this attempt
	offered     bool      // this attempt to workers
	isStarted   bool
	startedAt   time.Time
	requestID   string
	identity    string

	lastIdentity    string
	lastFailure     *failurepb.Failure
	lastCompletedAt time.Time
	details         *commonpb.Payloads // of the last heartbeat
	heartbeatAt     time.Time
	cancelRequested bool
	cancelID        int64

	pause          *pause // nil if it is not paused
	reset          bool   // since the attempt began
	resetHeartbeat bool   // the next attempt gets no details
}

func (a *activity) id() int64 { return a.scheduled.GetEventId() }

// retryAt is when the attempt is to be offered to workers; zero if it has been.
func (a *activity) retryAt() time.Time {
	if a.offered || a.isStarted || a.pause != nil {
		return time.Time{}
	}
	return a.scheduledAt
}

// deadline is one of the timeouts of an activity.
type deadline struct {
	at       time.Time
	activity *activity
	kind     enumspb.TimeoutType
	attempt  int32
}

// deadlines are none while the activity is paused.
func (a *activity) deadlines() []deadline {
	var out []deadline
	if a.pause != nil {
		return out
	}
	add := func(kind enumspb.TimeoutType, from time.Time, d time.Duration) {
		if d > 0 {
			out = append(out, deadline{from.Add(d), a, kind, a.attempt})
		}
	}
	add(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, a.scheduled.GetEventTime().AsTime(),
		a.attributes.GetScheduleToCloseTimeout().AsDuration())
	if !a.isStarted {
		add(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START, a.scheduledAt,
			a.attributes.GetScheduleToStartTimeout().AsDuration())
		return out
	}
	add(enumspb.TIMEOUT_TYPE_START_TO_CLOSE, a.startedAt, a.attributes.GetStartToCloseTimeout().AsDuration())
	from := a.startedAt
	if a.heartbeatAt.After(from) {
		from = a.heartbeatAt
	}
	add(enumspb.TIMEOUT_TYPE_HEARTBEAT, from, a.attributes.GetHeartbeatTimeout().AsDuration())
	return out
}

func (c *completion) scheduleActivity(
	command *commandpb.ScheduleActivityTaskCommandAttributes,
) (*historypb.HistoryEvent, error) {
	r := c.r
	if err := normalizeActivity(command, r.started.GetWorkflowRunTimeout()); err != nil {
		return c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_SCHEDULE_ACTIVITY_ATTRIBUTES, err), nil
	}
	if r.activityByID(command.GetActivityId()) != nil {
		return c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_SCHEDULE_ACTIVITY_DUPLICATE_ID,
			callerError("add-activitytask-scheduled-event", "ActivityID: "+command.GetActivityId())), nil
	}
	at := c.r.s.now()
	e := newEvent(enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, at)
	attributes := &historypb.ActivityTaskScheduledEventAttributes{
		ActivityId: command.GetActivityId(), ActivityType: command.GetActivityType(),
		TaskQueue: command.GetTaskQueue(), Header: command.GetHeader(), Input: command.GetInput(),
		ScheduleToCloseTimeout:       command.GetScheduleToCloseTimeout(),
		ScheduleToStartTimeout:       command.GetScheduleToStartTimeout(),
		StartToCloseTimeout:          command.GetStartToCloseTimeout(),
		HeartbeatTimeout:             command.GetHeartbeatTimeout(),
		RetryPolicy:                  command.GetRetryPolicy(),
		Priority:                     command.GetPriority(),
		UseWorkflowBuildId:           command.GetUseWorkflowBuildId(), //nolint:staticcheck // workers still send it
		WorkflowTaskCompletedEventId: c.completed.GetEventId(),
	}
	e.Attributes = &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{
		ActivityTaskScheduledEventAttributes: attributes,
	}
	r.add(e)
	a := &activity{scheduled: e, attributes: attributes, attempt: 1, scheduledAt: at, offered: true}
	r.activities[e.GetEventId()] = a
	if command.GetRequestEagerExecution() {
		c.eager = append(c.eager, a)
		return e, nil
	}
	r.after = append(r.after, func() { r.s.offerActivity(r, e.GetEventId(), 0) })
	return e, nil
}

func (r *run) activityByID(id string) *activity {
	for _, a := range r.activities {
		if a.attributes.GetActivityId() == id {
			return a
		}
	}
	return nil
}

// activityNotStarted are the details of an activity that was cancelled before it
// began.
const activityNotStarted = "ACTIVITY_ID_NOT_STARTED"

func (c *completion) cancelActivity(
	command *commandpb.RequestCancelActivityTaskCommandAttributes,
) *historypb.HistoryEvent {
	const bad = enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_REQUEST_CANCEL_ACTIVITY_ATTRIBUTES
	r, id := c.r, command.GetScheduledEventId()
	if id <= 0 {
		return c.refuse(bad, invalid("ScheduledEventId is not set on RequestCancelActivityTaskCommand."))
	}
	a := r.activities[id]
	if a == nil && !r.endIsHeld(id) || a != nil && a.cancelRequested {
		return c.refuse(bad, callerError("add-activitytask-cancel-requested-event", "ScheduledEventID: "+itoa(id)))
	}
	e := c.r.newEvent(enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED)
	e.Attributes = &historypb.HistoryEvent_ActivityTaskCancelRequestedEventAttributes{
		ActivityTaskCancelRequestedEventAttributes: &historypb.ActivityTaskCancelRequestedEventAttributes{
			ScheduledEventId: id, WorkflowTaskCompletedEventId: c.completed.GetEventId(),
		},
	}
	r.add(e)
	if a == nil {
		return e
	}
	a.cancelRequested, a.cancelID = true, e.GetEventId()
	if !a.isStarted {
		r.endCanceled(a, encodeString(activityNotStarted), c.req.GetIdentity())
		c.again = true
	}
	return e
}

// endIsHeld reports whether the end of an activity is kept back.
func (r *run) endIsHeld(scheduled int64) bool {
	return slices.ContainsFunc(r.buffered, func(e *historypb.HistoryEvent) bool {
		return e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()+
			e.GetActivityTaskFailedEventAttributes().GetScheduledEventId()+
			e.GetActivityTaskTimedOutEventAttributes().GetScheduledEventId()+
			e.GetActivityTaskCanceledEventAttributes().GetScheduledEventId() == scheduled
	})
}

// writeStarted writes the start of an activity's last attempt, together with its
// end: starts of attempts that are tried again leave no trace.
func (r *run) writeStarted(a *activity, version *commonpb.WorkerVersionStamp) {
	if !a.isStarted {
		return
	}
	e := newEvent(enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED, a.startedAt)
	e.Attributes = &historypb.HistoryEvent_ActivityTaskStartedEventAttributes{
		ActivityTaskStartedEventAttributes: &historypb.ActivityTaskStartedEventAttributes{
			ScheduledEventId: a.id(), Identity: a.identity, RequestId: a.requestID,
			Attempt: a.attempt, LastFailure: a.lastFailure,
			WorkerVersion: version, //nolint:staticcheck // workers still send it
		},
	}
	r.add(e)
}

func (r *run) endCompleted(
	a *activity, result *commonpb.Payloads, identity string, version *commonpb.WorkerVersionStamp,
) {
	r.writeStarted(a, version)
	e := r.newEvent(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
	e.Attributes = &historypb.HistoryEvent_ActivityTaskCompletedEventAttributes{
		ActivityTaskCompletedEventAttributes: &historypb.ActivityTaskCompletedEventAttributes{
			ScheduledEventId: a.id(), Result: result, Identity: identity,
		},
	}
	r.add(e)
	delete(r.activities, a.id())
}

func (r *run) endFailed(
	a *activity, f *failurepb.Failure, retry enumspb.RetryState, identity string,
	version *commonpb.WorkerVersionStamp,
) {
	r.writeStarted(a, version)
	e := r.newEvent(enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED)
	e.Attributes = &historypb.HistoryEvent_ActivityTaskFailedEventAttributes{
		ActivityTaskFailedEventAttributes: &historypb.ActivityTaskFailedEventAttributes{
			ScheduledEventId: a.id(), Failure: f, RetryState: retry, Identity: identity,
		},
	}
	r.add(e)
	delete(r.activities, a.id())
}

func (r *run) endCanceled(a *activity, details *commonpb.Payloads, identity string) {
	r.writeStarted(a, nil)
	e := r.newEvent(enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED)
	e.Attributes = &historypb.HistoryEvent_ActivityTaskCanceledEventAttributes{
		ActivityTaskCanceledEventAttributes: &historypb.ActivityTaskCanceledEventAttributes{
			ScheduledEventId: a.id(), LatestCancelRequestedEventId: a.cancelID,
			Details: details, Identity: identity,
		},
	}
	r.add(e)
	delete(r.activities, a.id())
}

// expireActivities lets the timeouts that are over happen and offers attempts
// whose time has come.
func (r *run) expireActivities(at time.Time) bool {
	changed := r.offerRetries(at)
	var over []deadline
	for _, a := range r.activities {
		for _, d := range a.deadlines() {
			if !d.at.After(at) {
				over = append(over, d)
			}
		}
	}
	slices.SortFunc(over, func(a, b deadline) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.activity.id(), b.activity.id()), cmp.Compare(a.kind, b.kind))
	})
	ended := false
	for _, d := range over {
		if r.activities[d.activity.id()] != d.activity || d.attempt < d.activity.attempt {
			continue
		}
		changed = true
		ended = r.timeOutActivity(d) || ended
	}
	if ended {
		r.ensureTask()
	}
	return changed
}

func (r *run) offerRetries(at time.Time) bool {
	changed := false
	for id, a := range r.activities {
		if t := a.retryAt(); !t.IsZero() && !t.After(at) {
			a.offered, changed = true, true
			stamp := a.stamp
			r.after = append(r.after, func() { r.s.offerActivity(r, id, stamp) })
		}
	}
	return changed
}

// timeOutActivity reports whether the activity has ended with that.
func (r *run) timeOutActivity(d deadline) bool {
	a := d.activity
	f := timeoutFailure("activity "+d.kind.String()+" timeout", d.kind)
	retry := r.retry(a, f)
	if retry == enumspb.RETRY_STATE_IN_PROGRESS {
		return false
	}
	if retry == enumspb.RETRY_STATE_TIMEOUT && d.kind != enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START {
		f = timeoutFailure("Not enough time to schedule next retry before activity ScheduleToClose timeout, "+
			"giving up retrying", enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE)
	}
	f.GetTimeoutFailureInfo().LastHeartbeatDetails = a.details
	f.Cause = a.lastFailure
	r.writeStarted(a, nil)
	e := r.newEvent(enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT)
	e.Attributes = &historypb.HistoryEvent_ActivityTaskTimedOutEventAttributes{
		ActivityTaskTimedOutEventAttributes: &historypb.ActivityTaskTimedOutEventAttributes{
			ScheduledEventId: a.id(), Failure: f, RetryState: retry,
		},
	}
	r.add(e)
	delete(r.activities, a.id())
	return true
}

func timeoutFailure(message string, kind enumspb.TimeoutType) *failurepb.Failure {
	return &failurepb.Failure{
		Message: message, Source: "Server",
		FailureInfo: &failurepb.Failure_TimeoutFailureInfo{
			TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{TimeoutType: kind},
		},
	}
}

// retry makes another attempt of the activity, or says why there is none.
func (r *run) retry(a *activity, f *failurepb.Failure) enumspb.RetryState {
	if a.cancelRequested {
		return enumspb.RETRY_STATE_CANCEL_REQUESTED
	}
	if t := f.GetTimeoutFailureInfo(); t != nil &&
		(t.GetTimeoutType() == enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START ||
			t.GetTimeoutType() == enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE) {
		return enumspb.RETRY_STATE_TIMEOUT
	}
	failed := attempt{
		policy: a.attributes.GetRetryPolicy(), number: a.attempt, failure: f, at: r.s.now(), uncapped: true,
	}
	if d := a.original().GetScheduleToCloseTimeout().AsDuration(); d > 0 {
		failed.last = a.scheduled.GetEventTime().AsTime().Add(d)
	}
	interval, state := failed.next()
	if a.pause != nil && state != enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE {
		a.isStarted, a.startedAt, a.requestID = false, time.Time{}, ""
		a.attempt, a.lastFailure = a.attempt+1, f
		return enumspb.RETRY_STATE_IN_PROGRESS
	}
	if state != enumspb.RETRY_STATE_IN_PROGRESS {
		return state
	}
	a.attempt++
	a.recall()
	a.again(failed.at.Add(interval))
	a.lastFailure = f
	return enumspb.RETRY_STATE_IN_PROGRESS
}

func timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
