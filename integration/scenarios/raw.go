package scenarios

import (
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

func rawScenarios() []Scenario {
	return []Scenario{
		{"hand-unhandled-command", func(e *Env) {
			e.Start(Listen)
			t := e.poll("")
			e.signal()
			e.respond(t, nil, complete())
			t = e.poll("")
			e.respond(t, nil, complete())
			e.respond(t, nil, complete())
		}},
		{"hand-buffered", func(e *Env) {
			e.touch()
			e.Start(Listen)
			e.respond(e.poll(""), nil, startTimer("a", 10*time.Millisecond), scheduleActivity(e, "1"))
			e.Await(e.Name, has("TimerFired"))
			t := e.poll("")
			a := e.pollActivity()
			e.respondActivity(a)
			e.signal()
			e.Must(e.Client.CancelWorkflow(e.Ctx(), e.Name, ""))
			e.respond(t, stick(e), startTimer("b", time.Hour))
			t = e.poll(sticky)
			e.respond(t, nil, cancelTimer("b"), complete())
			e.respondActivity(a)
		}},
		{"hand-more", func(e *Env) {
			e.Start(Listen)
			t := e.poll("")
			e.signal()
			t = e.respond(t, both(stick(e), more))
			e.respond(t, both(stick(e), more), complete())
		}},
		{"hand-heartbeats", func(e *Env) {
			e.Start(Listen)
			t := e.respond(e.poll(""), both(both(stick(e), more), func(a *answer) { a.ForceCreateNewWorkflowTask = true }))
			e.respond(t, nil, complete())
		}},
		{"hand-fails", func(e *Env) {
			e.Start(Listen)
			e.fail(e.poll(""))
			t := e.poll("")
			e.fail(t)
			t = e.poll("")
			e.signal()
			e.respond(t, nil, startTimer("a", time.Hour))
			t = e.poll("")
			e.respond(t, nil, cancelTimer("a"), complete())
			e.fail(t)
		}},
		{"hand-fails-and-hears", func(e *Env) {
			e.Start(Listen)
			e.fail(e.poll(""))
			e.signal()
			e.respond(e.poll(""), nil, complete())
		}},
	}
}

func rawErrorScenarios() []Scenario {
	return []Scenario{
		{"hand-times-out", func(e *Env) {
			e.StartWith(client.StartWorkflowOptions{WorkflowTaskTimeout: time.Second}, Listen)
			t := e.poll("")
			again := e.poll("")
			e.respond(t, nil, complete())
			e.respond(again, nil, complete())
		}},
		{"hand-leaves-sticky", func(e *Env) {
			e.touch()
			e.Start(Listen)
			e.respond(e.poll(""), stick(e), startTimer("a", 10*time.Millisecond))
			e.respond(e.poll(sticky), stick(e))
			e.signal() // the queue is polled no more: the task waits there
			e.respond(e.poll(""), nil, complete())
		}},
		{"hand-bad-commands", badCommands},
		{"hand-cancels-unstarted", func(e *Env) {
			e.touch()
			e.Start(Listen)
			e.respond(e.poll(""), both(stick(e), more), scheduleActivity(e, "1"))
			e.signal()
			t := e.poll(sticky)
			t = e.respond(t, both(stick(e), more), requestCancel(5))
			e.respond(t, nil, complete())
		}},
		{"hand-rejects-update", func(e *Env) {
			e.touch()
			e.Start(Listen)
			e.respond(e.poll(""), stick(e))
			done := e.inBackground(func() error { _, err := e.update("say", "hello"); return err })
			t := e.poll(sticky)
			e.respond(t, both(stick(e), reject(t)))
			e.NoteErr("update", <-done)
			e.signal()
			e.respond(e.poll(sticky), nil, complete())
		}},
		{"hand-ignores-update", func(e *Env) {
			e.touch()
			e.Start(Listen)
			e.respond(e.poll(""), stick(e))
			done := e.inBackground(func() error { _, err := e.update("say", "hello"); return err })
			t := e.poll(sticky)
			e.signal()
			e.respond(t, stick(e))
			e.NoteErr("update", <-done)
			e.respond(e.poll(sticky), nil, complete())
		}},
		{"hand-activity-errors", activityErrors},
		{"hand-bad-tokens", badTokens},
		{"hand-terminated-in-flight", func(e *Env) {
			run := e.Start(Listen)
			t := e.poll("")
			e.signal()
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, run.GetRunID(), "enough"))
			e.respond(t, nil, complete())
			e.fail(t)
		}},
	}
}

// inBackground makes a call that waits for what the scenario does next.
func (e *Env) inBackground(call func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- call() }()
	return done
}

// fail says that a task cannot be done.
func (e *Env) fail(t *workflowTask) {
	_, err := e.Service.RespondWorkflowTaskFailed(e.Ctx(), &workflowservice.RespondWorkflowTaskFailedRequest{
		Namespace: "default", Identity: Identity, TaskToken: t.GetTaskToken(),
		Cause:   enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
		Failure: &failurepb.Failure{Message: "no"},
	})
	e.NoteErr("fail", err)
}

