// Code generated from ../workflows/await.go by mktwin; DO NOT EDIT.

package sdkworkflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// Await waits for conditions in every way.
func Await(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	n := 0
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			wait(ctx)
			n++
		}
	})
	yes := func() bool { return true }
	d.failure("true", workflow.Await(ctx, yes))
	d.failure("one", workflow.Await(ctx, func() bool { return n == 1 }))
	ok, err := workflow.AwaitWithTimeout(ctx, time.Hour, yes)
	d.note("true in time: %t %v", ok, err)
	ok, err = workflow.AwaitWithTimeout(ctx, 20*time.Millisecond, func() bool { return n == 5 })
	d.note("five in time: %t %v", ok, err)
	ok, err = workflow.AwaitWithTimeout(ctx, 0, yes)
	d.note("true in no time: %t %v", ok, err)
	ok, err = workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: time.Hour, TimerOptions: workflow.TimerOptions{Summary: "two"},
	}, func() bool { return n == 2 })
	d.note("two in time: %t %v", ok, err)
	child, cancel := workflow.WithCancel(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		d.failure("three", workflow.Await(ctx, func() bool { return n == 3 }))
		cancel()
	})
	ok, err = workflow.AwaitWithTimeout(child, time.Hour, func() bool { return false })
	d.note("canceled: %t %v", ok, err)
	d.failure("canceled", workflow.Await(child, func() bool { return false }))
	return d.lines, nil
}
