package workflows

import (
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// Chain continues as new a few times, with changes, and tells what each run knew.
func Chain(ctx workflow.Context, left int, lines []string) ([]string, error) {
	i := workflow.GetInfo(ctx)
	color := temporal.NewSearchAttributeKeyKeyword("Color")
	value, _ := workflow.GetTypedSearchAttributes(ctx).GetKeyword(color)
	lines = append(lines, fmt.Sprintf("%d: %v %v %v first %t continued %t memo %s %s color %s retries %v", left,
		i.WorkflowExecutionTimeout, i.WorkflowRunTimeout, i.WorkflowTaskTimeout,
		i.FirstRunID == i.WorkflowExecution.RunID, i.ContinuedExecutionRunID != "",
		i.Memo.GetFields()["a"].GetData(), i.Memo.GetFields()["b"].GetData(), value, i.RetryPolicy))
	// The server puts a run off that follows within a second.
	if err := workflow.Sleep(ctx, 1500*time.Millisecond); err != nil {
		return nil, err
	}
	workflow.NewTimer(ctx, time.Hour) // not waited for
	next := ctx
	switch left {
	case 0:
		return lines, nil
	case 1:
		next = workflow.WithWorkflowTaskTimeout(workflow.WithWorkflowRunTimeout(ctx, 20*time.Minute), 7*time.Second)
	case 2:
		if err := workflow.UpsertMemo(ctx, map[string]any{"b": left}); err != nil {
			return nil, err
		}
		if err := workflow.UpsertTypedSearchAttributes(ctx, color.ValueSet("green")); err != nil {
			return nil, err
		}
		return nil, workflow.NewContinueAsNewErrorWithOptions(ctx, workflow.ContinueAsNewErrorOptions{
			RetryPolicy:          &temporal.RetryPolicy{InitialInterval: time.Second, MaximumAttempts: 2},
			BackoffStartInterval: 2 * time.Second,
		}, Chain, left-1, lines)
	case 3:
		next = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: "unused"})
		return nil, fmt.Errorf("wrapped: %w", workflow.NewContinueAsNewError(next, "Chain", left-1, lines))
	}
	return nil, workflow.NewContinueAsNewError(next, Chain, left-1, lines)
}

// Schedule is run by a cron: it succeeds, fails, and then ends the schedule.
func Schedule(ctx workflow.Context) (string, error) {
	var last string
	err := workflow.GetLastCompletionResult(ctx, &last)
	failed := workflow.GetLastError(ctx)
	d := &diary{}
	d.failure("no result", err)
	d.failure("last error", failed)
	if err := workflow.Sleep(ctx, time.Millisecond); err != nil {
		return "", err
	}
	switch {
	case !workflow.HasLastCompletionResult(ctx):
		return fmt.Sprintf("first of %q", workflow.GetInfo(ctx).CronSchedule), nil
	case failed == nil:
		return "", temporal.NewApplicationError("second after "+last, "Second")
	default:
		return "", temporal.NewCanceledError(last, d.lines)
	}
}
