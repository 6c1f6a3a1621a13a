package sticky_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/mainspring-go/mainspring/sticky"
)

// A twin is the cache as plainly as it can be written, for one goroutine.
type twin struct {
	max    int
	pinned map[string]bool
	values map[string]int
	order  []string // unpinned, least recently used first
	gone   []string
}

func (w *twin) evict(key string, reason sticky.Reason) {
	w.gone = append(w.gone, fmt.Sprint(key, "=", w.values[key], " ", reason))
	delete(w.values, key)
}

func (w *twin) acquire(key string) (int, bool) {
	w.pinned[key] = true
	w.order = slices.DeleteFunc(w.order, func(k string) bool { return k == key })
	v, ok := w.values[key]
	return v, ok
}

func (w *twin) release(key string) {
	delete(w.pinned, key)
	if _, ok := w.values[key]; ok {
		w.order = append(w.order, key)
	}
	w.trim()
}

func (w *twin) trim() {
	for len(w.values) > w.max && len(w.order) > 0 {
		w.evict(w.order[0], sticky.ReasonFull)
		w.order = w.order[1:]
	}
}

// TestAgainstTwin does the same random things to a cache and to its twin.
func TestAgainstTwin(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		w := &twin{max: rng.IntN(5), pinned: make(map[string]bool), values: make(map[string]int)}
		var got []string
		c := newCache(t, sticky.Options[string, int]{
			MaxEntries: w.max,
			OnEvict: func(k string, v int, r sticky.Reason) {
				got = append(got, fmt.Sprint(k, "=", v, " ", r))
			},
		})
		leases := make(map[string]sticky.Lease[string, int])
		for step := range 200 {
			key := string(rune('a' + rng.IntN(8)))
			l, held := leases[key]
			switch op := rng.IntN(12); {
			case !held && op < 11:
				leases[key] = acquire(t, c, key)
				v, ok := leases[key].Value()
				if wv, wok := w.acquire(key); v != wv || ok != wok {
					t.Fatalf("seed %d step %d: %s is %d %t, want %d %t", seed, step, key, v, ok, wv, wok)
				}
			case !held:
				w.max = rng.IntN(5)
				w.trim()
				if err := c.Resize(w.max); err != nil {
					t.Fatal(err)
				}
			case op < 5:
				l.Put(step)
				w.values[key] = step
			case op < 10:
				l.Release()
				w.release(key)
				delete(leases, key)
			default:
				l.Evict("failed")
				delete(w.pinned, key)
				if _, ok := w.values[key]; ok {
					w.evict(key, "failed")
				}
				delete(leases, key)
			}
			if s := c.Stats(); s.Entries != len(w.values) || s.Pinned != len(w.pinned) {
				t.Fatalf("seed %d step %d: %+v, want %d entries, %d pins",
					seed, step, s, len(w.values), len(w.pinned))
			}
			if !slices.Equal(got, w.gone) {
				t.Fatalf("seed %d step %d: evicted %q, want %q", seed, step, got, w.gone)
			}
		}
	}
}

// A box is a value that notices being used by two at once, and its end.
type box struct {
	mu      sync.Mutex
	evicted int
}

// TestManyGoroutines checks under contention that a pin is exclusive, that every value is evicted
// once, and that the numbers add up in the end.
func TestManyGoroutines(t *testing.T) {
	var mu sync.Mutex
	made := make(map[*box]bool)
	c := newCache(t, sticky.Options[string, *box]{
		MaxEntries: 4, MaxWeight: 100, IdleTimeout: 1,
		Weigh: func(string, *box) int64 { return 20 },
		OnEvict: func(_ string, b *box, _ sticky.Reason) {
			if !b.mu.TryLock() {
				t.Error("evicted while in use")
				return
			}
			defer b.mu.Unlock()
			b.evicted++
		},
	})
	var wg sync.WaitGroup
	for g := range uint64(8) {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(g, 2))
			for range 2000 {
				l := acquire(t, c, fmt.Sprint(rng.IntN(10)))
				b, ok := l.Value()
				if !ok {
					b = &box{}
					mu.Lock()
					made[b] = true
					mu.Unlock()
					l.Put(b)
				}
				if !b.mu.TryLock() {
					t.Error("two holders of one value")
				} else {
					b.mu.Unlock()
				}
				switch rng.IntN(10) {
				case 0:
					l.Evict("failed")
				case 1:
					l.Drop("stale")
				case 2:
					ctx, cancel := context.WithCancel(t.Context())
					cancel()
					_ = c.Purge(ctx, "purged")
				}
				l.Release()
			}
		})
	}
	wg.Wait()
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for b := range maps.Keys(made) {
		if b.evicted != 1 {
			t.Fatalf("a value was evicted %d times", b.evicted)
		}
	}
	s := c.Stats()
	var evictions uint64
	for _, n := range s.Evictions {
		evictions += n
	}
	if s.Entries+s.Pinned+s.Evicting+s.Waiting != 0 || s.Weight != 0 {
		t.Errorf("something is left: %+v", s)
	}
	if evictions != uint64(len(made)) || s.Hits+s.Misses != 8*2000 {
		t.Errorf("%d evictions of %d values, %d acquires", evictions, len(made), s.Hits+s.Misses)
	}
}
