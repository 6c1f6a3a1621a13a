package scenarios

import (
	"time"

	"github.com/google/uuid"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/types/known/durationpb"
)

type startRequest = workflowservice.StartWorkflowExecutionRequest

func eagerScenarios() []Scenario {
	return []Scenario{
		{"eager-activity", func(e *Env) {
			e.EagerWorker(worker.Options{}, activities()...)
			e.End(e.Start(Carry, Plan{Activity: "Work", StartToClose: second}))
		}},
		{"eager-activity-third-attempt", func(e *Env) {
			e.EagerWorker(worker.Options{}, activities()...)
			e.End(e.Start(Carry, Plan{Activity: "Third", StartToClose: second, Retry: quickly()}))
		}},
		{"eager-start", func(e *Env) {
			e.Worker(worker.Options{}, activities()...)
			e.End(e.StartWith(client.StartWorkflowOptions{EnableEagerStart: true},
				Carry, Plan{Activity: "Work", StartToClose: second}))
		}},
		{"hand-eager-activities", eagerActivities},
		{"hand-eager-activity-of-a-closed-workflow", func(e *Env) {
			e.Start(Listen)
			e.respondEager(e.poll(""), eagerly(scheduleActivity(e, "1")), complete())
		}},
		{"hand-eager-activity-of-a-failed-task", func(e *Env) {
			e.Start(Listen)
			e.respondEager(e.poll(""), eagerly(scheduleActivity(e, "1")), startTimer("", time.Hour))
			e.respondEager(e.poll(""), eagerly(scheduleActivity(e, "1")), startTimer("a", time.Hour))
			e.terminate()
		}},
		{"hand-eager-activity-times-out", func(e *Env) {
			e.Start(Listen)
			short := eagerly(scheduleActivity(e, "1"))
			short.GetScheduleActivityTaskCommandAttributes().StartToCloseTimeout = durationpb.New(time.Second)
			short.GetScheduleActivityTaskCommandAttributes().RetryPolicy = &commonpb.RetryPolicy{
				InitialInterval: durationpb.New(10 * time.Millisecond), MaximumAttempts: 2,
			}
			e.respondEager(e.poll(""), short)
			e.Note("%s", describe(e, e.Name))
			e.respondActivity(e.pollActivity())
			e.respond(e.poll(""), nil, complete())
		}},
	}
}

func eagerStartScenarios() []Scenario {
	return []Scenario{
		{"eager-capabilities", func(e *Env) {
			info, err := e.Service.GetSystemInfo(e.Ctx(), &workflowservice.GetSystemInfoRequest{})
			e.Must(err)
			e.Note("the server: %v", info.GetCapabilities().GetEagerWorkflowStart())
			d, err := e.Service.DescribeNamespace(e.Ctx(), &workflowservice.DescribeNamespaceRequest{Namespace: "default"})
			e.Must(err)
			e.Note("the namespace: %v", d.GetNamespaceInfo().GetCapabilities().GetEagerWorkflowStart())
		}},
		{"hand-eager-start", func(e *Env) {
			once, twice := uuid.NewString(), uuid.NewString()
			t := e.startEagerly(once, nil)
			e.startEagerly(once, nil) // the same call again: the same task
			e.startEagerly(twice, func(r *startRequest) {
				r.WorkflowIdConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
			})
			e.respond(t, nil, startTimer("a", time.Hour))
			e.startEagerly(once, nil) // too late
			e.startEagerly(twice, nil)
			e.terminate()
		}},
		{"hand-eager-start-terminates", func(e *Env) {
			e.startEagerly(uuid.NewString(), nil)
			t := e.startEagerly(uuid.NewString(), func(r *startRequest) {
				r.WorkflowIdConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
			})
			e.respond(t, nil, complete())
		}},
		{"hand-eager-start-times-out", func(e *Env) {
			once := uuid.NewString()
			t := e.startEagerly(once, func(r *startRequest) { r.WorkflowTaskTimeout = durationpb.New(2 * time.Second) })
			again := e.poll("")
			e.startEagerly(once, nil) // the task is another worker's now
			e.respond(t, nil, complete())
			e.respond(again, nil, complete())
		}},
	}
}

// eagerActivities asks for activities with the response in all ways.
func eagerActivities(e *Env) {
	e.Start(Listen)
	elsewhere := eagerly(scheduleActivity(e, "elsewhere"))
	elsewhere.GetScheduleActivityTaskCommandAttributes().TaskQueue.Name = e.Name + "-elsewhere"
	got := e.respondEager(e.poll(""),
		eagerly(scheduleActivity(e, "1")),
		eagerly(scheduleActivity(e, "canceled")), requestCancel(6),
		scheduleActivity(e, "polled"), elsewhere)
	e.respondActivity(got[0])
	polled := e.pollActivity()
	e.respond(e.poll(""), nil)
	e.respondActivity(polled)
	e.respondActivity(got[1])
	e.respondActivity(got[1])
	e.respond(e.poll(""), nil, complete())
}

// eagerly asks for the activity with the response.
func eagerly(c *commandpb.Command) *commandpb.Command {
	c.GetScheduleActivityTaskCommandAttributes().RequestEagerExecution = true
	return c
}

// respondEager answers a task and notes the activities that come with the response.
func (e *Env) respondEager(
	t *workflowTask, commands ...*commandpb.Command,
) []*workflowservice.PollActivityTaskQueueResponse {
	e.Helper()
	resp, err := e.Service.RespondWorkflowTaskCompleted(e.Ctx(), &answer{
		Namespace: "default", Identity: Identity, TaskToken: t.GetTaskToken(), Commands: commands,
	})
	e.NoteErr("respond", err)
	for _, a := range resp.GetActivityTasks() {
		e.noteActivity(a)
	}
	return resp.GetActivityTasks()
}

// startEagerly starts the scenario's workflow, asks for its first task and notes
// what comes of it.
func (e *Env) startEagerly(requestID string, with func(*startRequest)) *workflowTask {
	e.Helper()
	req := &startRequest{
		Namespace: "default", Identity: Identity, WorkflowId: e.Name, RequestId: requestID,
		WorkflowType: &commonpb.WorkflowType{Name: "Listen"}, TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name},
		RequestEagerExecution: true,
	}
	if with != nil {
		with(req)
	}
	resp, err := e.Service.StartWorkflowExecution(e.Ctx(), req)
	e.NoteErr("start", err)
	if err != nil {
		return nil
	}
	e.Keep(e.Name, resp.GetRunId())
	e.Note("started: %s", Message(resp, "eagerWorkflowTask"))
	e.noteTask(resp.GetEagerWorkflowTask())
	return resp.GetEagerWorkflowTask()
}

// terminate ends the scenario's workflow.
func (e *Env) terminate() {
	e.Helper()
	e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "enough"))
}
