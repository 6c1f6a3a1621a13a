package scenarios

import (
	"errors"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Greet returns at once.
func Greet(_ workflow.Context, name string) (string, error) { return "hello " + name, nil }

// Fail fails with details.
func Fail(workflow.Context) error {
	return temporal.NewApplicationErrorWithCause("no", "Refused", errors.New("tired"), 42)
}

// Sleep waits for a while.
func Sleep(ctx workflow.Context, d time.Duration) error { return workflow.Sleep(ctx, d) }

// Listen returns the signals that it got, up to one that says stop.
func Listen(ctx workflow.Context) ([]string, error) {
	var got []string
	for {
		var s string
		workflow.GetSignalChannel(ctx, "say").Receive(ctx, &s)
		if s == "stop" {
			return got, nil
		}
		got = append(got, s)
	}
}

// GiveUp sets a timer and cancels it when it is signaled.
func GiveUp(ctx workflow.Context) (string, error) {
	timers, cancel := workflow.WithCancel(ctx)
	timer := workflow.NewTimer(timers, time.Hour)
	workflow.GetSignalChannel(ctx, "say").Receive(ctx, nil)
	cancel()
	return "gave up", errors.Join(nil, ignoreCanceled(timer.Get(ctx, nil)))
}

func ignoreCanceled(err error) error {
	if temporal.IsCanceledError(err) {
		return nil
	}
	return err
}

// Forget sets a timer and cancels it in the same task.
func Forget(ctx workflow.Context) error {
	timers, cancel := workflow.WithCancel(ctx)
	timer := workflow.NewTimer(timers, time.Hour)
	cancel()
	return ignoreCanceled(timer.Get(ctx, nil))
}

// Mark writes markers, a memo and search attributes.
func Mark(ctx workflow.Context) (int, error) {
	v := workflow.GetVersion(ctx, "change", workflow.DefaultVersion, 3)
	var n int
	if err := workflow.SideEffect(ctx, func(workflow.Context) any { return 7 }).Get(&n); err != nil {
		return 0, err
	}
	if err := workflow.UpsertMemo(ctx, map[string]any{"color": "red"}); err != nil {
		return 0, err
	}
	if err := workflow.Sleep(ctx, 10*time.Millisecond); err != nil {
		return 0, err
	}
	return int(v) + n, nil
}

func workflowScenarios() []Scenario {
	return []Scenario{
		{"returns", func(e *Env) {
			e.Worker(worker.Options{}, Greet)
			e.End(e.StartWith(client.StartWorkflowOptions{
				Memo:                     map[string]any{"color": "blue"},
				StaticSummary:            "a greeting",
				WorkflowExecutionTimeout: time.Hour,
			}, Greet, "Ada"))
		}},
		{"fails", func(e *Env) {
			e.Worker(worker.Options{}, Fail)
			e.End(e.Start(Fail))
		}},
		{"sleeps", func(e *Env) {
			e.Worker(worker.Options{}, Sleep)
			e.End(e.Start(Sleep, 50*time.Millisecond))
		}},
		{"cancels-timer", func(e *Env) {
			e.Worker(worker.Options{}, GiveUp)
			run := e.Start(GiveUp)
			e.Await(e.Name, has("TimerStarted"))
			e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "say", nil))
			e.End(run)
		}},
		{"forgets-timer", func(e *Env) {
			e.Worker(worker.Options{}, Forget)
			e.End(e.Start(Forget))
		}},
		{"marks", func(e *Env) {
			e.Worker(worker.Options{}, Mark)
			e.End(e.Start(Mark))
			e.Note("%s", describe(e, e.Name))
		}},
		{"listens", func(e *Env) {
			run := e.Start(Listen)
			e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "say", "early"))
			stop := e.Worker(worker.Options{}, Listen)
			e.Await(e.Name, has("WorkflowTaskCompleted"))
			e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, run.GetRunID(), "say", "late"))
			e.Await(e.Name, nth("WorkflowTaskCompleted", 2))
			e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "say", "stop"))
			e.End(run)
			stop()
		}},
		{"is-canceled", func(e *Env) {
			e.Worker(worker.Options{}, Listen, Sleep)
			run := e.Start(Sleep, time.Hour)
			e.Await(e.Name, has("TimerStarted"))
			e.Must(e.Client.CancelWorkflow(e.Ctx(), e.Name, ""))
			e.End(run)
			e.NoteErr("cancel once more", e.Client.CancelWorkflow(e.Ctx(), e.Name, ""))
		}},
	}
}
