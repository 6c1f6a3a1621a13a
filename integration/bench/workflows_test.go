package main_test

import (
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/workflow"
)

// idle waits for a signal in its own coroutine and in n-1 others.
func idle(ctx workflow.Context, n int) error {
	c := workflow.GetSignalChannel(ctx, "end")
	for range n - 1 {
		workflow.Go(ctx, func(ctx workflow.Context) { workflow.NewChannel(ctx).Receive(ctx, nil) })
	}
	c.Receive(ctx, nil)
	return nil
}

func sdkIdle(ctx sdkworkflow.Context, n int) error {
	c := sdkworkflow.GetSignalChannel(ctx, "end")
	for range n - 1 {
		sdkworkflow.Go(ctx, func(ctx sdkworkflow.Context) { sdkworkflow.NewChannel(ctx).Receive(ctx, nil) })
	}
	c.Receive(ctx, nil)
	return nil
}
