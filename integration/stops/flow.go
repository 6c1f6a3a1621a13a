package stops

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// Patience is the timeout of each attempt in a flow: much longer than anything takes, so that a task
// that was lost shows.
const Patience = 10 * time.Second

// Work is an activity, also a local one, that takes a while and stops when it is told to.
func Work(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Deaf is an activity that takes a while, whatever it is told.
func Deaf(_ context.Context, d time.Duration) error {
	time.Sleep(d)
	return nil
}

// Flow does a few things, which the seed chooses: activities, two at once, local ones, and pauses.
func Flow(ctx workflow.Context, seed uint64) error {
	retry := &temporal.RetryPolicy{InitialInterval: time.Millisecond, BackoffCoefficient: 1}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: Patience, RetryPolicy: retry,
	})
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: time.Hour, RetryPolicy: retry,
	})
	chance := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // the same at each replay
	for range 5 {
		short, long := moment(chance, 8), moment(chance, 30)
		var err error
		switch chance.IntN(6) {
		case 0, 1:
			err = workflow.ExecuteActivity(ctx, Work, long).Get(ctx, nil)
		case 2:
			err = workflow.ExecuteActivity(ctx, Deaf, short).Get(ctx, nil)
		case 3:
			one, two := workflow.ExecuteActivity(ctx, Work, short), workflow.ExecuteActivity(ctx, Deaf, short)
			if err = one.Get(ctx, nil); err == nil {
				err = two.Get(ctx, nil)
			}
		case 4:
			err = workflow.ExecuteLocalActivity(ctx, Work, short).Get(ctx, nil)
		case 5:
			err = workflow.Sleep(ctx, short)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// moment is a time that others share, since what happens at once is where races are.
func moment(chance *rand.Rand, most int) time.Duration {
	return time.Duration(1+chance.IntN(most)) * 5 * time.Millisecond
}
