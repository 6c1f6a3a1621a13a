package service

import (
	"context"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
)

// What follows are younger names of the operations on activities. They name one
// activity; without a workflow it would be one that stands alone.

// named is what these requests have in common.
type named interface {
	GetWorkflowId() string
	GetRunId() string
	GetActivityId() string
	GetIdentity() string
	GetRequestId() string
}

// checkNamed validates what names the activity.
func checkNamed(method string, req named) error {
	id, identity, request := req.GetActivityId(), req.GetIdentity(), req.GetRequestId()
	switch {
	case req.GetWorkflowId() == "":
		return unimplemented(method, "activity without a workflow")
	case len(request) > maxID:
		return invalid("request ID exceeds length limit. Length=%d Limit=%d", len(request), maxID)
	case id == "":
		return invalid("activity ID is required")
	case len(id) > maxID:
		return invalid("activity ID exceeds length limit. Length=%d Limit=%d", len(id), maxID)
	case len(identity) > maxID:
		return invalid("identity exceeds length limit. Length=%d Limit=%d", len(identity), maxID)
	case req.GetRunId() != "" && !isUUID(req.GetRunId()):
		return invalid("invalid run id: must be a valid UUID")
	}
	return nil
}

func workflowOf(req named) *commonpb.WorkflowExecution {
	return &commonpb.WorkflowExecution{WorkflowId: req.GetWorkflowId(), RunId: req.GetRunId()}
}

// PauseActivityExecution is [server.PauseActivity] of one activity.
func (v *server) PauseActivityExecution(
	ctx context.Context, req *workflowservice.PauseActivityExecutionRequest,
) (*workflowservice.PauseActivityExecutionResponse, error) {
	if err := checkNamed("PauseActivityExecution", req); err != nil {
		return nil, err
	}
	request := req.GetRequestId()
	if request == "" {
		v.s.mu.Lock()
		request = v.s.newID()
		v.s.mu.Unlock()
	}
	_, err := v.PauseActivity(ctx, &workflowservice.PauseActivityRequest{
		Namespace: req.GetNamespace(), Execution: workflowOf(req),
		Activity: &workflowservice.PauseActivityRequest_Id{Id: req.GetActivityId()},
		Reason:   req.GetReason(), Identity: req.GetIdentity(), RequestId: request,
	})
	if err != nil {
		return nil, err
	}
	return &workflowservice.PauseActivityExecutionResponse{}, nil
}

// UnpauseActivityExecution is [server.UnpauseActivity] of one activity.
func (v *server) UnpauseActivityExecution(
	ctx context.Context, req *workflowservice.UnpauseActivityExecutionRequest,
) (*workflowservice.UnpauseActivityExecutionResponse, error) {
	if err := checkNamed("UnpauseActivityExecution", req); err != nil {
		return nil, err
	}
	if req.GetJitter().AsDuration() < 0 {
		return nil, invalid("invalid jitter: %v", errNegative)
	}
	_, err := v.UnpauseActivity(ctx, &workflowservice.UnpauseActivityRequest{
		Namespace: req.GetNamespace(), Execution: workflowOf(req), Identity: req.GetIdentity(),
		Activity: &workflowservice.UnpauseActivityRequest_Id{Id: req.GetActivityId()}, Jitter: req.GetJitter(),
	})
	if err != nil {
		return nil, err
	}
	return &workflowservice.UnpauseActivityExecutionResponse{}, nil
}

// ResetActivityExecution is [server.ResetActivity] of one activity.
func (v *server) ResetActivityExecution(
	ctx context.Context, req *workflowservice.ResetActivityExecutionRequest,
) (*workflowservice.ResetActivityExecutionResponse, error) {
	if err := checkNamed("ResetActivityExecution", req); err != nil {
		return nil, err
	}
	if req.GetJitter().AsDuration() < 0 {
		return nil, invalid("invalid jitter: %v", errNegative)
	}
	_, err := v.ResetActivity(ctx, &workflowservice.ResetActivityRequest{
		Namespace: req.GetNamespace(), Execution: workflowOf(req), Identity: req.GetIdentity(),
		Activity:       &workflowservice.ResetActivityRequest_Id{Id: req.GetActivityId()},
		ResetHeartbeat: req.GetResetHeartbeat(), KeepPaused: req.GetKeepPaused(), Jitter: req.GetJitter(),
		RestoreOriginalOptions: req.GetRestoreOriginalOptions(),
	})
	if err != nil {
		return nil, err
	}
	return &workflowservice.ResetActivityExecutionResponse{}, nil
}

