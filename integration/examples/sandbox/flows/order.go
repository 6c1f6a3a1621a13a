package flows

import (
	"context"
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/workflow"
)

// What Order can be asked and told.
const (
	Status  = "status"  // a query
	Address = "address" // a signal
)

// orders counts the orders that this program has begun.
var orders int //nolint:gochecknoglobals // to show that each run has variables of its own

// Order charges, and ships when it is told where to.
func Order(ctx workflow.Context, id string) (string, error) {
	orders++
	status := "charging"
	if err := workflow.SetQueryHandler(ctx, Status, func() (string, error) { return status, nil }); err != nil {
		return "", err
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var charged string
	if err := workflow.ExecuteActivity(ctx, Charge, id).Get(ctx, &charged); err != nil {
		return "", err
	}
	status = "waiting for an address"
	var to string
	workflow.GetSignalChannel(ctx, Address).Receive(ctx, &to)
	status = "sent to " + to
	return fmt.Sprintf("%s, %s, as order number %d", charged, status, orders), nil
}

// Charge is an activity: it runs in the worker and may do what it wants.
func Charge(_ context.Context, id string) (string, error) { return "charged " + id, nil }
