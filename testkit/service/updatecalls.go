package service

import (
	"context"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
)

const (
	stageAdmitted  = enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED
	stageAccepted  = enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED
	stageCompleted = enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED
)

// UpdateWorkflowExecution sends an update to a workflow and waits for a stage of it.
func (v *server) UpdateWorkflowExecution(
	ctx context.Context, req *workflowservice.UpdateWorkflowExecutionRequest,
) (*workflowservice.UpdateWorkflowExecutionResponse, error) {
	if err := v.s.checkUpdate(req); err != nil {
		return nil, err
	}
	v.s.mu.Lock()
	v.s.nameUpdate(req)
	r, err := v.s.find(req.GetNamespace(), req.GetWorkflowExecution())
	var u *update
	if err == nil {
		u, err = r.admit(req)
	}
	v.s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return v.s.updated(ctx, r, u, req)
}

// nameUpdate gives the update an id unless it has one.
func (s *Service) nameUpdate(req *workflowservice.UpdateWorkflowExecutionRequest) {
	if req.GetRequest().GetMeta().GetUpdateId() == "" {
		req.GetRequest().GetMeta().UpdateId = s.newID()
	}
}

// updated waits for the stage that the request asks for and answers it.
func (s *Service) updated(
	ctx context.Context, r *run, u *update, req *workflowservice.UpdateWorkflowExecutionRequest,
) (*workflowservice.UpdateWorkflowExecutionResponse, error) {
	reached, outcome, err := s.waitUpdate(ctx, u, req.GetWaitPolicy().GetLifecycleStage())
	if err != nil {
		return nil, err
	}
	response := r.updateResponse(u.id, outcome, reached)
	switch {
	case reached == stageCompleted && outcome.GetFailure() != nil:
		response.Link = &commonpb.Link{Variant: &commonpb.Link_Workflow_{Workflow: &commonpb.Link_Workflow{
			Namespace: req.GetNamespace(), WorkflowId: r.workflowID, RunId: r.id, Reason: "Update rejected",
		}}}
	case reached == stageAccepted || reached == stageCompleted:
		response.Link = r.requestLink(req.GetRequest().GetRequestId(),
			enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED)
	}
	return response, nil
}

func (r *run) updateResponse(
	id string, outcome *updatepb.Outcome, reached enumspb.UpdateWorkflowExecutionLifecycleStage,
) *workflowservice.UpdateWorkflowExecutionResponse {
	return &workflowservice.UpdateWorkflowExecutionResponse{
		UpdateRef: &updatepb.UpdateRef{WorkflowExecution: r.execution(), UpdateId: id},
		Outcome:   outcome, Stage: reached,
	}
}

func (s *Service) checkUpdate(req *workflowservice.UpdateWorkflowExecutionRequest) error {
	if err := checkExecution(req.GetWorkflowExecution()); err != nil {
		return err
	}
	switch {
	case req.GetRequest().GetMeta() == nil:
		return invalid("Update meta is not set on request.")
	case len(req.GetRequest().GetMeta().GetUpdateId()) > maxID:
		return invalid("UpdateId length exceeds limit.")
	case req.GetRequest().GetInput() == nil:
		return invalid("Update input is not set on request.")
	case req.GetRequest().GetInput().GetName() == "":
		return invalid("Update name is not set on request.")
	}
	if req.WaitPolicy == nil {
		req.WaitPolicy = &updatepb.WaitPolicy{}
	}
	if !s.options.Capabilities.GetSyncUpdate() {
		return serviceerror.NewPermissionDenied(textNoUpdates, "")
	}
	switch req.GetWaitPolicy().GetLifecycleStage() {
	case enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_UNSPECIFIED:
		req.WaitPolicy.LifecycleStage = stageCompleted
	case stageAdmitted:
		return serviceerror.NewPermissionDenied(textUpdateAdmitted, "")
	case stageAccepted:
		if !s.options.Capabilities.GetAsyncUpdate() {
			return serviceerror.NewPermissionDenied(textNoAsyncUpdates, "")
		}
	default:
	}
	return firstUnimplemented("UpdateWorkflowExecution", []use{
		{"CompletionCallbacks", len(req.GetRequest().GetCompletionCallbacks()) > 0},
	})
}

// admit finds the update or makes it, with a workflow task that carries it.
func (r *run) admit(req *workflowservice.UpdateWorkflowExecutionRequest) (*update, error) {
	if err := r.inChain(req.GetFirstExecutionRunId()); err != nil {
		return nil, err
	}
	id := req.GetRequest().GetMeta().GetUpdateId()
	known := r.updates[id]
	switch {
	case !r.running() && known == nil:
		return nil, errCompleted()
	case !r.running():
		return known, nil
	case r.attempt >= tooManyAttempts:
		return nil, serviceerror.NewWorkflowNotReady(textUpdateFailing)
	case r.closing && r.task.inFlight():
		return nil, errClosing()
	case known != nil:
		return known, nil
	}
	if err := r.tooManyUpdates(); err != nil {
		return nil, err
	}
	u := r.addUpdate(req)
	if !r.task.pending() {
		r.schedule(speculativeTask)
		r.settle()
	}
	return u, nil
}

