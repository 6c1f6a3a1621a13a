package worker

import (
	"context"
	"errors"
	"sync"
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

// shutdownCall bounds what the server is told at the end.
const shutdownCall = 10 * time.Second

func (w *Worker) stages() []shutdown.Stage {
	stages := []shutdown.Stage{{Name: stagePolls}}
	if w.options.GracefulShutdownTimeout > 0 {
		stages = append(stages, shutdown.Stage{Name: stageDrain, Timeout: w.options.GracefulShutdownTimeout})
	}
	return append(stages, shutdown.Stage{Name: stageCancel}, shutdown.Stage{Name: stageRelease})
}

// Shutdown stops the worker and returns when everything has ended. It may be
// called before Start, which then fails, more than once and from several
// goroutines. If ctx ends, Shutdown returns its error at once and the stage in
// progress gets no more time; stopping goes on.
func (w *Worker) Shutdown(ctx context.Context) error {
	_, err := w.shutdown(ctx, shutdown.ErrRequested)
	return err
}

// Report says how the stop went, and whether it is over.
func (w *Worker) Report() (shutdown.Report, bool) { return w.coordinator.Report() }

func (w *Worker) shutdown(ctx context.Context, cause error) (shutdown.Report, error) {
	w.beginStop()
	report, err := w.coordinator.Shutdown(ctx, cause)
	if _, final := w.coordinator.Report(); final {
		w.mu.Lock()
		w.state = stopped
		w.mu.Unlock()
	}
	return report, err
}

// beginStop tells everyone, once, and hands the parts to the coordinator.
func (w *Worker) beginStop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state == stopping || w.state == stopped {
		return
	}
	ran := w.state == running || len(w.parts.pollers) > 0
	w.state = stopping
	close(w.stopping)
	if !ran {
		return
	}
	add := func(stage, name string, stop func(context.Context) error) {
		if err := w.coordinator.Add(stage, name, stop); err != nil {
			w.options.Logger.Error("A part of the worker will not be stopped", "Part", name, "Error", err)
		}
	}
	add(stagePolls, "polls", w.stopPolls)
	if w.options.GracefulShutdownTimeout > 0 {
		add(stageDrain, "tasks", func(ctx context.Context) error {
			_ = w.drained(ctx) // what is left is canceled next
			return nil
		})
	}
	add(stageCancel, "tasks", func(ctx context.Context) error {
		w.cancelTasks(activity.ErrWorkerShutdown)
		return w.drained(ctx)
	})
	if w.parts.ownRuns != nil {
		add(stageRelease, "cached workflows", w.parts.ownRuns.Close)
	}
}

// stopPolls ends the polls. A server that knows how ends them itself when it is
// told, so that no task is on its way to a poll that was given up; with others
// they are cut short.
func (w *Worker) stopPolls(ctx context.Context) error {
	mode := poller.Interrupt
	if w.parts.drains {
		mode = poller.Complete
	}
	for _, p := range w.parts.pollers {
		p.Stop(mode)
	}
	if err := w.tellServer(ctx); err != nil {
		w.options.Logger.WarnContext(ctx, "The server was not told that the worker stops: "+
			"tasks of its sticky queue wait there until they time out", "Error", err)
		for _, p := range w.parts.pollers {
			p.Stop(poller.Interrupt) // the server will not end them
		}
	}
	for _, done := range w.parts.polled {
		select {
		case <-done:
		case <-ctx.Done():
			for _, p := range w.parts.pollers {
				p.Stop(poller.Interrupt)
			}
			<-done
		}
	}
	return nil
}

// tellServer says that this worker will not poll again, so that the tasks of
// its sticky queue go to others at once.
func (w *Worker) tellServer(ctx context.Context) error {
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
	_, err := call(ctx, shutdownCall, w.service.stub.ShutdownWorker, req)
	var old *serviceerror.Unimplemented
	if errors.As(err, &old) {
		return nil
	}
	return err
}

// drained waits until every task has ended.
func (w *Worker) drained(ctx context.Context) error {
	var wg sync.WaitGroup
	errs := make([]error, len(w.parts.pollers))
	for i, p := range w.parts.pollers {
		wg.Go(func() { errs[i] = p.Wait(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
