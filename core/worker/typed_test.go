package worker_test

import (
	"context"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity/typed"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	typedworkflow "github.com/mainspring-go/mainspring/workflow/typed"
)

// weigh is what the workflow and the worker share.
var weigh = typed.Func1[string, int]("Weigh", nil)

// Weighs has it done, far and near.
func Weighs(ctx workflow.Context, what string) (int, error) {
	call := typedworkflow.Call1(weigh.Function(), what).Named(weigh.Name())
	near, err := typedworkflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx,
		workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute}), call).Get(ctx)
	if err != nil {
		return 0, err
	}
	far, err := typedworkflow.ExecuteActivity(workflow.WithActivityOptions(ctx,
		workflow.ActivityOptions{StartToCloseTimeout: time.Minute}), call).Get(ctx)
	return near + far, err
}

// A typed activity is registered and called by what both sides share.
func TestTypedActivities(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.worker(t, worker.Options{Workflows: []any{Weighs}})
		err := typed.Register(w, weigh.With(func(_ context.Context, s string) (int, error) { return len(s), nil }))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.workflowTasks <- firstTask("Weighs", "run", "anvil")
		f.activityTasks <- activityTask("Weigh", 1, "anvil")
		pass(time.Second)
		done := only[*workflowservice.RespondActivityTaskCompletedRequest](t, f)
		if n := number(t, done.GetResult()); n != 5 {
			t.Errorf("the activity returned %d", n)
		}
		commands := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f).GetCommands()
		scheduled := commands[len(commands)-1].GetScheduleActivityTaskCommandAttributes()
		if commands[0].GetRecordMarkerCommandAttributes() == nil || scheduled.GetActivityType().GetName() != "Weigh" {
			t.Errorf("the workflow made %v", commands)
		}
		stop(t, w)
	})
}

func number(t *testing.T, p *commonpb.Payloads) (n int) {
	t.Helper()
	if err := converter.GetDefaultDataConverter().FromPayloads(p, &n); err != nil {
		t.Error(err)
	}
	return n
}
