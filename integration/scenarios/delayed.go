package scenarios

import (
	"errors"
	"time"

	"github.com/google/uuid"
	commonpb "go.temporal.io/api/common/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Tick returns how often it has succeeded in its chain, unless it is told to fail
// or to stay once. In the end it gives the schedule up: the workers of Go do that
// when they continue as new.
func Tick(ctx workflow.Context, how string) (int, error) {
	n := 0
	if workflow.HasLastCompletionResult(ctx) {
		if err := workflow.GetLastCompletionResult(ctx, &n); err != nil {
			return 0, err
		}
	}
	failed := workflow.GetLastError(ctx) != nil
	switch {
	case how == "fail" && n == 1 && !failed:
		return 0, errors.New("no")
	case how == "stay" && !failed:
		return 0, workflow.Sleep(ctx, time.Hour)
	case how == "stay" || n == 2:
		return 0, workflow.NewContinueAsNewError(ctx, Tick, "last")
	}
	return n + 1, nil
}

const everySecond = "@every 1s"

// ticks runs a workflow every second until it gives up.
func ticks(e *Env, how string, o client.StartWorkflowOptions) {
	e.Worker(worker.Options{}, Tick)
	o.CronSchedule = everySecond
	e.endChain(e.StartWith(o, Tick, how))
	e.Note("%s", describe(e, e.Name))
}

func delayScenarios() []Scenario {
	return []Scenario{
		{"cron", func(e *Env) {
			ticks(e, "return", client.StartWorkflowOptions{
				Memo: map[string]any{"color": "blue"}, WorkflowExecutionTimeout: time.Hour,
			})
		}},
		{"cron-fails", func(e *Env) { ticks(e, "fail", client.StartWorkflowOptions{}) }},
		{"cron-times-out", func(e *Env) {
			ticks(e, "stay", client.StartWorkflowOptions{WorkflowRunTimeout: 1500 * time.Millisecond})
		}},
		{"cron-canceled", func(e *Env) {
			// The first run waits for an hour; the cancellation does not.
			e.Worker(worker.Options{}, Tick)
			run := e.StartWith(client.StartWorkflowOptions{CronSchedule: "@every 1h"}, Tick, "stay")
			e.signal()
			e.Must(e.Client.CancelWorkflow(e.Ctx(), e.Name, ""))
			e.endChain(run)
		}},
		{"cron-in-zones", cronInZones},
		{"delayed", func(e *Env) {
			e.Worker(worker.Options{}, Listen)
			run := e.StartWith(client.StartWorkflowOptions{
				StartDelay: 2 * time.Second, WorkflowRunTimeout: 10 * time.Second, WorkflowExecutionTimeout: 20 * time.Second,
			}, Listen)
			e.signal()
			e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "say", "stop"))
			e.Note("%s", describe(e, e.Name))
			e.End(run)
		}},
		{"delayed-and-timed-out", func(e *Env) {
			// The timeout of the run begins after the delay, that of the execution does not.
			e.End(e.StartWith(client.StartWorkflowOptions{
				StartDelay: 2 * time.Second, WorkflowRunTimeout: time.Second, WorkflowExecutionTimeout: time.Second,
			}, Listen))
		}},
		{"delayed-and-updated", func(e *Env) {
			run := e.StartWith(client.StartWorkflowOptions{StartDelay: time.Hour}, Talk)
			e.Worker(worker.Options{}, Talk)
			e.say("hello") // it begins now
			e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "stop", nil))
			e.End(run)
		}},
		{"delayed-with-signal", func(e *Env) {
			signal := func(o client.StartWorkflowOptions) {
				o.ID, o.TaskQueue = e.Name, e.Name
				run, err := e.Client.SignalWithStartWorkflow(e.Ctx(), e.Name, "say", "stop", o, Listen)
				e.NoteErr("signal with start", err)
				if err == nil {
					e.Keep(e.Name, run.GetRunID())
					e.Note("%s", describe(e, e.Name))
				}
			}
			signal(client.StartWorkflowOptions{StartDelay: time.Hour, CronSchedule: everySecond})
			signal(client.StartWorkflowOptions{StartDelay: -time.Hour})
			signal(client.StartWorkflowOptions{CronSchedule: "nonsense"})
			signal(client.StartWorkflowOptions{RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: -1}})
			signal(client.StartWorkflowOptions{StartDelay: time.Hour, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 2}})
			signal(client.StartWorkflowOptions{}) // this one does not wait
			e.Worker(worker.Options{}, Listen)
			e.End(e.Client.GetWorkflow(e.Ctx(), e.Name, ""))
		}},
		{"delayed-eagerly", func(e *Env) {
			e.startEagerly(uuid.NewString(), func(r *startRequest) { r.WorkflowStartDelay = durationpb.New(time.Hour) })
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "over"))
		}},
		{"bad-delays", badDelays},
	}
}

// cronInZones looks at when runs of schedules are due, on the clocks there.
func cronInZones(e *Env) {
	for _, c := range []struct{ schedule, zone string }{
		{"30 4 1 7 *", "UTC"},
		{"CRON_TZ=America/New_York 30 4 1 7 *", "America/New_York"},
		{"TZ=Asia/Kolkata 15 22 29 2 *", "Asia/Kolkata"},
		{"@yearly", "UTC"},
	} {
		zone, err := time.LoadLocation(c.zone)
		e.Must(err)
		run, err := e.Client.ExecuteWorkflow(e.Ctx(), client.StartWorkflowOptions{
			ID: e.Name, TaskQueue: e.Name, CronSchedule: c.schedule,
		}, Tick, "")
		e.Must(err)
		d, err := e.Client.DescribeWorkflowExecution(e.Ctx(), e.Name, run.GetRunID())
		e.Must(err)
		e.Note("%s: %s", c.schedule, d.GetWorkflowExecutionInfo().GetExecutionTime().AsTime().
			Truncate(time.Second).In(zone).Format("2 January 15:04:05 MST"))
		e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, run.GetRunID(), "over"))
	}
}

// badDelays are delays and schedules that no server takes.
func badDelays(e *Env) {
	for _, r := range []*workflowservice.StartWorkflowExecutionRequest{
		{CronSchedule: "nonsense"},
		{CronSchedule: "* * * * * *"},
		{CronSchedule: "CRON_TZ=Nowhere/Never 0 0 * * *"},
		{CronSchedule: "0 0 30 2 *"},
		{CronSchedule: everySecond, WorkflowStartDelay: durationpb.New(0)},
		{WorkflowStartDelay: durationpb.New(-time.Second)},
	} {
		r.Namespace, r.WorkflowId, r.RequestId = "default", e.Name, "r"
		r.WorkflowType = &commonpb.WorkflowType{Name: "Listen"}
		r.TaskQueue = &taskqueuepb.TaskQueue{Name: e.Name}
		_, err := e.Service.StartWorkflowExecution(e.Ctx(), r)
		e.NoteErr("start", err)
	}
}
