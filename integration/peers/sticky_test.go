package peers_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/hashicorp/golang-lru/v2/expirable"

	"github.com/mainspring-go/mainspring/sticky"
)

// runKeys are keys as those of workflow runs.
func runKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("%08x-8a3c-4b7e-9f00-0123456789ab", i)
	}
	return keys
}

// A store is a cache as both sides can be used: get returns what is there, put keeps it.
type store struct {
	get func(key string) (*int, bool)
	put func(key string, v *int)
}

func newSticky(tb testing.TB, size int, idle time.Duration, evicted func(string)) store {
	tb.Helper()
	cache, err := sticky.New(sticky.Options[string, *int]{
		MaxEntries: size, IdleTimeout: idle,
		OnEvict: func(key string, _ *int, _ sticky.Reason) { evicted(key) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	ctx := tb.Context()
	return store{
		get: func(key string) (*int, bool) {
			lease, err := cache.Acquire(ctx, key)
			if err != nil {
				return nil, false
			}
			v, ok := lease.Value()
			lease.Release()
			return v, ok
		},
		put: func(key string, v *int) {
			lease, err := cache.Acquire(ctx, key)
			if err != nil {
				tb.Error(err)
				return
			}
			lease.Put(v)
			lease.Release()
		},
	}
}

func newLRU(tb testing.TB, size int, evicted func(string)) store {
	tb.Helper()
	cache, err := lru.NewWithEvict(size, func(key string, _ *int) { evicted(key) })
	if err != nil {
		tb.Fatal(err)
	}
	return store{get: cache.Get, put: func(key string, v *int) { cache.Add(key, v) }}
}

// newExpirable expires what was put so long ago, used or not. It cannot be closed: its goroutine
// stays behind.
func newExpirable(size int, ttl time.Duration, evicted func(string)) store {
	cache := expirable.NewLRU(size, func(key string, _ *int) { evicted(key) }, ttl)
	return store{get: cache.Get, put: func(key string, v *int) { cache.Add(key, v) }}
}

func eachStore(b *testing.B, size int, run func(b *testing.B, s store, evictions *atomic.Int64)) {
	b.Helper()
	for _, side := range []struct {
		name string
		mk   func(b *testing.B, evicted func(string)) store
	}{
		{"sticky", func(b *testing.B, evicted func(string)) store {
			b.Helper()
			return newSticky(b, size, 0, evicted)
		}},
		{"golang-lru", func(b *testing.B, evicted func(string)) store {
			b.Helper()
			return newLRU(b, size, evicted)
		}},
		{"sticky-idle-timeout", func(b *testing.B, evicted func(string)) store {
			b.Helper()
			return newSticky(b, size, time.Hour, evicted)
		}},
		{"golang-lru-expirable", func(_ *testing.B, evicted func(string)) store {
			return newExpirable(size, time.Hour, evicted)
		}},
	} {
		b.Run(side.name, func(b *testing.B) {
			var evictions atomic.Int64
			run(b, side.mk(b, func(string) { evictions.Add(1) }), &evictions)
		})
	}
}

// BenchmarkStickyHit is the one thing that both do: find what is there. Sticky pins it meanwhile.
// Of 100,000 entries it finds always the same, ten of them in turn ("few", as runs with much to do
// come again and again), all as they were put ("turn"), or any by chance ("random"): the last two
// miss the processor's caches.
func BenchmarkStickyHit(b *testing.B) {
	const many = 100_000
	for _, c := range []struct {
		name string
		size int
		next func(i int) int
	}{
		{"entries=1", 1, func(i int) int { return i }},
		{"entries=100000/same", many, func(i int) int { return i }},
		{"entries=100000/few", many, func(i int) int { return (i + many/10) % many }},
		{"entries=100000/turn", many, func(i int) int { return (i + 1) % many }},
		{"entries=100000/random", many, func(int) int { return rand.IntN(many) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			eachStore(b, c.size, func(b *testing.B, s store, evictions *atomic.Int64) {
				b.Helper()
				keys, values := runKeys(c.size), make([]int, c.size)
				for i, key := range keys {
					s.put(key, &values[i])
				}
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					if v, ok := s.get(keys[i]); !ok || v != &values[i] {
						b.Fatalf("key %d: got %p, %t, want %p", i, v, ok, &values[i])
					}
					i = c.next(i)
				}
				if n := evictions.Load(); n != 0 {
					b.Fatalf("%d evictions", n)
				}
			})
		})
	}
}

// BenchmarkStickyTurnover puts a new value into a full cache, which evicts one.
func BenchmarkStickyTurnover(b *testing.B) {
	const size = 1000
	eachStore(b, size, func(b *testing.B, s store, evictions *atomic.Int64) {
		b.Helper()
		keys, value := runKeys(2*size), 0
		for _, key := range keys[:size] {
			s.put(key, &value)
		}
		b.ReportAllocs()
		i := size
		for b.Loop() {
			s.put(keys[i%len(keys)], &value)
			i++
		}
		if n := evictions.Load(); n != int64(i-size) {
			b.Fatalf("%d evictions, want %d", n, i-size)
		}
	})
}

// BenchmarkStickyParallelHit is a hit from all processors at once, on a thousand keys.
func BenchmarkStickyParallelHit(b *testing.B) {
	const size = 1000
	eachStore(b, size, func(b *testing.B, s store, evictions *atomic.Int64) {
		b.Helper()
		keys, values := runKeys(size), make([]int, size)
		for i, key := range keys {
			s.put(key, &values[i])
		}
		var wrong, seeds atomic.Int64
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := int(seeds.Add(1)) * 31; pb.Next(); i++ {
				if v, ok := s.get(keys[i%size]); !ok || v != &values[i%size] {
					wrong.Add(1)
				}
			}
		})
		if wrong.Load() != 0 || evictions.Load() != 0 {
			b.Fatalf("%d wrong, %d evictions", wrong.Load(), evictions.Load())
		}
	})
}

// TestStickyEvictsAsLRU checks that both are the same policy: the same uses, the same evictions.
func TestStickyEvictsAsLRU(t *testing.T) {
	t.Parallel()
	var got, want []string
	ours := newSticky(t, 20, 0, func(key string) { got = append(got, key) })
	theirs := newLRU(t, 20, func(key string) { want = append(want, key) })
	keys, value := runKeys(60), 0
	rng := rand.New(rand.NewPCG(1, 9))
	for range 10_000 {
		key := keys[min(rng.IntN(len(keys)), rng.IntN(len(keys)))]
		_, ours1 := ours.get(key)
		_, theirs1 := theirs.get(key)
		if ours1 != theirs1 {
			t.Fatalf("%s: there %t, golang-lru %t", key, ours1, theirs1)
		}
		if !ours1 {
			ours.put(key, &value)
			theirs.put(key, &value)
		}
	}
	if len(got) < 1000 || !slices.Equal(got, want) {
		t.Errorf("%d evictions, golang-lru %d, or in another order", len(got), len(want))
	}
}
