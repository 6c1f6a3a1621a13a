package worker

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/mainspring-go/mainspring/core/connect"
)

// How long calls may take, their retries included.
const (
	callTimeout = 30 * time.Second
	pollTimeout = 70 * time.Second // the server ends an empty poll after 60 s
)

// service is the server as the pipelines see it: without gRPC, and with the
// errors of the Temporal API.
type service struct {
	stub    workflowservice.WorkflowServiceClient
	answers *connect.Limit // to workflow tasks, which are made in one context
}

// call makes one call of the stub with a deadline, the nearer of its own and the context's.
func call[Req, Resp any](
	ctx context.Context, timeout time.Duration,
	method func(context.Context, Req, ...grpc.CallOption) (Resp, error), req Req,
) (Resp, error) {
	if until, bounded := ctx.Deadline(); !bounded || time.Until(until) > timeout {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	resp, err := method(ctx, req)
	return resp, translate(err)
}

// translate makes an error of the Temporal API of a gRPC one; the official
// SDK's client has done so already.
func translate(err error) error {
	if _, known := errors.AsType[serviceerror.ServiceError](err); known || err == nil {
		return err
	}
	if s, ok := status.FromError(err); ok {
		return serviceerror.FromStatus(s)
	}
	return err
}

func (s service) RespondWorkflowTaskCompleted(
	ctx context.Context, req *workflowservice.RespondWorkflowTaskCompletedRequest,
) (*workflowservice.RespondWorkflowTaskCompletedResponse, error) {
	ctx, done := s.answers.Bound(ctx)
	defer done()
	return call(ctx, callTimeout, s.stub.RespondWorkflowTaskCompleted, req)
}

func (s service) RespondWorkflowTaskFailed(
	ctx context.Context, req *workflowservice.RespondWorkflowTaskFailedRequest,
) (*workflowservice.RespondWorkflowTaskFailedResponse, error) {
	return call(ctx, callTimeout, s.stub.RespondWorkflowTaskFailed, req)
}

func (s service) RespondQueryTaskCompleted(
	ctx context.Context, req *workflowservice.RespondQueryTaskCompletedRequest,
) (*workflowservice.RespondQueryTaskCompletedResponse, error) {
	return call(ctx, callTimeout, s.stub.RespondQueryTaskCompleted, req)
}

func (s service) GetWorkflowExecutionHistory(
	ctx context.Context, req *workflowservice.GetWorkflowExecutionHistoryRequest,
) (*workflowservice.GetWorkflowExecutionHistoryResponse, error) {
	return call(ctx, callTimeout, s.stub.GetWorkflowExecutionHistory, req)
}

func (s service) RespondActivityTaskCompleted(
	ctx context.Context, req *workflowservice.RespondActivityTaskCompletedRequest,
) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	return call(ctx, callTimeout, s.stub.RespondActivityTaskCompleted, req)
}

func (s service) RespondActivityTaskFailed(
	ctx context.Context, req *workflowservice.RespondActivityTaskFailedRequest,
) (*workflowservice.RespondActivityTaskFailedResponse, error) {
	return call(ctx, callTimeout, s.stub.RespondActivityTaskFailed, req)
}

func (s service) RespondActivityTaskCanceled(
	ctx context.Context, req *workflowservice.RespondActivityTaskCanceledRequest,
) (*workflowservice.RespondActivityTaskCanceledResponse, error) {
	return call(ctx, callTimeout, s.stub.RespondActivityTaskCanceled, req)
}

func (s service) RecordActivityTaskHeartbeat(
	ctx context.Context, req *workflowservice.RecordActivityTaskHeartbeatRequest,
) (*workflowservice.RecordActivityTaskHeartbeatResponse, error) {
	return call(ctx, callTimeout, s.stub.RecordActivityTaskHeartbeat, req)
}
