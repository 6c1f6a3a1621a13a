package sticky

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Cache keeps values between leases. Make one with New. All methods are safe for concurrent
// use. Two workers share a cache when both are given the same one; several caches share bounds
// when they are given the same Budget.
type Cache[K comparable, V any] struct {
	onEvict         func(K, V, Reason)
	weigh           func(K, V) int64
	idleTimeout     time.Duration
	epoch           time.Time // when the cache was made; what annex.since counts from
	waitForRoom     bool
	acquireObserver AcquireObserver[K]
	evictObserver   EvictObserver[K]
	budget          *Budget // one of its own if the user gave none

	// mu is the budget's. It is never held while something blocks or while foreign code runs.
	mu         *sync.Mutex
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

	room room[K, V]
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
		waitForRoom:     o.WaitForRoom,
		acquireObserver: o.AcquireObserver,
		evictObserver:   o.EvictObserver,
		budget:          o.Budget,
		entries:         make(map[K]*entry[K, V]),
		maxEntries:      o.MaxEntries,
		maxWeight:       o.MaxWeight,
		evictions:       make(map[Reason]uint64),
	}
	c.idle.init()
	if c.budget == nil {
		c.budget = &Budget{}
	}
	c.mu = &c.budget.mu
	if err := c.budget.join(c); err != nil {
		return nil, err
	}
	return c, nil
}

// Acquire pins key, whether the cache holds a value for it or not, and returns the lease. It waits
// only while another lease on the same key is out or the key's value is being evicted, first come
// first served; it never waits for space, unless Options.WaitForRoom says so. It returns ErrClosed
// after Close, also to those who waited, and an error that wraps ctx's when ctx has ended; then
// nothing is pinned. To evict one key from outside, acquire it and call Lease.Evict.
func (c *Cache[K, V]) Acquire(ctx context.Context, key K) (Lease[K, V], error) {
	if ctx.Err() != nil {
		return Lease[K, V]{}, acquireError(ctx, key)
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return Lease[K, V]{}, ErrClosed
	}
	e := c.entries[key]
	switch {
	case e == nil:
		e = &entry[K, V]{key: key}
		c.entries[key] = e
		if c.waitForRoom && !c.enter(e) {
			return c.wait(ctx, e)
		}
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
func (c *Cache[K, V]) wait(ctx context.Context, e *entry[K, V]) (Lease[K, V], error) {
	w := &waiter[K, V]{entry: e, arrived: c.budget.next(), ready: make(chan struct{})}
	if e.leaves() {
		c.room.leaving--
	}
	e.extra().waiters = append(e.annex.waiters, w)
	c.waiting++
	if e.state == placeless {
		c.room.queue(w)
	}
	var victims []*entry[K, V]
	if c.waitForRoom {
		victims = c.makeRoom()
	}
	c.mu.Unlock()
	c.evictAll(victims, ReasonFull)

	began := time.Now()
	select {
	case <-w.ready:
	case <-ctx.Done():
		if c.giveUp(w) {
			return Lease[K, V]{}, acquireError(ctx, e.key)
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

// giveUp takes w out of its queues and reports whether it still was in one.
func (c *Cache[K, V]) giveUp(w *waiter[K, V]) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := w.entry
	i := slices.Index(e.waiters(), w)
	if i < 0 {
		return false
	}
	e.annex.waiters = slices.Delete(e.annex.waiters, i, i+1)
	c.waiting--
	if e.leaves() {
		c.room.leaving++
	}
	if e.state == placeless {
		c.room.remove(w)
		if len(e.annex.waiters) == 0 {
			c.room.keys--
			c.forget(e)
		}
	}
	return true
}

func acquireError[K comparable](ctx context.Context, key K) error {
	return fmt.Errorf("sticky: gave up acquiring key %v: %w", key, contextError(ctx))
}

// pin makes a lease for e, which is in no list. It is called with mu locked.
func (c *Cache[K, V]) pin(e *entry[K, V]) Lease[K, V] {
	e.state = pinned
	e.number = c.budget.next()
	c.pinned++
	if e.present {
		c.hits++
	} else {
		c.misses++
	}
	return Lease[K, V]{cache: c, entry: e, number: e.number}
}

// handOver gives e to the first in its queue, if there is one. It is called with mu locked.
func (c *Cache[K, V]) handOver(e *entry[K, V]) bool {
	w := e.popWaiter()
	if w == nil {
		return false
	}
	c.waiting--
	w.hit = e.present
	w.lease = c.pin(e)
	close(w.ready)
	return true
}

// unpin ends the lease on e. It returns an empty reason when e was settled, or else why the caller
// has to evict e. It is called with mu locked.
func (c *Cache[K, V]) unpin(e *entry[K, V], evict Reason) Reason {
	c.pinned--
	reason := evict
	switch {
	case reason != "":
	case e.annex != nil && e.annex.doomed != "":
		reason = e.annex.doomed
	case c.maxEntries == 0:
		reason = ReasonFull
	case c.maxWeight > 0 && e.weight() > c.maxWeight:
		reason = ReasonOverweight
	case c.budget.maxWeight > 0 && e.weight() > c.budget.maxWeight:
		reason = ReasonBudget
	}
	if e.annex != nil {
		e.annex.doomed = ""
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
	if e.annex != nil {
		e.annex.finishRounds()
		if c.waitForRoom && !e.present {
			c.vacate(e)
			return
		}
		if c.handOver(e) {
			return
		}
		if c.weigh == nil && c.idleTimeout == 0 {
			e.annex = nil
		}
	}
	switch {
	case e.present:
		e.state = idle
		e.number = c.budget.next()
		c.idle.pushBack(e)
		if c.idleTimeout > 0 {
			e.extra().since = time.Since(c.epoch)
			c.arm()
		}
	case c.waitForRoom:
		c.vacate(e)
	default:
		c.forget(e)
	}
}

// forget drops e, which has neither value nor owner nor waiters. It is called with mu locked.
func (c *Cache[K, V]) forget(e *entry[K, V]) {
	delete(c.entries, e.key)
	c.quit()
}

// quit lets go of what a closed cache needs no more. It is called with mu locked.
func (c *Cache[K, V]) quit() {
	if c.closed && len(c.entries) == 0 {
		c.entries = nil // a map keeps its size when emptied
		c.budget.leave(c)
	}
}
