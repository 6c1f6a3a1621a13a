package contestant

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/bench/frontend"
	"github.com/mainspring-go/mainspring/workflow"
)

func (j Job) startMainspring(ctx context.Context) (stop func(context.Context) error, err error) {
	client, err := connect.Dial(connect.Options{
		Address: j.Address, Namespace: frontend.Namespace, DialOptions: j.dialOptions(),
	})
	if err != nil {
		return nil, err
	}
	w, err := worker.New(client, frontend.TaskQueue, worker.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	if j.Work == frontend.Activity || j.Work == frontend.Whole {
		err = w.RegisterActivityWithOptions(Echo, activity.RegisterOptions{Name: frontend.EchoActivity})
	}
	if err == nil && j.Work != frontend.Activity {
		err = w.RegisterWorkflowWithOptions(oneActivity, workflow.RegisterOptions{Name: frontend.OneActivity})
	}
	if err == nil && j.Work != frontend.Activity {
		err = w.RegisterWorkflowWithOptions(countSignals, workflow.RegisterOptions{Name: frontend.CountSignals})
	}
	if err == nil {
		err = w.Start(ctx)
	}
	return func(ctx context.Context) error { return errors.Join(w.Shutdown(ctx), client.Close()) }, err
}

func oneActivity(ctx workflow.Context, text string) (got string, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	err = workflow.ExecuteActivity(ctx, frontend.EchoActivity, text).Get(ctx, &got)
	return got, err
}

func countSignals(ctx workflow.Context, _ string) (sum int, err error) {
	signals := workflow.GetSignalChannel(ctx, frontend.Signal)
	for range frontend.SignalsPerFlow {
		var text string
		signals.Receive(ctx, &text)
		sum += len(text)
	}
	return sum, nil
}
