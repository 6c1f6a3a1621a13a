package frontend

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A run is a unit of work, or a workflow that many signals go to.
type run struct {
	number uint64
	work   Work
	home   string // the task queue that it is on
	sticky string // the one of its worker
	text   *commonpb.Payloads

	events    []*historypb.HistoryEvent // that the worker has not seen
	lastID    int64
	started   int64 // event of the task that is open
	previous  int64 // event of the task before
	scheduled int64 // event of the activity
	signals   int
	parking   *parking     // if it is to be parked
	available atomic.Int64 // when its task was, if that is of interest, as Clock says
}

// token names the run to those who answer; the servers' tokens are about as long.
func (r *run) token() []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 92, 100), r.number)
}

func numberOf(token []byte) uint64 {
	return binary.BigEndian.Uint64(token[92:])
}

func (r *run) execution() *commonpb.WorkflowExecution {
	return &commonpb.WorkflowExecution{
		WorkflowId: fmt.Sprintf("bench-workflow-%08d", r.number),
		RunId:      fmt.Sprintf("01234567-0123-0123-0123-%012d", r.number),
	}
}

func (r *run) workflowType() *commonpb.WorkflowType {
	switch r.work {
	case Signals:
		return &commonpb.WorkflowType{Name: CountSignals}
	case Idle, Idle11:
		return &commonpb.WorkflowType{Name: Wait}
	case Park:
		return &commonpb.WorkflowType{Name: SumSignals}
	default:
		return &commonpb.WorkflowType{Name: OneActivity}
	}
}

// input is what the workflow is started with: the number of coroutines, or a text.
func (r *run) input() *commonpb.Payloads {
	switch r.work {
	case Idle:
		return jsonPayload("1")
	case Idle11:
		return jsonPayload("11")
	case Park:
		return jsonPayload(fmt.Sprint(r.parking.coroutines))
	default:
		return r.text
	}
}

func (r *run) activityType() *commonpb.ActivityType {
	switch r.work {
	case Latency:
		return &commonpb.ActivityType{Name: StampActivity}
	case Slow:
		return &commonpb.ActivityType{Name: SlowActivity}
	default:
		return &commonpb.ActivityType{Name: EchoActivity}
	}
}

func (r *run) activityTask() *workflowservice.PollActivityTaskQueueResponse {
	now := timestamppb.Now()
	return &workflowservice.PollActivityTaskQueueResponse{
		TaskToken:                   r.token(),
		WorkflowNamespace:           Namespace,
		WorkflowType:                r.workflowType(),
		WorkflowExecution:           r.execution(),
		ActivityType:                r.activityType(),
		ActivityId:                  "5",
		Input:                       r.text,
		ScheduledTime:               now,
		CurrentAttemptScheduledTime: now,
		StartedTime:                 now,
		Attempt:                     1,
		StartToCloseTimeout:         durationpb.New(time.Minute),
		ScheduleToCloseTimeout:      durationpb.New(time.Hour),
	}
}

// add adds an event and returns its id.
func (r *run) add(typ enumspb.EventType, e *historypb.HistoryEvent) int64 {
	r.lastID++
	e.EventId, e.EventType, e.EventTime = r.lastID, typ, timestamppb.Now()
	r.events = append(r.events, e)
	return r.lastID
}

func (r *run) firstTask() *workflowservice.PollWorkflowTaskQueueResponse {
	runID := r.execution().GetRunId()
	r.add(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
			WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{
				WorkflowType: r.workflowType(), Input: r.input(), Attempt: 1,
				TaskQueue:              &taskqueuepb.TaskQueue{Name: r.home, Kind: enumspb.TASK_QUEUE_KIND_NORMAL},
				WorkflowTaskTimeout:    durationpb.New(10 * time.Second),
				OriginalExecutionRunId: runID, FirstExecutionRunId: runID,
			},
		},
	})
	if r.parking != nil {
		r.addPast()
	}
	return r.nextTask()
}

// addTask adds the beginning of a workflow task, and returns the id of its first event.
func (r *run) addTask() (scheduled int64) {
	scheduled = r.add(enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowTaskScheduledEventAttributes{
			WorkflowTaskScheduledEventAttributes: &historypb.WorkflowTaskScheduledEventAttributes{Attempt: 1},
		},
	})
	r.previous = r.started
	r.started = r.add(enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowTaskStartedEventAttributes{
			WorkflowTaskStartedEventAttributes: &historypb.WorkflowTaskStartedEventAttributes{ScheduledEventId: scheduled},
		},
	})
	return scheduled
}

