package sticky

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Cache keeps values between leases. Make one with New. All methods are safe for concurrent
// use. Two workers share a cache, and so its budget, when both are given the same one.
type Cache[K comparable, V any] struct {
	onEvict         func(K, V, Reason)
	weigh           func(K, V) int64
	idleTimeout     time.Duration
	epoch           time.Time // when the cache was made; what entry.since counts from
	acquireObserver AcquireObserver[K]
	evictObserver   EvictObserver[K]

	// mu is never held while something blocks or while foreign code runs.
	mu         sync.Mutex
	entries    map[K]*entry[K, V]
	idle       list[K, V]
	maxEntries int
	maxWeight  int64
	closed     bool
	timer      *time.Timer // fires when the entry that was idle longest may have expired
	armed      bool

	values, pinned, evicting, waiting int
	weight                            int64
	hits, misses, lateCalls           uint64
	evictions                         map[Reason]uint64
}

// New returns an empty cache, or an *OptionError.
func New[K comparable, V any](o Options[K, V]) (*Cache[K, V], error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	c := &Cache[K, V]{
		onEvict:         o.OnEvict,
		weigh:           o.Weigh,
		idleTimeout:     o.IdleTimeout,
		epoch:           time.Now(),
		acquireObserver: o.AcquireObserver,
		evictObserver:   o.EvictObserver,
		entries:         make(map[K]*entry[K, V]),
		maxEntries:      o.MaxEntries,
		maxWeight:       o.MaxWeight,
		evictions:       make(map[Reason]uint64),
	}
	c.idle.init()
	return c, nil
}

// Acquire pins key, whether the cache holds a value for it or not, and returns the lease. It waits
// only while another lease on the same key is out or the key's value is being evicted, first come
// first served; it never waits for space. It returns ErrClosed after Close, also to those who
// waited, and an error that wraps ctx's when ctx has ended; then nothing is pinned. To evict one
// key from outside, acquire it and call Lease.Evict.
func (c *Cache[K, V]) Acquire(ctx context.Context, key K) (*Lease[K, V], error) {
	if ctx.Err() != nil {
		return nil, acquireError(ctx, key)
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, ErrClosed
	}
	e := c.entries[key]
	switch {
	case e == nil:
		e = &entry[K, V]{key: key}
		c.entries[key] = e
	case e.state == idle:
		c.idle.remove(e)
	default:
		return c.wait(ctx, e)
	}
	lease := c.pin(e)
	hit := e.present
	c.mu.Unlock()
	if c.acquireObserver != nil {
		c.acquireObserver.ObserveAcquire(AcquireEvent[K]{Key: key, Hit: hit})
	}
	return lease, nil
}

// wait queues up for e. It is called with mu locked and unlocks it.
func (c *Cache[K, V]) wait(ctx context.Context, e *entry[K, V]) (*Lease[K, V], error) {
	w := &waiter[K, V]{ready: make(chan struct{})}
	b := e.business()
	b.waiters = append(b.waiters, w)
	c.waiting++
	c.mu.Unlock()

	began := time.Now()
	select {
	case <-w.ready:
	case <-ctx.Done():
		c.mu.Lock()
		i := slices.Index(b.waiters, w)
		if i >= 0 {
			b.waiters = slices.Delete(b.waiters, i, i+1)
			c.waiting--
		}
		c.mu.Unlock()
		if i >= 0 {
			return nil, acquireError(ctx, e.key)
		}
		// The lease was granted in the same moment: keep it, the caller will release it.
		<-w.ready
	}
	if w.err == nil && c.acquireObserver != nil {
		c.acquireObserver.ObserveAcquire(
			AcquireEvent[K]{Key: e.key, Hit: w.hit, Waited: time.Since(began)})
	}
	return w.lease, w.err
}

func acquireError[K comparable](ctx context.Context, key K) error {
	return fmt.Errorf("sticky: gave up acquiring key %v: %w", key, contextError(ctx))
}

// pin makes a lease for e, which is in no list. It is called with mu locked.
func (c *Cache[K, V]) pin(e *entry[K, V]) *Lease[K, V] {
	e.state = pinned
	c.pinned++
	if e.present {
		c.hits++
	} else {
		c.misses++
	}
	return &Lease[K, V]{cache: c, entry: e}
}

// unpin ends the lease on e. It returns an empty reason when e was settled, or else why the caller
// has to evict e. It is called with mu locked.
func (c *Cache[K, V]) unpin(e *entry[K, V], evict Reason) Reason {
	c.pinned--
	reason := evict
	switch {
	case reason != "":
	case e.busy != nil && e.busy.doomed != "":
		reason = e.busy.doomed
	case c.maxEntries == 0:
		reason = ReasonFull
	case c.maxWeight > 0 && e.weight > c.maxWeight:
		reason = ReasonOverweight
	}
	if e.busy != nil {
		e.busy.doomed = ""
	}
	if reason != "" && e.present {
		c.beginEviction(e, reason)
		return reason
	}
	c.settle(e)
	return ""
}

// settle decides what becomes of e when its owner lets go: the next waiter's, idle, or forgotten.
// It is called with mu locked.
func (c *Cache[K, V]) settle(e *entry[K, V]) {
	if b := e.busy; b != nil {
		b.finishRounds()
		if w := b.popWaiter(); w != nil {
			c.waiting--
			w.hit = e.present
			w.lease = c.pin(e)
			close(w.ready)
			return
		}
		e.busy = nil
	}
	if e.present {
		e.state = idle
		c.idle.pushBack(e)
		if c.idleTimeout > 0 {
			e.since = time.Since(c.epoch)
			c.arm()
		}
		return
	}
	delete(c.entries, e.key)
	if c.closed && len(c.entries) == 0 {
		c.entries = nil // a map keeps its size when emptied
	}
}
