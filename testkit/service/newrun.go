package service

import (
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"google.golang.org/protobuf/types/known/durationpb"
)

// spec is what a new run is made of, whoever starts it: a client, a parent, or
// the run before it in a chain.
type spec struct {
	// attributes are those of the first event, with everything that is particular
	// to the starter: previous run, initiator, backoff, parent and root, when the
	// execution expires. What is not set becomes that of a run which begins a chain
	// at once: its ids, attempt 1, no backoff. The run keeps the message.
	attributes *historypb.WorkflowExecutionStartedEventAttributes
	// id is that of the run; empty: a new one.
	id string
	// requestID is that of the start; empty: a new one.
	requestID string
	// at is when the run starts; zero: now.
	at time.Time
	// metadata and links go with the first event.
	metadata *sdkpb.UserMetadata
	links    []*commonpb.Link
	// first, if it is set, is done before there is a workflow task, as part of the
	// start.
	first func(*run)
	// held keeps back the first workflow task until scheduleFirst is called: a
	// child waits until its parent knows of it.
	held bool
	// eager begins the first workflow task for the starter, unless it has to wait.
	eager bool
}

// begin starts a run and makes it the latest of its workflow id. The run before
// it, if there is one, must be closed. An operation on another run that may still
// be undone puts it in [run.after].
func (s *Service) begin(n *namespace, p spec) *run {
	if p.id == "" {
		p.id = s.newID()
	}
	if p.requestID == "" {
		p.requestID = s.newID()
	}
	if p.at.IsZero() {
		p.at = s.now()
	}
	r := s.newRun(n, p)
	e := newEvent(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, p.at)
	e.Attributes = &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
		WorkflowExecutionStartedEventAttributes: r.started,
	}
	e.UserMetadata, e.Links = p.metadata, p.links
	r.add(e)
	n.current[r.workflowID], s.runs[r.id] = r, r
	if p.first != nil {
		p.first(r)
	}
	switch {
	case r.started.GetEagerExecutionAccepted():
		r.startEagerly()
	case !p.held:
		r.scheduleFirst()
	}
	r.commit()
	return r
}

// newRun returns a run without events that nobody knows yet.
func (s *Service) newRun(n *namespace, p spec) *run {
	a := p.attributes
	a.Memo, a.SearchAttributes = given(a.GetMemo()), givenAttributes(a.GetSearchAttributes())
	if a.GetFirstExecutionRunId() == "" {
		a.FirstExecutionRunId = p.id
	}
	if a.GetOriginalExecutionRunId() == "" {
		a.OriginalExecutionRunId = p.id
	}
	if a.GetAttempt() == 0 {
		a.Attempt = 1
	}
	if a.FirstWorkflowTaskBackoff == nil {
		a.FirstWorkflowTaskBackoff = durationpb.New(0)
	}
	a.EagerExecutionAccepted = p.eager && a.GetFirstWorkflowTaskBackoff().AsDuration() <= 0
	r := &run{
		state: state{
			status:     enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING,
			memo:       a.GetMemo().GetFields(),
			attributes: a.GetSearchAttributes().GetIndexedFields(),
			attempt:    1,
			points:     rollOver(a.GetPrevAutoResetPoints(), a.GetContinuedExecutionRunId(), p.at),
			activities: make(map[int64]*activity),
			timers:     make(map[string]*timer),
			children:   make(map[int64]*child),
			signals:    make(map[string]bool),
			updates:    make(map[string]*update),
		},
		s: s, namespace: n, workflowID: a.GetWorkflowId(), id: p.id, requestID: p.requestID,
		started: a, startTime: p.at,
		changed: make(chan struct{}),
	}
	r.beginVersion()
	r.alarm = alarm{run: r, index: -1}
	return r
}

// scheduleFirst schedules the first workflow task, or sets the time of it if the
// run is to wait. It does nothing if there is or has been one.
func (r *run) scheduleFirst() {
	switch {
	case r.begun():
	case r.executionTime().After(r.startTime):
		r.firstAt = r.executionTime()
	default:
		r.schedule(normalTask)
	}
}

// firstIsDue ends the wait for the first workflow task. It reports whether that
// changes anything.
func (r *run) firstIsDue() bool {
	r.firstAt = time.Time{}
	if r.begun() {
		return false
	}
	r.schedule(normalTask)
	return true
}

// executionTime is when the first workflow task is due.
func (r *run) executionTime() time.Time {
	return r.startTime.Add(r.started.GetFirstWorkflowTaskBackoff().AsDuration())
}

// begun reports whether there is a workflow task or one has been completed.
func (r *run) begun() bool { return r.task.pending() || r.lastStarted != 0 }

// backsOff reports whether the run waits for its first workflow task. Signals
// wait with it; a cancellation or an update makes a task come at once.
func (r *run) backsOff() bool {
	return !r.begun() && r.executionTime().After(r.startTime)
}
