package pollertest

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// A Clause is one sentence of a contract and the check of it. Make is what makes an object for
// the check; a check may make several.
type Clause[Make any] struct {
	// Name is that of the subtest.
	Name string
	// Contract is the sentence.
	Contract string
	// Check returns what is wrong, or nil. It must run inside a synctest bubble.
	Check func(ctx context.Context, mk Make) error
}

// run checks every clause in a bubble of its own.
func run[Make any](t *testing.T, clauses []Clause[Make], bind func(t *testing.T) Make) {
	t.Helper()
	for _, c := range clauses {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := check(t.Context(), c, bind(t)); err != nil {
					t.Errorf("%v\ncontract: %s", err, c.Contract)
				}
			})
		})
	}
}

// grace is how long calls that a broken implementation holds up may take to end: the bubble's
// clock stops with its first goroutine, and what still waits then would end the whole test binary
// before the failure is printed.
const grace = 2 * time.Hour

// check runs one clause with a context that ends with it, and takes a panic for a failure.
func check[Make any](ctx context.Context, c Clause[Make], mk Make) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		if err != nil {
			time.Sleep(grace)
		}
	}()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return c.Check(ctx, mk)
}

// after waits for a value from c, but no longer than d of the bubble's time.
func after[V any](c <-chan V, d time.Duration) (v V, ok bool) {
	synctest.Wait()
	select {
	case v = <-c: // even if the time is up at this very moment
		return v, true
	default:
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case v = <-c:
		return v, true
	case <-timer.C:
	}
	synctest.Wait()
	select {
	case v = <-c:
		return v, true
	default:
		return v, false
	}
}
