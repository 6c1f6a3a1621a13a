package workflows

import (
	"context"
	"time"

	"github.com/mainspring-go/mainspring/workflow"
)

// Steps calls an activity n times, one after the other, and adds what they return.
func Steps(ctx workflow.Context, n int) (int, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	sum := 0
	for i := range n {
		var got int
		if err := workflow.ExecuteActivity(ctx, Same, i).Get(ctx, &got); err != nil {
			return 0, err
		}
		sum += got
	}
	return sum, nil
}

// Same is the activity of Steps: it returns what it is given.
func Same(_ context.Context, n int) (int, error) { return n, nil }

// CountSignals receives the signals that a run of the benchmarks' frontend gets.
func CountSignals(ctx workflow.Context, _ string) (sum int, err error) {
	signals := workflow.GetSignalChannel(ctx, "signal")
	for range 100 {
		var text string
		signals.Receive(ctx, &text)
		sum += len(text)
	}
	return sum, nil
}

// OneActivity is the workflow of one activity of the benchmarks' frontend.
func OneActivity(ctx workflow.Context, text string) (got string, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	err = workflow.ExecuteActivity(ctx, "Echo", text).Get(ctx, &got)
	return got, err
}