// nextTask is a workflow task about the events since the one before.
func (r *run) nextTask() *workflowservice.PollWorkflowTaskQueueResponse {
	r.addTask()
	events := r.events
	r.events = nil
	now := timestamppb.Now()
	return &workflowservice.PollWorkflowTaskQueueResponse{
		TaskToken:              r.token(),
		WorkflowExecution:      r.execution(),
		WorkflowType:           r.workflowType(),
		PreviousStartedEventId: r.previous,
		StartedEventId:         r.started,
		Attempt:                1,
		History:                &historypb.History{Events: events},
		ScheduledTime:          now,
		StartedTime:            now,
	}
}

// completed takes the answer to a workflow task into the history.
func (r *run) completed(req *workflowservice.RespondWorkflowTaskCompletedRequest) {
	if name := req.GetStickyAttributes().GetWorkerTaskQueue().GetName(); name != "" {
		r.sticky = name
	}
	r.add(enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowTaskCompletedEventAttributes{
			WorkflowTaskCompletedEventAttributes: &historypb.WorkflowTaskCompletedEventAttributes{
				ScheduledEventId: r.started - 1, StartedEventId: r.started, SdkMetadata: req.GetSdkMetadata(),
			},
		},
	})
}

// check says whether the commands of a task are those that the workflow should have, and whether
// they end it.
func (r *run) check(commands []*commandpb.Command) (ended bool, err error) {
	waits := r.work == Idle || r.work == Idle11
	switch {
	case waits || (r.work == Signals && r.signals < SignalsPerFlow):
		if len(commands) != 0 {
			return waits, fmt.Errorf("frontend: %d commands after %d signals, want none", len(commands), r.signals)
		}
		return waits, nil
	case r.work == Signals:
		return true, r.checkEnd(commands, jsonPayload(fmt.Sprint(SignalsPerFlow*len(Text))))
	case r.scheduled != 0:
		return true, r.checkEnd(commands, r.text)
	}
	schedule := only(commands).GetScheduleActivityTaskCommandAttributes()
	if schedule.GetActivityType().GetName() != EchoActivity || schedule.GetTaskQueue().GetName() != r.home {
		return false, fmt.Errorf("frontend: commands %v, want an activity on %s", commands, r.home)
	}
	r.scheduled = r.add(enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{
			ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{
				ActivityId: schedule.GetActivityId(), ActivityType: schedule.GetActivityType(),
				TaskQueue: schedule.GetTaskQueue(), Input: schedule.GetInput(),
				StartToCloseTimeout: schedule.GetStartToCloseTimeout(), WorkflowTaskCompletedEventId: r.lastID,
			},
		},
	})
	return false, r.checkText(schedule.GetInput())
}

func (r *run) checkEnd(commands []*commandpb.Command, want *commonpb.Payloads) error {
	got := only(commands).GetCompleteWorkflowExecutionCommandAttributes().GetResult()
	if !sameData(got, want) {
		return fmt.Errorf("frontend: %s ended with commands %v, want the result %v", r.work, commands, want)
	}
	return nil
}

func only(commands []*commandpb.Command) *commandpb.Command {
	if len(commands) != 1 {
		return nil
	}
	return commands[0]
}

func (r *run) checkText(got *commonpb.Payloads) error {
	if !sameData(got, r.text) {
		return fmt.Errorf("frontend: got %.200v, want the text that was sent", got)
	}
	return nil
}

func sameData(a, b *commonpb.Payloads) bool {
	return len(a.GetPayloads()) == 1 && bytes.Equal(a.GetPayloads()[0].GetData(), b.GetPayloads()[0].GetData())
}

// activityDone takes the end of the activity into the history.
func (r *run) activityDone() *run {
	started := r.add(enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ActivityTaskStartedEventAttributes{
			ActivityTaskStartedEventAttributes: &historypb.ActivityTaskStartedEventAttributes{
				ScheduledEventId: r.scheduled, Attempt: 1,
			},
		},
	})
	r.add(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_ActivityTaskCompletedEventAttributes{
			ActivityTaskCompletedEventAttributes: &historypb.ActivityTaskCompletedEventAttributes{
				ScheduledEventId: r.scheduled, StartedEventId: started, Result: r.text,
			},
		},
	})
	return r
}

// signaled takes one more signal into the history.
func (r *run) signaled() *run {
	r.signals++
	return r.addSignal(r.text)
}
