package ratelimittest

import (
	"testing"

	"github.com/mainspring-go/mainspring/ratelimit"
)

// BenchmarkLimiter measures the limiters that mk makes, at a rate that never holds anybody up: a
// token's life with nobody else there, spent and refunded, and with many callers.
func BenchmarkLimiter(
	b *testing.B, mk func(b *testing.B, perSecond float64, burst int) ratelimit.Limiter,
) {
	b.Helper()
	const perSecond, burst = 1e9, 1_000_000
	for _, bench := range []struct {
		name   string
		settle func(ratelimit.Token) bool
	}{{"Spend", ratelimit.Token.Spend}, {"Refund", ratelimit.Token.Refund}} {
		b.Run(bench.name, func(b *testing.B) {
			l := mk(b, perSecond, burst)
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				token, err := l.Reserve(ctx)
				if err != nil || !bench.settle(token) {
					b.Fatalf("a token did not go through its life (Reserve: error %v)", err)
				}
			}
		})
	}
	b.Run("Crowded", func(b *testing.B) {
		l := mk(b, perSecond, burst)
		ctx := b.Context()
		b.ReportAllocs()
		b.SetParallelism(8)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				token, err := l.Reserve(ctx)
				if err != nil || !token.Spend() {
					b.Errorf("a token did not go through its life (Reserve: error %v)", err)
					return
				}
			}
		})
	})
}
