package task_test

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// printer is an observer.
type printer struct{}

func (printer) WorkflowTaskEnded(e task.Event) {
	fmt.Println(e.WorkflowType, e.WorkflowID, "was", e.Origin, "and is", e.Outcome)
}

func ExampleHandler() {
	workflows := native.New(native.Options{})
	err := workflows.Prepare(runner.Definition{Type: "Greet", Func: func(workflow.Context) (string, error) {
		return "hello", nil
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := &service{} // keeps what it is told; a worker gives a gRPC client
	handler, err := task.New(task.Options{
		Service: server, Runner: workflows, Cache: &cache{}, Namespace: "default", Observer: printer{},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// As it comes off a poll.
	err = handler.Handle(context.Background(), &polled{
		WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: "greet-1", RunId: "run-1"},
		WorkflowType:      &commonpb.WorkflowType{Name: "Greet"},
		StartedEventId:    3,
		History: &historypb.History{Events: []*historypb.HistoryEvent{
			{EventId: 1, EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED},
			{EventId: 2, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED},
			{EventId: 3, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED},
		}},
	})
	fmt.Println(server.completed[0].GetCommands()[0].GetCommandType(), err)
	// Output:
	// Greet greet-1 was fresh and is answered
	// CompleteWorkflowExecution <nil>
}
