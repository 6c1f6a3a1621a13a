package worker_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// Explode is an activity that panics.
func Explode(context.Context) error { panic("boom") }

// ExplodeNear has Explode run as a local activity.
func ExplodeNear(ctx workflow.Context) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	return workflow.ExecuteLocalActivity(ctx, Explode).Get(ctx, nil)
}

func testOnActivityPanic(t *testing.T, f *frontend) {
	var mu sync.Mutex
	var told []string
	f.start(t, worker.Options{
		Workflows: []any{ExplodeNear}, Activities: []any{Explode},
		OnActivityPanic: func(_ context.Context, info activity.Info, err *temporal.PanicError) {
			mu.Lock()
			told = append(told, info.WorkflowType.Name+" "+info.ActivityType.Name+" "+err.Error())
			mu.Unlock()
			if !strings.Contains(err.StackTrace(), "worker_test.Explode") {
				t.Errorf("stack\n%s", err.StackTrace())
			}
			panic("broken hook")
		},
	})
	f.activityTasks <- activityTask("Explode", 1)
	pass(time.Second)
	f.workflowTasks <- firstTask("ExplodeNear", "run")
	pass(time.Second)
	failure := only[*workflowservice.RespondActivityTaskFailedRequest](t, f).GetFailure()
	if !strings.Contains(failure.GetStackTrace(), "worker_test.Explode") {
		t.Errorf("the server was told %v", failure)
	}
	if got := strings.Join(told, ", "); got != "Order Explode boom, ExplodeNear Explode boom" {
		t.Errorf("the hook was told %q", got)
	}
}
