package sticky_test

import (
	"context"
	"fmt"

	"github.com/mainspring-go/mainspring/sticky"
)

func ExampleCache() {
	ctx := context.Background()
	cache, err := sticky.New(sticky.Options[string, int]{
		MaxEntries: 2,
		OnEvict: func(key string, value int, reason sticky.Reason) {
			fmt.Printf("%s=%d leaves: %s\n", key, value, reason)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, key := range []string{"a", "b", "a", "c"} {
		lease, err := cache.Acquire(ctx, key)
		if err != nil {
			fmt.Println(err)
			return
		}
		count, hit := lease.Value()
		fmt.Println(key, hit)
		lease.Put(count + 1)
		lease.Release()
	}
	if err := cache.Close(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println("evicted as full:", cache.Stats().Evictions[sticky.ReasonFull])
	// Unordered output:
	// a false
	// b false
	// a true
	// c false
	// b=1 leaves: full
	// a=2 leaves: closed
	// c=1 leaves: closed
	// evicted as full: 1
}

func ExampleLease_Evict() {
	cache, err := sticky.New(sticky.Options[string, string]{MaxEntries: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	step := func(fail bool) {
		lease, err := cache.Acquire(context.Background(), "run")
		if err != nil {
			fmt.Println(err)
			return
		}
		defer lease.Release() // harmless after Evict
		if _, hit := lease.Value(); !hit {
			fmt.Println("rebuild")
			lease.Put("state")
		}
		if fail {
			lease.Evict("failed")
		}
	}
	step(false)
	step(true)
	step(false)
	// Output:
	// rebuild
	// rebuild
}

func ExampleBudget() {
	ctx := context.Background()
	budget, err := sticky.NewBudget(sticky.BudgetOptions{MaxEntries: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	var caches []*sticky.Cache[string, int]
	for _, name := range []string{"orders", "payments"} {
		cache, err := sticky.New(sticky.Options[string, int]{
			MaxEntries: 1000, // of its own; the budget is what counts here
			Budget:     budget,
			OnEvict: func(key string, _ int, reason sticky.Reason) {
				fmt.Printf("%s of %s leaves: %s\n", key, name, reason)
			},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		caches = append(caches, cache)
	}
	for i, key := range []string{"a", "b", "c", "d"} {
		lease, err := caches[i/3].Acquire(ctx, key)
		if err != nil {
			fmt.Println(err)
			return
		}
		lease.Put(i)
		lease.Release()
	}
	fmt.Println(budget.Stats().Entries, "values in", budget.Stats().Caches, "caches")
	// Output:
	// a of orders leaves: budget
	// 3 values in 2 caches
}
