package slots_test

import (
	"context"
	"fmt"
	"testing/fstest"
	"time"

	"github.com/mainspring-go/mainspring/slots"
)

func ExampleNewWeighted() {
	supplier, err := slots.NewWeighted(slots.WeightedOptions{
		Limit: 8,
		Weight: func(_ slots.Request, t slots.Task) int {
			if t.Type == "Transcode" {
				return 3
			}
			return 1
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	permit, _ := supplier.TryReserve(slots.Request{Kind: "activity"})
	defer permit.Release()
	fmt.Println("reserved", supplier.Stats().Issued)
	if err := permit.Use(context.Background(), slots.Task{Type: "Transcode"}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("used", supplier.Stats().Used, "of", supplier.Stats().Limit)
	// Output:
	// reserved 1
	// used 3 of 8
}

func ExampleNewKeyed() {
	// Ten tasks at once, of each tenant two.
	supplier, err := slots.NewKeyed(slots.KeyedOptions{
		Limit:  10,
		Key:    func(_ slots.Request, t slots.Task) string { return t.Group },
		PerKey: 2,
		Keys:   map[string]int{"big": 5},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	for range 3 {
		permit, _ := supplier.TryReserve(slots.Request{Kind: "activity"})
		defer permit.Release()
		err = permit.Use(ctx, slots.Task{Type: "Charge", Group: "small"})
	}
	fmt.Println("the third of two:", err)
	fmt.Printf("%+v\n", supplier.KeyStats("small"))
	fmt.Printf("%+v\n", supplier.KeyStats("big"))
	// Output:
	// the third of two: slots: no room for the task that came for kind "activity" on queue "": context deadline exceeded
	// {Limit:2 Used:2 Held:0}
	// {Limit:5 Used:0 Held:0}
}

// One budget for the process; each worker has a limit of its own within it.
func ExampleNewFixed_within() {
	budget, err := slots.NewFixed(slots.FixedOptions{Limit: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	first, err := slots.NewFixed(slots.FixedOptions{Limit: 2, Within: budget})
	if err != nil {
		fmt.Println(err)
		return
	}
	second, err := slots.NewFixed(slots.FixedOptions{Limit: 2, Within: budget})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, worker := range []*slots.Fixed{first, first, first, second, second} {
		if permit, ok := worker.TryReserve(slots.Request{}); ok {
			defer permit.Release()
		}
	}
	fmt.Println(first.Stats().Issued, second.Stats().Issued, budget.Stats().Issued)
	// Output: 2 1 3
}

// quiet is a sampler of a machine that has nothing to do.
type quiet struct{}

func (quiet) Read() (slots.Reading, error) {
	return slots.Reading{MemoryUsed: 1 << 30, MemoryLimit: 4 << 30, CPUTime: time.Second, CPUs: 2}, nil
}

func ExampleNewResource() {
	controller, err := slots.NewController(slots.ControllerOptions{Memory: 0.8, CPU: 0.9, Sampler: quiet{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Both go by the same controller: one sampler, one pair of control loops.
	workflows, err := slots.NewResource(slots.ResourceOptions{
		Controller: controller, Limit: 1000, Min: 2, MinPerKind: 1,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	activities, err := slots.NewResource(slots.ResourceOptions{
		Controller: controller, Limit: 500, Ramp: 50 * time.Millisecond,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	for range 3 { // the third waits until the CPU has been measured
		permit, err := workflows.Reserve(ctx, slots.Request{Kind: "workflow"})
		if err != nil {
			fmt.Println(err)
			return
		}
		defer permit.Release()
	}
	permit, ok := activities.TryReserve(slots.Request{Kind: "activity"})
	fmt.Println(ok, permit.Release(), workflows.Stats().Issued)
	fmt.Printf("memory %.2f, open %t\n", controller.Usage().Memory, controller.Usage().Open)
	// Output:
	// true true 3
	// memory 0.25, open true
}

func ExampleNewController() {
	_, err := slots.NewController(slots.ControllerOptions{Memory: 80, CPU: 0.9})
	fmt.Println(err)
	// Output: slots: Memory is 80: give a fraction, not percent: 0.8
}

func ExampleNewLinuxSampler() {
	// Outside of examples leave FS out: it is the machine's.
	sampler, err := slots.NewLinuxSampler(slots.LinuxOptions{FS: fstest.MapFS{
		"proc/meminfo":                 {Data: []byte("MemTotal: 4194304 kB\nMemAvailable: 3145728 kB\n")},
		"proc/stat":                    {Data: []byte("cpu 100 0 50 900 0 0 0 0\ncpu0 0\ncpu1 0\n")},
		"proc/self/cgroup":             {Data: []byte("0::/\n")},
		"proc/self/mountinfo":          {Data: []byte("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 none rw\n")},
		"sys/fs/cgroup/memory.max":     {Data: []byte("536870912\n")},
		"sys/fs/cgroup/memory.current": {Data: []byte("500000000\n")},
		"sys/fs/cgroup/memory.stat":    {Data: []byte("file 100000000\n")},
		"sys/fs/cgroup/cpu.max":        {Data: []byte("50000 100000\n")},
		"sys/fs/cgroup/cpu.stat":       {Data: []byte("usage_usec 700000\n")},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := sampler.Read()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.MemoryUsed, "of", r.MemoryLimit)
	fmt.Println(r.CPUTime, "on", r.CPUs)
	// Output:
	// 400000000 of 536870912
	// 700ms on 0.5
}
