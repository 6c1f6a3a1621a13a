package service

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

// SignalWithStartWorkflowExecution sends a signal to a workflow, which it starts
// if none is open.
func (v *server) SignalWithStartWorkflowExecution(
	_ context.Context, req *workflowservice.SignalWithStartWorkflowExecutionRequest,
) (*workflowservice.SignalWithStartWorkflowExecutionResponse, error) {
	if err := checkCron(req.GetCronSchedule(), v.s.now()); err != nil {
		return nil, err
	}
	if err := checkSignalWithStart(req); err != nil {
		return nil, err
	}
	start := startOf(req)
	if err := migratePolicies(start); err != nil {
		return nil, err
	}
	capTimeouts(start)
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	n, err := v.s.space(req.GetNamespace())
	if err != nil {
		return nil, err
	}
	if err := v.s.checkAttributes(n, start.GetSearchAttributes()); err != nil {
		return nil, err
	}
	if err := n.readStart(start); err != nil {
		return nil, err
	}
	if start.GetRequestId() == "" {
		start.RequestId = v.s.newID()
	}
	if err := n.limits.checkStart(start.GetInput(), start.GetMemo()); err != nil {
		return nil, err
	}
	if proto.Size(req.GetSignalInput()) > n.limits.Blob {
		return nil, invalid(textBlob)
	}
	signal := &historypb.WorkflowExecutionSignaledEventAttributes{
		SignalName: req.GetSignalName(), Input: req.GetSignalInput(), Identity: req.GetIdentity(),
		Header: req.GetHeader(), RequestId: start.GetRequestId(),
	}
	r, fresh := n.current[req.GetWorkflowId()], false
	if r != nil && r.running() &&
		start.GetWorkflowIdConflictPolicy() == enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING {
		if err = r.signal(signal, req.GetLinks(), false); err == nil && r.backsOff() {
			r.ensureTask() // this signal does not wait
			r.commit()
		}
	} else {
		fresh = true
		r, err = v.s.startSignaled(n, r, start, signal)
	}
	if err != nil {
		return nil, err
	}
	return &workflowservice.SignalWithStartWorkflowExecutionResponse{
		RunId: r.id, FirstExecutionRunId: r.started.GetFirstExecutionRunId(), Started: fresh,
		SignalLink: r.requestLink(start.GetRequestId(), enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED),
	}, nil
}

// startSignaled starts a run whose history has the signal before its first task.
func (s *Service) startSignaled(
	n *namespace, existing *run, start *workflowservice.StartWorkflowExecutionRequest,
	signal *historypb.WorkflowExecutionSignaledEventAttributes,
) (*run, error) {
	first := func(r *run) { r.addSignal(signal, start.GetLinks()) }
	switch {
	case existing == nil:
	case existing.running():
		return existing.replace(start, first), nil
	default:
		if err := existing.reusable(start.GetWorkflowIdReusePolicy()); err != nil {
			return nil, err
		}
	}
	fresh := requested(start, s.now())
	fresh.first = first
	return s.begin(n, fresh), nil
}

// checkSignalWithStart validates the request in the order in which the server
// does, and fills in its policies.
func checkSignalWithStart(req *workflowservice.SignalWithStartWorkflowExecutionRequest) error {
	name, kind := req.GetSignalName(), req.GetWorkflowType().GetName()
	if err := checkWorkflowID(req.GetWorkflowId()); err != nil {
		return err
	}
	switch {
	case name == "":
		return invalid("signal not set")
	case len(name) > maxID:
		return invalid("signal name exceeds maximum allowed length (%d/%d)", len(name), maxID)
	case kind == "":
		return invalid("workflow type not set")
	case len(kind) > maxID:
		return invalid("workflow type name exceeds maximum allowed length (%d/%d)", len(kind), maxID)
	}
	if err := checkQueue(req.GetTaskQueue()); err != nil {
		return err
	}
	if n := len(req.GetRequestId()); n > maxID {
		return invalid("Request ID exceeds maximum allowed length (%d/%d)", n, maxID)
	}
	if err := checkTimeouts(req); err != nil {
		return err
	}
	if err := checkWhen(req); err != nil {
		return err
	}
	if err := checkPolicies(req.GetWorkflowIdReusePolicy(), req.GetWorkflowIdConflictPolicy()); err != nil {
		return err
	}
	if req.GetWorkflowIdConflictPolicy() == enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL {
		return invalid("Invalid WorkflowIDConflictPolicy: WORKFLOW_ID_CONFLICT_POLICY_FAIL " +
			"is not supported for this operation.")
	}
	if err := checkPriority(req.GetPriority()); err != nil {
		return err
	}
	return firstUnimplemented("SignalWithStartWorkflowExecution", []use{
		{"TimeSkippingConfig", req.GetTimeSkippingConfig() != nil},
	})
}

// startOf is the part of the request that starts a workflow.
func startOf(
	req *workflowservice.SignalWithStartWorkflowExecutionRequest,
) *workflowservice.StartWorkflowExecutionRequest {
	start := &workflowservice.StartWorkflowExecutionRequest{
		Namespace: req.GetNamespace(), WorkflowId: req.GetWorkflowId(), WorkflowType: req.GetWorkflowType(),
		TaskQueue: req.GetTaskQueue(), Input: req.GetInput(),
		WorkflowExecutionTimeout: req.GetWorkflowExecutionTimeout(),
		WorkflowRunTimeout:       req.GetWorkflowRunTimeout(),
		WorkflowTaskTimeout:      req.GetWorkflowTaskTimeout(),
		Identity:                 req.GetIdentity(), RequestId: req.GetRequestId(),
		WorkflowIdReusePolicy:    req.GetWorkflowIdReusePolicy(),
		WorkflowIdConflictPolicy: req.GetWorkflowIdConflictPolicy(),
		Memo:                     req.GetMemo(), SearchAttributes: req.GetSearchAttributes(), Header: req.GetHeader(),
		UserMetadata: req.GetUserMetadata(), Links: req.GetLinks(), Priority: req.GetPriority(),
		RetryPolicy: req.GetRetryPolicy(), CronSchedule: req.GetCronSchedule(),
		WorkflowStartDelay: req.GetWorkflowStartDelay(), VersioningOverride: req.GetVersioningOverride(),
	}
	setPolicies(start, enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING)
	return start
}
