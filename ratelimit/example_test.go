package ratelimit_test

import (
	"context"
	"fmt"

	"github.com/mainspring-go/mainspring/ratelimit"
)

func ExampleNewBucket() {
	limiter, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: 0.5, Burst: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	for _, tasks := range []int{1, 0} {
		token, err := limiter.Reserve(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		if tasks > 0 {
			token.Spend() // the poll brought a task, which starts now
		} else {
			token.Refund() // the poll came back empty
		}
	}
	s := limiter.Stats()
	fmt.Printf("spent %d, refunded %d, held %d\n", s.Spent, s.Refunded, s.Held)
	// Output: spent 1, refunded 1, held 0
}

func ExampleBucket_SetLimit() {
	limiter, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(limiter.SetLimit(0))
	fmt.Println(limiter.SetLimit(5), limiter.Stats().PerSecond)
	// Output:
	// ratelimit: PerSecond is 0: give a finite number of tokens a second above 0
	// <nil> 5
}

// The tenant is known when the task has come, so its token is asked for then, and quickly.
func ExampleNewKeyed() {
	tenants, err := ratelimit.NewKeyed(ratelimit.KeyedOptions{
		PerSecond: 0.1, Burst: 2,
		Keys: map[string]ratelimit.Options{"big": {PerSecond: 100, Burst: 10}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		token, ok := tenants.TryReserve("small")
		fmt.Println(ok, token.Spend())
	}
	fmt.Println(tenants.Stats("small").Spent, tenants.Stats("big").Burst, tenants.Keys())
	// Output:
	// true true
	// true true
	// false false
	// 2 10 1
}

// Who polls for each tenant by itself knows the tenant before the poll.
func ExampleKeyed_Of() {
	tenants, err := ratelimit.NewKeyed(ratelimit.KeyedOptions{PerSecond: 5})
	if err != nil {
		fmt.Println(err)
		return
	}
	var limiter ratelimit.Limiter = tenants.Of("small")
	token, err := limiter.Reserve(context.Background())
	fmt.Println(err, token.Refund())
	// Output: <nil> true
}

func ExampleUnlimited() {
	var limiter ratelimit.Limiter = ratelimit.Unlimited{}
	token, err := limiter.Reserve(context.Background())
	fmt.Println(token.Spend(), err)
	// Output: true <nil>
}

// metered is a limiter of a user's own: it counts the tokens that another limiter's callers spend.
type metered struct {
	ratelimit.Limiter
	out   map[uint64]ratelimit.Token // a real one would need a lock
	last  uint64
	spent int
}

func (m *metered) Reserve(ctx context.Context) (ratelimit.Token, error) {
	inner, err := m.Limiter.Reserve(ctx)
	if err != nil {
		return ratelimit.Token{}, err
	}
	m.last++
	m.out[m.last] = inner
	return ratelimit.NewToken(m, m.last), nil
}

func (m *metered) Spend(id uint64) bool {
	if !m.out[id].Spend() {
		return false
	}
	delete(m.out, id)
	m.spent++
	return true
}

func (m *metered) Refund(id uint64) bool {
	defer delete(m.out, id)
	return m.out[id].Refund()
}

func ExampleNewToken() {
	limiter := &metered{Limiter: ratelimit.Unlimited{}, out: map[uint64]ratelimit.Token{}}
	token, err := limiter.Reserve(context.Background())
	fmt.Println(token.Spend(), token.Spend(), err, limiter.spent)
	// Output: true false <nil> 1
}
