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

// evenPolls is how many polls a worker has of which half ask for starts of workflows.
const evenPolls = 6

func (j Job) startMainspring(ctx context.Context) (stop func(context.Context) error, err error) {
	client, err := connect.Dial(connect.Options{
		Address: j.Address, Namespace: frontend.Namespace, DialOptions: j.dialOptions(),
	})
	if err != nil {
		return nil, err
	}
	o := worker.Options{Logger: slog.New(slog.DiscardHandler)}
	switch {
	case j.AsShipped:
	case j.Work == frontend.TwoTasks || j.Work == frontend.Whole || j.Work == frontend.Parked:
		// Half of the tasks are starts, or all that are there before any is measured. By default one poll of
		// five is for those, and there would be fewer calls in flight than the floor has.
		o.MaxConcurrentWorkflowTaskPolls, o.NonstickyToStickyPollRatio = evenPolls, new(0.5)
	}
	if j.Cached > 0 {
		o.MaxCachedWorkflows = new(j.Cached)
	}
	if j.Work == frontend.Slow {
		o.MaxConcurrentActivities, o.GracefulShutdownTimeout = Slots, grace
	}
	if err := j.elsewhere(ctx, &o); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	var all []*worker.Worker
	stop = func(ctx context.Context) (err error) {
		for _, w := range all {
			err = errors.Join(err, w.Shutdown(ctx))
		}
		j.children.stop()
		return errors.Join(err, j.box.close(ctx), client.Close())
	}
	for i := range j.Workers {
		w, err := j.newWorker(client, j.queue(i), o)
		if err == nil {
			err = w.Start(ctx)
		}
		if err != nil {
			return nil, errors.Join(err, stop(ctx))
		}
		all = append(all, w)
	}
	return stop, nil
}

// elsewhere has activities and workflows run where the job wants them.
func (j Job) elsewhere(ctx context.Context, o *worker.Options) (err error) {
	if j.Children {
		if o.ActivityExecutor, err = j.children.start(); err != nil {
			return err
		}
	}
	if j.Guest != "" {
		o.WorkflowRunner, err = j.box.open(ctx, j.Guest)
	}
	return err
}

// newWorker is one that can do what the job may ask of it.
func (j Job) newWorker(client worker.Client, queue string, o worker.Options) (w *worker.Worker, err error) {
	if w, err = worker.New(client, queue, o); err != nil {
		return nil, err
	}
	if j.activities() {
		err = errors.Join(
			w.RegisterActivityWithOptions(Echo, activity.RegisterOptions{Name: frontend.EchoActivity}),
			w.RegisterActivityWithOptions(Stamp, activity.RegisterOptions{Name: frontend.StampActivity}),
			w.RegisterActivityWithOptions(j.load.slow, activity.RegisterOptions{Name: frontend.SlowActivity}))
	}
	if err == nil && j.workflows() {
		err = errors.Join(
			w.RegisterWorkflowWithOptions(oneActivity, workflow.RegisterOptions{Name: frontend.OneActivity}),
			w.RegisterWorkflowWithOptions(countSignals, workflow.RegisterOptions{Name: frontend.CountSignals}))
	}
	if err == nil && j.workflows() && j.Guest == "" { // which has none that is parked
		err = w.RegisterWorkflowWithOptions(sumSignals, workflow.RegisterOptions{Name: frontend.SumSignals})
	}
	return w, err
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
