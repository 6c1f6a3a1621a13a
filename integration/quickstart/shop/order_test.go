package shop_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/integration/quickstart/shop"
)

// ExampleActivities shows that an activity is a method like any other.
func ExampleActivities() {
	a := &shop.Activities{Tell: func(format string, args ...any) {
		fmt.Printf(format+"\n", args...)
	}}
	shelf, err := a.ReserveStock(context.Background(), []shop.Item{{Name: "key", Count: 2}})
	fmt.Println(shelf, err)
	// Output:
	// reserve 1 kinds of items on the shelf
	// reserved
	// shelf 7 <nil>
}

func TestActivitiesEndWithTheirContext(t *testing.T) {
	t.Parallel()
	a := &shop.Activities{Tell: func(string, ...any) {}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := a.BookCourier(ctx, "order"); err == nil {
		t.Error("the courier was booked after the context had ended")
	}
	if _, err := a.ReserveStock(ctx, nil); err == nil {
		t.Error("the stock was reserved after the context had ended")
	}
}
