package contestant

import (
	"context"
	"testing"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/integration/bench/frontend"
)

// A dryStub has polls that end without a task, but for some in between; answers count.
type dryStub struct {
	workflowservice.WorkflowServiceClient

	polls, answers int
}

// token is that of a task, or of none.
func (s *dryStub) token() []byte {
	s.polls++
	if s.polls%3 == 0 {
		return []byte("task")
	}
	return nil
}

func (s *dryStub) PollActivityTaskQueue(
	context.Context, *workflowservice.PollActivityTaskQueueRequest, ...grpc.CallOption,
) (*workflowservice.PollActivityTaskQueueResponse, error) {
	return &workflowservice.PollActivityTaskQueueResponse{TaskToken: s.token()}, nil
}

func (s *dryStub) PollWorkflowTaskQueue(
	context.Context, *workflowservice.PollWorkflowTaskQueueRequest, ...grpc.CallOption,
) (*workflowservice.PollWorkflowTaskQueueResponse, error) {
	history := &historypb.History{Events: []*historypb.HistoryEvent{{}}}
	return &workflowservice.PollWorkflowTaskQueueResponse{TaskToken: s.token(), History: history}, nil
}

func (s *dryStub) RespondActivityTaskCompleted(
	context.Context, *workflowservice.RespondActivityTaskCompletedRequest, ...grpc.CallOption,
) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	s.answers++
	return &workflowservice.RespondActivityTaskCompletedResponse{}, nil
}

func (s *dryStub) RespondWorkflowTaskCompleted(
	context.Context, *workflowservice.RespondWorkflowTaskCompletedRequest, ...grpc.CallOption,
) (*workflowservice.RespondWorkflowTaskCompletedResponse, error) {
	s.answers++
	return &workflowservice.RespondWorkflowTaskCompletedResponse{}, nil
}

// Bare clients answer tasks only, also when a poll in the middle of a workflow ends without one.
func TestBareClientsAnswerOnlyTasks(t *testing.T) {
	t.Parallel()
	stub := &dryStub{}
	b := &bare{stub: stub, work: frontend.Whole}
	for range 3 {
		if err := b.activity(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if stub.answers != 1 {
		t.Errorf("%d answers to one activity in three polls", stub.answers)
	}
	if err := b.workflow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stub.polls != 9 || stub.answers != 3 {
		t.Errorf("after a workflow of two tasks: %d polls, %d answers, want 9 and 3", stub.polls, stub.answers)
	}
}
