// Code generated from ../workflows/cancel.go by mktwin; DO NOT EDIT.

package sdkworkflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Canceled cleans up when it is canceled.
func Canceled(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	d.failure("sleep", workflow.Sleep(ctx, time.Hour))
	d.failure("context", ctx.Err())
	clean, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	var a *Acts
	d.failure("clean up", workflow.ExecuteActivity(brief(clean), a.Nothing).Get(clean, nil))
	return nil, temporal.NewCanceledError(d.lines)
}

// CancelSwallowed goes on when it is canceled.
func CancelSwallowed(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	workflow.NewSelector(ctx).AddReceive(ctx.Done(), func(c workflow.ReceiveChannel, more bool) {
		d.note("done %t", more)
	}).Select(ctx)
	d.failure("await", workflow.Await(ctx, func() bool { return false }))
	var a *Acts
	d.failure("activity", workflow.ExecuteActivity(brief(ctx), a.Nothing).Get(ctx, nil))
	d.failure("timer", workflow.NewTimer(ctx, time.Hour).Get(ctx, nil))
	return d.lines, nil
}

// CancelTree has timers and activities in many contexts canceled together.
func CancelTree(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	wg := workflow.NewWaitGroup(ctx)
	for i := range 4 {
		child, _ := workflow.WithCancel(ctx)
		for j := range 2 {
			grandchild, _ := workflow.WithCancel(child)
			wg.Go(grandchild, func(ctx workflow.Context) {
				d.failure(fmt.Sprint(i, j), workflow.NewTimer(ctx, time.Hour).Get(ctx, nil))
			})
		}
		wg.Go(child, func(ctx workflow.Context) {
			ctx = workflow.WithWaitForCancellation(brief(ctx), true)
			d.failure(fmt.Sprint(i), workflow.ExecuteActivity(ctx, a.Elsewhere).Get(ctx, nil))
		})
	}
	apart, _ := workflow.NewDisconnectedContext(ctx)
	timer := workflow.NewTimer(apart, time.Hour)
	wg.Wait(ctx)
	d.note("apart: %t", timer.IsReady())
	return d.lines, nil
}
