package peers_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"golang.org/x/time/rate"

	"github.com/mainspring-go/mainspring/ratelimit"
)

// starter is what all rate limiters are here: start returns when one more task may start.
type starter interface {
	start(ctx context.Context) error
}

type bucketStarter struct{ b *ratelimit.Bucket }

func (s bucketStarter) start(ctx context.Context) error {
	token, err := s.b.Reserve(ctx)
	if err != nil {
		return err
	}
	token.Spend()
	return nil
}

type rateStarter struct{ l *rate.Limiter }

func (s rateStarter) start(ctx context.Context) error { return s.l.Wait(ctx) }

// BenchmarkRateLimit starts tasks at a rate that holds nobody up: alone, and as 64 goroutines. A
// task that comes from a bucket was reserved before, and spent.
func BenchmarkRateLimit(b *testing.B) {
	for _, bench := range []struct {
		name    string
		callers int
	}{{"alone", 1}, {"crowd", 64}} {
		b.Run(bench.name, func(b *testing.B) {
			const perSecond, burst = 1e9, 1_000_000
			bucket, err := ratelimit.NewBucket(ratelimit.Options{PerSecond: perSecond, Burst: burst})
			if err != nil {
				b.Fatal(err)
			}
			b.Run("ratelimit", func(b *testing.B) {
				before := bucket.Stats().Spent
				benchmarkStarter(b, bucketStarter{bucket}, bench.callers)
				if s := bucket.Stats(); s.Spent-before != uint64(b.N) || s.Held != 0 {
					b.Errorf("Stats() = %+v after %d tokens", s, b.N)
				}
			})
			b.Run("rate", func(b *testing.B) {
				benchmarkStarter(b, rateStarter{rate.NewLimiter(perSecond, burst)}, bench.callers)
			})
		})
	}
}

func benchmarkStarter(b *testing.B, s starter, callers int) {
	b.Helper()
	ctx := b.Context()
	var started atomic.Int64
	b.ReportAllocs()
	if callers == 1 {
		for range b.N {
			if err := s.start(ctx); err != nil {
				b.Fatal(err)
			}
			started.Add(1)
		}
	} else {
		b.SetParallelism(max(1, callers/runtime.GOMAXPROCS(0)))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := s.start(ctx); err != nil {
					b.Error(err)
					return
				}
				started.Add(1)
			}
		})
	}
	b.StopTimer()
	if started.Load() != int64(b.N) {
		b.Errorf("%d of %d tasks started", started.Load(), b.N)
	}
}
