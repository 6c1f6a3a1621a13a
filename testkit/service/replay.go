package service

import (
	"cmp"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// replay returns a run that has the run's events up to the last one, in the state
// that they imply. Nobody knows the new run yet.
func (r *run) replay(last int64) (*run, error) {
	if err := r.boundary(last); err != nil {
		return nil, err
	}
	at := r.s.now()
	a, _ := proto.Clone(r.events[0].GetWorkflowExecutionStartedEventAttributes()).(*historypb.WorkflowExecutionStartedEventAttributes)
	if d := a.GetWorkflowExecutionTimeout().AsDuration(); d > 0 {
		a.WorkflowExecutionExpirationTime = timestamppb.New(at.Add(d))
	}
	again := r.s.newRun(r.namespace, spec{attributes: a, id: r.s.newID(), requestID: r.requestID, at: at})
	again.isReset = true
	again.ends = slices.DeleteFunc(slices.Clone(r.ends), func(end int64) bool { return end > last })
	for _, e := range r.events[:last] {
		again.events = append(again.events, e)
		again.replayEvent(e)
	}
	return again, nil
}

// replayEvent brings the state to behind the event.
func (r *run) replayEvent(e *historypb.HistoryEvent) {
	id := e.GetEventId()
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED,
		enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED,
		enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
		r.replayTask(e)
	case enumspb.EVENT_TYPE_TIMER_STARTED:
		a := e.GetTimerStartedEventAttributes()
		r.timers[a.GetTimerId()] = &timer{
			id: a.GetTimerId(), started: id,
			at: e.GetEventTime().AsTime().Add(a.GetStartToFireTimeout().AsDuration()),
		}
	case enumspb.EVENT_TYPE_TIMER_FIRED:
		delete(r.timers, e.GetTimerFiredEventAttributes().GetTimerId())
	case enumspb.EVENT_TYPE_TIMER_CANCELED:
		delete(r.timers, e.GetTimerCanceledEventAttributes().GetTimerId())
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
		r.cancelRequested = true
	case enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
		a := e.GetUpsertWorkflowSearchAttributesEventAttributes()
		r.attributes = merged(r.attributes, a.GetSearchAttributes().GetIndexedFields())
	case enumspb.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
		r.memo = merged(r.memo, e.GetWorkflowPropertiesModifiedEventAttributes().GetUpsertedMemo().GetFields())
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ADMITTED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
		r.replayUpdate(e)
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED:
		r.setOverride(e.GetWorkflowExecutionOptionsUpdatedEventAttributes().GetVersioningOverride())
	default:
		r.replayActivity(e)
		r.replayChild(e)
	}
}

func (r *run) replayTask(e *historypb.HistoryEvent) {
	switch {
	case e.GetWorkflowTaskScheduledEventAttributes() != nil:
		a := e.GetWorkflowTaskScheduledEventAttributes()
		r.task = workflowTask{
			kind: normalTask, scheduled: e.GetEventId(), attempt: a.GetAttempt(),
			scheduledAt: e.GetEventTime().AsTime(), originalAt: e.GetEventTime().AsTime(),
			timeout: a.GetStartToCloseTimeout().AsDuration(),
		}
	case e.GetWorkflowTaskStartedEventAttributes() != nil:
		r.task.started, r.task.startedAt = e.GetEventId(), e.GetEventTime().AsTime()
	case e.GetWorkflowTaskCompletedEventAttributes() != nil:
		a := e.GetWorkflowTaskCompletedEventAttributes()
		r.dropTask()
		r.lastStarted = a.GetStartedEventId()
		//nolint:staticcheck // clients that know nothing else send them
		build := cmp.Or(a.GetDeploymentVersion().GetBuildId(), a.GetWorkerVersion().GetBuildId())
		r.addResetPoint(a.GetBinaryChecksum(), build, e.GetEventId()) //nolint:staticcheck // the same
		r.settleVersion(a.GetWorkerDeploymentName(), versionFrom(a.GetDeploymentVersion()), a.GetVersioningBehavior())
	default:
		r.failTask(e.GetWorkflowTaskTimedOutEventAttributes().GetTimeoutType() != enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START)
	}
}