// UpdateActivityExecutionOptions is [server.UpdateActivityOptions] of one activity.
func (v *server) UpdateActivityExecutionOptions(
	ctx context.Context, req *workflowservice.UpdateActivityExecutionOptionsRequest,
) (*workflowservice.UpdateActivityExecutionOptionsResponse, error) {
	if err := checkNamed("UpdateActivityExecutionOptions", req); err != nil {
		return nil, err
	}
	if err := checkMask(req); err != nil {
		return nil, err
	}
	response, err := v.UpdateActivityOptions(ctx, &workflowservice.UpdateActivityOptionsRequest{
		Namespace: req.GetNamespace(), Execution: workflowOf(req), Identity: req.GetIdentity(),
		Activity:        &workflowservice.UpdateActivityOptionsRequest_Id{Id: req.GetActivityId()},
		ActivityOptions: req.GetActivityOptions(), UpdateMask: req.GetUpdateMask(),
		RestoreOriginal: req.GetRestoreOriginal(),
	})
	if err != nil {
		return nil, err
	}
	return &workflowservice.UpdateActivityExecutionOptionsResponse{ActivityOptions: response.GetActivityOptions()}, nil
}

// checkMask refuses paths that no option has, which the older name leaves out.
func checkMask(req *workflowservice.UpdateActivityExecutionOptionsRequest) error {
	paths := req.GetUpdateMask().GetPaths()
	switch {
	case len(paths) > 0 && req.GetRestoreOriginal():
		return invalid(textMaskAndRestore)
	case req.GetRestoreOriginal():
		return nil
	case req.GetActivityOptions() == nil:
		return invalid("ActivityOptions are not provided")
	case req.GetUpdateMask() == nil:
		return invalid("UpdateMask is not provided")
	case len(paths) == 0:
		return invalid("UpdateMask must specify at least one path")
	}
	known := options()
	for _, p := range paths {
		if !slices.ContainsFunc(known, func(o option) bool { return o.path == p }) {
			return invalid("unsupported update_mask path: %q", p)
		}
	}
	if !slices.Contains(paths, "retry_policy") {
		return nil
	}
	if req.GetActivityOptions().GetRetryPolicy() == nil {
		req.ActivityOptions.RetryPolicy = &commonpb.RetryPolicy{}
	}
	return normalizeRetry(req.GetActivityOptions().GetRetryPolicy())
}

// PauseWorkflowExecution is refused, as a server refuses it that is not told
// otherwise.
func (v *server) PauseWorkflowExecution(
	_ context.Context, req *workflowservice.PauseWorkflowExecutionRequest,
) (*workflowservice.PauseWorkflowExecutionResponse, error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	if _, err := v.s.space(req.GetNamespace()); err != nil {
		return nil, err
	}
	return nil, serviceerror.NewUnimplementedf("workflow pause is not enabled for namespace: %s", req.GetNamespace())
}

// UnpauseWorkflowExecution finds that no workflow is paused.
func (v *server) UnpauseWorkflowExecution(
	_ context.Context, req *workflowservice.UnpauseWorkflowExecutionRequest,
) (*workflowservice.UnpauseWorkflowExecutionResponse, error) {
	for _, l := range []struct{ name, value string }{
		{"reason", req.GetReason()}, {"request id", req.GetRequestId()}, {"identity", req.GetIdentity()},
	} {
		if len(l.value) > maxID {
			return nil, invalid("%s is too long.", l.name)
		}
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	r, err := v.s.find(req.GetNamespace(), &commonpb.WorkflowExecution{
		WorkflowId: req.GetWorkflowId(), RunId: req.GetRunId(),
	})
	switch {
	case err != nil:
		return nil, err
	case !r.running():
		return nil, errCompleted()
	}
	return nil, serviceerror.NewFailedPrecondition("workflow is not paused.")
}
