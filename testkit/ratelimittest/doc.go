// Package ratelimittest checks that a [ratelimit.Limiter] keeps its contract.
//
// The contract is a list of clauses, each one sentence and the check of it. Each runs on a fresh
// limiter in a synctest bubble of its own, so that hours take no time, the times are exact and a
// goroutine left behind is found. An implementor's whole test is
//
//	func TestMyLimiter(t *testing.T) {
//		mk := func(t *testing.T, perSecond float64, burst int) ratelimit.Limiter {
//			l, err := mine.New(perSecond, burst)
//			if err != nil {
//				t.Fatal(err)
//			}
//			return l
//		}
//		ratelimittest.TestLimiter(t, mk, ratelimittest.Abilities{SetLimit: true})
//	}
//
// What it promises: clauses run in a fixed order, and none is skipped in silence: a limiter that
// has an ability must declare it. The suite is tested itself, on limiters broken on purpose.
//
// What it will not do: it is for limiters with a rate and a burst. One that never waits, such as
// [ratelimit.Unlimited], has no such contract to keep.
package ratelimittest
