package scenarios

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/types/known/durationpb"
)

type activityTask = workflowservice.PollActivityTaskQueueResponse

// execution names the scenario's workflow.
func (e *Env) execution() *commonpb.WorkflowExecution {
	return &commonpb.WorkflowExecution{WorkflowId: e.Name}
}

// queue is the scenario's task queue.
func (e *Env) queue() *taskqueuepb.TaskQueue { return &taskqueuepb.TaskQueue{Name: e.Name} }

// schedules starts a workflow by hand that schedules activities, one for each id.
// They are tried again after the pause.
func (e *Env) schedules(pause time.Duration, ids ...string) {
	e.Helper()
	e.Start(Listen)
	var commands []*commandpb.Command
	for _, id := range ids {
		c := scheduleActivity(e, id)
		c.GetScheduleActivityTaskCommandAttributes().RetryPolicy = &commonpb.RetryPolicy{
			InitialInterval: durationpb.New(pause), BackoffCoefficient: 1, MaximumInterval: durationpb.New(time.Hour),
			MaximumAttempts: 7,
		}
		commands = append(commands, c)
	}
	e.respond(e.poll(""), nil, commands...)
}

// heartbeat sends one with details and notes what the worker is told.
func (e *Env) heartbeat(a *activityTask, details string) {
	e.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayloads(details)
	e.Must(err)
	resp, err := e.Service.RecordActivityTaskHeartbeat(e.Ctx(), &workflowservice.RecordActivityTaskHeartbeatRequest{
		Namespace: "default", Identity: Identity, TaskToken: a.GetTaskToken(), Details: p,
	})
	e.NoteErr("heartbeat", err)
	e.Note("heartbeat: %s", Message(resp))
}

// failActivity fails an attempt.
func (e *Env) failActivity(a *activityTask) {
	e.Helper()
	_, err := e.Service.RespondActivityTaskFailed(e.Ctx(), &workflowservice.RespondActivityTaskFailedRequest{
		Namespace: "default", Identity: Identity, TaskToken: a.GetTaskToken(),
		Failure: &failurepb.Failure{Message: "no", FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: "No"},
		}},
	})
	e.NoteErr("fail the activity", err)
}

// pending notes how the workflow's activities are, and what of them is paused.
func (e *Env) pending() {
	e.Helper()
	d, err := e.Client.DescribeWorkflowExecution(e.Ctx(), e.Name, "")
	e.Must(err)
	slices.SortFunc(d.GetPendingActivities(), func(a, b *workflowpb.PendingActivityInfo) int {
		return strings.Compare(a.GetActivityId(), b.GetActivityId())
	})
	for _, a := range d.GetPendingActivities() {
		e.Note("pending: %s, next attempt known: %v", Message(a, "scheduledTime", "lastStartedTime",
			"nextAttemptScheduleTime", "lastHeartbeatTime", "lastAttemptCompleteTime", "expirationTime",
			"currentRetryInterval", "pauseTime"), a.GetNextAttemptScheduleTime() != nil)
	}
	p := d.GetWorkflowExecutionInfo().GetSearchAttributes().GetIndexedFields()["TemporalPauseInfo"]
	e.Note("paused: %s %s", p.GetData(), p.GetMetadata()["type"])
}

func (e *Env) pauseActivity(what string, with func(*workflowservice.PauseActivityRequest)) {
	e.Helper()
	req := &workflowservice.PauseActivityRequest{
		Namespace: "default", Execution: e.execution(), Identity: "someone", Reason: "lunch",
		Activity: &workflowservice.PauseActivityRequest_Id{Id: "1"},
	}
	if with != nil {
		with(req)
	}
	_, err := e.Service.PauseActivity(e.Ctx(), req)
	e.NoteErr("pause "+what, err)
}

func (e *Env) unpauseActivity(what string, with func(*workflowservice.UnpauseActivityRequest)) {
	e.Helper()
	req := &workflowservice.UnpauseActivityRequest{
		Namespace: "default", Execution: e.execution(), Identity: "someone",
		Activity: &workflowservice.UnpauseActivityRequest_Id{Id: "1"},
	}
	if with != nil {
		with(req)
	}
	_, err := e.Service.UnpauseActivity(e.Ctx(), req)
	e.NoteErr("unpause "+what, err)
}

func (e *Env) resetActivity(what string, with func(*workflowservice.ResetActivityRequest)) {
	e.Helper()
	req := &workflowservice.ResetActivityRequest{
		Namespace: "default", Execution: e.execution(), Identity: "someone",
		Activity: &workflowservice.ResetActivityRequest_Id{Id: "1"},
	}
	if with != nil {
		with(req)
	}
	_, err := e.Service.ResetActivity(e.Ctx(), req)
	e.NoteErr("reset "+what, err)
}

// over ends the scenario's workflow.
func (e *Env) over() {
	e.Helper()
	e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "over"))
}

// Pausable works until it is paused, and is done when it goes on.
func Pausable(ctx context.Context) (string, error) {
	if activity.HasHeartbeatDetails(ctx) {
		return "gone on", nil
	}
	for {
		activity.RecordHeartbeat(ctx, "alive")
		select {
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), activity.ErrActivityPaused) {
				return "", activity.ErrActivityPaused
			}
			return "", ctx.Err()
		case <-time.After(20 * millisecond):
		}
	}
}

