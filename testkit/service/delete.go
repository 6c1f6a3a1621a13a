package service

import (
	"context"

	"go.temporal.io/api/workflowservice/v1"
)

// DeleteWorkflowExecution forgets a run, which it ends before if it is open.
func (v *server) DeleteWorkflowExecution(
	_ context.Context, req *workflowservice.DeleteWorkflowExecutionRequest,
) (*workflowservice.DeleteWorkflowExecutionResponse, error) {
	if err := checkExecution(req.GetWorkflowExecution()); err != nil {
		return nil, err
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	r, err := v.s.find(req.GetNamespace(), req.GetWorkflowExecution())
	if err != nil {
		return nil, err
	}
	if r.running() {
		r.terminate("Delete workflow execution", nil, historyIdentity)
		r.commit()
	}
	delete(v.s.runs, r.id)
	if r.namespace.current[r.workflowID] == r {
		delete(r.namespace.current, r.workflowID)
	}
	return &workflowservice.DeleteWorkflowExecutionResponse{}, nil
}
