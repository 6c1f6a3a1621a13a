package stickytest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
)

// held puts a value under key and ends the lease by end, which must evict something, and returns
// once OnEvict runs; open lets it return.
func (r *rig) held(key string, end func(Lease)) (open func(), err error) {
	l, err := r.take(key)
	if err != nil {
		return nil, err
	}
	l.Put(key)
	var running atomic.Bool
	gate := make(chan struct{})
	r.gate = func(goodbye) {
		running.Store(true)
		<-gate
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		end(l)
	}()
	open = sync.OnceFunc(func() {
		close(gate)
		<-done
	})
	if !soon(running.Load) {
		open()
		return nil, errors.New("OnEvict was not called")
	}
	return open, nil
}

func locksItsKey(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 5)
	defer r.close()
	open, err := r.held("a", func(l Lease) { l.Evict("slow") })
	if err != nil {
		return err
	}
	defer open()
	next := r.start("a")
	if soon(next.returned) {
		return errors.New("the key was given away while its OnEvict runs")
	}
	open()
	if !soon(next.returned) || next.err != nil {
		return errors.New("the key is not free after OnEvict returned")
	}
	return has(next.lease, "a", "")
}

func locksNoOther(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 1)
	defer r.close()
	if err := r.keep("b"); err != nil {
		return err
	}
	// Releasing a evicts b, which takes its time.
	open, err := r.held("a", func(l Lease) { l.Release() })
	if err != nil {
		return err
	}
	defer open()
	for _, key := range []string{"c", "a"} {
		c := r.start(key)
		if !soon(c.returned) {
			return fmt.Errorf("acquire of %q waits for the OnEvict of another key", key)
		}
		if c.err != nil {
			return fmt.Errorf("acquire of %q: %w", key, c.err)
		}
	}
	return nil
}

// register knows every value that was made, and what became of it.
type register struct {
	mu     sync.Mutex
	next   int
	using  map[string]bool
	left   map[string]int
	faults []error
}

func (g *register) made() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next++
	v := fmt.Sprint("value ", g.next)
	g.left[v] = 0
	return v
}

func (g *register) begin(v string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.using[v] || g.left[v] > 0 {
		g.faults = append(g.faults, fmt.Errorf("%s was given out in use or after its end", v))
	}
	g.using[v] = true
}

func (g *register) end(v string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.using[v] = false
}

func (g *register) leave(bye goodbye) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.using[bye.value] {
		g.faults = append(g.faults, fmt.Errorf("%s was evicted in use", bye.value))
	}
	g.left[bye.value]++
}

// verdict is called when all is over.
func (g *register) verdict() error {
	for v, n := range g.left {
		if n != 1 {
			g.faults = append(g.faults, fmt.Errorf("%s was evicted %d times, want once", v, n))
		}
	}
	if len(g.faults) > 5 {
		g.faults = g.faults[:5]
	}
	return errors.Join(g.faults...)
}

func leavesOnce(ctx context.Context, mk New) error {
	g := &register{using: make(map[string]bool), left: make(map[string]int)}
	r := newRig(ctx, mk, 3)
	r.gate = g.leave
	var wg sync.WaitGroup
	for seed := range uint64(4) {
		wg.Go(func() { g.visit(ctx, r.cache, seed) })
	}
	wg.Wait()
	r.close()
	return g.verdict()
}

// visit uses the cache as a worker does, for many tasks.
func (g *register) visit(ctx context.Context, cache Cache, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 4))
	for range 300 {
		l, err := cache.Acquire(ctx, fmt.Sprint(rng.IntN(8)))
		if err != nil {
			g.mu.Lock()
			g.faults = append(g.faults, err)
			g.mu.Unlock()
			return
		}
		v, ok := l.Value()
		if !ok {
			v = g.made()
			l.Put(v)
		}
		g.begin(v)
		runtime.Gosched()
		g.end(v)
		if rng.IntN(5) == 0 {
			l.Evict("failed")
		}
		l.Release()
	}
}