// tooManyUpdates says why the run can have no other update, now or at all.
func (r *run) tooManyUpdates() error {
	l, inFlight := r.namespace.limits, 0
	for _, u := range r.updates {
		if u.stage != completed && u.stage != aborted {
			inFlight++
		}
	}
	switch {
	case inFlight >= l.UpdatesInFlight:
		return &serviceerror.ResourceExhausted{
			Cause:   enumspb.RESOURCE_EXHAUSTED_CAUSE_CONCURRENT_LIMIT,
			Scope:   enumspb.RESOURCE_EXHAUSTED_SCOPE_NAMESPACE,
			Message: fmt.Sprintf(textUpdatesInFlight, l.UpdatesInFlight),
		}
	case len(r.updates) >= l.Updates:
		return serviceerror.NewFailedPrecondition(fmt.Sprintf(textTooManyUpdates, l.Updates))
	}
	return nil
}

func (r *run) addUpdate(req *workflowservice.UpdateWorkflowExecutionRequest) *update {
	id := req.GetRequest().GetMeta().GetUpdateId()
	u := &update{id: id, stage: admitted, request: req.GetRequest(), changed: make(chan struct{})}
	r.updates[id] = u
	r.order = append(r.order, id)
	return u
}

// waitUpdate waits until the update has come as far as the stage, but no longer
// than the service waits; then it returns how far it has come.
func (s *Service) waitUpdate(
	ctx context.Context, u *update, stage enumspb.UpdateWorkflowExecutionLifecycleStage,
) (enumspb.UpdateWorkflowExecutionLifecycleStage, *updatepb.Outcome, error) {
	timeout := time.NewTimer(within(ctx, s.options.WaitTimeout))
	defer timeout.Stop()
	for {
		s.mu.Lock()
		reached, outcome, err := u.reached()
		changed, down := u.changed, s.down
		s.mu.Unlock()
		if err != nil || reached >= stage {
			return reached, outcome, err
		}
		over, err := s.waitStep(ctx, changed, down, timeout.C, reached >= stageAccepted)
		switch {
		case err != nil:
			return 0, nil, err
		case over:
			return reached, outcome, nil
		}
	}
}

// waitStep waits for the next step of an update. Once a worker has accepted it,
// the rest may take any time: time need not stand for it.
func (s *Service) waitStep(
	ctx context.Context, changed, down <-chan struct{}, timeout <-chan time.Time, idle bool,
) (over bool, err error) {
	if idle {
		s.leave()
		defer s.enter()
	}
	select {
	case <-changed:
		return false, nil
	case <-timeout:
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	case <-down:
		return false, s.wentDown()
	}
}

// reached is how far the update has come, as clients see it.
func (u *update) reached() (enumspb.UpdateWorkflowExecutionLifecycleStage, *updatepb.Outcome, error) {
	switch {
	case u.err != nil:
		return 0, nil, u.err
	case u.outcome != nil:
		return stageCompleted, u.outcome, nil
	case u.stage == accepted:
		return stageAccepted, nil, nil
	default:
		return stageAdmitted, nil, nil
	}
}

// PollWorkflowExecutionUpdate waits for a stage of an update.
func (v *server) PollWorkflowExecutionUpdate(
	ctx context.Context, req *workflowservice.PollWorkflowExecutionUpdateRequest,
) (*workflowservice.PollWorkflowExecutionUpdateResponse, error) {
	ref := req.GetUpdateRef()
	if ref == nil {
		return nil, invalid("UpdateRef is not set on request.")
	}
	if !v.s.options.Capabilities.GetSyncUpdate() {
		return nil, serviceerror.NewPermissionDenied(textNoUpdates, "")
	}
	v.s.mu.Lock()
	r, err := v.s.find(req.GetNamespace(), ref.GetWorkflowExecution())
	var u *update
	if err == nil {
		if u = r.updates[ref.GetUpdateId()]; u == nil {
			err = serviceerror.NewNotFoundf("update %q not found", ref.GetUpdateId())
		}
	}
	v.s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	reached, outcome, err := v.s.waitUpdate(ctx, u, req.GetWaitPolicy().GetLifecycleStage())
	if err != nil {
		return nil, err
	}
	return &workflowservice.PollWorkflowExecutionUpdateResponse{
		Outcome: outcome, Stage: reached,
		UpdateRef: &updatepb.UpdateRef{WorkflowExecution: r.execution(), UpdateId: u.id},
	}, nil
}
