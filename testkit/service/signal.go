package service

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

// SignalWorkflowExecution sends a signal to a workflow.
func (v *server) SignalWorkflowExecution(
	_ context.Context, req *workflowservice.SignalWorkflowExecutionRequest,
) (*workflowservice.SignalWorkflowExecutionResponse, error) {
	if err := checkExecution(req.GetWorkflowExecution()); err != nil {
		return nil, err
	}
	switch {
	case req.GetSignalName() == "":
		return nil, invalid("SignalName is not set on request.")
	case len(req.GetSignalName()) > maxID:
		return nil, invalid("SignalName length exceeds limit.")
	case len(req.GetRequestId()) > maxID:
		return nil, invalid("RequestId length exceeds limit.")
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	r, err := v.s.find(req.GetNamespace(), req.GetWorkflowExecution())
	if err != nil {
		return nil, err
	}
	response := &workflowservice.SignalWorkflowExecutionResponse{
		Link: r.requestLink(req.GetRequestId(), enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED),
	}
	err = r.signal(&historypb.WorkflowExecutionSignaledEventAttributes{
		SignalName: req.GetSignalName(), Input: req.GetInput(), Identity: req.GetIdentity(),
		Header: req.GetHeader(), RequestId: req.GetRequestId(),
	}, req.GetLinks(), false)
	if err != nil {
		return nil, err
	}
	return response, nil
}

// signal takes a signal, unless one of the same request was taken before; with
// childOnly, only if it comes from the parent.
func (r *run) signal(
	a *historypb.WorkflowExecutionSignaledEventAttributes, links []*commonpb.Link, childOnly bool,
) error {
	id := a.GetRequestId()
	switch {
	case id != "" && r.signals[id]:
		return nil
	case !r.running():
		return errCompleted()
	case childOnly && !r.isChildOf(a.GetExternalWorkflowExecution()):
		return serviceerror.NewNotFound(textParent)
	case proto.Size(a.GetInput()) > r.namespace.limits.Blob:
		return invalid(textBlob)
	case r.signaled >= r.namespace.limits.Signals:
		return invalid(textTooManySignals)
	case a.GetExternalWorkflowExecution() == nil && r.closing && r.task.inFlight():
		return errClosing()
	}
	r.addSignal(a, links)
	if !r.backsOff() {
		r.ensureTask()
	}
	r.commit()
	return r.exceeded
}

func (r *run) addSignal(a *historypb.WorkflowExecutionSignaledEventAttributes, links []*commonpb.Link) {
	if id := a.GetRequestId(); id != "" {
		r.signals[id] = true
	}
	e := r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)
	e.Attributes = &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
		WorkflowExecutionSignaledEventAttributes: a,
	}
	e.Links = links
	r.add(e)
	r.signaled++
}

// isChildOf reports whether the run was started by the other one.
func (r *run) isChildOf(e *commonpb.WorkflowExecution) bool {
	parent := r.started.GetParentWorkflowExecution()
	return parent.GetWorkflowId() == e.GetWorkflowId() && parent.GetRunId() == e.GetRunId()
}

// requestLink names the event that a request has made.
func (r *run) requestLink(request string, kind enumspb.EventType) *commonpb.Link {
	return &commonpb.Link{Variant: &commonpb.Link_WorkflowEvent_{WorkflowEvent: &commonpb.Link_WorkflowEvent{
		Namespace: r.namespace.name, WorkflowId: r.workflowID, RunId: r.id,
		Reference: &commonpb.Link_WorkflowEvent_RequestIdRef{
			RequestIdRef: &commonpb.Link_WorkflowEvent_RequestIdReference{RequestId: request, EventType: kind},
		},
	}}}
}

// RequestCancelWorkflowExecution asks a workflow to cancel itself. It does
// nothing if that was asked before or the workflow is closed.
func (v *server) RequestCancelWorkflowExecution(
	_ context.Context, req *workflowservice.RequestCancelWorkflowExecutionRequest,
) (*workflowservice.RequestCancelWorkflowExecutionResponse, error) {
	r, unlock, err := v.s.chain(req.GetNamespace(), req.GetWorkflowExecution(), req.GetFirstExecutionRunId())
	if err != nil {
		return nil, err
	}
	defer unlock()
	err = r.requestCancel(&historypb.WorkflowExecutionCancelRequestedEventAttributes{
		Cause: req.GetReason(), Identity: req.GetIdentity(),
	}, req.GetLinks(), req.GetFirstExecutionRunId(), false)
	if err != nil {
		return nil, err
	}
	return &workflowservice.RequestCancelWorkflowExecutionResponse{}, nil
}