// replayActivity knows activities as they are while no attempt has ended them:
// waiting for a worker.
func (r *run) replayActivity(e *historypb.HistoryEvent) {
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		at := r.s.now()
		e, _ = proto.Clone(e).(*historypb.HistoryEvent)
		e.EventTime = timestamppb.New(at) // its timeouts begin anew
		r.activities[e.GetEventId()] = &activity{
			scheduled: e, attributes: e.GetActivityTaskScheduledEventAttributes(),
			attempt: 1, scheduledAt: at, offered: true,
		}
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED:
		if a := r.activities[e.GetActivityTaskCancelRequestedEventAttributes().GetScheduledEventId()]; a != nil {
			a.cancelRequested, a.cancelID = true, e.GetEventId()
		}
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		delete(r.activities, e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId())
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED:
		delete(r.activities, e.GetActivityTaskFailedEventAttributes().GetScheduledEventId())
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
		delete(r.activities, e.GetActivityTaskTimedOutEventAttributes().GetScheduledEventId())
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
		delete(r.activities, e.GetActivityTaskCanceledEventAttributes().GetScheduledEventId())
	default:
	}
}

func (r *run) replayChild(e *historypb.HistoryEvent) {
	if e.GetStartChildWorkflowExecutionInitiatedEventAttributes() != nil {
		r.children[e.GetEventId()] = &child{initiated: e}
		return
	}
	if a := e.GetChildWorkflowExecutionStartedEventAttributes(); a != nil {
		c := r.children[a.GetInitiatedEventId()]
		c.first, c.started = a.GetWorkflowExecution().GetRunId(), e.GetEventId()
		return
	}
	delete(r.children, childOf(e))
}

// childOf is the event that initiated the child that the event ends; zero if it
// is not such an event.
func childOf(e *historypb.HistoryEvent) int64 {
	return e.GetStartChildWorkflowExecutionFailedEventAttributes().GetInitiatedEventId() +
		e.GetChildWorkflowExecutionCompletedEventAttributes().GetInitiatedEventId() +
		e.GetChildWorkflowExecutionFailedEventAttributes().GetInitiatedEventId() +
		e.GetChildWorkflowExecutionCanceledEventAttributes().GetInitiatedEventId() +
		e.GetChildWorkflowExecutionTimedOutEventAttributes().GetInitiatedEventId() +
		e.GetChildWorkflowExecutionTerminatedEventAttributes().GetInitiatedEventId()
}

// replayUpdate brings an update to where the event says it is.
func (r *run) replayUpdate(e *historypb.HistoryEvent) {
	known := func(id string) *update {
		u := r.updates[id]
		if u == nil {
			u = &update{id: id, changed: make(chan struct{})}
			r.updates[id] = u
			r.order = append(r.order, id)
		}
		return u
	}
	switch {
	case e.GetWorkflowExecutionUpdateAdmittedEventAttributes() != nil:
		a := e.GetWorkflowExecutionUpdateAdmittedEventAttributes()
		known(a.GetRequest().GetMeta().GetUpdateId()).stage = admitted
	case e.GetWorkflowExecutionUpdateAcceptedEventAttributes() != nil:
		a := e.GetWorkflowExecutionUpdateAcceptedEventAttributes()
		u := known(a.GetProtocolInstanceId())
		u.stage, u.accepted = accepted, e.GetEventId()
	case e.GetWorkflowExecutionUpdateCompletedEventAttributes() != nil:
		a := e.GetWorkflowExecutionUpdateCompletedEventAttributes()
		u := known(a.GetMeta().GetUpdateId())
		u.stage, u.outcome = completed, a.GetOutcome()
	}
}

// timeoutsFrom is when the timeout of the run begins.
func (r *run) timeoutsFrom() time.Time {
	if r.isReset {
		return r.startTime
	}
	return r.executionTime()
}
