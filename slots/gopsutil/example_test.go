package gopsutil_test

import (
	"fmt"

	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/slots/gopsutil"
)

func ExampleSampler() {
	controller, err := slots.NewController(slots.ControllerOptions{
		Memory: 0.8, CPU: 0.9, Sampler: gopsutil.Sampler{},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	supplier, err := slots.NewResource(slots.ResourceOptions{Controller: controller, Limit: 500, Min: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	permit, ok := supplier.TryReserve(slots.Request{Kind: "activity"})
	fmt.Println(ok, permit.Release(), supplier.Stats().Limit)
	// Output: true true 500
}
