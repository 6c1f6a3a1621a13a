package contestant

import (
	"context"
	"log/slog"
	"time"

	sdkactivity "go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// saturation is how many workers of the SDK it takes until more do not bring more.
const saturation = 4

// startSDK starts so many workers on each task queue.
func (j Job) startSDK(each int) (stop func(context.Context) error, err error) {
	o := client.Options{
		HostPort: j.Address, Namespace: frontend.Namespace, Logger: slog.New(slog.DiscardHandler),
	}
	if !j.Gzip {
		o.ConnectionOptions.GrpcCompression = &client.GrpcCompressionNone{}
	}
	c, err := client.Dial(o)
	if err != nil {
		return nil, err
	}
	if j.Cached > 0 {
		sdkworker.SetStickyWorkflowCacheSize(j.Cached)
	}
	wo := sdkworker.Options{DisableWorkflowWorker: !j.workflows(), LocalActivityWorkerOnly: !j.activities()}
	if j.Work == frontend.Slow {
		wo.MaxConcurrentActivityExecutionSize, wo.WorkerStopTimeout = Slots, grace
	}
	var all []sdkworker.Worker
	for i := range each * j.Workers {
		w := sdkworker.New(c, j.queue(i%j.Workers), wo)
		if j.workflows() {
			w.RegisterWorkflowWithOptions(sdkOneActivity, sdkworkflow.RegisterOptions{Name: frontend.OneActivity})
			w.RegisterWorkflowWithOptions(sdkCountSignals, sdkworkflow.RegisterOptions{Name: frontend.CountSignals})
			w.RegisterWorkflowWithOptions(sdkSumSignals, sdkworkflow.RegisterOptions{Name: frontend.SumSignals})
		}
		w.RegisterActivityWithOptions(Echo, sdkactivity.RegisterOptions{Name: frontend.EchoActivity})
		w.RegisterActivityWithOptions(Stamp, sdkactivity.RegisterOptions{Name: frontend.StampActivity})
		w.RegisterActivityWithOptions(j.load.slow, sdkactivity.RegisterOptions{Name: frontend.SlowActivity})
		if err := w.Start(); err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return func(context.Context) error {
		for _, w := range all {
			w.Stop()
		}
		c.Close()
		return nil
	}, nil
}

func sdkOneActivity(ctx sdkworkflow.Context, text string) (got string, err error) {
	ctx = sdkworkflow.WithActivityOptions(ctx, sdkworkflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	err = sdkworkflow.ExecuteActivity(ctx, frontend.EchoActivity, text).Get(ctx, &got)
	return got, err
}

func sdkCountSignals(ctx sdkworkflow.Context, _ string) (sum int, err error) {
	signals := sdkworkflow.GetSignalChannel(ctx, frontend.Signal)
	for range frontend.SignalsPerFlow {
		var text string
		signals.Receive(ctx, &text)
		sum += len(text)
	}
	return sum, nil
}
