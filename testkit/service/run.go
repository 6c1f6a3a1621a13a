package service

import (
	"maps"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
)

// run is one run of a workflow. The service's lock guards it.
type run struct {
	state

	s          *Service
	namespace  *namespace
	workflowID string
	id         string
	requestID  string // of the call that started it
	started    *historypb.WorkflowExecutionStartedEventAttributes
	startTime  time.Time
	isReset    bool   // it goes on from the events of another run
	resetTo    string // the run that goes on from the events of this one

	alarm    alarm
	kept     *snapshot // what was committed last, of a history that may be too large soon
	keptSize int64
	exceeded error         // why it was terminated for its size
	changed  chan struct{} // closed and replaced when history grows
	after    []func()      // what a commit does once the state is as it should be
}

// state is what an operation on a run changes, and what is put back if it is
// undone.
type state struct {
	events   []*historypb.HistoryEvent
	buffered []*historypb.HistoryEvent // came while a workflow task was in flight
	ends     []int64                   // ids of the last events of all batches
	status   enumspb.WorkflowExecutionStatus
	closed   time.Time

	memo       map[string]*commonpb.Payload
	attributes map[string]*commonpb.Payload

	// firstAt is when the first workflow task is due; zero once that time has come.
	firstAt time.Time

	task workflowTask
	// attempt is that of the workflow task that is pending or comes next.
	attempt       int32
	lastStarted   int64 // the WorkflowTaskStarted of the last completed task
	sticky        string
	stickyTimeout time.Duration
	// closing is set while a task is in flight that comes after one that tried to
	// close the workflow.
	closing bool

	activities      map[int64]*activity // by the id of ActivityTaskScheduled
	timers          map[string]*timer
	children        map[int64]*child // by the id of StartChildWorkflowExecutionInitiated
	cancelRequested bool
	continuing      bool // another run follows
	points          []*workflowpb.ResetPointInfo
	signals         map[string]bool // request ids
	signaled        int             // how often
	sized           int             // how many events are counted in bytes
	bytes           int64

	versioning versioning

	updates map[string]*update
	order   []string // ids of updates as they were admitted
	queries []*query // that wait for a workflow task
}

// timer is a timer of the workflow.
type timer struct {
	id      string
	started int64
	at      time.Time
}

// snapshot is a state to go back to.
type snapshot struct {
	state
	// saved are the updates as they were: those that wait hold on to the objects.
	saved map[*update]update
}

// snapshot copies the state. Events are shared, since they do not change once
// they have an id.
func (r *run) snapshot() snapshot {
	c := r.state
	c.events, c.ends = slices.Clip(c.events), slices.Clip(c.ends)
	c.buffered = append([]*historypb.HistoryEvent(nil), c.buffered...)
	c.memo, c.attributes = maps.Clone(c.memo), maps.Clone(c.attributes)
	c.activities, c.timers = cloneAll(c.activities), cloneAll(c.timers)
	c.children = cloneAll(c.children)
	c.signals = maps.Clone(c.signals)
	c.updates = maps.Clone(c.updates)
	c.order = append([]string(nil), c.order...)
	c.queries = append([]*query(nil), c.queries...)
	saved := make(map[*update]update, len(c.updates))
	for _, u := range c.updates {
		saved[u] = *u
	}
	return snapshot{c, saved}
}

func cloneAll[K comparable, V any](m map[K]*V) map[K]*V {
	out := make(map[K]*V, len(m))
	for k, v := range m {
		c := *v
		out[k] = &c
	}
	return out
}

// undo puts the state back.
func (r *run) undo(s snapshot) {
	for u, was := range s.saved {
		*u = was
	}
	r.state, r.after = s.state, nil
}

// commit makes what an operation has done visible: events that were held back
// are written if nothing is in flight, waiters are woken, tasks handed out.
func (r *run) commit() {
	if !r.overgrown() && r.running() {
		r.makeNormal()
	}
	if !r.task.inFlight() {
		r.flush()
	}
	r.endBatch()
	if !r.running() {
		r.task = workflowTask{}
	}
	r.keep()
	close(r.changed)
	r.changed = make(chan struct{})
	r.settle()
}

// endBatch ends the batch of events that are written together: one could go back
// to here, but not to before.
func (r *run) endBatch() {
	if last := int64(len(r.events)); len(r.ends) == 0 || r.ends[len(r.ends)-1] < last {
		r.ends = append(r.ends, last)
	}
}

