package service

import (
	"context"
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
)

const (
	textNotStartAndUpdate = "Operations have to be exactly [Start, Update]."
	textOtherNamespace    = "Operation namespace did not match request's namespace."
	textUpdateWithStart   = "Update-with-Start could not be executed."
	textOperationAborted  = "Operation was aborted."
	textNotStarted        = "Workflow was not started: StartDeduped"
)

// errAborted is the error of the operation that only shares the fate of the other.
func errAborted() error { return serviceerror.NewMultiOperationAborted(textOperationAborted) }

// errOperations is the error of a call with the errors of its two operations.
func errOperations(start, update error) error {
	return serviceerror.NewMultiOperationExecution(textUpdateWithStart, []error{start, update})
}

// ExecuteMultiOperation sends an update to a workflow, which it starts if it has
// to: the only pair of operations that there is.
func (v *server) ExecuteMultiOperation(
	ctx context.Context, req *workflowservice.ExecuteMultiOperationRequest,
) (*workflowservice.ExecuteMultiOperationResponse, error) {
	c, err := v.s.updateWithStart(req)
	if err != nil {
		return nil, err
	}
	response, err := c.try(ctx)
	if c.abortedByClose(err) {
		// The workflow has closed before it saw the update: another may be started.
		// If that fails in the same way, the client may try again.
		response, err = c.try(ctx)
		if c.abortedByClose(err) {
			err = errOperations(errAborted(), serviceerror.NewAborted(textUpdateClosed))
		}
	}
	return response, err
}

// updateWithStart is one such call.
type updateWithStart struct {
	s      *Service
	n      *namespace
	start  *workflowservice.StartWorkflowExecutionRequest
	update *workflowservice.UpdateWorkflowExecutionRequest
	fresh  bool // it has started a run
}

// updateWithStart validates the request.
func (s *Service) updateWithStart(req *workflowservice.ExecuteMultiOperationRequest) (*updateWithStart, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.space(req.GetNamespace())
	if err != nil {
		return nil, err
	}
	c := &updateWithStart{s: s, n: n}
	if o := req.GetOperations(); len(o) == 2 {
		c.start, c.update = o[0].GetStartWorkflow(), o[1].GetUpdateWorkflow()
	}
	if c.start == nil || c.update == nil {
		return nil, invalid(textNotStartAndUpdate)
	}
	start, update := c.checkStart(), c.checkUpdate()
	if update == nil && start == nil && c.start.GetWorkflowId() != c.update.GetWorkflowExecution().GetWorkflowId() {
		update = invalid("WorkflowId is not consistent with previous operation(s).")
	}
	switch {
	case start == nil && update == nil:
		return c, nil
	case start == nil:
		start = errAborted()
	case update == nil:
		update = errAborted()
	}
	return nil, errOperations(start, update)
}

func (c *updateWithStart) checkStart() error {
	if space := c.start.GetNamespace(); space != "" && space != c.n.name {
		return invalid(textOtherNamespace)
	}
	err := checkStart(c.start, c.s.now())
	switch {
	case err != nil:
		return err
	case c.start.GetCronSchedule() != "":
		return invalid("CronSchedule is not allowed.")
	case c.start.GetRequestEagerExecution():
		return invalid("RequestEagerExecution is not supported.")
	case c.start.GetWorkflowStartDelay().AsDuration() > 0:
		return invalid("WorkflowStartDelay is not supported.")
	}
	if c.start.GetRequestId() == "" {
		c.start.RequestId = c.s.newID()
	}
	if err := c.s.checkAttributes(c.n, c.start.GetSearchAttributes()); err != nil {
		return err
	}
	return c.n.readStart(c.start)
}

func (c *updateWithStart) checkUpdate() error {
	if space := c.update.GetNamespace(); space != "" && space != c.n.name {
		return invalid(textOtherNamespace)
	}
	err := c.s.checkUpdate(c.update)
	switch {
	case err != nil:
		return err
	case c.update.GetFirstExecutionRunId() != "":
		return invalid("FirstExecutionRunId is not allowed.")
	case c.update.GetWorkflowExecution().GetRunId() != "":
		return invalid("RunId is not allowed.")
	}
	c.s.nameUpdate(c.update)
	return nil
}

