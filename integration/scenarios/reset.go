package scenarios

import (
	"time"

	activitypb "go.temporal.io/api/activity/v1"
	commonpb "go.temporal.io/api/common/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

func resetScenarios() []Scenario {
	return alone([]Scenario{
		{"reset-waiting", func(e *Env) {
			e.schedules(time.Hour, "1")
			a := e.pollActivity()
			e.heartbeat(a, "half way")
			e.failActivity(a)
			e.pending()
			e.resetActivity("by id", nil)
			e.pending()
			e.respondActivity(e.pollActivity())
			e.over()
		}},
		{"reset-waiting-heartbeat", func(e *Env) {
			e.schedules(time.Hour, "1")
			a := e.pollActivity()
			e.heartbeat(a, "half way")
			e.failActivity(a)
			e.resetActivity("all", func(r *workflowservice.ResetActivityRequest) {
				r.Activity = &workflowservice.ResetActivityRequest_MatchAll{MatchAll: true}
				r.ResetHeartbeat, r.Jitter = true, durationpb.New(30*millisecond)
			})
			e.respondActivity(e.pollActivity())
			e.over()
		}},
		{"reset-running", func(e *Env) {
			e.schedules(20*millisecond, "1")
			a := e.pollActivity()
			e.heartbeat(a, "before")
			e.resetActivity("by type", func(r *workflowservice.ResetActivityRequest) {
				r.Activity = &workflowservice.ResetActivityRequest_Type{Type: "Work"}
				r.ResetHeartbeat = true
			})
			e.heartbeat(a, "after")
			e.pending()
			e.failActivity(a)
			a = e.pollActivity()
			e.heartbeat(a, "again")
			e.resetActivity("the second attempt", nil)
			e.heartbeat(a, "in vain")
			e.respondActivity(a)
			e.pending()
			e.over()
		}},
		{"reset-paused", func(e *Env) {
			e.schedules(time.Hour, "1")
			e.failActivity(e.pollActivity())
			e.pauseActivity("1", nil)
			e.resetActivity("and keep paused", func(r *workflowservice.ResetActivityRequest) { r.KeepPaused = true })
			e.pending()
			e.resetActivity("and go on", nil)
			e.respondActivity(e.pollActivity())
			e.over()
		}},
	})
}

func activityOptionsScenarios() []Scenario {
	return alone([]Scenario{
		{"activity-options", func(e *Env) {
			e.schedules(time.Hour, "1")
			e.failActivity(e.pollActivity())
			e.changeOptions("all", func(r *optionsRequest) {})
			e.pending()
			e.changeOptions("back", func(r *optionsRequest) {
				r.ActivityOptions, r.UpdateMask, r.RestoreOriginal = nil, nil, true
			})
			e.pending()
			e.changeOptions("interval", func(r *optionsRequest) {
				r.Activity = &workflowservice.UpdateActivityOptionsRequest_Type{Type: "Work"}
				r.ActivityOptions.RetryPolicy.InitialInterval = durationpb.New(10 * millisecond)
				r.UpdateMask.Paths = []string{"retry_policy.initial_interval", "heartbeat_timeout"}
			})
			e.respondActivity(e.pollActivity())
			e.over()
		}},
		{"activity-options-queue", func(e *Env) {
			e.schedules(time.Hour, "1")
			e.changeOptions("queue", func(r *optionsRequest) {
				r.Activity = &workflowservice.UpdateActivityOptionsRequest_MatchAll{MatchAll: true}
				r.UpdateMask.Paths = []string{"task_queue.name"}
			})
			e.pending()
			a, err := e.Service.PollActivityTaskQueue(e.Ctx(), &workflowservice.PollActivityTaskQueueRequest{
				Namespace: "default", Identity: Identity, TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name + "-other"},
			})
			e.Must(err)
			e.Note("%s", Message(a, "taskToken", "scheduledTime", "startedTime", "currentAttemptScheduledTime",
				"pollerScalingDecision"))
			e.changeOptions("while it runs", func(r *optionsRequest) {})
			e.resetActivity("options too", func(r *workflowservice.ResetActivityRequest) { r.RestoreOriginalOptions = true })
			e.pending()
			e.respondActivity(a)
			e.over()
		}},
		{"activity-options-bad", badOptions},
		{"activity-operations-bad", badOperations},
		{"activity-executions", activityExecutions},
		{"pause-workflow", func(e *Env) {
			e.Start(Listen)
			_, err := e.Service.PauseWorkflowExecution(e.Ctx(), &workflowservice.PauseWorkflowExecutionRequest{
				Namespace: "default", WorkflowId: e.Name, Identity: "someone", Reason: "lunch",
			})
			e.NoteErr("pause", err)
			for _, id := range []string{e.Name, "nowhere"} {
				_, err = e.Service.UnpauseWorkflowExecution(e.Ctx(), &workflowservice.UnpauseWorkflowExecutionRequest{
					Namespace: "default", WorkflowId: id, Identity: "someone",
				})
				e.NoteErr("unpause", err)
			}
			e.over()
			_, err = e.Service.UnpauseWorkflowExecution(e.Ctx(), &workflowservice.UnpauseWorkflowExecutionRequest{
				Namespace: "default", WorkflowId: e.Name, Identity: "someone",
			})
			e.NoteErr("unpause", err)
		}},
	})
}

