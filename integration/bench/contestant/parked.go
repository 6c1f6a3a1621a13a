package contestant

import (
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/integration/bench/frontend"
	"github.com/mainspring-go/mainspring/workflow"
)

// sumSignals waits in n-1 coroutines for what does not come, and in its own for signals.
func sumSignals(ctx workflow.Context, n int) (sum int, err error) {
	for range n - 1 {
		workflow.Go(ctx, func(ctx workflow.Context) { workflow.NewChannel(ctx).Receive(ctx, nil) })
	}
	signals := workflow.GetSignalChannel(ctx, frontend.Signal)
	for {
		var text string
		signals.Receive(ctx, &text)
		if text == frontend.End {
			return sum, nil
		}
		sum += len(text)
	}
}

func sdkSumSignals(ctx sdkworkflow.Context, n int) (sum int, err error) {
	for range n - 1 {
		sdkworkflow.Go(ctx, func(ctx sdkworkflow.Context) { sdkworkflow.NewChannel(ctx).Receive(ctx, nil) })
	}
	signals := sdkworkflow.GetSignalChannel(ctx, frontend.Signal)
	for {
		var text string
		signals.Receive(ctx, &text)
		if text == frontend.End {
			return sum, nil
		}
		sum += len(text)
	}
}
