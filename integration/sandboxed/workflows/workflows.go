// Package workflows has workflows that are run both natively and in a sandbox, to see what
// that costs.
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
