package service

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// maxListed is how many workflows one page of a list has at most.
const maxListed = 1000

// listToken is what tokens of pages of lists hold: where the last page ended.
type listToken struct {
	CloseTime time.Time
	StartTime time.Time
	RunID     string
}

// place is where a run stands in a list.
func (r *run) place() listToken {
	t := listToken{CloseTime: r.closed, StartTime: r.startTime, RunID: r.id}
	if r.running() {
		t.CloseTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	return t
}

// compare puts open runs first, then what closed and what started last.
func (t listToken) compare(other listToken) int {
	return cmp.Or(other.CloseTime.Compare(t.CloseTime), other.StartTime.Compare(t.StartTime),
		strings.Compare(t.RunID, other.RunID))
}

// find returns the runs that fit the query, in order, and the columns by which
// they are to be grouped.
func (s *Service) findAll(space, query string) ([]*run, []column, error) {
	n, err := s.space(space)
	if err != nil {
		return nil, nil, err
	}
	fits, groups, err := s.query(query)
	if err != nil {
		if bad, is := errors.AsType[queryError](err); is {
			err = invalid("invalid query: %v", bad)
		}
		return nil, nil, err
	}
	var found []*run
	for _, r := range s.runs {
		if r.namespace == n && fits(r) == isTrue {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *run) int { return a.place().compare(b.place()) })
	return found, groups, nil
}

// query reads a query.
func (s *Service) query(query string) (filter, []column, error) {
	q, err := parseQuery(query)
	if err != nil {
		return nil, nil, err
	}
	fits := func(*run) truth { return isTrue }
	switch {
	case q.limit:
		return nil, nil, badQuery("operation is not supported: 'LIMIT' clause")
	case q.where != nil:
		if fits, err = s.filter(q.where); err != nil {
			return nil, nil, err
		}
	}
	if len(q.groupBy) > 1 {
		return nil, nil, badQuery("operation is not supported: 'GROUP BY' clause supports only a single field")
	}
	var groups []column
	for _, n := range q.groupBy {
		c, err := s.column(n)
		if err != nil {
			return nil, nil, err
		}
		if c.name != "ExecutionStatus" {
			return nil, nil, badQuery("operation is not supported: 'GROUP BY' clause is not supported for search attribute %s", c.alias)
		}
		groups = append(groups, c)
	}
	for _, n := range q.orderBy {
		c, err := s.column(n)
		if err != nil {
			return nil, nil, err
		}
		if c.kind == textType {
			return nil, nil, badQuery("operation is not supported: unable to sort by search attribute type %s", c.kind)
		}
	}
	if len(q.orderBy) > 0 {
		return nil, nil, badQuery("operation is not supported: 'ORDER BY' clause")
	}
	return fits, groups, nil
}

// ListWorkflowExecutions lists the workflows that fit a query. Unlike a server's
// the list is never behind.
func (v *server) ListWorkflowExecutions(
	_ context.Context, req *workflowservice.ListWorkflowExecutionsRequest,
) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	size := int(req.GetPageSize())
	if size <= 0 || size > maxListed {
		size = maxListed
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	found, _, err := v.s.findAll(req.GetNamespace(), req.GetQuery())
	if err != nil {
		return nil, err
	}
	if len(req.GetNextPageToken()) > 0 {
		var last listToken
		if err := json.Unmarshal(req.GetNextPageToken(), &last); err != nil {
			return nil, err
		}
		found = slices.DeleteFunc(found, func(r *run) bool { return r.place().compare(last) <= 0 })
	}
	response := &workflowservice.ListWorkflowExecutionsResponse{}
	for _, r := range found[:min(size, len(found))] {
		response.Executions = append(response.Executions, r.listed())
	}
	if len(response.GetExecutions()) == size {
		if response.NextPageToken, err = json.Marshal(found[size-1].place()); err != nil {
			return nil, err
		}
	}
	return response, nil
}

// listed is the run as lists have it.
func (r *run) listed() *workflowpb.WorkflowExecutionInfo {
	all := r.info()
	info := &workflowpb.WorkflowExecutionInfo{
		Execution: all.GetExecution(), Type: all.GetType(), StartTime: all.GetStartTime(),
		ExecutionTime: all.GetExecutionTime(), Memo: all.GetMemo(), SearchAttributes: all.GetSearchAttributes(),
		TaskQueue: all.GetTaskQueue(), Status: all.GetStatus(), RootExecution: all.GetRootExecution(),
		ParentExecution: all.GetParentExecution(),
	}
	if !r.running() {
		info.CloseTime, info.ExecutionDuration = all.GetCloseTime(), all.GetExecutionDuration()
		info.HistoryLength, info.HistorySizeBytes = all.GetHistoryLength(), all.GetHistorySizeBytes()
	}
	return info
}

// ScanWorkflowExecutions is an older name of [server.ListWorkflowExecutions].
func (v *server) ScanWorkflowExecutions(
	ctx context.Context, req *workflowservice.ScanWorkflowExecutionsRequest, //nolint:staticcheck // older clients use it
) (*workflowservice.ScanWorkflowExecutionsResponse, error) { //nolint:staticcheck // older clients use it
	list, err := v.ListWorkflowExecutions(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: req.GetNamespace(), PageSize: req.GetPageSize(), NextPageToken: req.GetNextPageToken(),
		Query: req.GetQuery(),
	})
	if err != nil {
		return nil, err
	}
	return &workflowservice.ScanWorkflowExecutionsResponse{ //nolint:staticcheck // older clients use it
		Executions: list.GetExecutions(), NextPageToken: list.GetNextPageToken(),
	}, nil
}

// CountWorkflowExecutions counts the workflows that fit a query.
func (v *server) CountWorkflowExecutions(
	_ context.Context, req *workflowservice.CountWorkflowExecutionsRequest,
) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	found, groups, err := v.s.findAll(req.GetNamespace(), req.GetQuery())
	if err != nil {
		return nil, err
	}
	response := &workflowservice.CountWorkflowExecutionsResponse{Count: int64(len(found))}
	if len(groups) == 0 {
		return response, nil
	}
	counts := make(map[enumspb.WorkflowExecutionStatus]int64)
	for _, r := range found {
		counts[r.status]++
	}
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		response.Groups = append(response.Groups, &workflowservice.CountWorkflowExecutionsResponse_AggregationGroup{
			GroupValues: []*commonpb.Payload{{
				Metadata: map[string][]byte{"encoding": []byte("json/plain"), "type": []byte("Keyword")},
				Data:     []byte(strconv.Quote(status.String())),
			}},
			Count: counts[status],
		})
	}
	return response, nil
}