// begun is a call for whose update the caller is to wait; without an update it is
// done.
type begun struct {
	response *workflowservice.ExecuteMultiOperationResponse
	run      *run
	update   *update
}

// try performs the call once.
func (c *updateWithStart) try(ctx context.Context) (*workflowservice.ExecuteMultiOperationResponse, error) {
	c.s.mu.Lock()
	b, err := c.begin()
	c.s.mu.Unlock()
	if err != nil || b.update == nil {
		return b.response, err
	}
	updated, err := c.s.updated(ctx, b.run, b.update, c.update)
	switch {
	case err != nil && c.fresh:
		return nil, errOperations(nil, err)
	case err != nil:
		return nil, errOperations(errAborted(), err)
	}
	b.response.Responses[1] = updateResponse(updated)
	return b.response, nil
}

// begin finds or starts the run and gives it the update.
func (c *updateWithStart) begin() (begun, error) {
	existing := c.n.current[c.start.GetWorkflowId()]
	if existing == nil {
		return c.startFresh(nil)
	}
	id := c.update.GetRequest().GetMeta().GetUpdateId()
	known := existing.updates[id]
	switch {
	case known != nil && known.outcome != nil:
		start := &workflowservice.StartWorkflowExecutionResponse{RunId: existing.id, Status: existing.status}
		return begun{response: respond(start, existing.updateResponse(id, known.outcome, stageCompleted))}, nil
	case existing.running() && (known != nil || existing.requestID == c.start.GetRequestId() ||
		c.start.GetWorkflowIdConflictPolicy() == enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING):
		u, err := existing.admit(c.update)
		if err != nil {
			return begun{}, errOperations(errAborted(), err)
		}
		start := started(existing, false)
		start.FirstExecutionRunId = ""
		return begun{respond(start, nil), existing, u}, nil
	default:
		return c.startFresh(existing)
	}
}

// startFresh starts a run that has the update before its first task.
func (c *updateWithStart) startFresh(existing *run) (begun, error) {
	b := begun{}
	first := func(r *run) { b.run, b.update = r, r.addUpdate(c.update) }
	var start *workflowservice.StartWorkflowExecutionResponse
	if existing != nil {
		var err error
		if start, err = existing.resolve(c.start, first); err != nil {
			return begun{}, errOperations(err, errAborted())
		}
	}
	if start == nil {
		fresh := requested(c.start, c.s.now())
		fresh.first = first
		start = started(c.s.begin(c.n, fresh), true)
	}
	if b.update == nil { // the run that was there has had this start, and is closed
		return begun{}, errOperations(serviceerror.NewUnavailable(textNotStarted), errAborted())
	}
	c.fresh = true
	b.response = respond(start, nil)
	return b, nil
}

// abortedByClose reports whether an update of a run that was there has ended
// because that closed.
func (c *updateWithStart) abortedByClose(err error) bool {
	var e *serviceerror.MultiOperationExecution
	if c.fresh || !errors.As(err, &e) {
		return false
	}
	var gone *serviceerror.NotFound
	return errors.As(e.OperationErrors()[1], &gone) && gone.Message == textUpdateClosed
}

func respond(
	start *workflowservice.StartWorkflowExecutionResponse, update *workflowservice.UpdateWorkflowExecutionResponse,
) *workflowservice.ExecuteMultiOperationResponse {
	return &workflowservice.ExecuteMultiOperationResponse{
		Responses: []*workflowservice.ExecuteMultiOperationResponse_Response{
			{Response: &workflowservice.ExecuteMultiOperationResponse_Response_StartWorkflow{StartWorkflow: start}},
			updateResponse(update),
		},
	}
}

func updateResponse(
	update *workflowservice.UpdateWorkflowExecutionResponse,
) *workflowservice.ExecuteMultiOperationResponse_Response {
	return &workflowservice.ExecuteMultiOperationResponse_Response{
		Response: &workflowservice.ExecuteMultiOperationResponse_Response_UpdateWorkflow{UpdateWorkflow: update},
	}
}
