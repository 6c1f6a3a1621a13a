package service

import (
	"context"
	"errors"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	querypb "go.temporal.io/api/query/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

// A run whose workflow tasks have failed that often answers neither queries nor
// updates.
const tooManyAttempts = 3

// query is a query on its way. The service's lock guards it.
type query struct {
	id      string
	run     *run
	input   *querypb.WorkflowQuery
	over    bool        // nobody waits for it any more
	heard   func() bool // whether workers poll the queue that it has been put into last
	done    chan struct{}
	down    <-chan struct{}              // closed when the service restarts
	result  *querypb.WorkflowQueryResult // nil if it must go to a worker by itself
	failure error
}

// rank is where the query comes in a queue.
func (q *query) rank() int32 { return rankOf(q.run.priority()) }

// finish ends the query's wait.
func (q *query) finish() {
	if !q.over {
		q.over = true
		close(q.done)
	}
}

// QueryWorkflow asks a workflow.
func (v *server) QueryWorkflow(
	ctx context.Context, req *workflowservice.QueryWorkflowRequest,
) (*workflowservice.QueryWorkflowResponse, error) {
	if err := checkExecution(req.GetExecution()); err != nil {
		return nil, err
	}
	switch {
	case req.GetQuery() == nil:
		return nil, invalid("WorkflowQuery is not set on request.")
	case req.GetQuery().GetQueryType() == "":
		return nil, invalid("QueryType is not set on request.")
	}
	v.s.mu.Lock()
	r, err := v.s.find(req.GetNamespace(), req.GetExecution())
	if err == nil {
		err = r.queryable(ctx)
	}
	if err != nil {
		v.s.mu.Unlock()
		return nil, err
	}
	if r.rejects(req.GetQueryRejectCondition()) {
		defer v.s.mu.Unlock()
		return &workflowservice.QueryWorkflowResponse{QueryRejected: &querypb.QueryRejected{Status: r.status}}, nil
	}
	attach := r.running() && (r.lastStarted == 0 || r.task.pending())
	q := r.newQuery(req.GetQuery())
	if attach {
		r.queries = append(r.queries, q)
	}
	v.s.mu.Unlock()
	if attach {
		err = v.s.wait(ctx, q, 0)
		if err == nil && q.result == nil {
			attach = false // the task it waited for has gone by
		}
	}
	if !attach {
		q, err = v.s.ask(ctx, r, req.GetQuery())
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, serviceerror.NewDeadlineExceeded(textQueryTimeout)
	}
	if err != nil {
		return nil, err
	}
	return q.answered()
}

func (r *run) newQuery(input *querypb.WorkflowQuery) *query {
	return &query{id: r.s.newID(), run: r, input: input, done: make(chan struct{}), down: r.s.down}
}

// queryable says why the run cannot be asked.
func (r *run) queryable(ctx context.Context) error {
	deadline, bounded := ctx.Deadline()
	switch {
	case !r.running() && r.lastStarted == 0:
		return serviceerror.NewWorkflowNotReady(textClosedUnstarted)
	case !r.begun() && (!bounded || r.executionTime().After(deadline)):
		return serviceerror.NewWorkflowNotReady(textUnscheduled)
	case r.attempt >= tooManyAttempts:
		return serviceerror.NewWorkflowNotReady(textQueryFailing)
	}
	return nil
}

func (r *run) rejects(c enumspb.QueryRejectCondition) bool {
	switch c {
	case enumspb.QUERY_REJECT_CONDITION_NOT_OPEN:
		return !r.running()
	case enumspb.QUERY_REJECT_CONDITION_NOT_COMPLETED_CLEANLY:
		return !r.running() && r.status != enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	default:
		return false
	}
}

// answered is the query's result as the client gets it.
func (q *query) answered() (*workflowservice.QueryWorkflowResponse, error) {
	switch {
	case q.failure != nil:
		return nil, q.failure
	case q.result.GetResultType() == enumspb.QUERY_RESULT_TYPE_ANSWERED:
		return &workflowservice.QueryWorkflowResponse{QueryResult: q.result.GetAnswer()}, nil
	case q.result.GetResultType() == enumspb.QUERY_RESULT_TYPE_FAILED:
		return nil, serviceerror.NewQueryFailedWithFailure(q.result.GetErrorMessage(), q.result.GetFailure())
	default:
		return nil, serviceerror.NewInvalidArgument("query entered invalid state, this should be impossible")
	}
}

// ask sends the query to a worker by itself: first to the one that has the run
// in its cache.
func (s *Service) ask(ctx context.Context, r *run, input *querypb.WorkflowQuery) (*query, error) {
	s.mu.Lock()
	if r.sticky != "" {
		if own := s.workflowQueue(r, r.sticky); own.alive(stickyWindow) {
			q, wait := r.newQuery(input), r.stickyTimeout
			s.send(own, q)
			s.mu.Unlock()
			err := s.wait(ctx, q, wait)
			if err == nil || !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
				return q, err
			}
			s.mu.Lock()
		}
		if r.running() {
			r.unstick()
		}
	}
	normal := s.workflowQueue(r, r.started.GetTaskQueue().GetName())
	q := r.newQuery(input)
	q.heard = func() bool { return normal.alive(queryWindow) }
	s.send(normal, q)
	s.mu.Unlock()
	return q, s.wait(ctx, q, 0)
}

