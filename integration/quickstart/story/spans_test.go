package story_test

import (
	"slices"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	updatepb "go.temporal.io/api/update/v1"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/mainspring-go/mainspring/integration/quickstart/story"
)

// history numbers events, each at its milliseconds after the start.
type history struct {
	events []*historypb.HistoryEvent
}

func (h *history) add(ms int, kind enumspb.EventType, event *historypb.HistoryEvent) int64 {
	event.EventId = int64(len(h.events) + 1)
	event.EventType = kind
	event.EventTime = timestamppb.New(time.UnixMilli(1_000_000 + int64(ms)))
	h.events = append(h.events, event)
	return event.EventId
}

func (h *history) task(from, to int) {
	h.add(from, enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, &historypb.HistoryEvent{})
	h.add(from, enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED, &historypb.HistoryEvent{})
	h.add(to, enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, &historypb.HistoryEvent{})
}

func (h *history) schedule(ms int, name string) int64 {
	return h.add(ms, enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{
			ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{
				ActivityType: &commonpb.ActivityType{Name: name},
			},
		},
	})
}

func (h *history) complete(ms int, scheduled int64, attempt int32) {
	h.add(ms, enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ActivityTaskStartedEventAttributes{
			ActivityTaskStartedEventAttributes: &historypb.ActivityTaskStartedEventAttributes{
				ScheduledEventId: scheduled, Attempt: attempt,
				LastFailure: &failurepb.Failure{Message: "no answer"},
			},
		},
	})
	h.add(ms, enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ActivityTaskCompletedEventAttributes{
			ActivityTaskCompletedEventAttributes: &historypb.ActivityTaskCompletedEventAttributes{
				ScheduledEventId: scheduled,
			},
		},
	})
}

func (h *history) signal(ms int, name string) {
	h.add(ms, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
			WorkflowExecutionSignaledEventAttributes: &historypb.WorkflowExecutionSignaledEventAttributes{
				SignalName: name,
			},
		},
	})
}

func (h *history) timer(from, to int) {
	id := h.add(from, enumspb.EVENT_TYPE_TIMER_STARTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_TimerStartedEventAttributes{
			TimerStartedEventAttributes: &historypb.TimerStartedEventAttributes{
				StartToFireTimeout: durationpb.New(300 * time.Millisecond),
			},
		},
	})
	h.add(to, enumspb.EVENT_TYPE_TIMER_FIRED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_TimerFiredEventAttributes{
			TimerFiredEventAttributes: &historypb.TimerFiredEventAttributes{StartedEventId: id},
		},
	})
}

func (h *history) update(from, to int, name string) {
	id := h.add(from, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionUpdateAcceptedEventAttributes{
			WorkflowExecutionUpdateAcceptedEventAttributes: &historypb.WorkflowExecutionUpdateAcceptedEventAttributes{
				AcceptedRequest: &updatepb.Request{Input: &updatepb.Input{Name: name}},
			},
		},
	})
	h.add(to, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionUpdateCompletedEventAttributes{
			WorkflowExecutionUpdateCompletedEventAttributes: &historypb.WorkflowExecutionUpdateCompletedEventAttributes{
				AcceptedEventId: id,
			},
		},
	})
}

func TestHistoryIsRead(t *testing.T) {
	t.Parallel()
	var h history
	h.add(0, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, &historypb.HistoryEvent{})
	h.signal(5, "hurry")
	h.task(10, 20)
	charge := h.schedule(20, "ChargeCard")
	h.complete(250, charge, 2)
	h.task(250, 260)
	stock, courier := h.schedule(260, "reserve_stock"), h.schedule(260, "BookCourier")
	h.update(300, 310, "change-address")
	h.complete(380, courier, 1)
	h.complete(400, stock, 1)
	h.task(400, 401)
	h.timer(401, 705)
	h.task(705, 706)
	h.signal(900, "approve")
	h.task(900, 903)
	ms := time.Millisecond
	want := []story.Span{
		{What: "hurry", Who: "you", From: 5 * ms, Note: "signal"},
		{
			What: "charge card", Who: "worker", From: 20 * ms, Took: 230 * ms,
			Note: "activity, 2 attempts; the last failure: no answer",
		},
		{What: "reserve stock", Who: "worker", From: 260 * ms, Took: 140 * ms, Note: "activity"},
		{What: "book courier", Who: "worker", From: 260 * ms, Took: 120 * ms, Note: "activity"},
		{What: "change address", Who: "you", From: 300 * ms, Took: 10 * ms, Note: "update"},
		{What: "timer", Who: "server", From: 401 * ms, Took: 304 * ms, Note: "asked for 300ms"},
		{What: "approve", Who: "you", From: 705 * ms, Took: 195 * ms, Note: "signal, waited for"},
		{What: "workflow code", Who: "worker", From: 10 * ms, Took: 25 * ms, Note: "5 workflow tasks, together"},
	}
	got := story.WhereTheTimeWent(h.events)
	if !slices.Equal(got, want) {
		t.Errorf("spans\n%+v\nwant\n%+v", got, want)
	}
}

func TestBrokenHistoriesAreReadToo(t *testing.T) {
	t.Parallel()
	if got := story.WhereTheTimeWent(nil); got != nil {
		t.Errorf("no events have the spans %+v", got)
	}
	var h history
	h.complete(5, 99, 3) // Nobody scheduled it.
	h.schedule(7, "Never")
	got := story.WhereTheTimeWent(h.events)
	if len(got) != 2 || got[0].What != "never" || got[0].Took != 0 {
		t.Errorf("spans %+v, want one that never ended, and the code", got)
	}
	// Every kind of event, with no attributes.
	var all history
	for kind := range enumspb.EventType_name {
		all.add(0, enumspb.EventType(kind), &historypb.HistoryEvent{})
	}
	story.WhereTheTimeWent(all.events)
}
