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
	r := native.New(native.Options{ActivityName: new(workflow.Registry).Name})
	if err := r.Prepare(runner.Definition{Type: "Checkout", Func: Checkout}); err != nil {
		fmt.Println(err)
		return
	}
	run, err := r.NewInstance(runner.Details{WorkflowType: "Checkout"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer run.Close()
	c := run.Activate(context.Background(), &runner.Activation{
		Run: true, StartedID: 3,
		Items: []runner.Item{
			{Start: &runner.Start{Attributes: &historypb.WorkflowExecutionStartedEventAttributes{}}},
			{Signal: &runner.Signal{Name: string(Approve)}},
		},
	})
	activity := c.Commands[0].GetScheduleActivityTaskCommandAttributes()
	fmt.Println(activity.GetActivityType().GetName(), string(activity.GetInput().GetPayloads()[0].GetData()))
	// Output: Charge {"Total":0}
}
