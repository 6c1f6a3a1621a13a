package ratelimittest_test

import (
	"testing"

	"github.com/mainspring-go/mainspring/ratelimit"
	"github.com/mainspring-go/mainspring/testkit/ratelimittest"
)

func newBucket(tb testing.TB, perSecond float64, burst int) ratelimit.Limiter {
	tb.Helper()
	b, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: perSecond, Burst: burst})
	if err != nil {
		tb.Fatalf("NewBucket(%v, %d): %v", perSecond, burst, err)
	}
	return b
}

func TestBucket(t *testing.T) {
	mk := func(t *testing.T, perSecond float64, burst int) ratelimit.Limiter {
		t.Helper()
		return newBucket(t, perSecond, burst)
	}
	ratelimittest.TestLimiter(t, mk, ratelimittest.Abilities{Try: true, SetLimit: true, Lift: true, Stats: true})
}

// The limiter of one key keeps the contract, also amid others.
func TestKey(t *testing.T) {
	mk := func(t *testing.T, perSecond float64, burst int) ratelimit.Limiter {
		t.Helper()
		k, err := ratelimit.NewKeyed(ratelimit.KeyedOptions{PerSecond: perSecond, Burst: burst})
		if err != nil {
			t.Fatal(err)
		}
		if token, ok := k.TryReserve("other"); !ok || !token.Spend() {
			t.Fatal("there is no token for another key")
		}
		return k.Of("key")
	}
	ratelimittest.TestLimiter(t, mk, ratelimittest.Abilities{Try: true, SetLimit: true, Stats: true})
}

func BenchmarkBucket(b *testing.B) {
	ratelimittest.BenchmarkLimiter(b, func(b *testing.B, perSecond float64, burst int) ratelimit.Limiter {
		b.Helper()
		return newBucket(b, perSecond, burst)
	})
}
