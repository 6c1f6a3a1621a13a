package typed_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
	"github.com/mainspring-go/mainspring/workflow/typed"
)

type Basket struct{ Total int }

type Receipt struct{ Number string }

// Bank has an activity.
type Bank struct{}

func (*Bank) Charge(context.Context, Basket) (Receipt, error) {
	return Receipt{}, errors.New("not in an example")
}

// Approve is a signal that tells who approved.
const Approve typed.Signal[string] = "approve"

// Status is a query for a line of text.
const Status typed.Query0[string] = "status"

func Checkout(ctx workflow.Context, basket Basket) (Receipt, error) {
	status := "waiting for approval"
	if err := Status.Handle(ctx, func() (string, error) { return status, nil }); err != nil {
		return Receipt{}, err
	}
	who, _ := Approve.Channel(ctx).Receive(ctx)
	status = "approved by " + who

	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var bank *Bank
	return typed.ExecuteActivity(ctx, typed.Call1(bank.Charge, basket)).Get(ctx)
}

// A workflow that receives a signal and calls an activity. What does not fit, such
// as typed.Call1(bank.Charge, "basket"), does not compile.
func Example() {
	show(Checkout, runner.Item{Signal: &runner.Signal{Name: string(Approve)}})
	// Output: ScheduleActivityTask Charge {"Total":0}
}

// A child workflow, whose result has the type that its function returns.
func ExampleExecuteChildWorkflow() {
	show(func(ctx workflow.Context) error {
		child := typed.ExecuteChildWorkflow(ctx, typed.Call1(Checkout, Basket{Total: 12}))
		if err := Approve.SignalChildWorkflow(ctx, child, "Ada").Err(ctx); err != nil {
			return err
		}
		receipt, err := child.Get(ctx)
		if err != nil {
			return err
		}
		workflow.GetLogger(ctx).Info("paid", "Number", receipt.Number)
		return nil
	})
	// Output: StartChildWorkflowExecution Checkout {"Total":12}
}

// A function that only says what an activity of another code base takes and
// returns, with the name that it has there.
func ExampleCall_Named() {
	var refund func(context.Context, Receipt) error
	show(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		call := typed.Do1(refund, Receipt{Number: "r-1"}).Named("accounts.Refund")
		return typed.ExecuteActivity(ctx, call).Err(ctx)
	})
	// Output: ScheduleActivityTask accounts.Refund {"Number":"r-1"}
}

// show runs the first task of a workflow and prints its first command.
func show(fn any, more ...runner.Item) {
	r := native.New(native.Options{ActivityName: new(workflow.Registry).Name})
	if err := r.Prepare(runner.Definition{Type: "example", Func: fn}); err != nil {
		fmt.Println(err)
		return
	}
	run, err := r.NewInstance(runner.Details{WorkflowType: "example"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer run.Close()
	start := runner.Item{Start: &runner.Start{Attributes: &historypb.WorkflowExecutionStartedEventAttributes{}}}
	c := run.Activate(context.Background(), &runner.Activation{
		Run: true, StartedID: 3, Items: append([]runner.Item{start}, more...),
	})
	command := c.Commands[0]
	name := command.GetScheduleActivityTaskCommandAttributes().GetActivityType().GetName() +
		command.GetStartChildWorkflowExecutionCommandAttributes().GetWorkflowType().GetName()
	input := append(command.GetScheduleActivityTaskCommandAttributes().GetInput().GetPayloads(),
		command.GetStartChildWorkflowExecutionCommandAttributes().GetInput().GetPayloads()...)
	fmt.Println(command.GetCommandType(), name, string(input[0].GetData()))
}
