// Code generated from ../workflows/activities.go by mktwin; DO NOT EDIT.

package sdkworkflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// once is the policy of what is not retried.
func once() *temporal.RetryPolicy { return &temporal.RetryPolicy{MaximumAttempts: 1} }

// brief are the options of activities that are done at once.
func brief(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 5 * time.Minute, RetryPolicy: once(),
	})
}

// ActivityOptions has activities done with every option, by name, by method and
// with all kinds of values.
func ActivityOptions(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              workflow.GetInfo(ctx).TaskQueueName,
		ScheduleToCloseTimeout: time.Minute, ScheduleToStartTimeout: 50 * time.Second,
		StartToCloseTimeout: 40 * time.Second, HeartbeatTimeout: 30 * time.Second,
		WaitForCancellation: true, ActivityID: "by hand", Summary: "all of them",
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 1.5, MaximumInterval: time.Minute,
			MaximumAttempts: 3, NonRetryableErrorTypes: []string{"Final", "Other"},
		},
		Priority: temporal.Priority{PriorityKey: 2, FairnessKey: "fair", FairnessWeight: 1.5},
	})
	var s string
	d.failure("by name", workflow.ExecuteActivity(ctx, "What").Get(ctx, &s))
	d.note("%s", s)

	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	ctx = workflow.WithScheduleToCloseTimeout(ctx, 9*time.Minute)
	ctx = workflow.WithScheduleToStartTimeout(ctx, 8*time.Minute)
	ctx = workflow.WithStartToCloseTimeout(ctx, 7*time.Minute)
	ctx = workflow.WithHeartbeatTimeout(ctx, 6*time.Minute)
	ctx = workflow.WithWaitForCancellation(ctx, true)
	ctx = workflow.WithRetryPolicy(ctx, temporal.RetryPolicy{MaximumAttempts: 2})
	ctx = workflow.WithPriority(ctx, temporal.Priority{PriorityKey: 4})
	ctx = workflow.WithTaskQueue(ctx, workflow.GetInfo(ctx).TaskQueueName)
	o := workflow.GetActivityOptions(ctx)
	d.note("%v %v %d", o.StartToCloseTimeout, o.HeartbeatTimeout, o.RetryPolicy.MaximumAttempts)
	d.failure("by method", workflow.ExecuteActivity(ctx, a.What).Get(ctx, &s))
	d.note("%s", s)

	var p *Point
	f := workflow.ExecuteActivity(ctx, a.Move, Point{X: 1, Name: "a"}, &Point{Y: 2, Name: "b"}, 3)
	d.failure("values", f.Get(ctx, &p))
	d.note("%+v, ready %t", *p, f.IsReady())
	var none *Point
	d.failure("no value", workflow.ExecuteActivity(ctx, a.Move, Point{}, nil, 3).Get(ctx, &none))
	d.note("nothing %t", none == nil)
	var b []byte
	d.failure("bytes", workflow.ExecuteActivity(ctx, a.Bytes, []byte{1, 2, 3}).Get(ctx, &b))
	d.note("%v", b)
	d.failure("nothing", workflow.ExecuteActivity(ctx, a.Nothing).Get(ctx, nil))
	d.failure("too few arguments", workflow.ExecuteActivity(ctx, "Echo").Get(ctx, &s))
	d.note("%q", s)
	return d.lines, nil
}

