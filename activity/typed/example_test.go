package typed_test

import (
	"context"
	"fmt"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/typed"
)

type order struct{ ID string }

type receipt struct{ Total int }

// charge is what workflows and workers share.
var charge = typed.Func1[order, receipt]("Charge", nil)

type shop struct{ price int }

func (s *shop) Charge(context.Context, order) (receipt, error) { return receipt{s.price}, nil }

func Example() {
	registry := activity.NewRegistry() // or a worker
	s := &shop{price: 12}
	if err := typed.Register(registry, charge.With(s.Charge)); err != nil {
		fmt.Println(err)
	}
	fmt.Println(registry.Types())
	// Output: [Charge]
}
