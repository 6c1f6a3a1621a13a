package worker_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
)

// taskQueue is what all tests poll.
const taskQueue = "orders"

// Greet ends in its first task.
func Greet(_ workflow.Context, name string) (string, error) { return "hello " + name, nil }

// Confused fails in its first task.
func Confused(workflow.Context) error { return errors.New("confused") }

// Lucky returns something else whenever it is run.
func Lucky(workflow.Context, string) (int64, error) { return rand.Int64(), nil }

// Versioned has code that has changed.
func Versioned(ctx workflow.Context) error {
	workflow.GetVersion(ctx, "change", workflow.DefaultVersion, 3)
	return nil
}

// Await ends when it is signaled.
func Await(ctx workflow.Context) error {
	workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
	return nil
}

func payloads(values ...any) *commonpb.Payloads {
	p, err := converter.GetDefaultDataConverter().ToPayloads(values...)
	if err != nil {
		panic(err)
	}
	return p
}

// event makes an event without attributes that workflow code cares for.
func event(id int64, typ enumspb.EventType) *historypb.HistoryEvent {
	e := &historypb.HistoryEvent{EventId: id, EventType: typ, EventTime: timestamppb.New(time.Now())}
	switch typ {
	case enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED:
		e.Attributes = &historypb.HistoryEvent_WorkflowTaskScheduledEventAttributes{
			WorkflowTaskScheduledEventAttributes: &historypb.WorkflowTaskScheduledEventAttributes{},
		}
	case enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED:
		e.Attributes = &historypb.HistoryEvent_WorkflowTaskStartedEventAttributes{
			WorkflowTaskStartedEventAttributes: &historypb.WorkflowTaskStartedEventAttributes{
				ScheduledEventId: id - 1,
			},
		}
	case enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
		e.Attributes = &historypb.HistoryEvent_WorkflowTaskCompletedEventAttributes{
			WorkflowTaskCompletedEventAttributes: &historypb.WorkflowTaskCompletedEventAttributes{
				ScheduledEventId: id - 2, StartedEventId: id - 1,
			},
		}
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
		e.Attributes = &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
			WorkflowExecutionSignaledEventAttributes: &historypb.WorkflowExecutionSignaledEventAttributes{
				SignalName: "go",
			},
		}
	}
	return e
}

// started is the history of a run up to its first task.
func started(typ string, input *commonpb.Payloads) []*historypb.HistoryEvent {
	return []*historypb.HistoryEvent{
		{
			EventId: 1, EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
			EventTime: timestamppb.New(time.Now()),
			Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
				WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{
					WorkflowType:        &commonpb.WorkflowType{Name: typ},
					TaskQueue:           &taskqueuepb.TaskQueue{Name: taskQueue},
					Input:               input,
					WorkflowTaskTimeout: durationpb.New(10 * time.Second),
					Attempt:             1,
				},
			},
		},
		event(2, enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED),
		event(3, enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED),
	}
}

// firstTask is the first workflow task of a run.
func firstTask(typ, runID string, input ...any) *workflowservice.PollWorkflowTaskQueueResponse {
	return &workflowservice.PollWorkflowTaskQueueResponse{
		TaskToken:         []byte(runID + "/1"),
		WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: "id of " + runID, RunId: runID},
		WorkflowType:      &commonpb.WorkflowType{Name: typ},
		StartedEventId:    3,
		Attempt:           1,
		History:           &historypb.History{Events: started(typ, payloads(input...))},
	}
}

// signaledHistory is the history of an Await from the event first to its second task, which a
// signal brought.
func signaledHistory(first int64) *historypb.History {
	all := append(started("Await", nil),
		event(4, enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED),
		event(5, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED),
		event(6, enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED),
		event(7, enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED),
	)
	return &historypb.History{Events: all[first-1:]}
}

// signaledTask is the second workflow task of an Await, as it comes on the sticky queue.
func signaledTask(runID string) *workflowservice.PollWorkflowTaskQueueResponse {
	return &workflowservice.PollWorkflowTaskQueueResponse{
		TaskToken:              []byte(runID + "/2"),
		WorkflowExecution:      &commonpb.WorkflowExecution{WorkflowId: "id of " + runID, RunId: runID},
		WorkflowType:           &commonpb.WorkflowType{Name: "Await"},
		PreviousStartedEventId: 3,
		StartedEventId:         7,
		Attempt:                1,
		History:                signaledHistory(4),
	}
}

// activityTask is an activity task that may take an hour.
func activityTask(typ string, n int, input ...any) *workflowservice.PollActivityTaskQueueResponse {
	return &workflowservice.PollActivityTaskQueueResponse{
		TaskToken:           fmt.Append(nil, typ, n),
		WorkflowExecution:   &commonpb.WorkflowExecution{WorkflowId: "w", RunId: "r"},
		WorkflowType:        &commonpb.WorkflowType{Name: "Order"},
		ActivityType:        &commonpb.ActivityType{Name: typ},
		ActivityId:          fmt.Sprint(n),
		Input:               payloads(input...),
		ScheduledTime:       timestamppb.New(time.Now()),
		StartedTime:         timestamppb.New(time.Now()),
		StartToCloseTimeout: durationpb.New(time.Hour),
		Attempt:             1,
	}
}

// Echo is an activity.
func Echo(_ context.Context, s string) (string, error) { return s, nil }

// Fail is an activity that fails.
func Fail(context.Context) error { return errors.New("it failed") }

// Obey is an activity that waits until it is told to stop.
func Obey(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}
