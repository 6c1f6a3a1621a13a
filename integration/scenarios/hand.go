package scenarios

import (
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// What follows is a worker by hand: it does what no worker would, at moments that
// none would choose.

type workflowTask = workflowservice.PollWorkflowTaskQueueResponse

type answer = workflowservice.RespondWorkflowTaskCompletedRequest

const (
	sticky = "sticky-of-hand"
	// stickyWait is how long a task waits on the queue of the worker by hand.
	stickyWait = time.Second
)

// poll gets a workflow task and notes what it is.
func (e *Env) poll(on string) *workflowTask {
	e.Helper()
	q := &taskqueuepb.TaskQueue{Name: e.Name, Kind: enumspb.TASK_QUEUE_KIND_NORMAL}
	if on == sticky {
		q = &taskqueuepb.TaskQueue{
			Name: e.Name + sticky, Kind: enumspb.TASK_QUEUE_KIND_STICKY, NormalName: e.Name,
		}
	}
	t, err := e.Service.PollWorkflowTaskQueue(e.Ctx(), &workflowservice.PollWorkflowTaskQueueRequest{
		Namespace: "default", Identity: Identity, TaskQueue: q,
	})
	e.Must(err)
	e.noteTask(t)
	return t
}

// touch polls the queue of the worker by hand for a moment: a queue that nobody
// has ever polled gets no tasks.
func (e *Env) touch() {
	_, err := e.Service.PollWorkflowTaskQueue(e.within(2500*time.Millisecond),
		&workflowservice.PollWorkflowTaskQueueRequest{
			Namespace: "default", Identity: Identity, TaskQueue: &taskqueuepb.TaskQueue{
				Name: e.Name + sticky, Kind: enumspb.TASK_QUEUE_KIND_STICKY, NormalName: e.Name,
			},
		})
	e.Must(err)
}

// noteTask notes what a worker sees of a task.
func (e *Env) noteTask(t *workflowTask) {
	if len(t.GetTaskToken()) == 0 {
		e.Note("no task")
		return
	}
	e.Note("task: %s", Message(t, "taskToken", "history", "scheduledTime", "startedTime", "backlogCountHint",
		"pollerScalingDecision", "nextPageToken", "queries"))
	e.Note("queries: %d, more: %v", len(t.GetQueries()), len(t.GetNextPageToken()) > 0)
	for _, event := range t.GetHistory().GetEvents() {
		e.Note("  %s", eventText(event))
	}
}

// respond answers a task and notes what comes of it.
func (e *Env) respond(t *workflowTask, with func(*answer), commands ...*commandpb.Command) *workflowTask {
	e.Helper()
	req := &answer{Namespace: "default", Identity: Identity, TaskToken: t.GetTaskToken(), Commands: commands}
	if with != nil {
		with(req)
	}
	resp, err := e.Service.RespondWorkflowTaskCompleted(e.Ctx(), req)
	e.NoteErr("respond", err)
	e.Note("reset to event %d", resp.GetResetHistoryEventId())
	if resp.GetWorkflowTask() != nil {
		e.noteTask(resp.GetWorkflowTask())
	}
	return resp.GetWorkflowTask()
}

// stick asks for the next task on a queue of the worker's own.
func stick(e *Env) func(*answer) {
	return func(a *answer) {
		a.StickyAttributes = &taskqueuepb.StickyExecutionAttributes{
			WorkerTaskQueue: &taskqueuepb.TaskQueue{
				Name: e.Name + sticky, Kind: enumspb.TASK_QUEUE_KIND_STICKY, NormalName: e.Name,
			},
			ScheduleToStartTimeout: durationpb.New(stickyWait),
		}
	}
}

// more asks for the next task with the response, if there is one.
func more(a *answer) { a.ReturnNewWorkflowTask = true }

// both makes one of two changes of an answer.
func both(a, b func(*answer)) func(*answer) {
	return func(r *answer) {
		a(r)
		b(r)
	}
}

func complete() *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_CompleteWorkflowExecutionCommandAttributes{
			CompleteWorkflowExecutionCommandAttributes: &commandpb.CompleteWorkflowExecutionCommandAttributes{},
		},
	}
}

func startTimer(id string, d time.Duration) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_START_TIMER,
		Attributes: &commandpb.Command_StartTimerCommandAttributes{
			StartTimerCommandAttributes: &commandpb.StartTimerCommandAttributes{
				TimerId: id, StartToFireTimeout: durationpb.New(d),
			},
		},
	}
}

func cancelTimer(id string) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_CANCEL_TIMER,
		Attributes: &commandpb.Command_CancelTimerCommandAttributes{
			CancelTimerCommandAttributes: &commandpb.CancelTimerCommandAttributes{TimerId: id},
		},
	}
}

func scheduleActivity(e *Env, id string) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
		Attributes: &commandpb.Command_ScheduleActivityTaskCommandAttributes{
			ScheduleActivityTaskCommandAttributes: &commandpb.ScheduleActivityTaskCommandAttributes{
				ActivityId: id, ActivityType: &commonpb.ActivityType{Name: "Work"},
				TaskQueue:           &taskqueuepb.TaskQueue{Name: e.Name},
				StartToCloseTimeout: durationpb.New(10 * time.Second),
			},
		},
	}
}

func upsert(a *commonpb.SearchAttributes) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
		Attributes: &commandpb.Command_UpsertWorkflowSearchAttributesCommandAttributes{
			UpsertWorkflowSearchAttributesCommandAttributes: &commandpb.UpsertWorkflowSearchAttributesCommandAttributes{
				SearchAttributes: a,
			},
		},
	}
}

func requestCancel(scheduled int64) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK,
		Attributes: &commandpb.Command_RequestCancelActivityTaskCommandAttributes{
			RequestCancelActivityTaskCommandAttributes: &commandpb.RequestCancelActivityTaskCommandAttributes{
				ScheduledEventId: scheduled,
			},
		},
	}
}

// reject answers the update of a task with no.
func reject(t *workflowTask) func(*answer) {
	return func(a *answer) {
		a.Capabilities = &workflowservice.RespondWorkflowTaskCompletedRequest_Capabilities{
			DiscardSpeculativeWorkflowTaskWithEvents: true,
		}
		for _, m := range t.GetMessages() {
			body, err := anypb.New(&updatepb.Rejection{
				RejectedRequestMessageId: m.GetId(), RejectedRequestSequencingEventId: m.GetEventId(),
			})
			if err != nil {
				continue
			}
			a.Messages = append(a.Messages, &protocolpb.Message{
				Id: m.GetProtocolInstanceId() + "/reject", ProtocolInstanceId: m.GetProtocolInstanceId(), Body: body,
			})
		}
	}
}

// signal sends a signal to the scenario's workflow.
func (e *Env) signal() {
	e.Helper()
	e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "say", "hello"))
}
