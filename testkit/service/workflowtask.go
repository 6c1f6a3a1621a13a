package service

import (
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/types/known/durationpb"
)

// taskKind says how a workflow task comes to be in history.
type taskKind int

const (
	noTask taskKind = iota
	// normalTask: its events are written when they happen, except for those of a
	// second and later attempt, which are written when it completes.
	normalTask
	// speculativeTask: it carries updates; its events are written if it turns out
	// that they are needed.
	speculativeTask
)

const (
	// A speculative task waits that long on a normal queue.
	speculativeTimeout = 5 * time.Second
	// From the fourth attempt on, tasks have more and more time, which makes a
	// task that always fails come more and more seldom.
	slowAfter       = 3
	slowBy          = 5 * time.Second
	slowAtMost      = 10 * time.Minute
	inlineRequestID = "request-from-RespondWorkflowTaskCompleted"
)

// workflowTask is the workflow task that is scheduled or in flight. The zero
// value is none.
type workflowTask struct {
	kind               taskKind
	stamp              int64 // tells it from all others of the run
	scheduled, started int64 // event ids, also if the events are not written yet
	attempt            int32
	scheduledAt        time.Time
	originalAt         time.Time // when the first of a row of heartbeats was scheduled
	startedAt          time.Time
	timeout            time.Duration
	wait               time.Duration // schedule to start; zero: as long as it takes
	requestID          string
	identity           string
	historySize        int64
	suggested          []enumspb.SuggestContinueAsNewReason // why to continue as new
}

func (t *workflowTask) pending() bool  { return t.kind != noTask }
func (t *workflowTask) inFlight() bool { return t.kind != noTask && t.started != 0 }

// written reports whether the events of the task are in history.
func (t *workflowTask) written() bool { return t.kind == normalTask && t.attempt == 1 }

// deadline is when the task times out.
func (t *workflowTask) deadline() time.Time {
	switch {
	case t.inFlight():
		return t.startedAt.Add(t.timeout)
	case t.pending() && t.wait > 0:
		return t.scheduledAt.Add(t.wait)
	default:
		return time.Time{}
	}
}

// schedule makes a workflow task and, once the operation is committed, offers it
// to workers.
func (r *run) schedule(kind taskKind) {
	r.newTask(kind)
	stamp := r.task.stamp
	r.after = append(r.after, func() { r.s.offerWorkflowTask(r, stamp) })
}

// ensureTask schedules a normal workflow task unless one is there that has not
// begun, or one that will see what happened when it ends.
func (r *run) ensureTask() {
	if r.running() && !r.task.pending() {
		r.schedule(normalTask)
	}
}

func (r *run) newTask(kind taskKind) {
	write := r.attempt == 1 && kind == normalTask
	if len(r.buffered) > 0 {
		// What has come in since makes it a new task, not one more attempt.
		r.attempt, kind, write = 1, normalTask, true
		r.flush()
	}
	at := r.s.now()
	r.s.stamps++
	r.task = workflowTask{
		kind: kind, stamp: r.s.stamps, attempt: r.attempt,
		scheduledAt: at, originalAt: at,
		timeout:   slowed(r.started.GetWorkflowTaskTimeout().AsDuration(), r.attempt),
		wait:      r.stickyTimeout,
		scheduled: r.nextID(),
	}
	if r.sticky == "" && kind == speculativeTask {
		r.task.wait = speculativeTimeout
	}
	if write {
		r.writeScheduled(r.currentQueue(), at)
	}
}

func slowed(d time.Duration, attempt int32) time.Duration {
	if attempt <= slowAfter {
		return d
	}
	by := slowBy
	for range attempt - slowAfter - 1 {
		by = min(2*by, slowAtMost)
	}
	return d + by
}

func (r *run) scheduledEvent(q *taskqueuepb.TaskQueue, at time.Time) *historypb.HistoryEvent {
	e := newEvent(enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, at)
	e.Attributes = &historypb.HistoryEvent_WorkflowTaskScheduledEventAttributes{
		WorkflowTaskScheduledEventAttributes: &historypb.WorkflowTaskScheduledEventAttributes{
			TaskQueue: q, StartToCloseTimeout: durationpb.New(r.task.timeout), Attempt: r.task.attempt,
		},
	}
	return e
}

// startedEvent is the event of the task's start; version is what the worker says
// of its code.
func (r *run) startedEvent(identity string, version *commonpb.WorkerVersionStamp) *historypb.HistoryEvent {
	e := newEvent(enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED, r.task.startedAt)
	e.Attributes = &historypb.HistoryEvent_WorkflowTaskStartedEventAttributes{
		WorkflowTaskStartedEventAttributes: &historypb.WorkflowTaskStartedEventAttributes{
			ScheduledEventId: r.task.scheduled, Identity: identity, RequestId: r.task.requestID,
			HistorySizeBytes:                     r.task.historySize,
			SuggestContinueAsNew:                 len(r.task.suggested) > 0,
			SuggestContinueAsNewReasons:          r.task.suggested,
			TargetWorkerDeploymentVersionChanged: r.versioning.notified && r.versioning.pinned(),
			WorkerVersion:                        version, //nolint:staticcheck // workers still send it
		},
	}
	return e
}

