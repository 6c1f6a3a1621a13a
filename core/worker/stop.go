package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/shutdown"
)

// The stages in which a worker stops.
const (
	stagePolls   = "stop polls"
	stageDrain   = "drain"
	stageCancel  = "cancel"
	stageRelease = "release"
)

// How long the end may take where others are asked.
const (
	// tellTimeout bounds telling the server.
	tellTimeout = 10 * time.Second
	// drainTimeout is how long a server that was told has to end the polls.
	drainTimeout = 10 * time.Second
	// cutAfter is how long polls may bring what is on its way to them before they are
	// cut short, on a server that does not end them, if there is a grace period.
	cutAfter = time.Second
	// quiet is how long no task must have come for them to be cut short before, at
	// least; quietTrips is how many times as long as a call took that is.
	quiet      = 50 * time.Millisecond
	quietTrips = 20
	// pollsTimeout is when a poll that ignores its cancellation is given up.
	pollsTimeout = tellTimeout + drainTimeout
	// linger is how long a machine that is short of processors may take to notice.
	linger = 5 * time.Second
)

func (w *Worker) stages() []shutdown.Stage {
	stages := []shutdown.Stage{{Name: stagePolls, Timeout: pollsTimeout}}
	if w.options.GracefulShutdownTimeout > 0 {
		stages = append(stages, shutdown.Stage{Name: stageDrain, Timeout: w.options.GracefulShutdownTimeout})
	}
	return append(stages, shutdown.Stage{Name: stageCancel}, shutdown.Stage{Name: stageRelease})
}

// Shutdown stops the worker and returns when everything has ended. It may be
// called before Start, which then fails, during it, which then ends, more than
// once and from several goroutines. The error matches
// [*shutdown.IncompleteError] if something did not end. If ctx ends, Shutdown
// returns at once with a [*shutdown.WaitError], which names the activities that
// still run, and the stage in progress gets no more time; stopping goes on.
// Activities that hold it up are named in the log every ten seconds, too.
func (w *Worker) Shutdown(ctx context.Context) error { return w.shutdown(ctx, shutdown.ErrRequested) }

// Report says how the stop went, and whether it is over.
func (w *Worker) Report() (shutdown.Report, bool) { return w.coordinator.Report() }

func (w *Worker) shutdown(ctx context.Context, cause error) error {
	if err := w.beginStop(); err != nil {
		w.options.Logger.ErrorContext(ctx, "A part of the worker will not be stopped",
			slog.Any("Error", err))
	}
	_, err := w.coordinator.Shutdown(ctx, cause)
	return err
}

// beginStop tells everyone, once, and hands the parts to the coordinator.
func (w *Worker) beginStop() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.state
	if was == stopping {
		return nil
	}
	w.state = stopping
	close(w.stopping)
	switch was {
	case starting:
		w.abortStart()
		return w.coordinator.Add(stagePolls, "start", func(ctx context.Context) error {
			select {
			case <-w.startEnded:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
	case running:
		return w.addParts()
	default:
		return nil
	}
}

// addParts adds what runs to the stages in which it stops.
func (w *Worker) addParts() error {
	grace := w.options.GracefulShutdownTimeout
	if grace == 0 {
		w.cancelTasks(activity.ErrWorkerShutdown)
	} else {
		// Counted from now, however long the polls take to end.
		w.grace = time.AfterFunc(grace, func() { w.cancelTasks(activity.ErrWorkerShutdown) })
	}
	errs := []error{w.coordinator.Add(stagePolls, "polls", w.stopPolls)}
	if grace > 0 {
		errs = append(errs, w.addTasks(stageDrain, func(ctx context.Context) error {
			_ = w.drained(ctx) // what is left is canceled next
			return nil
		}))
	}
	errs = append(errs, w.addTasks(stageCancel, func(ctx context.Context) error {
		if w.grace != nil {
			w.grace.Stop()
		}
		w.cancelTasks(activity.ErrWorkerShutdown)
		return w.drained(ctx)
	}))
	if w.parts.ownRuns != nil {
		errs = append(errs, w.coordinator.Add(stageRelease, "cached workflows", w.parts.ownRuns.Close))
	}
	if w.parts.unshare != nil {
		errs = append(errs, w.coordinator.Add(stageRelease, "shared state", func(context.Context) error {
			w.parts.unshare()
			return nil
		}))
	}
	return errors.Join(errs...)
}

// addTasks adds what waits for the tasks, and names the activities among them.
func (w *Worker) addTasks(stage string, stop func(context.Context) error) error {
	return w.coordinator.AddMember(stage,
		shutdown.Member{Name: "tasks", Stop: stop, Left: w.running.Lines})
}

// stopPolls ends the polls. The server is told while they are still out: it puts
// no more tasks into a sticky queue that nobody polls. One that knows how ends them
// itself, so that no task is on its way to a poll that was given up; with others
// they are cut short, and a task that is on its way then is lost.
func (w *Worker) stopPolls(ctx context.Context) error {
	for _, p := range w.parts.pollers {
		p.Stop(poller.Complete)
	}
	began := time.Now()
	told := w.tellServer(ctx)
	took := time.Since(began)
	patience := poller.Patience{
		Most:  min(w.options.GracefulShutdownTimeout, cutAfter) - took,
		Quiet: max(quiet, quietTrips*took),
	}
	if told && w.parts.drains {
		patience = poller.Patience{Most: drainTimeout}
	}
	poller.AwaitPolls(ctx, patience, w.parts.pollers)
	if told && !w.parts.drains && w.parts.sticky {
		_ = w.tellServer(ctx) // a poll on its way then made it wait for more
	}
	return nil
}

// tellServer says that this worker will not poll again, so that the tasks of
// its sticky queue go to others at once. It reports whether the server knows.
func (w *Worker) tellServer(ctx context.Context) bool {
	req := &workflowservice.ShutdownWorkerRequest{
		Namespace:         w.options.Namespace,
		Identity:          w.identity.identity,
		Reason:            "graceful shutdown",
		WorkerInstanceKey: w.identity.instance,
		TaskQueue:         w.taskQueue,
	}
	if w.parts.workflows {
		req.TaskQueueTypes = append(req.TaskQueueTypes, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
		if w.parts.sticky {
			req.StickyTaskQueue = w.stickyQueue()
		}
	}
	if w.parts.activities {
		req.TaskQueueTypes = append(req.TaskQueueTypes, enumspb.TASK_QUEUE_TYPE_ACTIVITY)
	}
	w.tellSessionQueues(ctx, req)
	_, err := call(ctx, tellTimeout, w.service.stub.ShutdownWorker, req)
	var old *serviceerror.Unimplemented
	if err != nil && !errors.As(err, &old) {
		w.options.Logger.WarnContext(ctx, "The server was not told that the worker stops: "+
			"tasks of its sticky queue wait there until they time out", slog.Any("Error", err))
	}
	return err == nil
}

// drained waits until every task has ended. Polls have, but for those that were
// given up.
func (w *Worker) drained(ctx context.Context) error {
	for _, p := range w.parts.pollers {
		if err := p.WaitTasks(ctx); err != nil {
			return err
		}
	}
	if w.parts.locals != nil {
		return w.parts.locals.runner.Wait(ctx) // those that did not stop with their tasks
	}
	return nil
}
