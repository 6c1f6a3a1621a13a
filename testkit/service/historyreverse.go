package service

import (
	"context"
	"slices"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
)

// GetWorkflowExecutionHistoryReverse returns a page of history, the last event
// first.
func (v *server) GetWorkflowExecutionHistoryReverse(
	_ context.Context, req *workflowservice.GetWorkflowExecutionHistoryReverseRequest,
) (*workflowservice.GetWorkflowExecutionHistoryReverseResponse, error) {
	if err := checkExecution(req.GetExecution()); err != nil {
		return nil, err
	}
	size := int64(req.GetMaximumPageSize())
	if size <= 0 || size > pageSize {
		size = pageSize
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	r, err := v.s.find(req.GetNamespace(), req.GetExecution())
	if err != nil {
		return nil, err
	}
	t := pageToken{RunID: r.id, First: 1, Next: r.nextID()}
	if len(req.GetNextPageToken()) > 0 {
		if t, err = readPageToken(req.GetNextPageToken()); err != nil {
			return nil, err
		}
		if req.GetExecution().GetRunId() != "" && t.RunID != r.id {
			return nil, serviceerror.NewInvalidArgument(textTokenMismatch)
		}
		if r = v.s.runs[t.RunID]; r == nil || t.Next < 1 || t.Next > r.nextID() {
			return nil, serviceerror.NewInvalidArgument(textBadPageToken)
		}
	}
	first := max(1, t.Next-size)
	response := &workflowservice.GetWorkflowExecutionHistoryReverseResponse{History: &historypb.History{
		Events: slices.Clone(r.events[first-1 : t.Next-1]),
	}}
	slices.Reverse(response.GetHistory().GetEvents())
	if first > 1 {
		t.Next = first
		response.NextPageToken = t.bytes()
	}
	return response, nil
}
