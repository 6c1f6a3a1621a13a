package stops

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// A Ledger knows which tasks a worker was given and which of them it has answered. The zero value is
// ready. Its methods are safe for concurrent use.
type Ledger struct {
	mu       sync.Mutex
	received int
	open     map[string]string // what a task is, by its token
}

// Note takes a call into account that has ended with a response, which may be nil.
func (l *Ledger) Note(request, response proto.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r, ok := request.(interface{ GetTaskToken() []byte }); ok && answers(request) {
		delete(l.open, string(r.GetTaskToken()))
	}
	switch r := response.(type) {
	case *workflowservice.PollWorkflowTaskQueueResponse:
		l.workflowTask(r)
	case *workflowservice.PollActivityTaskQueueResponse:
		l.activityTask(r)
	case *workflowservice.RespondWorkflowTaskCompletedResponse:
		l.workflowTask(r.GetWorkflowTask())
		for _, a := range r.GetActivityTasks() {
			l.activityTask(a)
		}
	}
}

func answers(request proto.Message) bool {
	switch request.(type) {
	case *workflowservice.RespondWorkflowTaskCompletedRequest, *workflowservice.RespondWorkflowTaskFailedRequest,
		*workflowservice.RespondQueryTaskCompletedRequest, *workflowservice.RespondActivityTaskCompletedRequest,
		*workflowservice.RespondActivityTaskFailedRequest, *workflowservice.RespondActivityTaskCanceledRequest:
		return true
	default:
		return false
	}
}

func (l *Ledger) workflowTask(t *workflowservice.PollWorkflowTaskQueueResponse) {
	l.add(t.GetTaskToken(), "task of workflow "+t.GetWorkflowExecution().GetWorkflowId())
}

func (l *Ledger) activityTask(t *workflowservice.PollActivityTaskQueueResponse) {
	l.add(t.GetTaskToken(), fmt.Sprintf("activity %s of workflow %s, attempt %d",
		t.GetActivityId(), t.GetWorkflowExecution().GetWorkflowId(), t.GetAttempt()))
}

func (l *Ledger) add(token []byte, what string) {
	if len(token) == 0 {
		return
	}
	if l.open == nil {
		l.open = make(map[string]string)
	}
	l.received++
	l.open[string(token)] = what
}

// Received counts the tasks that were given.
func (l *Ledger) Received() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.received
}

// Unanswered names the tasks that were given and not answered.
func (l *Ledger) Unanswered() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for _, what := range l.open {
		all = append(all, what)
	}
	slices.Sort(all)
	return all
}

// Intercept is a gRPC interceptor that notes each call.
func (l *Ledger) Intercept(
	ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
	invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	err := invoke(ctx, method, req, reply, cc, opts...)
	request, _ := req.(proto.Message)
	response, _ := reply.(proto.Message)
	if err != nil {
		response = nil
	}
	l.Note(request, response)
	return err
}
