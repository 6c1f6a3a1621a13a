package ratelimit_test

import (
	"runtime"
	"testing"

	"github.com/mainspring-go/mainspring/ratelimit"
)

func TestUncontendedTokenAllocatesNothing(t *testing.T) {
	limiters := map[string]ratelimit.Limiter{
		"Bucket":    bucket(t, 1e9, 1_000_000),
		"Keyed":     keyed(t, 1e9, 1_000_000).Of("key"),
		"Unlimited": ratelimit.Unlimited{},
	}
	for name, l := range limiters {
		ctx := t.Context()
		n := testing.AllocsPerRun(1000, func() {
			token, err := l.Reserve(ctx)
			if err != nil || !token.Spend() {
				t.Fatal("a token did not go through its life")
			}
		})
		if n != 0 {
			t.Errorf("%s: a token's life allocates %v times, want 0", name, n)
		}
	}
}

func BenchmarkReserveSpend(b *testing.B) {
	benchmarkToken(b, bucket(b, 1e9, 1_000_000), ratelimit.Token.Spend)
}

func BenchmarkReserveRefund(b *testing.B) {
	benchmarkToken(b, bucket(b, 1e9, 1_000_000), ratelimit.Token.Refund)
}

func BenchmarkKeyed(b *testing.B) {
	benchmarkToken(b, keyed(b, 1e9, 1_000_000).Of("key"), ratelimit.Token.Spend)
}

// BenchmarkCrowd is 64 goroutines that do nothing but take and spend.
func BenchmarkCrowd(b *testing.B) {
	l := bucket(b, 1e9, 1_000_000)
	ctx := b.Context()
	b.ReportAllocs()
	b.SetParallelism(max(1, 64/runtime.GOMAXPROCS(0)))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			token, err := l.Reserve(ctx)
			if err != nil || !token.Spend() {
				b.Error("a token did not go through its life")
				return
			}
		}
	})
	if s := l.Stats(); s.Spent != uint64(b.N) || s.Held != 0 {
		b.Errorf("Stats() = %+v after %d tokens", s, b.N)
	}
}

func BenchmarkLifted(b *testing.B) {
	l := bucket(b, 1, 1)
	l.Lift()
	benchmarkToken(b, l, ratelimit.Token.Spend)
}

func BenchmarkUnlimited(b *testing.B) {
	benchmarkToken(b, ratelimit.Unlimited{}, ratelimit.Token.Spend)
}

func benchmarkToken(b *testing.B, l ratelimit.Limiter, settle func(ratelimit.Token) bool) {
	b.Helper()
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		token, err := l.Reserve(ctx)
		if err != nil || !settle(token) {
			b.Fatal("a token did not go through its life")
		}
	}
}