// ActivityFailures has activities fail in every way.
func ActivityFailures(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	ctx = brief(ctx)
	for _, how := range []string{
		"application", "final", "options", "plain", "own", "wrapped", "panic", "canceled",
	} {
		d.failure(how, workflow.ExecuteActivity(ctx, a.Break, how).Get(ctx, nil))
	}
	short := workflow.WithStartToCloseTimeout(ctx, time.Second)
	d.failure("slow", workflow.ExecuteActivity(short, a.Break, "slow").Get(ctx, nil))
	silent := workflow.WithHeartbeatTimeout(ctx, time.Second)
	d.failure("silent", workflow.ExecuteActivity(silent, a.Break, "silent").Get(ctx, nil))
	nobody := workflow.WithScheduleToStartTimeout(workflow.WithTaskQueue(ctx, "nobody"), time.Second)
	d.failure("nobody", workflow.ExecuteActivity(nobody, a.Nothing).Get(ctx, nil))
	late := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		ScheduleToCloseTimeout: time.Second, StartToCloseTimeout: time.Second,
	})
	d.failure("late", workflow.ExecuteActivity(late, a.Break, "slow").Get(ctx, nil))
	var n int
	d.failure("another type", workflow.ExecuteActivity(ctx, a.Echo, "five").Get(ctx, &n))
	return d.lines, nil
}

// ActivityRetries has activities retried.
func ActivityRetries(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	quick := &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond, BackoffCoefficient: 1}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, RetryPolicy: quick})
	var n int32
	d.failure("third", workflow.ExecuteActivity(ctx, a.Third).Get(ctx, &n))
	d.note("attempt %d", n)
	ctx = workflow.WithRetryPolicy(ctx, temporal.RetryPolicy{
		InitialInterval: 10 * time.Millisecond, MaximumAttempts: 2, MaximumInterval: 20 * time.Millisecond,
	})
	d.failure("twice", workflow.ExecuteActivity(ctx, a.Break, "application").Get(ctx, nil))
	ctx = workflow.WithRetryPolicy(ctx, temporal.RetryPolicy{
		InitialInterval: 10 * time.Millisecond, NonRetryableErrorTypes: []string{"RefusalError"},
	})
	d.failure("not again", workflow.ExecuteActivity(ctx, a.Break, "own").Get(ctx, nil))
	return d.lines, nil
}

// ActivityHeartbeats resumes an activity from what its first attempt has left.
func ActivityHeartbeats(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	var s string
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second, HeartbeatTimeout: 5 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond},
	})
	d.failure("resume", workflow.ExecuteActivity(ctx, a.Resume).Get(ctx, &s))
	d.note("%s", s)
	return d.lines, nil
}

// ActivitiesAtOnce waits for several activities, which are completed one after
// the other by someone else.
func ActivitiesAtOnce(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 5 * time.Minute})
	s := workflow.NewSelector(ctx)
	futures := make([]workflow.Future, 0, 4)
	for i := range 4 {
		f := workflow.ExecuteActivity(ctx, a.Elsewhere)
		futures = append(futures, f)
		s.AddFuture(f, func(f workflow.Future) {
			var out string
			d.failure("done", f.Get(ctx, &out))
			d.note("%d %s", i, out)
		})
	}
	for range futures {
		s.Select(ctx)
		ready := make([]bool, 0, len(futures))
		for _, f := range futures {
			ready = append(ready, f.IsReady())
		}
		d.note("%v", ready)
	}
	return d.lines, nil
}

// ActivityCancel cancels activities in every way.
func ActivityCancel(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 5 * time.Minute, HeartbeatTimeout: time.Minute,
	})
	for _, waits := range []bool{true, false} {
		child, cancel := workflow.WithCancel(workflow.WithWaitForCancellation(ctx, waits))
		f := workflow.ExecuteActivity(child, a.Obey)
		wait(ctx)
		cancel()
		d.failure("canceled later", f.Get(ctx, nil))
		wait(ctx)

		child, cancel = workflow.WithCancel(workflow.WithWaitForCancellation(ctx, waits))
		f = workflow.ExecuteActivity(child, a.Obey)
		cancel()
		d.failure("canceled at once", f.Get(ctx, nil))
		d.failure("in a canceled context", workflow.ExecuteActivity(child, a.Obey).Get(ctx, nil))
		wait(ctx)
	}
	child, cancel := workflow.WithCancel(ctx)
	f := workflow.ExecuteActivity(child, a.Elsewhere)
	wait(ctx) // it is completed meanwhile
	cancel()
	var s string
	d.failure("canceled too late", f.Get(ctx, &s))
	d.note("%s", s)
	return d.lines, nil
}
