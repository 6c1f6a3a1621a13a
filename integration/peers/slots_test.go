package peers_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/jackc/puddle/v2"
	"golang.org/x/sync/semaphore"

	"github.com/mainspring-go/mainspring/slots"
)

// bound is what all suppliers of room are here: run does f while it has room, one of a few.
type bound interface {
	run(ctx context.Context, f func()) error
	// out is how many have room now.
	out() int
}

type slotsBound struct{ s *slots.Fixed }

func (b slotsBound) run(ctx context.Context, f func()) error {
	p, err := b.s.Reserve(ctx, slots.Request{})
	if err != nil {
		return err
	}
	f()
	p.Release()
	return nil
}

func (b slotsBound) out() int { return b.s.Stats().Issued }

// semaphoreBound tells how many are out by what is left, since nobody else does.
type semaphoreBound struct {
	s     *semaphore.Weighted
	limit int64
}

func (b semaphoreBound) run(ctx context.Context, f func()) error {
	if err := b.s.Acquire(ctx, 1); err != nil {
		return err
	}
	f()
	b.s.Release(1)
	return nil
}

func (b semaphoreBound) out() int {
	if !b.s.TryAcquire(b.limit) {
		return 1
	}
	b.s.Release(b.limit)
	return 0
}

type puddleBound struct{ p *puddle.Pool[struct{}] }

func (b puddleBound) run(ctx context.Context, f func()) error {
	r, err := b.p.Acquire(ctx)
	if err != nil {
		return err
	}
	f()
	r.Release()
	return nil
}

func (b puddleBound) out() int { return int(b.p.Stat().AcquiredResources()) }

// channelBound is what many write themselves: who puts something into the channel has room.
type channelBound struct{ c chan struct{} }

func (b channelBound) run(ctx context.Context, f func()) error {
	select {
	case b.c <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	f()
	<-b.c
	return nil
}

func (b channelBound) out() int { return len(b.c) }

// bounds are the contestants with this much room.
func bounds(b *testing.B, limit int) []struct {
	name string
	bound
} {
	b.Helper()
	fixed, err := slots.NewFixed(slots.FixedOptions{Limit: limit})
	if err != nil {
		b.Fatal(err)
	}
	pool, err := puddle.NewPool(&puddle.Config[struct{}]{
		Constructor: func(context.Context) (struct{}, error) { return struct{}{}, nil },
		Destructor:  func(struct{}) {},
		MaxSize:     int32(limit),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	return []struct {
		name string
		bound
	}{
		{"slots", slotsBound{fixed}},
		{"semaphore", semaphoreBound{semaphore.NewWeighted(int64(limit)), int64(limit)}},
		{"puddle", puddleBound{pool}},
		{"channel", channelBound{make(chan struct{}, limit)}},
	}
}

// BenchmarkSlots takes room and gives it back: alone, as 64 goroutines with room for all, and as 64
// with room for 4.
func BenchmarkSlots(b *testing.B) {
	for _, bench := range []struct {
		name           string
		limit, callers int
	}{{"alone", 4, 1}, {"crowd", 64, 64}, {"queue", 4, 64}} {
		b.Run(bench.name, func(b *testing.B) {
			for _, contestant := range bounds(b, bench.limit) {
				b.Run(contestant.name, func(b *testing.B) {
					benchmarkBound(b, contestant.bound, bench.callers)
				})
			}
		})
	}
}

// benchmarkBound counts per goroutine: a count that all share would cost a crowd more than its room.
func benchmarkBound(b *testing.B, contestant bound, callers int) {
	b.Helper()
	ctx := b.Context()
	var done atomic.Int64
	turn := func(more func() bool) {
		n := 0
		for more() {
			if err := contestant.run(ctx, func() { n++ }); err != nil {
				b.Error(err)
				return
			}
		}
		done.Add(int64(n))
	}
	b.ReportAllocs()
	if callers == 1 {
		left := b.N
		turn(func() bool { left--; return left >= 0 })
	} else {
		b.SetParallelism(max(1, callers/runtime.GOMAXPROCS(0)))
		b.RunParallel(func(pb *testing.PB) { turn(pb.Next) })
	}
	b.StopTimer()
	if done.Load() != int64(b.N) || contestant.out() != 0 {
		b.Errorf("%d of %d tasks ran, %d have not given room back", done.Load(), b.N, contestant.out())
	}
}