type optionsRequest = workflowservice.UpdateActivityOptionsRequest

// changeOptions changes many options of an activity and notes what comes of it.
func (e *Env) changeOptions(what string, with func(*optionsRequest)) {
	e.Helper()
	req := &optionsRequest{
		Namespace: "default", Execution: e.execution(), Identity: "someone",
		Activity: &workflowservice.UpdateActivityOptionsRequest_Id{Id: "1"},
		ActivityOptions: &activitypb.ActivityOptions{
			TaskQueue:              &taskqueuepb.TaskQueue{Name: e.Name + "-other"},
			ScheduleToCloseTimeout: durationpb.New(3 * time.Hour), ScheduleToStartTimeout: durationpb.New(4 * time.Hour),
			StartToCloseTimeout: durationpb.New(time.Hour), HeartbeatTimeout: durationpb.New(2 * time.Hour),
			Priority: &commonpb.Priority{PriorityKey: 2, FairnessKey: "key", FairnessWeight: 3},
			RetryPolicy: &commonpb.RetryPolicy{
				InitialInterval: durationpb.New(time.Hour), BackoffCoefficient: 3,
				MaximumInterval: durationpb.New(2 * time.Hour), MaximumAttempts: 9,
			},
		},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{
			"schedule_to_close_timeout", "schedule_to_start_timeout", "start_to_close_timeout", "heartbeat_timeout",
			"priority.priority_key", "priority.fairness_key", "retry_policy",
		}},
	}
	with(req)
	resp, err := e.Service.UpdateActivityOptions(e.Ctx(), req)
	e.NoteErr("options "+what, err)
	e.Note("%s", Message(resp))
}

// badOptions are changes that no server makes.
func badOptions(e *Env) {
	e.schedules(time.Hour, "1")
	for _, bad := range []struct {
		what  string
		spoil func(*optionsRequest)
	}{
		{"none", func(r *optionsRequest) { r.ActivityOptions = nil }},
		{"without a mask", func(r *optionsRequest) { r.UpdateMask = nil }},
		{"with an empty mask", func(r *optionsRequest) { r.UpdateMask.Paths = nil }},
		{"unknown", func(r *optionsRequest) { r.UpdateMask.Paths = []string{"color"} }},
		{"and restore", func(r *optionsRequest) { r.RestoreOriginal = true }},
		{"of nothing", func(r *optionsRequest) { r.Activity = nil }},
		{"of another", func(r *optionsRequest) {
			r.Activity = &workflowservice.UpdateActivityOptionsRequest_Id{Id: "99"}
		}},
		{"no queue", func(r *optionsRequest) {
			r.ActivityOptions.TaskQueue, r.UpdateMask.Paths = nil, []string{"task_queue.name"}
		}},
		{"queue of no name", func(r *optionsRequest) {
			r.ActivityOptions.TaskQueue.Name, r.UpdateMask.Paths = "", []string{"task_queue.name"}
		}},
		{"no retry policy", func(r *optionsRequest) { r.ActivityOptions.RetryPolicy = nil }},
		{"bad retry policy", func(r *optionsRequest) {
			r.ActivityOptions.RetryPolicy.BackoffCoefficient = 0.5
			r.UpdateMask.Paths = []string{"retry_policy.backoff_coefficient"}
		}},
		{"bad interval", func(r *optionsRequest) {
			r.ActivityOptions.RetryPolicy.MaximumInterval = durationpb.New(second)
			r.UpdateMask.Paths = []string{"retry_policy.maximum_interval"}
		}},
		{"no priority", func(r *optionsRequest) {
			r.ActivityOptions.Priority = nil
		}},
		{"bad priority", func(r *optionsRequest) { r.ActivityOptions.Priority.PriorityKey = -1 }},
		{"no timeouts", func(r *optionsRequest) {
			r.ActivityOptions.StartToCloseTimeout, r.ActivityOptions.ScheduleToCloseTimeout = nil, nil
		}},
		{"past timeout", func(r *optionsRequest) { r.ActivityOptions.HeartbeatTimeout = durationpb.New(-1) }},
	} {
		e.changeOptions(bad.what, bad.spoil)
	}
	e.pending()
	e.over()
}

