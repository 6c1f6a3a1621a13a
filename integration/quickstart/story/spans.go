package story

import (
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
)

// Span is something that took time in a workflow.
type Span struct {
	// What it was.
	What string
	// Who spent the time: "worker", "server" or "you", who were waited for.
	Who string
	// From is how long after the start of the workflow it began.
	From time.Duration
	// Took is how long it lasted.
	Took time.Duration
	// Note says more, or nothing.
	Note string
}

// WhereTheTimeWent reads a history: each activity from its scheduling to its end,
// with all attempts; each timer; each accepted update; each wait for a signal,
// which is the time before it in which nothing else went on; and the
// workflow's own code, all its tasks together. They come in order of their
// beginning. An event that it does not know is no span.
func WhereTheTimeWent(events []*historypb.HistoryEvent) []Span {
	if len(events) == 0 {
		return nil
	}
	r := reader{
		began: events[0].GetEventTime().AsTime(),
		open:  map[int64]open{},
	}
	for _, event := range events {
		r.read(event)
	}
	return append(r.spans, r.code())
}

// open is a span that has begun.
type open struct {
	index int // in spans
	at    time.Time
}

// reader is the state of reading a history.
type reader struct {
	began time.Time
	spans []Span
	open  map[int64]open // by the id of the event that began it
	busy  int            // activities and timers that are open
	idle  time.Time      // since when nothing is open

	taskAt    time.Time
	tasks     int
	running   time.Duration
	firstTask time.Duration
}

func (r *reader) read(event *historypb.HistoryEvent) {
	at := event.GetEventTime().AsTime()
	switch event.GetEventType() {
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		name := event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName()
		r.begin(event.GetEventId(), at, Span{What: words(name), Who: "worker", Note: "activity"})
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		r.attempts(event.GetActivityTaskStartedEventAttributes())
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		r.end(event.GetActivityTaskCompletedEventAttributes().GetScheduledEventId(), at, "")
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED:
		r.end(event.GetActivityTaskFailedEventAttributes().GetScheduledEventId(), at, "failed")
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
		r.end(event.GetActivityTaskTimedOutEventAttributes().GetScheduledEventId(), at, "timed out")
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
		r.end(event.GetActivityTaskCanceledEventAttributes().GetScheduledEventId(), at, "canceled")
	case enumspb.EVENT_TYPE_TIMER_STARTED:
		r.begin(event.GetEventId(), at, Span{What: "timer", Who: "server", Note: "asked for " +
			event.GetTimerStartedEventAttributes().GetStartToFireTimeout().AsDuration().String()})
	case enumspb.EVENT_TYPE_TIMER_FIRED:
		r.end(event.GetTimerFiredEventAttributes().GetStartedEventId(), at, "")
	case enumspb.EVENT_TYPE_TIMER_CANCELED:
		r.end(event.GetTimerCanceledEventAttributes().GetStartedEventId(), at, "canceled")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
		r.signal(event.GetWorkflowExecutionSignaledEventAttributes().GetSignalName(), at)
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
		name := event.GetWorkflowExecutionUpdateAcceptedEventAttributes().
			GetAcceptedRequest().GetInput().GetName()
		r.update(event.GetEventId(), at, Span{What: words(name), Who: "you", Note: "update"})
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
		r.updated(event.GetWorkflowExecutionUpdateCompletedEventAttributes().GetAcceptedEventId(), at)
	case enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED:
		r.taskAt = at
		if r.tasks == 0 {
			r.firstTask = at.Sub(r.began)
		}
	case enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
		r.tasks++
		r.running += at.Sub(r.taskAt)
	default:
	}
}

func (r *reader) begin(id int64, at time.Time, span Span) {
	r.busy++
	r.update(id, at, span)
}

// end closes what begin opened.
func (r *reader) end(id int64, at time.Time, note string) {
	if r.close(id, at, note) {
		if r.busy--; r.busy == 0 {
			r.idle = at
		}
	}
}

func (r *reader) update(id int64, at time.Time, span Span) {
	span.From = at.Sub(r.began)
	r.open[id] = open{index: len(r.spans), at: at}
	r.spans = append(r.spans, span)
}

func (r *reader) updated(id int64, at time.Time) { r.close(id, at, "") }

func (r *reader) close(id int64, at time.Time, note string) bool {
	o, ok := r.open[id]
	if !ok {
		return false
	}
	delete(r.open, id)
	span := &r.spans[o.index]
	span.Took = at.Sub(o.at)
	if note != "" {
		span.Note += ", " + note
	}
	return true
}

// attempts notes that an activity was tried more than once.
func (r *reader) attempts(started *historypb.ActivityTaskStartedEventAttributes) {
	o, ok := r.open[started.GetScheduledEventId()]
	if !ok || started.GetAttempt() < 2 {
		return
	}
	r.spans[o.index].Note += fmt.Sprintf(", %d attempts; the last failure: %s",
		started.GetAttempt(), started.GetLastFailure().GetMessage())
}

// signal counts as waiting for the signal the time since nothing else went on.
func (r *reader) signal(name string, at time.Time) {
	span := Span{What: words(name), Who: "you", From: at.Sub(r.began), Note: "signal"}
	if r.busy == 0 && !r.idle.IsZero() {
		span.From, span.Took = r.idle.Sub(r.began), at.Sub(r.idle)
		span.Note = "signal, waited for"
	}
	r.spans = append(r.spans, span)
}

// code is the workflow's own part.
func (r *reader) code() Span {
	return Span{
		What: "workflow code", Who: "worker", From: r.firstTask, Took: r.running,
		Note: fmt.Sprintf("%d workflow tasks, together", r.tasks),
	}
}

// words makes "ChargeCard" and "charge-card" readable.
func words(name string) string {
	var b strings.Builder
	for i, c := range name {
		switch {
		case c == '-' || c == '_':
			b.WriteByte(' ')
		case i > 0 && c >= 'A' && c <= 'Z':
			b.WriteByte(' ')
			b.WriteRune(c - 'A' + 'a')
		case c >= 'A' && c <= 'Z':
			b.WriteRune(c - 'A' + 'a')
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
