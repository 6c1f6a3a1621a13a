package service

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
)

// page returns the events from token.First on, and the token of the rest; nil if
// there is none.
func (r *run) page(t pageToken, size int) (*historypb.History, []byte) {
	end := min(t.First+int64(size), t.Next)
	history := &historypb.History{}
	if t.First < end {
		history.Events = append(history.Events, r.events[t.First-1:end-1]...)
	}
	if end >= t.Next {
		return history, nil
	}
	t.First = end
	return history, t.bytes()
}

// GetWorkflowExecutionHistory returns a page of history. It may wait for events
// that have not happened yet.
func (v *server) GetWorkflowExecutionHistory(
	ctx context.Context, req *workflowservice.GetWorkflowExecutionHistoryRequest,
) (*workflowservice.GetWorkflowExecutionHistoryResponse, error) {
	if err := checkExecution(req.GetExecution()); err != nil {
		return nil, err
	}
	if req.GetMaximumPageSize() <= 0 || req.GetMaximumPageSize() > pageSize {
		req.MaximumPageSize = pageSize
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	r, err := v.s.find(req.GetNamespace(), req.GetExecution())
	if err != nil {
		return nil, err
	}
	t := pageToken{RunID: r.id, First: 1, Next: r.nextID(), Running: r.running()}
	if len(req.GetNextPageToken()) > 0 {
		if t, r, err = v.s.resume(r, req); err != nil {
			return nil, err
		}
	}
	if req.GetHistoryEventFilterType() == enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT {
		return v.s.closeEvent(ctx, r, req.GetWaitNewEvent())
	}
	return v.s.history(ctx, r, t, req)
}

// resume reads where the pages before have ended.
func (s *Service) resume(
	r *run, req *workflowservice.GetWorkflowExecutionHistoryRequest,
) (pageToken, *run, error) {
	t, err := readPageToken(req.GetNextPageToken())
	if err != nil {
		return t, nil, err
	}
	if req.GetExecution().GetRunId() != "" && t.RunID != r.id {
		return t, nil, serviceerror.NewInvalidArgument(textTokenMismatch)
	}
	if r = s.runs[t.RunID]; r == nil || t.First < 1 || t.Next > r.nextID() {
		return t, nil, serviceerror.NewInvalidArgument(textBadPageToken)
	}
	return t, r, nil
}

// closeEvent returns the last event of a closed run. It unlocks the service
// while it waits for that.
func (s *Service) closeEvent(
	ctx context.Context, r *run, wait bool,
) (*workflowservice.GetWorkflowExecutionHistoryResponse, error) {
	response := &workflowservice.GetWorkflowExecutionHistoryResponse{History: &historypb.History{}}
	if wait {
		if err := s.await(ctx, r, func() bool { return !r.running() }); err != nil {
			return nil, err
		}
	}
	switch {
	case !r.running():
		response.History.Events = r.events[len(r.events)-1:]
	case wait:
		response.NextPageToken = pageToken{RunID: r.id, First: r.nextID(), Next: r.nextID(), Running: true}.bytes()
	}
	return response, nil
}

// history returns a page. It unlocks the service while it waits for new events.
func (s *Service) history(
	ctx context.Context, r *run, t pageToken, req *workflowservice.GetWorkflowExecutionHistoryRequest,
) (*workflowservice.GetWorkflowExecutionHistoryResponse, error) {
	wait := req.GetWaitNewEvent()
	if wait && t.Running && t.First >= t.Next {
		if err := s.await(ctx, r, func() bool { return r.nextID() > t.Next || !r.running() }); err != nil {
			return nil, err
		}
		t.Next, t.Running = r.nextID(), r.running()
	}
	response := &workflowservice.GetWorkflowExecutionHistoryResponse{}
	response.History, response.NextPageToken = r.page(t, int(req.GetMaximumPageSize()))
	if response.NextPageToken != nil {
		return response, nil
	}
	if r.running() && r.task.pending() && !r.task.written() && t.Next == r.task.scheduled {
		// What the worker sees, though it is not written yet.
		response.History.Events = append(response.History.Events, r.transient(r.task.identity)...)
	}
	if wait && t.Running {
		t.First = t.Next
		response.NextPageToken = t.bytes()
	}
	return response, nil
}

// await waits for something that happens to the run, but no longer than the
// service waits; then it returns nil too. It unlocks the service meanwhile.
func (s *Service) await(ctx context.Context, r *run, happened func() bool) error {
	timeout := time.NewTimer(within(ctx, s.options.WaitTimeout))
	defer timeout.Stop()
	for !happened() {
		changed, down := r.changed, s.down
		s.rest()
		s.mu.Unlock()
		var err error
		over := false
		select {
		case <-changed:
		case <-timeout.C:
			over = true
		case <-ctx.Done():
			err = ctx.Err()
		case <-down:
			err = s.wentDown()
		}
		s.mu.Lock()
		s.clock.calls++
		if err != nil || over {
			return err
		}
	}
	return nil
}
