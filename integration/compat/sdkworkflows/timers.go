// Code generated from ../workflows/timers.go by mktwin; DO NOT EDIT.

package sdkworkflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// Timers sleeps in every way.
func Timers(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	began := workflow.Now(ctx)
	d.failure("nothing", workflow.Sleep(ctx, 0))
	d.failure("less than nothing", workflow.Sleep(ctx, -time.Second))
	d.note("time stands still: %t", workflow.Now(ctx).Equal(began))
	d.failure("a moment", workflow.Sleep(ctx, 20*time.Millisecond))
	d.note("time has passed: %t", workflow.Now(ctx).Sub(began) >= 20*time.Millisecond)
	var v any
	d.failure("timer", workflow.NewTimer(ctx, 20*time.Millisecond).Get(ctx, &v))
	zero := workflow.NewTimer(ctx, 0)
	d.note("zero is ready: %t", zero.IsReady())
	d.failure("zero", zero.Get(ctx, nil))
	f := workflow.NewTimerWithOptions(ctx, 30*time.Millisecond, workflow.TimerOptions{Summary: "a nap"})
	d.note("ready: %t", f.IsReady())
	d.failure("with a summary", f.Get(ctx, nil))
	long := workflow.NewTimer(ctx, time.Hour) // left running
	short := workflow.NewTimer(ctx, 10*time.Millisecond)
	workflow.NewSelector(ctx).
		AddFuture(long, func(workflow.Future) { d.note("long") }).
		AddFuture(short, func(workflow.Future) { d.note("short") }).
		Select(ctx)
	return d.lines, nil
}

// TimerCancel cancels timers at once and later.
func TimerCancel(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	child, cancel := workflow.WithCancel(ctx)
	at := workflow.NewTimer(child, time.Hour)
	cancel()
	d.failure("at once", at.Get(ctx, nil))
	d.failure("in a canceled context", workflow.Sleep(child, time.Hour))

	child, cancel = workflow.WithCancel(ctx)
	later, fired := workflow.NewTimer(child, time.Hour), workflow.NewTimer(child, 10*time.Millisecond)
	d.failure("fired", fired.Get(ctx, nil))
	wait(ctx)
	cancel()
	cancel()
	d.failure("later", later.Get(ctx, nil))
	d.failure("fired before", fired.Get(ctx, nil))
	wait(ctx)
	return d.lines, nil
}
