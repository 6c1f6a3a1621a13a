package worker

import (
	"context"

	deploymentpb "go.temporal.io/api/deployment/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// An entrance is where tasks of type T get in that come another way than by a poll.
type entrance[T any] struct {
	poller *poller.Poller[T, ticket]
	admit  *admission
}

// reserve takes what a task of that type needs, without waiting.
func (e entrance[T]) reserve(taskType string) (task.Reservation[T], bool) {
	k, ok := e.admit.tryAdmit(taskType)
	if !ok {
		return nil, false
	}
	return e.poller.Expect(k)
}

// eagerActivities start activities that come with the answers to workflow tasks.
type eagerActivities struct {
	entrance[*activityTask]
	worker   *Worker
	handBack func(t *activityTask, reason error)
}

// Reserve implements [task.EagerActivities]. What is not registered here is left to
// whoever polls, and so is what the server limits for all workers.
func (e *eagerActivities) Reserve(activityType string) (task.Reservation[*activityTask], bool) {
	if _, err := e.worker.activities.Lookup(activityType); err != nil || e.worker.rates.queue.perSecond() > 0 {
		return nil, false
	}
	return e.reserve(activityType)
}

// Unreserved implements [task.EagerActivities]: the task waits for a ticket here.
func (e *eagerActivities) Unreserved(t *activityTask) {
	if place, ok := e.poller.Expect(ticket{late: true}); ok {
		place.Run(t)
	} else {
		e.handBack(t, poller.ErrStopped)
	}
}

// eager is nil unless activities may start eagerly.
func (w *Worker) eager() *eagerActivities {
	o := &w.options
	if o.DisableEagerActivityExecution || o.NoRemoteActivities || w.activities.Len() == 0 {
		return nil
	}
	return &eagerActivities{worker: w}
}

// eagerSlots are those of activities that start eagerly.
func (w *Worker) eagerSlots(all slots.Supplier) (slots.Supplier, error) {
	if w.options.MaxConcurrentEagerActivityExecutionSize == 0 {
		return all, nil
	}
	return slots.NewFixed(slots.FixedOptions{Limit: w.options.MaxConcurrentEagerActivityExecutionSize, Within: all})
}

// EagerClient returns a client like the one given whose StartWorkflowExecution, if the
// request asks for RequestEagerExecution, hands the workflow's first task to one of the
// workers: one that runs, polls the task queue of the request, has the workflow registered
// and a slot free. Then the workflow begins without a poll. If there is none, or the server
// cannot do so, the workflow starts as any other; the response does not tell which.
func EagerClient(
	client workflowservice.WorkflowServiceClient, workers ...*Worker,
) workflowservice.WorkflowServiceClient {
	c := eagerClient{WorkflowServiceClient: client}
	for _, w := range workers {
		c.workers = append(c.workers, eagerStarter{w})
	}
	return c
}

type eagerClient struct {
	workflowservice.WorkflowServiceClient
	workers []task.EagerStarter
}

func (c eagerClient) StartWorkflowExecution(
	ctx context.Context, req *workflowservice.StartWorkflowExecutionRequest, opts ...grpc.CallOption,
) (*workflowservice.StartWorkflowExecutionResponse, error) {
	return task.StartEagerly(ctx, req, func(
		ctx context.Context, req *workflowservice.StartWorkflowExecutionRequest,
	) (*workflowservice.StartWorkflowExecutionResponse, error) {
		return c.WorkflowServiceClient.StartWorkflowExecution(ctx, req, opts...)
	}, c.workers...)
}

// An eagerStarter is a worker that takes first tasks.
type eagerStarter struct{ *Worker }

// ReserveStart implements [task.EagerStarter].
func (w eagerStarter) ReserveStart(
	req *workflowservice.StartWorkflowExecutionRequest,
) (task.Reservation[*workflowTask], *deploymentpb.WorkerDeploymentOptions, bool) {
	w.mu.Lock()
	first := w.parts.firstTasks
	w.mu.Unlock()
	name := req.GetWorkflowType().GetName()
	if first.poller == nil || req.GetNamespace() != w.options.Namespace ||
		req.GetTaskQueue().GetName() != w.taskQueue || !w.workflows.Has(name) {
		return nil, nil, false
	}
	r, ok := first.reserve(name)
	return r, w.identity.deployment, ok
}