// badOperations are what cannot be done to activities.
func badOperations(e *Env) {
	tell := func(id, run string) {
		x := &commonpb.WorkflowExecution{WorkflowId: id, RunId: run}
		e.pauseActivity("in "+id, func(r *workflowservice.PauseActivityRequest) { r.Execution = x })
		e.unpauseActivity("in "+id, func(r *workflowservice.UnpauseActivityRequest) { r.Execution = x })
		e.resetActivity("in "+id, func(r *workflowservice.ResetActivityRequest) { r.Execution = x })
		e.changeOptions("in "+id, func(r *optionsRequest) { r.Execution = x })
	}
	tell("", "")
	tell("nowhere", "")
	tell("nowhere", "11111111-1111-4111-8111-111111111111")
	e.schedules(time.Hour, "2")
	tell(e.Name, "")
	e.pauseActivity("nothing", func(r *workflowservice.PauseActivityRequest) { r.Activity = nil })
	e.pauseActivity("of no type", func(r *workflowservice.PauseActivityRequest) {
		r.Activity = &workflowservice.PauseActivityRequest_Type{Type: "Play"}
	})
	e.unpauseActivity("nothing", func(r *workflowservice.UnpauseActivityRequest) { r.Activity = nil })
	e.unpauseActivity("all", func(r *workflowservice.UnpauseActivityRequest) {
		r.Activity = &workflowservice.UnpauseActivityRequest_UnpauseAll{UnpauseAll: true}
	})
	e.resetActivity("nothing", func(r *workflowservice.ResetActivityRequest) { r.Activity = nil })
	e.over()
	tell(e.Name, "")
}

// activityExecutions makes the calls that name one activity.
func activityExecutions(e *Env) {
	e.schedules(time.Hour, "1")
	for _, id := range []string{"1", "99", ""} {
		_, err := e.Service.PauseActivityExecution(e.Ctx(), &workflowservice.PauseActivityExecutionRequest{
			Namespace: "default", WorkflowId: e.Name, ActivityId: id, Identity: "someone", Reason: "lunch",
		})
		e.NoteErr("pause "+id, err)
		e.pending()
		resp, err := e.Service.UpdateActivityExecutionOptions(e.Ctx(), &workflowservice.UpdateActivityExecutionOptionsRequest{
			Namespace: "default", WorkflowId: e.Name, ActivityId: id, Identity: "someone",
			ActivityOptions: &activitypb.ActivityOptions{HeartbeatTimeout: durationpb.New(second)},
			UpdateMask:      &fieldmaskpb.FieldMask{Paths: []string{"heartbeat_timeout"}},
		})
		e.NoteErr("options of "+id, err)
		e.Note("%s", Message(resp))
		_, err = e.Service.ResetActivityExecution(e.Ctx(), &workflowservice.ResetActivityExecutionRequest{
			Namespace: "default", WorkflowId: e.Name, ActivityId: id, Identity: "someone",
			KeepPaused: true, RestoreOriginalOptions: true,
		})
		e.NoteErr("reset "+id, err)
		_, err = e.Service.UnpauseActivityExecution(e.Ctx(), &workflowservice.UnpauseActivityExecutionRequest{
			Namespace: "default", WorkflowId: e.Name, ActivityId: id, Identity: "someone", Jitter: durationpb.New(-1),
		})
		e.NoteErr("unpause with a bad jitter "+id, err)
		_, err = e.Service.UnpauseActivityExecution(e.Ctx(), &workflowservice.UnpauseActivityExecutionRequest{
			Namespace: "default", WorkflowId: e.Name, ActivityId: id, Identity: "someone",
		})
		e.NoteErr("unpause "+id, err)
	}
	e.respondActivity(e.pollActivity())
	e.over()
}
