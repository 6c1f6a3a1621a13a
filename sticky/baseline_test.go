package sticky_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/sticky"
)

// measure returns the goroutines and the bytes of the heap that are reachable.
func measure() (goroutines int, heap int64) {
	for range 3 { // what the first collection frees may hold on to more
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), int64(m.HeapAlloc)
}

// TestCloseReturnsToBaseline uses everything that starts goroutines or keeps memory, and checks
// that nothing is left while cache, budget and leases are still referred to.
func TestCloseReturnsToBaseline(t *testing.T) {
	const size, keys = 1 << 12, 2000 // 8 MB
	goroutines, heap := measure()

	budget := newBudget(t, keys, keys*size)
	options := sticky.Options[string, []byte]{
		MaxEntries: keys, MaxWeight: keys * size, Budget: budget,
		IdleTimeout: time.Hour,
		Weigh:       func(_ string, v []byte) int64 { return int64(len(v)) },
		OnEvict:     func(string, []byte, sticky.Reason) { runtime.Gosched() },
	}
	plain := newCache(t, options)
	options.WaitForRoom = true
	roomy := newCache(t, options)
	caches := []*sticky.Cache[string, []byte]{plain, roomy}
	leases := make([]sticky.Lease[string, []byte], 2*keys)
	var wg sync.WaitGroup
	for i, c := range caches {
		for half := range 2 {
			wg.Go(func() {
				for k := half; k < keys; k += 2 {
					l := acquire(t, c, fmt.Sprint(k%(keys*3/4)))
					l.Put(make([]byte, size))
					l.Release()
					leases[i*keys+k] = l
				}
			})
		}
	}
	wg.Wait()
	if _, now := measure(); now-heap < keys*size/2 {
		t.Fatalf("the heap grew by %d only: nothing to get rid of", now-heap)
	}
	for _, c := range caches {
		if err := c.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := c.Stats(); s.Entries+s.Pinned+s.Evicting+s.Waiting != 0 || s.Weight != 0 {
			t.Errorf("something is left: %+v", s)
		}
	}
	if s := budget.Stats(); s.Caches+s.Entries != 0 || s.Weight != 0 {
		t.Errorf("something is left: %+v", s)
	}
	after, now := measure()
	for range 1000 { // those that ran OnEvict last may still be on their way out
		if after <= goroutines {
			break
		}
		runtime.Gosched()
		after = runtime.NumGoroutine()
	}
	if after > goroutines {
		t.Errorf("%d goroutines, before there were %d", after, goroutines)
	}
	// The leases that are over are still there: each holds its key and 64 bytes.
	if grown := now - heap; grown > 1<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	runtime.KeepAlive(caches)
	runtime.KeepAlive(leases)
}