// requestCancel asks the run to cancel itself, if it is in the chain of the first
// run, if that is given; with childOnly, only if the parent asks.
func (r *run) requestCancel(
	a *historypb.WorkflowExecutionCancelRequestedEventAttributes, links []*commonpb.Link,
	first string, childOnly bool,
) error {
	if !r.running() {
		return nil
	}
	if err := r.inChain(first); err != nil {
		return err
	}
	if childOnly && !r.isChildOf(a.GetExternalWorkflowExecution()) {
		return serviceerror.NewNotFound(textParent)
	}
	if r.cancelRequested {
		return nil
	}
	e := r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED)
	e.Attributes = &historypb.HistoryEvent_WorkflowExecutionCancelRequestedEventAttributes{
		WorkflowExecutionCancelRequestedEventAttributes: a,
	}
	e.Links = links
	r.add(e)
	r.cancelRequested = true
	r.ensureTask()
	r.commit()
	return nil
}

// chain locks the service and returns the run; first, if set, is the id of the
// first run of the chain that it must be in.
func (s *Service) chain(space string, e *commonpb.WorkflowExecution, first string) (*run, func(), error) {
	if err := checkExecution(e); err != nil {
		return nil, nil, err
	}
	runID := e.GetRunId()
	if first != "" {
		runID = ""
	}
	s.mu.Lock()
	r, err := s.find(space, &commonpb.WorkflowExecution{WorkflowId: e.GetWorkflowId(), RunId: runID})
	if err != nil {
		s.mu.Unlock()
		return nil, nil, err
	}
	return r, s.mu.Unlock, nil
}

// inChain refuses a first run that is not the run's own.
func (r *run) inChain(first string) error {
	if first != "" && r.started.GetFirstExecutionRunId() != first {
		return serviceerror.NewNotFound("workflow execution not found")
	}
	return nil
}

// TerminateWorkflowExecution ends a workflow without asking it.
func (v *server) TerminateWorkflowExecution(
	_ context.Context, req *workflowservice.TerminateWorkflowExecutionRequest,
) (*workflowservice.TerminateWorkflowExecutionResponse, error) {
	r, unlock, err := v.s.chain(req.GetNamespace(), req.GetWorkflowExecution(), req.GetFirstExecutionRunId())
	if err != nil {
		return nil, err
	}
	defer unlock()
	if !r.running() {
		return nil, errCompleted()
	}
	if err := r.inChain(req.GetFirstExecutionRunId()); err != nil {
		return nil, err
	}
	reason, identity := req.GetReason(), req.GetIdentity()
	if reason == "" {
		reason = "terminated by user via frontend"
	}
	if identity == "" {
		identity = "frontend-service"
	}
	r.terminate(reason, req.GetDetails(), identity).Links = req.GetLinks()
	r.commit()
	return &workflowservice.TerminateWorkflowExecutionResponse{}, nil
}

// terminate ends the run.
func (r *run) terminate(reason string, details *commonpb.Payloads, identity string) *historypb.HistoryEvent {
	r.breakOff()
	e := r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED)
	e.Attributes = &historypb.HistoryEvent_WorkflowExecutionTerminatedEventAttributes{
		WorkflowExecutionTerminatedEventAttributes: &historypb.WorkflowExecutionTerminatedEventAttributes{
			Reason: reason, Details: details, Identity: identity,
		},
	}
	r.end(enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, e)
	r.abortUpdates(abortClosed)
	return e
}

// timeOut ends the run because its time is over.
func (r *run) timeOut() {
	n, retry := r.afterTimeout()
	r.breakOff()
	e := r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT)
	e.Attributes = &historypb.HistoryEvent_WorkflowExecutionTimedOutEventAttributes{
		WorkflowExecutionTimedOutEventAttributes: &historypb.WorkflowExecutionTimedOutEventAttributes{
			RetryState: retry, NewExecutionRunId: n.id(),
		},
	}
	r.end(enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT, e)
	r.follow(n)
	r.abortUpdates(abortClosed)
}

// breakOff ends the workflow task in flight, since the run ends.
func (r *run) breakOff() {
	if !r.task.inFlight() {
		return
	}
	r.addTaskFailed(enumspb.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND, nil, historyIdentity, "", nil)
	r.flush()
}
