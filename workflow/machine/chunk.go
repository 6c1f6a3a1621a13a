package machine

import (
	"cmp"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
)

// A chunk is the part of history that belongs to one workflow task: what
// happened since the one before, and the WorkflowTaskStarted that ends it.
type chunk struct {
	events []*historypb.HistoryEvent
	// started is the event that ends the chunk; nil for what follows the last one.
	started *historypb.HistoryEvent
	// completed is the completion of this task; nil if history does not have it.
	completed *historypb.HistoryEvent
}

// completion says how this task was completed.
func (c *chunk) completion() *historypb.WorkflowTaskCompletedEventAttributes {
	return c.completed.GetWorkflowTaskCompletedEventAttributes()
}

// commands returns the events that the task before this chunk has caused, as
// far as replay has to cause them again.
// Updates count only if the run has commands for them: runs of old releases
// have not, and the server put their events where it liked.
func (c *chunk) commands(updates bool) []*historypb.HistoryEvent {
	first, n, asTheyAre := 0, 0, true
	for i, e := range c.events {
		if !isCommand(e.GetEventType(), updates) {
			continue
		}
		if n == 0 {
			first = i
		}
		asTheyAre = asTheyAre && i == first+n && e.GetEventType() != enumspb.EVENT_TYPE_MARKER_RECORDED
		n++
	}
	if asTheyAre { // neighbours, as servers write them, and all are checked
		return c.events[first : first+n : first+n]
	}
	out := make([]*historypb.HistoryEvent, 0, n)
	for _, e := range c.events {
		if isCommand(e.GetEventType(), updates) {
			out = append(out, e)
		}
	}
	return checked(out)
}

// isCommand reports whether replay has to cause events of this type again.
func isCommand(t enumspb.EventType, updates bool) bool {
	switch t {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_REJECTED:
		return updates
	default:
		return isCommandEvent(t)
	}
}

// add takes the first of the pending events. Those of a chunk are neighbours in their page, but for
// what the chunk does not show, so that they need not be copied.
func (c *chunk) add(pending []*historypb.HistoryEvent) {
	n := len(c.events)
	switch {
	case n == 0:
		c.events = pending[:1]
	case n < cap(c.events) && c.events[:n+1][n] == pending[0]:
		c.events = c.events[:n+1]
	default:
		c.events = append(slices.Clip(c.events), pending[0])
	}
}

// A reader checks the events it is fed and cuts them into chunks.
type reader struct {
	pending []*historypb.HistoryEvent // fed and not yet cut
	handled int64                     // id of the last event cut
	fed     int64                     // id of the last event fed
	until   int64                     // id of the last event of the task; zero if not known
	ended   bool
	open    chunk // the chunk being cut
}

// feed adds a page of events, which are not changed while the task lasts; last says that there is no
// other.
func (r *reader) feed(events []*historypb.HistoryEvent, last bool) error {
	known := 0 // of the events
	for i, e := range events {
		id := e.GetEventId()
		switch {
		case id < 1:
			return malformed("a history event has id %d", id)
		case id == 1 && e.GetEventType() != enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
			return malformed("first history event is not WorkflowExecutionStarted but %s", e.GetEventType())
		case r.fed == 0 && id <= r.handled+1:
			// The first page may begin with what is known already.
		case id != r.fed+1:
			return malformed("missing history events, expectedNextEventID=%d but receivedNextEventID=%d",
				max(r.fed, r.handled)+1, id)
		}
		if r.until != 0 && id > r.until {
			return malformed("history contains events past expected last event ID (%d): got %d", r.until, id)
		}
		r.fed = id
		if id <= r.handled {
			known = i + 1
		}
	}
	if events = slices.Clip(events[known:]); len(r.pending) == 0 {
		r.pending = events
	} else {
		r.pending = append(slices.Clip(r.pending), events...)
	}
	r.ended = last
	if last && r.fed < r.until {
		return malformed("history_events: premature end of stream, "+
			"expectedLastEventID=%d but no more events after eventID=%d", r.until, r.fed)
	}
	return nil
}

// next cuts the next chunk into c. Both results are false if more events are needed
// first; some is false if there is no other.
func (r *reader) next(c *chunk) (some, ok bool) {
	for len(r.pending) > 0 {
		e := r.pending[0]
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
			r.cut()
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED:
			if len(r.pending) == 1 && !r.ended {
				return false, false // what became of it is on the next page
			}
			r.cut()
			if r.finish(e) {
				*c, r.open = r.open, chunk{}
				return true, true
			}
		default:
			r.open.add(r.pending)
			r.cut()
		}
	}
	if !r.ended {
		return false, false
	}
	*c, r.open = r.open, chunk{}
	return len(c.events) > 0, true
}

// finish ends the open chunk with a WorkflowTaskStarted event, unless that
// task came to nothing: then its events belong to the next attempt.
func (r *reader) finish(started *historypb.HistoryEvent) bool {
	if len(r.pending) > 0 {
		switch after := r.pending[0]; after.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED, enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
			return false
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			r.open.completed = after
		default:
		}
	}
	r.open.started = started
	return true
}

// buildID is the build that completed a task. Servers have changed where it is.
func buildID(attr *historypb.WorkflowTaskCompletedEventAttributes) string {
	//nolint:staticcheck // old histories have it in old places
	_, inVersion, _ := strings.Cut(attr.GetWorkerDeploymentVersion(), ".")
	return cmp.Or(attr.GetDeploymentVersion().GetBuildId(), inVersion,
		attr.GetWorkerVersion().GetBuildId()) //nolint:staticcheck // see above
}

func (r *reader) cut() {
	r.handled = r.pending[0].GetEventId()
	r.pending = r.pending[1:]
}

// isCommandEvent reports whether events of this type are caused by commands.
func isCommandEvent(t enumspb.EventType) bool {
	switch t {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED,
		enumspb.EVENT_TYPE_TIMER_STARTED,
		enumspb.EVENT_TYPE_TIMER_CANCELED,
		enumspb.EVENT_TYPE_MARKER_RECORDED,
		enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
		enumspb.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
		enumspb.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
		enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
		enumspb.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_REJECTED,
		enumspb.EVENT_TYPE_NEXUS_OPERATION_SCHEDULED,
		enumspb.EVENT_TYPE_NEXUS_OPERATION_CANCEL_REQUESTED:
		return true
	default:
		return false
	}
}