func (r *run) writeScheduled(q *taskqueuepb.TaskQueue, at time.Time) {
	r.task.scheduled = r.add(r.scheduledEvent(q, at)).GetEventId()
}

// writeBoth writes the events of a task that are not in history yet.
func (r *run) writeBoth(identity string, version *commonpb.WorkerVersionStamp) {
	r.writeScheduled(r.currentQueue(), r.task.scheduledAt)
	r.endBatch()
	r.task.started = r.add(r.startedEvent(identity, version)).GetEventId()
	r.endBatch()
}

// startTask begins the pending task. It reports false if the task may not begin
// on this queue.
func (r *run) startTask(
	q *taskqueuepb.TaskQueue, identity, requestID string, version *commonpb.WorkerVersionStamp,
) bool {
	current := r.currentQueue()
	sticky := q.GetKind() == enumspb.TASK_QUEUE_KIND_STICKY
	switch {
	case r.sticky != "" && current.GetName() != q.GetName():
		r.unstick()
	case r.sticky == "" && sticky:
		return false
	}
	at := r.s.now()
	t := &r.task
	t.requestID, t.identity, t.startedAt = requestID, identity, at
	t.historySize, t.suggested = r.size(), r.suggestions()
	write := t.written()
	if !write && t.scheduled != r.nextID() {
		// Events have come since it was scheduled: it is a task like any other.
		t.attempt, t.kind, write = 1, normalTask, true
		r.attempt = 1
		r.writeScheduled(&taskqueuepb.TaskQueue{
			Name: q.GetName(), Kind: q.GetKind(), NormalName: q.GetNormalName(),
		}, at)
	}
	t.started = t.scheduled + 1
	if write {
		t.started = r.add(r.startedEvent(identity, version)).GetEventId()
	}
	return true
}

// makeNormal writes the events of a speculative task: something else is about to
// be written, and ids must not move.
func (r *run) makeNormal() {
	t := &r.task
	if t.kind != speculativeTask {
		return
	}
	t.kind = normalTask
	if t.scheduled != r.nextID() {
		return // what has been written came first; the task is settled when it starts
	}
	r.writeScheduled(r.currentQueue(), t.scheduledAt)
	if t.started != 0 {
		t.started = r.add(r.startedEvent("", nil)).GetEventId()
	}
}

// dropTask ends the task, and with it what was known of its failure.
func (r *run) dropTask() {
	r.task = workflowTask{}
	r.attempt = 1
	r.closing = false
}

// failTask ends the task without success; counts says whether the next one is
// another attempt.
func (r *run) failTask(counts bool) {
	if r.sticky != "" {
		// It may go better on another worker.
		counts = false
		r.unstick()
	}
	r.closing = false
	r.task = workflowTask{}
	if counts {
		r.attempt++
	} else {
		r.attempt = 1
	}
}

// timeOutTask ends the task because its time is over.
func (r *run) timeOutTask() {
	if !r.task.inFlight() {
		if r.task.kind == speculativeTask {
			r.writeScheduled(r.currentQueue(), r.task.scheduledAt)
		}
		r.addTaskTimedOut(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START)
		r.failTask(false)
	} else {
		if r.task.kind == speculativeTask {
			r.writeBoth("", nil)
		}
		if r.task.attempt == 1 {
			r.addTaskTimedOut(enumspb.TIMEOUT_TYPE_START_TO_CLOSE)
		}
		r.failTask(true)
	}
	r.ensureTask()
}

func (r *run) addTaskTimedOut(kind enumspb.TimeoutType) {
	e := r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT)
	e.Attributes = &historypb.HistoryEvent_WorkflowTaskTimedOutEventAttributes{
		WorkflowTaskTimedOutEventAttributes: &historypb.WorkflowTaskTimedOutEventAttributes{
			ScheduledEventId: r.task.scheduled, StartedEventId: r.task.started, TimeoutType: kind,
		},
	}
	r.add(e)
}

// addTaskFailed ends the task in flight because of the cause.
func (r *run) addTaskFailed(
	cause enumspb.WorkflowTaskFailedCause, f *failurepb.Failure, identity, checksum string,
	version *commonpb.WorkerVersionStamp,
) {
	if r.task.kind == speculativeTask {
		r.writeBoth(identity, version)
	}
	if r.task.attempt == 1 {
		e := r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED)
		e.Attributes = &historypb.HistoryEvent_WorkflowTaskFailedEventAttributes{
			WorkflowTaskFailedEventAttributes: &historypb.WorkflowTaskFailedEventAttributes{
				ScheduledEventId: r.task.scheduled, StartedEventId: r.task.started,
				Cause: cause, Failure: f, Identity: identity,
				BinaryChecksum: checksum, //nolint:staticcheck // older workers send it
			},
		}
		r.add(e)
	}
	r.failTask(true)
}

func serverFailure(message string) *failurepb.Failure {
	return &failurepb.Failure{
		Message: message,
		FailureInfo: &failurepb.Failure_ServerFailureInfo{
			ServerFailureInfo: &failurepb.ServerFailureInfo{},
		},
	}
}
