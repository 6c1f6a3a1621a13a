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
	ratelimittest.TestLimiter(t, mk, ratelimittest.Abilities{Try: true, SetLimit: true, Stats: true})
}

func BenchmarkBucket(b *testing.B) {
	ratelimittest.BenchmarkLimiter(b, func(b *testing.B, perSecond float64, burst int) ratelimit.Limiter {
		b.Helper()
		return newBucket(b, perSecond, burst)
	})
}
