package task_test

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

func Greet(_ context.Context, name string) (string, error) {
	return "hello " + name, nil
}

func ExampleHandler() {
	registry := activity.NewRegistry()
	if err := registry.RegisterActivity(Greet); err != nil {
		fmt.Println(err)
		return
	}
	server := &service{} // stands for a connection
	handler, err := task.New(task.Options{
		Service:   server,
		Registry:  registry,
		Namespace: "default",
		TaskQueue: "greetings",
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	input, err := converter.GetDefaultDataConverter().ToPayloads("world")
	if err != nil {
		fmt.Println(err)
		return
	}
	outcome, err := handler.Handle(context.Background(), &response{
		TaskToken:    []byte("token"),
		ActivityType: &commonpb.ActivityType{Name: "Greet"},
		Input:        input,
	})
	fmt.Println(outcome, err, len(server.reports))
	// Output: completed <nil> 1
}

func ExampleNew() {
	_, err := task.New(task.Options{Namespace: "default", TaskQueue: "greetings"})
	fmt.Println(err)
	// Output:
	// activity task handler: task.Options.Service is nil: pass the connection to the server
	// task.Options.Registry is nil: pass activity.NewRegistry()
}
