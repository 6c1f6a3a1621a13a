package task

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/workflow/internal/pages"
)

// A pager has the history of a task: what came with it, and the rest page by
// page from the server.
type pager struct {
	service   Service
	namespace string
	execution *commonpb.WorkflowExecution
	start     []*historypb.HistoryEvent // came with the task; nil if page 1 must be fetched
	token     []byte
	first     []byte // the token that came with the task
	unfetched bool   // page 1 must be fetched
}

// full reports whether history begins with its first event.
func (p *pager) full() bool { return len(p.start) > 0 && p.start[0].GetEventId() == 1 }

// more reports whether there is another page.
func (p *pager) more() bool { return p.unfetched || len(p.token) > 0 }

// reset forgets what came with the task: history is read from its beginning.
func (p *pager) reset() { p.start, p.token, p.unfetched = nil, nil, true }

// again returns a pager that gives the whole history from its first event on.
func (p *pager) again() *pager {
	again := &pager{service: p.service, namespace: p.namespace, execution: p.execution}
	if p.full() {
		again.start, again.token = p.start, p.first
	} else {
		again.unfetched = true
	}
	return again
}

// next fetches the next page.
func (p *pager) next(ctx context.Context) ([]*historypb.HistoryEvent, error) {
	if !p.more() {
		return nil, fmt.Errorf("history of run %s: it has ended and more is needed", p.execution.GetRunId())
	}
	resp, err := p.service.GetWorkflowExecutionHistory(ctx, &workflowservice.GetWorkflowExecutionHistoryRequest{
		Namespace: p.namespace, Execution: p.execution, NextPageToken: p.token,
	})
	if err != nil {
		return nil, fmt.Errorf("history of run %s: %w", p.execution.GetRunId(), err)
	}
	p.token, p.unfetched = resp.GetNextPageToken(), false
	return pages.Events(resp)
}