func (e *Env) pollActivity() *workflowservice.PollActivityTaskQueueResponse {
	e.Helper()
	a, err := e.Service.PollActivityTaskQueue(e.Ctx(), &workflowservice.PollActivityTaskQueueRequest{
		Namespace: "default", Identity: Identity, TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name},
	})
	e.Must(err)
	e.noteActivity(a)
	return a
}

// noteActivity notes what a worker sees of an attempt.
func (e *Env) noteActivity(a *workflowservice.PollActivityTaskQueueResponse) {
	e.Note("activity: %s", Message(a, "taskToken", "scheduledTime", "startedTime", "currentAttemptScheduledTime",
		"pollerScalingDecision"))
}

func (e *Env) respondActivity(a *workflowservice.PollActivityTaskQueueResponse) {
	_, err := e.Service.RespondActivityTaskCompleted(e.Ctx(), &workflowservice.RespondActivityTaskCompletedRequest{
		Namespace: "default", Identity: Identity, TaskToken: a.GetTaskToken(),
	})
	e.NoteErr("complete the activity", err)
}

// badCommands are commands that fail their task.
func badCommands(e *Env) {
	e.Start(Listen)
	t := e.poll("")
	e.respond(t, nil, startTimer("a", time.Hour), startTimer("a", time.Hour))
	t = e.poll("")
	e.respond(t, nil, startTimer("", time.Hour)) // the second attempt stays in flight
	e.respond(t, nil, complete(), startTimer("a", time.Hour))
	unknown := cancelTimer("unknown")
	e.respond(t, nil, unknown)
	e.respond(t, nil, startTimer("a", -time.Hour))
	e.respond(t, nil, requestCancel(99))
	nameless := scheduleActivity(e, "")
	e.respond(t, nil, nameless)
	timeless := scheduleActivity(e, "1")
	timeless.GetScheduleActivityTaskCommandAttributes().StartToCloseTimeout = nil
	e.respond(t, nil, timeless)
	e.respond(t, nil, scheduleActivity(e, "1"), scheduleActivity(e, "1"))
	retry := scheduleActivity(e, "1")
	retry.GetScheduleActivityTaskCommandAttributes().RetryPolicy = &commonpb.RetryPolicy{BackoffCoefficient: 0.5}
	e.respond(t, nil, retry)
	e.respond(t, nil, startTimer("a", time.Hour), complete())
}

// activityErrors are reports about activities that no server takes.
func activityErrors(e *Env) {
	e.Start(Listen)
	e.respond(e.poll(""), nil, scheduleActivity(e, "1"))
	a := e.pollActivity()
	_, err := e.Service.RespondActivityTaskCanceled(e.Ctx(), &workflowservice.RespondActivityTaskCanceledRequest{
		Namespace: "default", Identity: Identity, TaskToken: a.GetTaskToken(),
	})
	e.NoteErr("canceled without being asked", err)
	fail := func(f *failurepb.Failure) {
		_, err := e.Service.RespondActivityTaskFailed(e.Ctx(), &workflowservice.RespondActivityTaskFailedRequest{
			Namespace: "default", Identity: Identity, TaskToken: a.GetTaskToken(), Failure: f,
		})
		e.NoteErr("failed", err)
	}
	fail(&failurepb.Failure{Message: "of no kind"})
	heartbeat := func() {
		resp, err := e.Service.RecordActivityTaskHeartbeat(e.Ctx(), &workflowservice.RecordActivityTaskHeartbeatRequest{
			Namespace: "default", Identity: Identity, TaskToken: a.GetTaskToken(),
		})
		e.NoteErr("heartbeat", err)
		e.Note("cancel requested: %v", resp.GetCancelRequested())
	}
	heartbeat()
	e.respondActivity(a)
	heartbeat()
	fail(&failurepb.Failure{Message: "late", FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
		ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{},
	}})
	e.respond(e.poll(""), nil, complete())
	heartbeat()
}

// badTokens are answers to nothing.
func badTokens(e *Env) {
	for _, b := range [][]byte{nil, []byte("nonsense")} {
		_, err := e.Service.RespondWorkflowTaskCompleted(e.Ctx(), &answer{Namespace: "default", TaskToken: b})
		e.NoteErr("complete", err)
		_, err = e.Service.RespondActivityTaskCompleted(e.Ctx(),
			&workflowservice.RespondActivityTaskCompletedRequest{Namespace: "default", TaskToken: b})
		e.NoteErr("complete an activity", err)
		_, err = e.Service.RespondQueryTaskCompleted(e.Ctx(),
			&workflowservice.RespondQueryTaskCompletedRequest{Namespace: "default", TaskToken: b})
		e.NoteErr("answer", err)
	}
}