func pauseScenarios() []Scenario {
	return alone([]Scenario{
		{"pause-waiting", func(e *Env) {
			e.schedules(second, "1", "2")
			e.pauseActivity("1", nil)
			e.pauseActivity("1 once more", nil)
			e.pauseActivity("1 by another request", func(r *workflowservice.PauseActivityRequest) { r.RequestId = "x" })
			e.pending()
			e.respondActivity(e.pollActivity()) // of the other one
			e.unpauseActivity("1", nil)
			e.unpauseActivity("1 once more", nil)
			e.respondActivity(e.pollActivity())
			e.pending()
			e.over()
		}},
		{"pause-running", func(e *Env) {
			e.schedules(time.Hour, "1")
			a := e.pollActivity()
			e.heartbeat(a, "before")
			e.pauseActivity("by type", func(r *workflowservice.PauseActivityRequest) {
				r.Activity = &workflowservice.PauseActivityRequest_Type{Type: "Work"}
			})
			e.heartbeat(a, "after")
			e.pending()
			e.failActivity(a)
			e.pending()
			e.unpauseActivity("by type", func(r *workflowservice.UnpauseActivityRequest) {
				r.Activity = &workflowservice.UnpauseActivityRequest_Type{Type: "Work"}
			})
			a = e.pollActivity()
			e.pending()
			e.heartbeat(a, "again")
			e.respondActivity(a)
			e.over()
		}},
		{"pause-in-backoff", func(e *Env) {
			e.schedules(time.Hour, "1")
			e.failActivity(e.pollActivity())
			e.pending()
			e.pauseActivity("1", nil)
			e.pending()
			e.unpauseActivity("all", func(r *workflowservice.UnpauseActivityRequest) {
				r.Activity = &workflowservice.UnpauseActivityRequest_UnpauseAll{UnpauseAll: true}
				r.Jitter = durationpb.New(30 * millisecond)
			})
			e.respondActivity(e.pollActivity())
			e.over()
		}},
		{"pause-completes", func(e *Env) {
			e.schedules(time.Hour, "1")
			a := e.pollActivity()
			e.pauseActivity("1", nil)
			e.respondActivity(a)
			e.pending()
			e.respond(e.poll(""), nil, complete())
		}},
		{"pause-keeps-time", func(e *Env) {
			e.Start(Listen)
			c := scheduleActivity(e, "1")
			c.GetScheduleActivityTaskCommandAttributes().ScheduleToStartTimeout = durationpb.New(second)
			e.respond(e.poll(""), nil, c, startTimer("a", 1300*millisecond))
			e.pauseActivity("1", nil)
			e.Await(e.Name, has("TimerFired"))
			e.unpauseActivity("1", nil)
			e.respondActivity(e.pollActivity())
			e.over()
		}},
	})
}

func unpauseScenarios() []Scenario {
	return alone([]Scenario{
		{"unpause-resets", func(e *Env) {
			e.schedules(time.Hour, "1")
			a := e.pollActivity()
			e.heartbeat(a, "half way")
			e.pauseActivity("1", nil)
			e.failActivity(a)
			e.unpauseActivity("with resets", func(r *workflowservice.UnpauseActivityRequest) {
				r.ResetAttempts, r.ResetHeartbeat = true, true
			})
			e.respondActivity(e.pollActivity())
			e.over()
		}},
		{"unpause-running", func(e *Env) {
			e.schedules(20*millisecond, "1")
			a := e.pollActivity()
			e.pauseActivity("1", nil)
			e.unpauseActivity("1", nil)
			e.heartbeat(a, "on it")
			e.failActivity(a)
			e.respondActivity(e.pollActivity())
			e.over()
		}},
		{"pause-with-sdk", func(e *Env) {
			e.Worker(worker.Options{
				MaxHeartbeatThrottleInterval: 10 * millisecond, DefaultHeartbeatThrottleInterval: 10 * millisecond,
			}, Carry, activityFunc{Pausable})
			run := e.Start(Carry, Plan{Activity: "Pausable", StartToClose: 10 * second, Heart: 5 * second, Retry: quickly()})
			e.Until(func() bool { return started(e) })
			id := "5"
			e.pauseActivity(id, func(r *workflowservice.PauseActivityRequest) {
				r.Activity = &workflowservice.PauseActivityRequest_Id{Id: id}
			})
			e.Until(func() bool { return e.isPaused() })
			e.pending()
			e.unpauseActivity(id, func(r *workflowservice.UnpauseActivityRequest) {
				r.Activity = &workflowservice.UnpauseActivityRequest_Id{Id: id}
			})
			e.End(run)
		}},
	})
}

// isPaused reports whether the one activity is paused and with no worker.
func (e *Env) isPaused() bool {
	d, err := e.Client.DescribeWorkflowExecution(e.Ctx(), e.Name, "")
	e.Must(err)
	p := d.GetPendingActivities()
	return len(p) == 1 && p[0].GetState() == enumspb.PENDING_ACTIVITY_STATE_PAUSED
}
