package service_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/testkit/service"
	"github.com/mainspring-go/mainspring/workflow"
)

const month = 30 * 24 * time.Hour

// shop has an activity that fails twice.
type shop struct{ attempts int }

func (s *shop) Greet(_ context.Context, name string) (string, error) {
	if s.attempts++; s.attempts < 3 {
		return "", errors.New("not yet")
	}
	return "hello " + name, nil
}

// Sleepy waits for a month and then has an activity done.
func Sleepy(ctx workflow.Context) (string, error) {
	if err := workflow.Sleep(ctx, month); err != nil {
		return "", err
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Hour},
	})
	var out string
	err := workflow.ExecuteActivity(ctx, "Greet", "Ada").Get(ctx, &out)
	return out, err
}

func TestMonthTakesNoTime(t *testing.T) {
	t.Parallel()
	in(t, service.Options{WaitTimeout: month}, func(r rig) {
		stop := r.worker(worker.Options{Workflows: []any{Sleepy}, Activities: []any{&shop{}}})
		defer stop()
		began := time.Now()
		e := r.start("sleeper", "Sleepy")
		last := r.end(e)
		result := last.GetWorkflowExecutionCompletedEventAttributes().GetResult().GetPayloads()
		if len(result) != 1 || string(result[0].GetData()) != `"hello Ada"` {
			t.Errorf("it ended with %v", last)
		}
		// The retries wait for one hour and for two.
		if took := time.Since(began); took != month+3*time.Hour {
			t.Errorf("it took %v", took)
		}
		want := []string{
			"WorkflowExecutionStarted", "WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskCompleted",
			"TimerStarted", "TimerFired", "WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskCompleted",
			"ActivityTaskScheduled", "ActivityTaskStarted", "ActivityTaskCompleted",
			"WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskCompleted", "WorkflowExecutionCompleted",
		}
		events := r.history(e)
		if diff := cmp.Diff(want, types(events)); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
		started := events[10].GetActivityTaskStartedEventAttributes()
		if started.GetAttempt() != 3 || started.GetLastFailure().GetMessage() != "not yet" {
			t.Errorf("the attempt that succeeded is told as %v", started)
		}
		second := events[6].GetWorkflowTaskScheduledEventAttributes().GetTaskQueue()
		if second.GetKind() != enumspb.TASK_QUEUE_KIND_STICKY || second.GetNormalName() != tasks {
			t.Errorf("the second task was on %v, not on the worker's own queue", second)
		}
	})
}
