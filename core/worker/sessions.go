package worker

import (
	"context"
	"log/slog"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/session"
	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/slots"
)

// composeSessions adds the queues of sessions. One that is asked for holds its slot for as long as it
// lasts, so whoever has room for no more does not ask; its activities are counted with all others.
func (w *Worker) composeSessions(tasks context.Context, p *parts, executor activity.Executor) error {
	o := &w.options
	room, err := slots.NewFixed(slots.FixedOptions{Limit: o.MaxConcurrentSessionExecutionSize})
	if err != nil {
		return err
	}
	p.sessions, err = session.New(session.Options{
		ID: w.identity.instance,
		Room: func() (func(), bool) {
			permit, ok := room.TryReserve(slots.Request{Kind: kindActivity, Queue: w.taskQueue})
			return func() { permit.Release() }, ok
		},
		Announce: w.announceSession,
	})
	if err != nil {
		return err
	}
	if err := p.sessions.Register(w.activities); err != nil {
		return err
	}
	err = w.pollActivities(tasks, p, activityQueue{
		name: "session", queue: session.CreationQueue(w.taskQueue), slots: room, scaler: poller.Fixed(1),
		executor: activity.InPlace{},
	})
	if err != nil {
		return err
	}
	return w.pollActivities(tasks, p, activityQueue{
		name: "session activity task", queue: p.sessions.Queue(), slots: p.activitySlots, rate: w.rates.activities,
		scaler: w.activityScaler(), executor: executor,
	})
}

// announceSession tells a workflow that its session has been made.
func (w *Worker) announceSession(
	ctx context.Context, to activity.WorkflowExecution, signal string, a session.Announcement,
) error {
	input, err := w.options.DataConverter.ToPayloads(a)
	if err != nil {
		return err
	}
	_, err = call(ctx, callTimeout, w.service.stub.SignalWorkflowExecution,
		&workflowservice.SignalWorkflowExecutionRequest{
			Namespace:         w.options.Namespace,
			WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: to.ID, RunId: to.RunID},
			SignalName:        signal,
			Input:             input,
			Identity:          w.identity.identity,
			RequestId:         newUUID(),
		})
	return err
}

// tellSessionQueues says of the queues of sessions what like says of the worker's own.
func (w *Worker) tellSessionQueues(ctx context.Context, like *workflowservice.ShutdownWorkerRequest) {
	if w.parts.sessions == nil {
		return
	}
	for _, queue := range []string{session.CreationQueue(w.taskQueue), w.parts.sessions.Queue()} {
		req := proto.CloneOf(like)
		req.TaskQueue, req.StickyTaskQueue = queue, ""
		req.TaskQueueTypes = []enumspb.TaskQueueType{enumspb.TASK_QUEUE_TYPE_ACTIVITY}
		if _, err := call(ctx, tellTimeout, w.service.stub.ShutdownWorker, req); err != nil {
			w.options.Logger.DebugContext(ctx, "The server was not told that a queue of sessions has no worker any more",
				slog.String("SessionQueue", queue), slog.Any("Error", err))
		}
	}
}
