package server

import (
	"context"
	"fmt"
	"iter"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/pages"
	"github.com/mainspring-go/mainspring/workflow/replay"
)

// Histories is the one method that [Of] needs. O is the type of the options of
// a call, which are not used: it is inferred.
type Histories[O any] interface {
	GetWorkflowExecutionHistory(
		context.Context, *workflowservice.GetWorkflowExecutionHistoryRequest, ...O,
	) (*workflowservice.GetWorkflowExecutionHistoryResponse, error)
}

// Lists is what [Query] needs.
type Lists[O any] interface {
	Histories[O]
	ListWorkflowExecutions(
		context.Context, *workflowservice.ListWorkflowExecutionsRequest, ...O,
	) (*workflowservice.ListWorkflowExecutionsResponse, error)
}

// Of makes a service of a connection.
func Of[O any](connection Histories[O]) replay.Service { return service[O]{connection} }

type service[O any] struct{ connection Histories[O] }

// HistoryPage implements [replay.Service].
func (s service[O]) HistoryPage(
	ctx context.Context, namespace string, run *commonpb.WorkflowExecution, token []byte,
) ([]*historypb.HistoryEvent, []byte, error) {
	page, err := s.connection.GetWorkflowExecutionHistory(ctx, &workflowservice.GetWorkflowExecutionHistoryRequest{
		Namespace: namespace, Execution: run, NextPageToken: token,
	})
	if err != nil {
		return nil, nil, err
	}
	events, err := pages.Events(page)
	return events, page.GetNextPageToken(), err
}

// Query are the runs that a list filter finds, such as
//
//	WorkflowType = "Order" AND ExecutionStatus = "Running"
//
// An empty filter finds all. Runs are listed page by page while they are
// replayed, with ctx; if that fails, the last source is one that fails to load.
func Query[O any](ctx context.Context, connection Lists[O], namespace, query string) iter.Seq[replay.Source] {
	return func(yield func(replay.Source) bool) {
		for token := []byte(nil); ; {
			page, err := connection.ListWorkflowExecutions(ctx, &workflowservice.ListWorkflowExecutionsRequest{
				Namespace: namespace, Query: query, NextPageToken: token,
			})
			if err != nil {
				yield(failed(query, err))
				return
			}
			for _, e := range page.GetExecutions() {
				s := replay.FromService(Of(connection), namespace, workflow.Execution{
					ID: e.GetExecution().GetWorkflowId(), RunID: e.GetExecution().GetRunId(),
				})
				if !yield(s) {
					return
				}
			}
			if token = page.GetNextPageToken(); len(token) == 0 {
				return
			}
		}
	}
}

func failed(query string, err error) replay.Source {
	err = fmt.Errorf("listing workflows: %w", err)
	return replay.Source{
		Name: "query " + query,
		Load: func(context.Context) (*historypb.History, error) { return nil, err },
	}
}
