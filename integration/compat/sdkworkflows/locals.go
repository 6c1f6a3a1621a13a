// Code generated from ../workflows/locals.go by mktwin; DO NOT EDIT.

package sdkworkflows

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Linger works for a while.
func (*Acts) Linger(ctx context.Context, d time.Duration) (string, error) {
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-time.After(d):
		return "lingered", nil
	}
}

// Tries fails until its nth attempt and says whether it was local.
func (*Acts) Tries(ctx context.Context, n int32) (bool, error) {
	i := activity.GetInfo(ctx)
	if i.Attempt < n {
		return false, errors.New("not yet")
	}
	return i.IsLocalActivity, nil
}

// LocalActivities has local activities done in every way.
func LocalActivities(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: time.Minute, RetryPolicy: once(), Summary: "local",
	})
	var s string
	d.failure("by name", workflow.ExecuteLocalActivity(ctx, "Echo", "name").Get(ctx, &s))
	d.note("%s", s)
	d.failure("by method", workflow.ExecuteLocalActivity(ctx, a.Echo, "method").Get(ctx, &s))
	d.note("%s", s)
	var p *Point
	d.failure("values", workflow.ExecuteLocalActivity(ctx, a.Move, Point{X: 1}, &Point{Y: 2}, 2).Get(ctx, &p))
	d.note("%+v", *p)
	d.failure("nothing", workflow.ExecuteLocalActivity(ctx, a.Nothing).Get(ctx, nil))
	for _, how := range []string{"application", "final", "options", "plain", "own", "wrapped", "canceled"} {
		d.failure(how, workflow.ExecuteLocalActivity(ctx, a.Break, how).Get(ctx, nil))
	}
	quick := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: time.Minute,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond, MaximumAttempts: 5},
	})
	var local bool
	d.failure("third attempt", workflow.ExecuteLocalActivity(quick, a.Tries, int32(3)).Get(ctx, &local))
	d.note("local: %t", local)
	d.failure("no attempt is left", workflow.ExecuteLocalActivity(quick, a.Tries, int32(9)).Get(ctx, &local))
	child, cancel := workflow.WithCancel(ctx)
	f := workflow.ExecuteLocalActivity(child, a.Linger, time.Minute)
	workflow.Go(ctx, func(workflow.Context) { cancel() })
	d.failure("canceled", f.Get(ctx, nil))
	d.failure("timer", workflow.Sleep(ctx, time.Millisecond))
	d.failure("after a timer", workflow.ExecuteLocalActivity(ctx, a.Echo, "after").Get(ctx, &s))
	d.note("%s", s)
	return d.lines, nil
}

// LocalBackoff tries again after longer than a workflow task may take.
func LocalBackoff(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: time.Minute,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 1500 * time.Millisecond, MaximumAttempts: 3},
	})
	var local bool
	d.failure("second attempt", workflow.ExecuteLocalActivity(ctx, a.Tries, int32(2)).Get(ctx, &local))
	d.note("local: %t", local)
	return d.lines, nil
}

// LocalLong has a local activity take longer than its workflow task.
func LocalLong(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{ScheduleToCloseTimeout: time.Minute})
	began := workflow.Now(ctx)
	var s string
	d.failure("long", workflow.ExecuteLocalActivity(ctx, a.Linger, 1200*time.Millisecond).Get(ctx, &s))
	d.note("%s, time has passed: %t", s, workflow.Now(ctx).Sub(began) >= time.Second)
	d.failure("timer", workflow.Sleep(ctx, time.Millisecond))
	return d.lines, nil
}
