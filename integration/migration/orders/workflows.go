package main

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Purchase is what a customer wants.
type Purchase struct {
	ID    string
	Cents int
}

// Receipt is what a customer gets.
type Receipt struct{ Text string }

// Order charges, waits until somebody approves, and has the parcel sent.
func Order(ctx workflow.Context, p Purchase) (Receipt, error) {
	log := workflow.GetLogger(ctx)
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 50 * time.Millisecond, MaximumAttempts: 5,
		},
	})
	status, address := "new", ""
	err := workflow.SetQueryHandler(ctx, "status", func() (string, error) { return status, nil })
	if err != nil {
		return Receipt{}, err
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, "address", func(_ workflow.Context, to string) error {
		address = to
		return nil
	}, workflow.UpdateHandlerOptions{Validator: func(to string) error {
		if to == "" {
			return errors.New("an address is required")
		}
		return nil
	}})
	if err != nil {
		return Receipt{}, err
	}
	var shop *Shop
	var charge string
	err = workflow.ExecuteActivity(ctx, shop.Charge, p).Get(ctx, &charge)
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.Type() == "CardRefused" {
		return Receipt{Text: "refused"}, nil
	}
	if err != nil {
		return Receipt{}, err
	}
	status = "charged"
	by := ""
	workflow.GetSignalChannel(ctx, "approve").Receive(ctx, &by)
	if workflow.GetVersion(ctx, "cool-down", workflow.DefaultVersion, 1) >= 1 {
		if err := workflow.Sleep(ctx, 10*time.Millisecond); err != nil {
			return Receipt{}, err
		}
	}
	err = workflow.Await(ctx, func() bool { return address != "" })
	if err != nil {
		return Receipt{}, err
	}
	var tracking string
	child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID + "-parcel",
	})
	if err := workflow.ExecuteChildWorkflow(child, Parcel, address).Get(ctx, &tracking); err != nil {
		return Receipt{}, err
	}
	log.Info("shipped", "Order", p.ID)
	return Receipt{Text: fmt.Sprintf("%s, approved by %s, %s", charge, by, tracking)}, nil
}

// Parcel packs and ships side by side.
func Parcel(ctx workflow.Context, address string) (string, error) {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 10 * time.Second})
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, HeartbeatTimeout: 10 * time.Second,
	})
	var shop *Shop
	pack := workflow.ExecuteLocalActivity(ctx, shop.Pack)
	ship := workflow.ExecuteActivity(ctx, shop.Ship, address)
	var parcel, way string
	if err := pack.Get(ctx, &parcel); err != nil {
		return "", err
	}
	if err := ship.Get(ctx, &way); err != nil {
		return "", err
	}
	return parcel + " " + way, nil
}
