package shop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/activity"
)

// workFor is how long an activity takes, so that there is something to see.
const workFor = 120 * time.Millisecond

// Activities are what touches the world. They are methods so that they can hold
// what they need: here, somebody to tell what they do.
type Activities struct {
	// Tell is called with one line at a time, by several goroutines.
	Tell func(format string, args ...any)
}

// errTerminal is why the first charge fails.
var errTerminal = errors.New("the card terminal did not answer")

// ChargeCard takes the money. The terminal fails at the first attempt: nothing
// here tries again, the server does, as the workflow's retry policy says.
func (a *Activities) ChargeCard(ctx context.Context, order string, cents int) (string, error) {
	attempt := activity.GetInfo(ctx).Attempt
	if attempt == 1 {
		a.Tell("charge %s: attempt 1 failed: %v", euros(cents), errTerminal)
		return "", errTerminal
	}
	a.Tell("charge %s: attempt %d went through", euros(cents), attempt)
	return fmt.Sprintf("charge-%s-%d", order, attempt), nil
}

// ReserveStock finds the items on a shelf.
func (a *Activities) ReserveStock(ctx context.Context, items []Item) (string, error) {
	a.Tell("reserve %d kinds of items on the shelf", len(items))
	if err := work(ctx); err != nil {
		return "", err
	}
	a.Tell("reserved")
	return "shelf 7", nil
}

// BookCourier finds somebody to carry it.
func (a *Activities) BookCourier(ctx context.Context, order string) (string, error) {
	a.Tell("book a courier, at the same time")
	if err := work(ctx); err != nil {
		return "", err
	}
	a.Tell("booked")
	return "bicycle for " + order, nil
}

// work waits as an activity should: until it is done or its context ends.
func work(ctx context.Context) error {
	select {
	case <-time.After(workFor):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func euros(cents int) string { return fmt.Sprintf("%d.%02d EUR", cents/100, cents%100) }
