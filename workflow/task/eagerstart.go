package task

import (
	"context"
	"math/rand/v2"

	deploymentpb "go.temporal.io/api/deployment/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

// A WorkflowTask is a workflow task as it came off the wire.
type WorkflowTask = polled

// An EagerStarter takes the first tasks of workflows that come with the answer to
// their start. It is safe for concurrent use and does not block.
type EagerStarter interface {
	// ReserveStart takes what the first task of that workflow needs here, such as a
	// slot, and says as what version of a deployment it would run; nil for none. It
	// reports false if the task cannot run here, or what it needs is not there for the
	// taking.
	ReserveStart(*workflowservice.StartWorkflowExecutionRequest) (
		r Reservation[*WorkflowTask], as *deploymentpb.WorkerDeploymentOptions, ok bool)
}

// StartEagerly starts a workflow with start. If the request asks for eager execution,
// its first task goes to one of the workers, chosen at random of those that have room;
// the response then says nothing of it. If none has, the server is not asked for it. The
// request is left as it is.
func StartEagerly(
	ctx context.Context,
	req *workflowservice.StartWorkflowExecutionRequest,
	start func(
		context.Context, *workflowservice.StartWorkflowExecutionRequest,
	) (*workflowservice.StartWorkflowExecutionResponse, error),
	workers ...EagerStarter,
) (*workflowservice.StartWorkflowExecutionResponse, error) {
	if !req.GetRequestEagerExecution() {
		return start(ctx, req)
	}
	req = proto.CloneOf(req)
	req.RequestEagerExecution = false
	var room Reservation[*WorkflowTask]
	defer func() {
		if room != nil {
			room.Release()
		}
	}()
	for _, i := range rand.Perm(len(workers)) {
		r, as, ok := workers[i].ReserveStart(req)
		if ok {
			room, req.RequestEagerExecution, req.EagerWorkerDeploymentOptions = r, true, as
			break
		}
	}
	resp, err := start(ctx, req)
	if t := resp.GetEagerWorkflowTask(); err == nil && t != nil && room != nil {
		resp.EagerWorkflowTask = nil
		taken := room
		room = nil
		taken.Run(t)
	}
	return resp, err
}
