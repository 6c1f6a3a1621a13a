package slots_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/mainspring-go/mainspring/slots"
)

func ExampleNewFixed() {
	supplier, err := slots.NewFixed(slots.FixedOptions{Limit: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	permit, err := supplier.Reserve(ctx, slots.Request{Kind: "activity", Queue: "orders"})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := permit.Use(ctx, slots.Task{Type: "Charge", ID: "42"}); err != nil {
		fmt.Println(err)
		return
	}
	s := supplier.Stats()
	fmt.Println("used", s.Used, "available", s.Available())
	fmt.Println("released", permit.Release(), "again", permit.Release())
	// Output:
	// used 1 available 1
	// released true again false
}

func ExampleFixed_Resize() {
	supplier, err := slots.NewFixed(slots.FixedOptions{Limit: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	permit, _ := supplier.TryReserve(slots.Request{})
	defer permit.Release()
	_, before := supplier.TryReserve(slots.Request{})
	if err := supplier.Resize(2); err != nil {
		fmt.Println(err)
		return
	}
	second, after := supplier.TryReserve(slots.Request{})
	defer second.Release()
	fmt.Println(before, after)
	fmt.Println(supplier.Resize(0))
	// Output:
	// false true
	// slots: Limit is 0: give 1 to 16777216
}

// releaseCounter is an observer: it has the one method of the event it watches.
type releaseCounter struct{ used, unused int }

func (c *releaseCounter) PermitReleased(e slots.Released) {
	if e.Used {
		c.used++
	} else {
		c.unused++
	}
}

func ExampleReleaseObserver() {
	var counter releaseCounter
	supplier, err := slots.NewFixed(slots.FixedOptions{Limit: 1, Observers: []any{&counter}})
	if err != nil {
		fmt.Println(err)
		return
	}
	permit, _ := supplier.TryReserve(slots.Request{})
	permit.Release() // the poll came back empty
	fmt.Printf("%+v\n", counter)
	// Output: {used:0 unused:1}
}

// single is a supplier of a user's own: one permit, and tasks of one type only.
type single struct {
	inner *slots.Fixed
	mu    sync.Mutex
	out   map[uint64]slots.Permit
	last  uint64
}

var errWrongType = errors.New("this worker runs only Charge")

func (s *single) wrap(p slots.Permit) slots.Permit {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	s.out[s.last] = p
	return slots.NewPermit(s, s.last)
}

func (s *single) Reserve(ctx context.Context, r slots.Request) (slots.Permit, error) {
	p, err := s.inner.Reserve(ctx, r)
	if err != nil {
		return slots.Permit{}, err
	}
	return s.wrap(p), nil
}

func (s *single) TryReserve(r slots.Request) (slots.Permit, bool) {
	p, ok := s.inner.TryReserve(r)
	if !ok {
		return slots.Permit{}, false
	}
	return s.wrap(p), true
}

func (s *single) Use(ctx context.Context, id uint64, t slots.Task) error {
	if t.Type != "Charge" {
		return errWrongType
	}
	s.mu.Lock()
	p := s.out[id] // the zero Permit when it is not out
	s.mu.Unlock()
	return p.Use(ctx, t)
}

func (s *single) Release(id uint64) bool {
	s.mu.Lock()
	p := s.out[id]
	delete(s.out, id)
	s.mu.Unlock()
	return p.Release()
}

func ExampleNewPermit() {
	inner, err := slots.NewFixed(slots.FixedOptions{Limit: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	var supplier slots.Supplier = &single{inner: inner, out: map[uint64]slots.Permit{}}
	permit, ok := supplier.TryReserve(slots.Request{Kind: "activity"})
	fmt.Println(ok)
	fmt.Println(permit.Use(context.Background(), slots.Task{Type: "Refund"}))
	fmt.Println(permit.Release(), permit.Release())
	// Output:
	// true
	// this worker runs only Charge
	// true false
}