// settle performs what comes after an operation, if that wrote anything or not.
func (r *run) settle() {
	r.s.alarms.set(&r.alarm, r.nextAlarm())
	steps := r.after
	r.after = nil
	r.s.follow(steps)
}

// follow performs the steps, behind those that are on their way: what a step does
// to a run is committed like any other operation and may have steps of its own.
// So all that follows from an operation happens before it returns, in one order.
func (s *Service) follow(steps []func()) {
	s.steps = append(s.steps, steps...)
	if s.following {
		return
	}
	s.following = true
	for len(s.steps) > 0 {
		next := s.steps[0]
		s.steps = s.steps[1:]
		next()
	}
	s.following = false
}

func (r *run) running() bool { return r.status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING }

func (r *run) execution() *commonpb.WorkflowExecution {
	return &commonpb.WorkflowExecution{WorkflowId: r.workflowID, RunId: r.id}
}

// normalQueue is the task queue that the workflow was started on.
func (r *run) normalQueue() *taskqueuepb.TaskQueue {
	return &taskqueuepb.TaskQueue{
		Name: r.started.GetTaskQueue().GetName(), Kind: enumspb.TASK_QUEUE_KIND_NORMAL,
	}
}

// currentQueue is where the next workflow task goes.
func (r *run) currentQueue() *taskqueuepb.TaskQueue {
	if r.sticky == "" {
		return r.normalQueue()
	}
	return &taskqueuepb.TaskQueue{
		Name: r.sticky, Kind: enumspb.TASK_QUEUE_KIND_STICKY,
		NormalName: r.started.GetTaskQueue().GetName(),
	}
}

func (r *run) unstick() { r.sticky, r.stickyTimeout = "", 0 }

// find returns the run that the execution names; without a run id the latest.
func (s *Service) find(space string, e *commonpb.WorkflowExecution) (*run, error) {
	n, err := s.space(space)
	if err != nil {
		return nil, err
	}
	if e.GetRunId() == "" {
		r := n.current[e.GetWorkflowId()]
		if r == nil {
			return nil, serviceerror.NewNotFoundf("workflow not found for ID: %v", e.GetWorkflowId())
		}
		return r, nil
	}
	r := s.runs[e.GetRunId()]
	if r == nil || r.workflowID != e.GetWorkflowId() || r.namespace != n {
		return nil, serviceerror.NewNotFoundf(
			"workflow execution not found for workflow ID %q and run ID %q", e.GetWorkflowId(), e.GetRunId())
	}
	return r, nil
}

func (s *Service) space(name string) (*namespace, error) {
	n := s.namespaces[name]
	if n == nil {
		return nil, serviceerror.NewNamespaceNotFound(name)
	}
	return n, nil
}

// nextAlarm is the earliest time at which something of the run is due.
func (r *run) nextAlarm() time.Time {
	var next time.Time
	consider := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if !r.running() || r.namespace.elsewhere != "" {
		return next
	}
	consider(r.expires())
	consider(r.firstAt)
	consider(r.task.deadline())
	for _, t := range r.timers {
		consider(t.at)
	}
	for _, a := range r.activities {
		for _, d := range a.deadlines() {
			consider(d.at)
		}
		consider(a.retryAt())
	}
	return next
}

// expires is when the run times out; zero if it does not.
func (r *run) expires() time.Time {
	d := r.started.GetWorkflowRunTimeout().AsDuration()
	if d == 0 {
		return time.Time{}
	}
	at, last := r.timeoutsFrom().Add(d), r.started.GetWorkflowExecutionExpirationTime()
	if last != nil && at.After(last.AsTime()) {
		return last.AsTime()
	}
	return at
}

// expire does what is due, each thing in a transaction of its own, as the
// server's timer queue does.
func (r *run) expire(at time.Time) {
	due := func(t time.Time) bool { return !t.IsZero() && !t.After(at) }
	switch {
	case !r.running():
	case due(r.expires()) && !r.nextAlarm().Before(r.expires()):
		r.timeOut()
		r.commit()
	default:
		if due(r.firstAt) && r.firstIsDue() {
			r.commit()
		}
		if due(r.task.deadline()) {
			r.timeOutTask()
			r.commit()
		}
		if r.fireTimers(at) {
			r.commit()
		}
		if r.expireActivities(at) {
			r.commit()
		}
	}
	r.settle()
}
