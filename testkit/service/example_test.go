package service_test

import (
	"context"
	"fmt"
	"log/slog"

	commonpb "go.temporal.io/api/common/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/testkit/service"
	"github.com/mainspring-go/mainspring/workflow"
)

// Hello is a workflow.
func Hello(workflow.Context) (string, error) { return "hello", nil }

func Example() {
	ctx := context.Background()
	s, err := service.New(service.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	w, err := worker.New(s.Direct(), "greetings", worker.Options{
		Workflows: []any{Hello}, Logger: slog.New(slog.DiscardHandler),
	})
	if err == nil {
		err = w.Start(ctx)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = s.Client().StartWorkflowExecution(ctx, &workflowservice.StartWorkflowExecutionRequest{
		Namespace: "default", WorkflowId: "greeting", WorkflowType: &commonpb.WorkflowType{Name: "Hello"},
		TaskQueue: &taskqueuepb.TaskQueue{Name: "greetings"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	history, err := s.Client().GetWorkflowExecutionHistory(ctx, &workflowservice.GetWorkflowExecutionHistoryRequest{
		Namespace: "default", Execution: &commonpb.WorkflowExecution{WorkflowId: "greeting"},
		WaitNewEvent: true, HistoryEventFilterType: 2, // the event that closes it
	})
	fmt.Println(history.GetHistory().GetEvents()[0].GetEventType(), err)
	fmt.Println("stopped:", w.Shutdown(ctx), "left:", s.Leftovers())
	// Output:
	// WorkflowExecutionCompleted <nil>
	// stopped: <nil> left: <nil>
}
