package service

import (
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// newEvent returns an event without attributes. The type says which they are.
func newEvent(t enumspb.EventType, at time.Time) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{EventType: t, EventTime: timestamppb.New(at)}
}

// newEvent returns an event of now, without attributes.
func (r *run) newEvent(t enumspb.EventType) *historypb.HistoryEvent {
	return newEvent(t, r.s.now())
}

// nextID is the id that the next event gets.
func (r *run) nextID() int64 { return int64(len(r.events)) + 1 }

// add writes an event, or keeps it back if it is one that may come between the
// start of a workflow task and its end. Commit writes those that were kept if
// nothing is in flight then.
func (r *run) add(e *historypb.HistoryEvent) *historypb.HistoryEvent {
	if held(e.GetEventType()) {
		r.buffered = append(r.buffered, e)
		return e
	}
	e.EventId = r.nextID()
	r.events = append(r.events, e)
	return e
}

// held reports whether events of the type are kept back while a task is in
// flight: those that follow from no command of that task.
func held(t enumspb.EventType) bool {
	switch t {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED,
		enumspb.EVENT_TYPE_TIMER_FIRED,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED,
		enumspb.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED,
		enumspb.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED,
		enumspb.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED,
		enumspb.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED,
		enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED,
		enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED:
		return true
	default:
		return ends(t)
	}
}

// ends reports whether events of the type end an activity or a child. They go
// behind everything else that was kept back.
func ends(t enumspb.EventType) bool {
	switch t {
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT, enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED,
		enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED, enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED,
		enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT, enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED,
		enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED:
		return true
	default:
		return false
	}
}

// flush writes the events that were kept back. After the end of the workflow
// they are lost, as on the server.
func (r *run) flush() {
	held := r.buffered
	r.buffered = nil
	if !r.running() && !r.closed.IsZero() {
		return
	}
	slices.SortStableFunc(held, func(a, b *historypb.HistoryEvent) int {
		return rank(a) - rank(b)
	})
	started := make(map[int64]int64)
	for _, e := range held {
		// A snapshot may hold the event without an id.
		e, _ = proto.Clone(e).(*historypb.HistoryEvent)
		e.EventId = r.nextID()
		if a := e.GetActivityTaskStartedEventAttributes(); a != nil {
			started[a.GetScheduledEventId()] = e.GetEventId()
		}
		if id := e.GetChildWorkflowExecutionStartedEventAttributes().GetInitiatedEventId(); id != 0 {
			started[id] = e.GetEventId()
			if c := r.children[id]; c != nil {
				c.started = e.GetEventId()
			}
		}
		wire(e, started)
		wireChild(e, started)
		r.events = append(r.events, e)
	}
}

func rank(e *historypb.HistoryEvent) int {
	if ends(e.GetEventType()) {
		return 1
	}
	return 0
}

// wire tells the end of an activity the id of its start, which is written with it.
func wire(e *historypb.HistoryEvent, started map[int64]int64) {
	if a := e.GetActivityTaskCompletedEventAttributes(); a != nil {
		a.StartedEventId = started[a.GetScheduledEventId()]
	}
	if a := e.GetActivityTaskFailedEventAttributes(); a != nil {
		a.StartedEventId = started[a.GetScheduledEventId()]
	}
	if a := e.GetActivityTaskTimedOutEventAttributes(); a != nil {
		a.StartedEventId = started[a.GetScheduledEventId()]
	}
	if a := e.GetActivityTaskCanceledEventAttributes(); a != nil {
		a.StartedEventId = started[a.GetScheduledEventId()]
	}
}

// size is about how many bytes history has.
func (r *run) size() int64 {
	for _, e := range r.events[r.sized:] {
		r.bytes += int64(proto.Size(e))
	}
	r.sized = len(r.events)
	return r.bytes
}

// end closes the run with the event. Those that it is related to learn of it once
// that is committed.
func (r *run) end(status enumspb.WorkflowExecutionStatus, e *historypb.HistoryEvent) {
	r.add(e)
	r.status, r.closed = status, e.GetEventTime().AsTime()
	r.after = append(r.after, func() { r.part(e) })
}
