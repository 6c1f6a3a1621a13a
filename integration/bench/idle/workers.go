package idle

import (
	"context"
	"errors"
	"log/slog"

	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
	"github.com/mainspring-go/mainspring/workflow"
)

func startMainspring(ctx context.Context, address string, room int) (stop func(context.Context) error, err error) {
	c, err := connect.Dial(connect.Options{Address: address, Namespace: frontend.Namespace})
	if err != nil {
		return nil, err
	}
	w, err := worker.New(c, frontend.QueueName(0), worker.Options{
		MaxCachedWorkflows: new(room), Logger: slog.New(slog.DiscardHandler),
	})
	if err == nil {
		err = w.RegisterWorkflowWithOptions(wait, workflow.RegisterOptions{Name: frontend.Wait})
	}
	if err == nil {
		err = w.Start(ctx)
	}
	return func(ctx context.Context) error { return errors.Join(w.Shutdown(ctx), c.Close()) }, err
}

func startSDK(address string, room int) (stop func(context.Context) error, err error) {
	c, err := client.Dial(client.Options{
		HostPort: address, Namespace: frontend.Namespace, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	sdkworker.SetStickyWorkflowCacheSize(room)
	w := sdkworker.New(c, frontend.QueueName(0), sdkworker.Options{})
	w.RegisterWorkflowWithOptions(sdkWait, sdkworkflow.RegisterOptions{Name: frontend.Wait})
	return func(context.Context) error {
		w.Stop()
		sdkworker.PurgeStickyWorkflowCache()
		c.Close()
		return nil
	}, w.Start()
}

// wait waits for a signal in its own coroutine and for others' channels in n-1 more.
func wait(ctx workflow.Context, n int) error {
	c := workflow.GetSignalChannel(ctx, frontend.Signal)
	for range n - 1 {
		workflow.Go(ctx, func(ctx workflow.Context) { workflow.NewChannel(ctx).Receive(ctx, nil) })
	}
	c.Receive(ctx, nil)
	return nil
}

func sdkWait(ctx sdkworkflow.Context, n int) error {
	c := sdkworkflow.GetSignalChannel(ctx, frontend.Signal)
	for range n - 1 {
		sdkworkflow.Go(ctx, func(ctx sdkworkflow.Context) { sdkworkflow.NewChannel(ctx).Receive(ctx, nil) })
	}
	c.Receive(ctx, nil)
	return nil
}
