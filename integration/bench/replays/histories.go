package replays

import (
	"strconv"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A writer writes a history as a server would: an event a millisecond.
type writer struct {
	events []*historypb.HistoryEvent
	now    time.Time
}

func (w *writer) add(typ enumspb.EventType, e *historypb.HistoryEvent) int64 {
	w.now = w.now.Add(time.Millisecond)
	e.EventId, e.EventType, e.EventTime = int64(len(w.events))+1, typ, timestamppb.New(w.now)
	w.events = append(w.events, e)
	return e.GetEventId()
}

// begin begins a history.
func begin(typ string, arg int) *writer {
	w := &writer{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	w.add(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
			WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{
				WorkflowType: &commonpb.WorkflowType{Name: typ}, Input: payloads(arg),
				TaskQueue:              &taskqueuepb.TaskQueue{Name: "q"},
				OriginalExecutionRunId: "run", FirstExecutionRunId: "run", Attempt: 1,
				WorkflowTaskTimeout: durationpb.New(10 * time.Second),
			},
		},
	})
	return w
}

// task adds a workflow task that was completed, and returns the id of its end.
func (w *writer) task() int64 {
	scheduled := w.add(enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowTaskScheduledEventAttributes{
			WorkflowTaskScheduledEventAttributes: &historypb.WorkflowTaskScheduledEventAttributes{},
		},
	})
	started := w.add(enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowTaskStartedEventAttributes{
			WorkflowTaskStartedEventAttributes: &historypb.WorkflowTaskStartedEventAttributes{ScheduledEventId: scheduled},
		},
	})
	return w.add(enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowTaskCompletedEventAttributes{
			WorkflowTaskCompletedEventAttributes: &historypb.WorkflowTaskCompletedEventAttributes{
				ScheduledEventId: scheduled, StartedEventId: started,
				SdkMetadata: &sdkpb.WorkflowTaskCompletedMetadata{LangUsedFlags: []uint32{3}},
			},
		},
	})
}

// schedule adds an activity and returns its id.
func (w *writer) schedule(task int64, arg int) int64 {
	id := int64(len(w.events)) + 1
	return w.add(enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{
			ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{
				ActivityId: strconv.FormatInt(id, 10), ActivityType: &commonpb.ActivityType{Name: "a"}, Input: payloads(arg),
				TaskQueue: &taskqueuepb.TaskQueue{Name: "q"}, WorkflowTaskCompletedEventId: task,
			},
		},
	})
}

// complete ends an activity.
func (w *writer) complete(scheduled int64, result *commonpb.Payloads) {
	started := w.add(enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ActivityTaskStartedEventAttributes{
			ActivityTaskStartedEventAttributes: &historypb.ActivityTaskStartedEventAttributes{ScheduledEventId: scheduled},
		},
	})
	w.add(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ActivityTaskCompletedEventAttributes{
			ActivityTaskCompletedEventAttributes: &historypb.ActivityTaskCompletedEventAttributes{
				ScheduledEventId: scheduled, StartedEventId: started, Result: result,
			},
		},
	})
}

// end ends the history.
func (w *writer) end(task int64, result *commonpb.Payloads) *historypb.History {
	w.add(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionCompletedEventAttributes{
			WorkflowExecutionCompletedEventAttributes: &historypb.WorkflowExecutionCompletedEventAttributes{
				WorkflowTaskCompletedEventId: task, Result: result,
			},
		},
	})
	return &historypb.History{Events: w.events}
}

// sequentialHistory has n activities one after the other, parallelHistory all at once.
func sequentialHistory(n int) *historypb.History {
	one := payloads(1)
	w := begin("sequential", n)
	task := w.task()
	for i := range n {
		w.complete(w.schedule(task, i), one)
		task = w.task()
	}
	return w.end(task, payloads(n))
}

func parallelHistory(n int) *historypb.History {
	one := payloads(1)
	w := begin("parallel", n)
	task := w.task()
	first := int64(len(w.events)) + 1
	for i := range n {
		w.schedule(task, i)
	}
	for i := range int64(n) {
		w.complete(first+i, one)
	}
	return w.end(w.task(), payloads(n))
}

// payloads is a number as the converters of all SDKs encode it.
func payloads(n int) *commonpb.Payloads {
	return &commonpb.Payloads{Payloads: []*commonpb.Payload{{
		Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(strconv.Itoa(n)),
	}}}
}

// handOverHistory is that of a workflow that ends in its first task.
func handOverHistory(n int) *historypb.History {
	w := begin("pingPong", n)
	return w.end(w.task(), payloads(n/2))
}
