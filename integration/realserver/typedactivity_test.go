package realserver_test

import (
	"context"
	"testing"

	"go.temporal.io/sdk/client"

	"github.com/mainspring-go/mainspring/activity/typed"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow"
	typedworkflow "github.com/mainspring-go/mainspring/workflow/typed"
)

// weigh and pack are what the workflow and the worker share: names and types.
var (
	weigh = typed.Func1[string, int]("Weigh", nil)
	pack  = typed.Do2[string, int]("Pack", nil)
)

// sends has a good weighed and packed.
func sends(ctx workflow.Context, good string) (int, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: patience})
	weight, err := typedworkflow.ExecuteActivity(ctx,
		typedworkflow.Call1(weigh.Function(), good).Named(weigh.Name())).Get(ctx)
	if err != nil {
		return 0, err
	}
	return weight, typedworkflow.ExecuteActivity(ctx,
		typedworkflow.Do2(pack.Function(), good, weight).Named(pack.Name())).Err(ctx)
}

func TestTypedActivities(t *testing.T) {
	t.Parallel()
	queue, c, packed := taskQueue(t), sdkClient(t), make(chan int, 1)
	w, err := worker.New(dial(t), queue, worker.Options{Workflows: []any{sends}, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	err = typed.Register(w,
		weigh.With(func(_ context.Context, good string) (int, error) { return len(good), nil }),
		pack.With(func(_ context.Context, _ string, weight int) error { packed <- weight; return nil }))
	if err != nil {
		t.Fatal(err)
	}
	run(t, w)
	sent, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, "sends", "anvil")
	if err != nil {
		t.Fatal(err)
	}
	var weight int
	if err := sent.Get(t.Context(), &weight); err != nil || weight != 5 || <-packed != 5 {
		t.Errorf("got %d, %v", weight, err)
	}
}
