package workflow_test

import (
	"context"
	"fmt"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// Order charges for an order and ships it when the customer says so, or after
// a day.
func Order(ctx workflow.Context, id string) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var receipt string
	if err := workflow.ExecuteActivity(ctx, "Charge", id).Get(ctx, &receipt); err != nil {
		return "", err
	}
	how := "standard"
	workflow.NewSelector(ctx).
		AddFuture(workflow.NewTimer(ctx, 24*time.Hour), func(workflow.Future) {}).
		AddReceive(workflow.GetSignalChannel(ctx, "ship"), func(c workflow.ReceiveChannel, _ bool) {
			c.Receive(ctx, &how)
		}).
		Select(ctx)
	return receipt + ", shipped " + how, nil
}

// A worker does this: it turns history into activations and commands into
// history. By hand, a run with an activity, a timer and a signal looks so.
func Example() {
	r := native.New(native.Options{})
	if err := r.Prepare(runner.Definition{Type: "Order", Func: Order}); err != nil {
		fmt.Println(err)
		return
	}
	run, err := r.NewInstance(runner.Details{WorkflowType: "Order", WorkflowID: "order-7"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer run.Close()
	task := func(started int64, item runner.Item) {
		done := run.Activate(context.Background(), &runner.Activation{
			Run: true, StartedID: started, Items: []runner.Item{item},
		})
		for _, c := range done.Commands {
			fmt.Println(describe(c))
		}
	}
	input, _ := converter.GetDefaultDataConverter().ToPayloads("7")
	task(3, runner.Item{Start: &runner.Start{
		Attributes: &historypb.WorkflowExecutionStartedEventAttributes{Input: input},
	}})
	receipt, _ := converter.GetDefaultDataConverter().ToPayloads("receipt 1")
	task(9, runner.Item{Resolve: &runner.Resolve{Kind: runner.Activity, ID: "5", Result: receipt}})
	express, _ := converter.GetDefaultDataConverter().ToPayloads("express")
	task(14, runner.Item{Signal: &runner.Signal{Name: "ship", Input: express}})
	// Output:
	// schedule activity 5: Charge
	// start timer 11: 24h0m0s
	// complete workflow: "receipt 1, shipped express"
}

func describe(c *commandpb.Command) string {
	switch {
	case c.GetScheduleActivityTaskCommandAttributes() != nil:
		a := c.GetScheduleActivityTaskCommandAttributes()
		return "schedule activity " + a.GetActivityId() + ": " + a.GetActivityType().GetName()
	case c.GetStartTimerCommandAttributes() != nil:
		a := c.GetStartTimerCommandAttributes()
		return "start timer " + a.GetTimerId() + ": " + a.GetStartToFireTimeout().AsDuration().String()
	default:
		result := c.GetCompleteWorkflowExecutionCommandAttributes().GetResult()
		return "complete workflow: " + converter.GetDefaultDataConverter().ToStrings(result)[0]
	}
}

func ExampleRegistry() {
	var registry workflow.Registry
	if err := registry.RegisterWorkflow(Order); err != nil {
		fmt.Println(err)
	}
	err := registry.RegisterWorkflowWithOptions(Greet, workflow.RegisterOptions{Name: "Order"})
	fmt.Println(err)
	for _, d := range registry.Definitions() {
		fmt.Println(d.Type)
	}
	// Output:
	// workflow "Order" (func(workflow.Context, string) (string, error)): is already registered: give one of the two another RegisterOptions.Name
	// Order
}
