package stickytest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/sticky"
)

// goodbye is what OnEvict was told.
type goodbye struct {
	key, value string
	reason     sticky.Reason
}

// call is one goroutine's Acquire.
type call struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when Acquire has returned and the fields below are set
	lease  Lease
	err    error
}

// returned reports whether Acquire has returned.
func (c *call) returned() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// rig is a cache under test and all that was asked of it.
type rig struct {
	ctx   context.Context //nolint:containedctx // a rig lives inside one check
	cache Cache
	calls []*call
	gate  func(goodbye) // runs inside OnEvict, if set

	mu   sync.Mutex
	gone []goodbye
}

func newRig(ctx context.Context, mk New, maxEntries int) *rig {
	return newRigOf(ctx, mk, Config{MaxEntries: maxEntries})
}

func newRigOf(ctx context.Context, mk New, c Config) *rig {
	r := &rig{ctx: ctx}
	c.OnEvict = r.onEvict
	r.cache = mk(c)
	return r
}

func (r *rig) onEvict(key, value string, reason sticky.Reason) {
	g := goodbye{key, value, reason}
	if r.gate != nil {
		r.gate(g)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone = append(r.gone, g)
}

// close ends all that is under way, so that no goroutine outlives the check.
func (r *rig) close() {
	for _, c := range r.calls {
		c.cancel()
	}
	// A cache that ignores ctx gives the leases of some to others: go on until all are over.
	for range len(r.calls) + 1 {
		synctest.Wait()
		for _, c := range r.calls {
			if c.returned() && c.lease != nil {
				c.lease.Release()
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), time.Hour)
	defer cancel()
	_ = r.cache.Close(ctx)
	synctest.Wait()
}

// start calls Acquire on a goroutine of its own.
func (r *rig) start(key string) *call {
	ctx, cancel := context.WithCancel(r.ctx)
	c := &call{cancel: cancel, done: make(chan struct{})}
	r.calls = append(r.calls, c)
	go func() {
		defer close(c.done)
		c.lease, c.err = r.cache.Acquire(ctx, key)
	}()
	return c
}

// take acquires a key that must be free.
func (r *rig) take(key string) (Lease, error) {
	c := r.start(key)
	synctest.Wait()
	switch {
	case !c.returned():
		return nil, fmt.Errorf("acquire of %q waits, and nobody holds it", key)
	case c.err != nil:
		return nil, fmt.Errorf("acquire of %q: %w", key, c.err)
	case c.lease == nil:
		return nil, fmt.Errorf("acquire of %q returned neither lease nor error", key)
	}
	return c.lease, nil
}

// keep puts values, under their own names as keys, one after the other.
func (r *rig) keep(values ...string) error {
	for _, v := range values {
		l, err := r.take(v)
		if err != nil {
			return err
		}
		l.Put(v)
		l.Release()
	}
	return nil
}

// holds checks what is kept under key, "" for nothing. It uses the key.
func (r *rig) holds(key, want string) error {
	l, err := r.take(key)
	if err != nil {
		return err
	}
	defer l.Release()
	return has(l, key, want)
}

// has checks the value of a lease, "" for none.
func has(l Lease, key, want string) error {
	if got, ok := l.Value(); got != want || ok != (want != "") {
		return fmt.Errorf("value of %q: got %q, %t, want %q, %t", key, got, ok, want, want != "")
	}
	return nil
}

// evicted checks what has been evicted since the last call, in any order.
func (r *rig) evicted(want ...goodbye) error {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	left := slices.Clone(r.gone)
	r.gone = nil
	var errs []error
	for _, g := range want {
		i := slices.Index(left, g)
		if i < 0 {
			errs = append(errs, fmt.Errorf("OnEvict was not called with %q", g))
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, g := range left {
		errs = append(errs, fmt.Errorf("OnEvict was called with %q, which was to stay", g))
	}
	return errors.Join(errs...)
}

// soon gives other goroutines ample time to make cond true. It neither sleeps nor calls
// synctest.Wait: both would wait for ever beside a cache that holds a mutex while OnEvict runs.
func soon(cond func() bool) bool {
	for range 200_000 {
		if cond() {
			return true
		}
		runtime.Gosched()
	}
	return cond()
}

// first returns the first error, so that a check reads as a list of steps.
func first(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
