package workflows

import (
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// Fail fails in the way that it is told.
func Fail(ctx workflow.Context, how string) (*Point, error) {
	switch how {
	case "application":
		return &Point{X: 1}, temporal.NewApplicationError("broken", "Broken", "one", 2)
	case "final":
		return nil, temporal.NewNonRetryableApplicationError("final", "Final", errors.New("because"), Point{X: 1})
	case "options":
		return nil, temporal.NewApplicationErrorWithOptions("options", "Options", temporal.ApplicationErrorOptions{
			Cause: &RefusalError{"deep"}, NextRetryDelay: time.Second, Category: temporal.ApplicationErrorCategoryBenign,
		})
	case "plain":
		return nil, errors.New("plain")
	case "own":
		return nil, &RefusalError{"own"}
	case "wrapped":
		return nil, fmt.Errorf("around: %w", temporal.NewApplicationError("inside", "Inside"))
	case "timeout":
		return nil, temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_START_TO_CLOSE, errors.New("last"), "details")
	case "canceled":
		return nil, fmt.Errorf("around: %w", temporal.NewCanceledError("by itself"))
	case "nothing":
		return nil, nil
	default:
		return &Point{Name: how}, nil
	}
}

// FailWithActivity fails with the error of an activity.
func FailWithActivity(ctx workflow.Context) error {
	var a *Acts
	return workflow.ExecuteActivity(brief(ctx), a.Break, "final").Get(ctx, nil)
}

// Retried fails in its first run and succeeds in its second.
func Retried(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	i := workflow.GetInfo(ctx)
	d.note("attempt %d, first run %t", i.Attempt, i.FirstRunID == i.WorkflowExecution.RunID)
	if err := workflow.Sleep(ctx, time.Millisecond); err != nil {
		return nil, err
	}
	if i.Attempt == 1 {
		return nil, temporal.NewApplicationError("once more", "Early")
	}
	return d.lines, nil
}

// Endless waits until the server ends it.
func Endless(ctx workflow.Context) error {
	var a *Acts
	if err := workflow.ExecuteActivity(brief(ctx), a.Nothing).Get(ctx, nil); err != nil {
		return err
	}
	return workflow.Sleep(ctx, time.Hour)
}
