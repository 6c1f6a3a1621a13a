package histories

import (
	"fmt"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// A History is what a server knows of one run.
type History struct {
	// Events so far.
	Events []*historypb.HistoryEvent
	// Previous is the WorkflowTaskStarted of the last task that was completed.
	Previous int64
	// Started is the WorkflowTaskStarted of the open task, or of the last one.
	Started int64
	// Activities that are open: their ids, and the events that scheduled them.
	Activities map[string]int64
	// Timers that are open: their ids, and the events that started them.
	Timers map[string]int64
	// Children that are open, by workflow id.
	Children map[string]Child
	// Sent to other workflows and not answered, in order.
	Sent []Sent
	// Closed says that the run has ended.
	Closed bool

	now time.Time
}

// Epoch is the time at which all histories begin; an event takes a second.
func Epoch() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// Start begins a history with its WorkflowExecutionStarted event.
func Start(workflowType string, args ...any) *History {
	h := &History{
		now:        Epoch().Add(-time.Second),
		Activities: make(map[string]int64),
		Timers:     make(map[string]int64),
		Children:   make(map[string]Child),
	}
	h.Add(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
			WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{
				WorkflowType:           &commonpb.WorkflowType{Name: workflowType},
				TaskQueue:              &taskqueuepb.TaskQueue{Name: "tasks"},
				Input:                  Payloads(args...),
				Attempt:                1,
				WorkflowTaskTimeout:    durationpb.New(10 * time.Second),
				OriginalExecutionRunId: "original-run",
				FirstExecutionRunId:    "first-run",
			},
		},
	})
	return h
}

// Payloads encodes values as every SDK does; no values are no payloads. It
// panics for what JSON cannot hold.
func Payloads(values ...any) *commonpb.Payloads {
	if len(values) == 0 {
		return nil
	}
	p, err := converter.GetDefaultDataConverter().ToPayloads(values...)
	if err != nil {
		panic(err) //nolint:forbidigo // a test's own values
	}
	return p
}

// Add appends an event of the type; only the attributes of e count.
func (h *History) Add(typ enumspb.EventType, e *historypb.HistoryEvent) int64 {
	h.now = h.now.Add(time.Second)
	e.EventId = int64(len(h.Events)) + 1
	e.EventTime = timestamppb.New(h.now)
	e.EventType = typ
	h.Events = append(h.Events, e)
	return e.GetEventId()
}

// Last returns the id of the last event.
func (h *History) Last() int64 { return int64(len(h.Events)) }

// Since returns the events after the one with this id.
func (h *History) Since(id int64) []*historypb.HistoryEvent { return slices.Clone(h.Events[id:]) }

// Task opens a workflow task and returns the id of its WorkflowTaskStarted.
func (h *History) Task() int64 {
	scheduled := h.Add(enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, &historypb.HistoryEvent{})
	h.Started = h.Add(enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowTaskStartedEventAttributes{
			WorkflowTaskStartedEventAttributes: &historypb.WorkflowTaskStartedEventAttributes{
				ScheduledEventId: scheduled,
				HistorySizeBytes: 100 * scheduled,
			},
		},
	})
	return h.Started
}

// CompleteTask completes the open task without commands.
func (h *History) CompleteTask(meta *sdkpb.WorkflowTaskCompletedMetadata) {
	h.Add(enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowTaskCompletedEventAttributes{
			WorkflowTaskCompletedEventAttributes: &historypb.WorkflowTaskCompletedEventAttributes{
				StartedEventId: h.Started, SdkMetadata: meta,
			},
		},
	})
	h.Previous = h.Started
}

// FailTask fails the open task.
func (h *History) FailTask() {
	h.Add(enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowTaskFailedEventAttributes{
			WorkflowTaskFailedEventAttributes: &historypb.WorkflowTaskFailedEventAttributes{
				StartedEventId: h.Started,
			},
		},
	})
}

// TimeOutTask times the open task out.
func (h *History) TimeOutTask() {
	h.Add(enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowTaskTimedOutEventAttributes{
			WorkflowTaskTimedOutEventAttributes: &historypb.WorkflowTaskTimedOutEventAttributes{
				StartedEventId: h.Started,
			},
		},
	})
}

// Signal delivers a signal.
func (h *History) Signal(name string, args ...any) {
	h.Add(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
			WorkflowExecutionSignaledEventAttributes: &historypb.WorkflowExecutionSignaledEventAttributes{
				SignalName: name, Input: Payloads(args...),
			},
		},
	})
}

// RequestCancel asks the run to cancel itself.
func (h *History) RequestCancel() {
	h.Add(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionCancelRequestedEventAttributes{
			WorkflowExecutionCancelRequestedEventAttributes: &historypb.
				WorkflowExecutionCancelRequestedEventAttributes{Cause: "enough"},
		},
	})
}

// Terminate ends the run from outside.
func (h *History) Terminate() {
	h.Add(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED, &historypb.HistoryEvent{})
	h.Closed = true
}

// FireTimer fires an open timer.
func (h *History) FireTimer(id string) {
	h.Add(enumspb.EVENT_TYPE_TIMER_FIRED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_TimerFiredEventAttributes{
			TimerFiredEventAttributes: &historypb.TimerFiredEventAttributes{
				TimerId: id, StartedEventId: need(h.Timers, id),
			},
		},
	})
	delete(h.Timers, id)
}

// need returns the value of a key that a test says is there.
func need(m map[string]int64, id string) int64 {
	v, ok := m[id]
	if !ok {
		panic(fmt.Sprintf("%q is not open: %v", id, m)) //nolint:forbidigo // a mistake of the test
	}
	return v
}

// Failed is the failure of an activity that failed for a reason of its own.
func Failed(message string) *failurepb.Failure {
	return &failurepb.Failure{
		Message: message,
		FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: "Broken", NonRetryable: true},
		},
	}
}
