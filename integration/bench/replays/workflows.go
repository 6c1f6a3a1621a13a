package replays

import (
	"time"

	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/workflow"
)

// The workflows, in our words and in the SDK's.

func sequential(ctx workflow.Context, n int) (int, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	sum := 0
	for i := range n {
		var got int
		if err := workflow.ExecuteActivity(ctx, "a", i).Get(ctx, &got); err != nil {
			return 0, err
		}
		sum += got
	}
	return sum, nil
}

func sdkSequential(ctx sdkworkflow.Context, n int) (int, error) {
	ctx = sdkworkflow.WithActivityOptions(ctx, sdkworkflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	sum := 0
	for i := range n {
		var got int
		if err := sdkworkflow.ExecuteActivity(ctx, "a", i).Get(ctx, &got); err != nil {
			return 0, err
		}
		sum += got
	}
	return sum, nil
}

func parallel(ctx workflow.Context, n int) (int, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var all []workflow.Future
	for i := range n {
		all = append(all, workflow.ExecuteActivity(ctx, "a", i))
	}
	sum := 0
	for _, f := range all {
		var got int
		if err := f.Get(ctx, &got); err != nil {
			return 0, err
		}
		sum += got
	}
	return sum, nil
}

func sdkParallel(ctx sdkworkflow.Context, n int) (int, error) {
	ctx = sdkworkflow.WithActivityOptions(ctx, sdkworkflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var all []sdkworkflow.Future
	for i := range n {
		all = append(all, sdkworkflow.ExecuteActivity(ctx, "a", i))
	}
	sum := 0
	for _, f := range all {
		var got int
		if err := f.Get(ctx, &got); err != nil {
			return 0, err
		}
		sum += got
	}
	return sum, nil
}

// pingPong has two coroutines hand a value to and fro n times.
func pingPong(ctx workflow.Context, n int) (int, error) {
	ping, pong := workflow.NewChannel(ctx), workflow.NewChannel(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		var ball *int
		for ping.Receive(ctx, &ball) {
			*ball++
			pong.Send(ctx, ball)
		}
	})
	ball := new(int)
	for range n / 2 {
		ping.Send(ctx, ball)
		pong.Receive(ctx, &ball)
	}
	ping.Close()
	return *ball, nil
}

func sdkPingPong(ctx sdkworkflow.Context, n int) (int, error) {
	ping, pong := sdkworkflow.NewChannel(ctx), sdkworkflow.NewChannel(ctx)
	sdkworkflow.Go(ctx, func(ctx sdkworkflow.Context) {
		var ball *int
		for ping.Receive(ctx, &ball) {
			*ball++
			pong.Send(ctx, ball)
		}
	})
	ball := new(int)
	for range n / 2 {
		ping.Send(ctx, ball)
		pong.Receive(ctx, &ball)
	}
	ping.Close()
	return *ball, nil
}