// send puts the query into the queue.
func (s *Service) send(to *queue, q *query) {
	s.queries[q.id] = q
	to.came(q.rank(), time.Now())
	to.queries = append(to.queries, q)
	s.match(to)
}

// wait waits until the query is answered, but no longer than the context lasts
// or, if it is not zero, the timeout.
func (s *Service) wait(ctx context.Context, q *query, timeout time.Duration) error {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	var late <-chan time.Time
	if q.heard != nil {
		after := s.options.WaitTimeout
		if at, ok := ctx.Deadline(); ok {
			after = time.Until(at) - answerBefore
		}
		timer := time.NewTimer(after)
		defer timer.Stop()
		late = timer.C
	}
	err := s.waitAnswer(ctx, q, late)
	if err == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q.over = true
	delete(s.queries, q.id)
	q.run.queries = slices.DeleteFunc(q.run.queries, func(other *query) bool { return other == q })
	return err
}

// waitAnswer waits until the query is answered. If it is late and nobody is there to
// hear it, it says so.
func (s *Service) waitAnswer(ctx context.Context, q *query, late <-chan time.Time) error {
	for {
		select {
		case <-q.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-q.down:
			return s.wentDown()
		case <-late:
			s.mu.Lock()
			heard := q.heard()
			s.mu.Unlock()
			if !heard {
				return serviceerror.NewFailedPrecondition(textNoPoller)
			}
			late = nil
		}
	}
}

// response is the query as a task of its own, for a poll of the queue.
func (q *query) response(from *taskqueuepb.TaskQueue) proto.Message {
	r := q.run
	response := &workflowservice.PollWorkflowTaskQueueResponse{
		TaskToken:                  token{Namespace: r.namespace.name, Query: q.id}.bytes(),
		WorkflowExecution:          r.execution(),
		WorkflowType:               r.started.GetWorkflowType(),
		PreviousStartedEventId:     r.lastStarted,
		Attempt:                    1,
		Query:                      q.input,
		WorkflowExecutionTaskQueue: r.normalQueue(),
	}
	all := pageToken{RunID: r.id, First: 1, Next: r.nextID(), Running: r.running()}
	if r.sticky != "" && r.sticky == from.GetName() {
		all.First = all.Next
	}
	response.History, response.NextPageToken = r.page(all, pageSize)
	return response
}

// answer takes the answers that came with a workflow task. If no other task
// follows, the queries that have none go to a worker by themselves.
func (r *run) answer(results map[string]*querypb.WorkflowQueryResult, follows bool) {
	r.queries = slices.DeleteFunc(r.queries, func(q *query) bool {
		q.result = results[q.id]
		if q.result == nil && follows {
			return false
		}
		if proto.Size(q.result.GetAnswer()) > r.namespace.limits.Blob {
			q.failure = invalid(textBlob)
		}
		q.finish()
		return true
	})
}

// RespondQueryTaskCompleted takes the answer to a query that came by itself.
func (v *server) RespondQueryTaskCompleted(
	_ context.Context, req *workflowservice.RespondQueryTaskCompletedRequest,
) (*workflowservice.RespondQueryTaskCompletedResponse, error) {
	t, err := readToken(req.GetTaskToken())
	if err != nil {
		return nil, err
	}
	if t.Query == "" {
		return nil, invalid("Invalid TaskToken.")
	}
	if proto.Size(req.GetQueryResult()) > v.s.limits(t.Namespace).Blob {
		req = &workflowservice.RespondQueryTaskCompletedRequest{
			CompletedType: enumspb.QUERY_RESULT_TYPE_FAILED, ErrorMessage: textBlob,
		}
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	q := v.s.queries[t.Query]
	if q == nil {
		return nil, serviceerror.NewNotFound(textQueryGone)
	}
	delete(v.s.queries, t.Query)
	switch req.GetCompletedType() {
	case enumspb.QUERY_RESULT_TYPE_ANSWERED, enumspb.QUERY_RESULT_TYPE_FAILED:
		q.result = &querypb.WorkflowQueryResult{
			ResultType: req.GetCompletedType(), Answer: req.GetQueryResult(),
			ErrorMessage: req.GetErrorMessage(), Failure: req.GetFailure(),
		}
	default:
		q.failure = serviceerror.NewInternal("unknown query completed type")
	}
	q.finish()
	return &workflowservice.RespondQueryTaskCompletedResponse{}, nil
}
