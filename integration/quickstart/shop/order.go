package shop

import (
	"fmt"
	"strings"
	"time"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// Names by which the outside reaches the workflow.
const (
	// TaskQueue is where the worker and the client meet.
	TaskQueue = "quickstart-orders"
	// WorkflowType is the name of [Order]. The SDK's client takes a function only
	// if its context is the SDK's own, so it is given the name.
	WorkflowType = "Order"
	// QueryStatus asks for a string: what the order is doing.
	QueryStatus = "status"
	// SignalApprove lets the order go; it carries the name of who approves.
	SignalApprove = "approve"
	// UpdateAddress changes the address, from string to the string that was stored.
	UpdateAddress = "change-address"
)

// holdFor is how long an order can still be changed before it asks for approval.
const holdFor = 300 * time.Millisecond

// Status is what an order is doing, as a query sees it.
const (
	StatusCharging = "charging the card"
	StatusPacking  = "packing"
	StatusHolding  = "held for a moment"
	StatusWaiting  = "waiting for approval"
	StatusDone     = "on its way"
)

// Purchase is what a customer asks for.
type Purchase struct {
	ID      string
	Items   []Item
	Address string
}

// Item is one line of a purchase.
type Item struct {
	Name  string
	Count int
	Cents int
}

// Receipt is what the customer gets.
type Receipt struct {
	Order     string
	Cents     int
	Charge    string
	Shelf     string
	Courier   string
	Address   string
	Approved  string
	Completed time.Time
}

// cents is the price of all items.
func (p Purchase) cents() int {
	sum := 0
	for _, item := range p.Items {
		sum += item.Count * item.Cents
	}
	return sum
}

// check says what is wrong with a purchase. It is no use to try again.
func (p Purchase) check() error {
	switch {
	case len(p.Items) == 0:
		return temporal.NewNonRetryableApplicationError("the order has no items", "InvalidOrder", nil)
	case p.cents() <= 0:
		return temporal.NewNonRetryableApplicationError("the order costs nothing", "InvalidOrder", nil)
	}
	return checkAddress(p.Address)
}

// checkAddress wants a street and a town.
func checkAddress(address string) error {
	street, town, ok := strings.Cut(address, ",")
	if !ok || strings.TrimSpace(street) == "" || strings.TrimSpace(town) == "" {
		return temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("%q is no address: give a street, a comma and a town", address),
			"InvalidAddress", nil)
	}
	return nil
}

// Order is the workflow: it takes a purchase to its receipt, and survives whatever
// happens to the process that it runs in.
func Order(ctx workflow.Context, purchase Purchase) (Receipt, error) {
	if err := purchase.check(); err != nil {
		return Receipt{}, err
	}
	receipt := Receipt{Order: purchase.ID, Cents: purchase.cents(), Address: purchase.Address}
	status := StatusCharging
	if err := answer(ctx, &status, &receipt); err != nil {
		return Receipt{}, err
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond},
	})

	var a *Activities // Only its methods' names are used.
	err := workflow.ExecuteActivity(ctx, a.ChargeCard, purchase.ID, receipt.Cents).Get(ctx, &receipt.Charge)
	if err != nil {
		return Receipt{}, err
	}

	status = StatusPacking
	stock := workflow.ExecuteActivity(ctx, a.ReserveStock, purchase.Items)
	courier := workflow.ExecuteActivity(ctx, a.BookCourier, purchase.ID)
	if err := stock.Get(ctx, &receipt.Shelf); err != nil {
		return Receipt{}, err
	}
	if err := courier.Get(ctx, &receipt.Courier); err != nil {
		return Receipt{}, err
	}

	status = StatusHolding
	if err := workflow.Sleep(ctx, holdFor); err != nil {
		return Receipt{}, err
	}

	status = StatusWaiting
	workflow.GetSignalChannel(ctx, SignalApprove).Receive(ctx, &receipt.Approved)

	status = StatusDone
	err = workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	receipt.Completed = workflow.Now(ctx)
	return receipt, err
}

// answer lets the outside ask for the status and change the address.
func answer(ctx workflow.Context, status *string, receipt *Receipt) error {
	err := workflow.SetQueryHandler(ctx, QueryStatus, func() (string, error) { return *status, nil })
	if err != nil {
		return err
	}
	change := func(_ workflow.Context, address string) (string, error) {
		receipt.Address = address
		return receipt.Address, nil
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, UpdateAddress, change,
		workflow.UpdateHandlerOptions{Validator: checkAddress})
}
