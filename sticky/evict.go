package sticky

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// maxEvictors is how many OnEvict calls one purge or sweep runs at a time: enough that one that
// hangs does not stop the rest, few enough that closing a large cache is no goroutine storm.
const maxEvictors = 16

// maxNamedKeys is how many keys a HeldError names.
const maxNamedKeys = 5

// Resize changes MaxEntries. Shrinking evicts the surplus that is not pinned, least recently used
// first, and returns when OnEvict has returned for all of it. It returns an *OptionError if n is
// negative, or 0 and the cache waits for room.
func (c *Cache[K, V]) Resize(n int) error {
	if err := checkMaxEntries(n, c.waitForRoom); err != nil {
		return err
	}
	c.mu.Lock()
	c.maxEntries = n
	c.admit()
	c.mu.Unlock()
	c.trim()
	return nil
}

// SetMaxWeight changes MaxWeight, for instance when memory runs short, and evicts like Resize. It
// returns an *OptionError if w is negative, or if there is a bound but no Options.Weigh.
func (c *Cache[K, V]) SetMaxWeight(w int64) error {
	if w < 0 {
		return maxWeightError(w)
	}
	if w > 0 && c.weigh == nil {
		return &OptionError{Field: "MaxWeight", Value: w, Fix: "make the cache with Options.Weigh"}
	}
	c.mu.Lock()
	c.maxWeight = w
	c.mu.Unlock()
	c.trim()
	return nil
}

// Purge evicts, for reason, every value that is held now: idle ones at once, pinned ones when
// their lease ends, be it by Release; those who wait for such a key will find no value. It returns
// when all of them have left and OnEvict has returned, or a *HeldError when ctx ends before; the
// purge goes on nevertheless. Who holds a lease must not wait for its own purge.
func (c *Cache[K, V]) Purge(ctx context.Context, reason Reason) error {
	c.mu.Lock()
	r, victims := c.beginPurge(reason.orUnspecified())
	c.mu.Unlock()
	return c.finishPurge(ctx, r, victims, reason.orUnspecified())
}

// Close makes Acquire return ErrClosed, also to those who wait, and evicts everything like Purge
// with ReasonClosed. Leases that are out stay valid. It may be called again, to wait again.
func (c *Cache[K, V]) Close(ctx context.Context) error {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		if c.timer != nil {
			c.timer.Stop()
		}
		c.sendAway()
	}
	r, victims := c.beginPurge(ReasonClosed)
	c.quit()
	c.mu.Unlock()
	return c.finishPurge(ctx, r, victims, ReasonClosed)
}

// sendAway gives ErrClosed to all who wait. It is called with mu locked.
func (c *Cache[K, V]) sendAway() {
	c.room.line, c.room.keys = nil, 0
	for _, e := range c.entries {
		for w := e.popWaiter(); w != nil; w = e.popWaiter() {
			c.waiting--
			w.err = ErrClosed
			close(w.ready)
		}
		if e.state == placeless {
			delete(c.entries, e.key)
		}
	}
}

// beginPurge marks every entry and returns those that can be evicted now, least recently used
// first. It is called with mu locked.
func (c *Cache[K, V]) beginPurge(reason Reason) (*round, []*entry[K, V]) {
	r := &round{done: make(chan struct{})}
	var victims []*entry[K, V]
	for e := c.idle.front(); e != nil; e = c.idle.front() {
		c.idle.remove(e)
		c.beginEviction(e, reason)
		victims = append(victims, e)
	}
	for _, e := range c.entries {
		if e.state == placeless {
			continue
		}
		a := e.extra()
		if e.state == pinned {
			a.doomed = reason
		}
		a.rounds = append(a.rounds, r)
		r.pending++
	}
	if r.pending == 0 {
		close(r.done)
	}
	return r, victims
}

func (c *Cache[K, V]) finishPurge(
	ctx context.Context, r *round, victims []*entry[K, V], reason Reason,
) error {
	c.evictAll(victims, reason)
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-r.done: // both were ready: all is gone, and that is what matters
		return nil
	default:
		return c.heldError(ctx)
	}
}

// heldError says who is still held.
func (c *Cache[K, V]) heldError(ctx context.Context) error {
	held := &HeldError{Err: contextError(ctx)}
	var keys []K
	c.mu.Lock()
	held.Pinned, held.Evicting = c.pinned, c.evicting
	for _, e := range c.entries {
		if (e.state == pinned || e.state == evicting) && len(keys) < maxNamedKeys {
			keys = append(keys, e.key)
		}
	}
	c.mu.Unlock()
	for _, key := range keys { // without the lock: a key may have a String of its own
		held.Keys = append(held.Keys, fmt.Sprint(key))
	}
	return held
}

// surplus says why there are too many values, or is empty. It is called with mu locked.
func (c *Cache[K, V]) surplus() Reason {
	switch {
	case c.crowded():
		return ReasonFull
	case c.maxWeight > 0 && c.weight > c.maxWeight:
		return ReasonOverweight
	}
	return ""
}

// trim evicts idle values, least recently used first, until there is no surplus or nothing idle,
// first of this cache, then of those that share its budget.
func (c *Cache[K, V]) trim() {
	for {
		c.mu.Lock()
		reason, e := c.surplus(), c.idle.front()
		if reason == "" || e == nil {
			c.mu.Unlock()
			break
		}
		c.idle.remove(e)
		c.beginEviction(e, reason)
		c.mu.Unlock()
		c.evict(e, reason)
	}
	c.budget.trim()
}

// beginEviction takes e, which is in no list, out of the budget and locks its key. The caller goes
// on with evict. It is called with mu locked.
func (c *Cache[K, V]) beginEviction(e *entry[K, V], reason Reason) {
	e.state = evicting
	if e.leaves() {
		c.room.leaving++
	}
	c.countOut(e, reason)
}

// countOut books that e's value leaves. It is called with mu locked.
func (c *Cache[K, V]) countOut(e *entry[K, V], reason Reason) {
	c.values--
	c.weight -= e.weight()
	c.budget.values--
	c.budget.weight -= e.weight()
	c.evicting++
	c.evictions[reason]++
	if reason == ReasonBudget {
		c.budget.evictions++
	}
}

// evict runs OnEvict for e, whose eviction has begun, and frees the key. Deferred, because a panic
// in OnEvict must not leave the key locked.
func (c *Cache[K, V]) evict(e *entry[K, V], reason Reason) {
	defer func() {
		c.mu.Lock()
		e.take()
		c.evicting--
		if e.leaves() {
			c.room.leaving--
		}
		c.settle(e)
		c.mu.Unlock()
	}()
	c.callOnEvict(e.key, e.value, reason)
}

// evictAll runs evict for all victims on goroutines of its own and does not wait for them.
func (c *Cache[K, V]) evictAll(victims []*entry[K, V], reason Reason) {
	var next atomic.Int64
	for range min(len(victims), maxEvictors) {
		go func() {
			for i := next.Add(1) - 1; i < int64(len(victims)); i = next.Add(1) - 1 {
				c.evict(victims[i], reason)
			}
		}()
	}
}

// callOnEvict runs OnEvict and tells the observer.
func (c *Cache[K, V]) callOnEvict(key K, value V, reason Reason) {
	if c.evictObserver == nil {
		if c.onEvict != nil {
			c.onEvict(key, value, reason)
		}
		return
	}
	began := time.Now()
	if c.onEvict != nil {
		c.onEvict(key, value, reason)
	}
	c.evictObserver.ObserveEvict(EvictEvent[K]{Key: key, Reason: reason, Took: time.Since(began)})
}

// arm starts the timer for the entry that has been idle longest, unless it runs already. A hit
// leaves the timer alone: it fires, finds a younger front and is armed again, so that the price is
// one timer per timeout and not one per hit. It is called with mu locked.
func (c *Cache[K, V]) arm() {
	e := c.idle.front()
	if c.armed || c.closed || e == nil {
		return
	}
	c.armed = true
	in := e.annex.since + c.idleTimeout - time.Since(c.epoch)
	if c.timer == nil {
		c.timer = time.AfterFunc(in, c.sweep)
		return
	}
	c.timer.Reset(in)
}

// sweep evicts what has been idle for too long. The list is in the order of idleness.
func (c *Cache[K, V]) sweep() {
	c.mu.Lock()
	c.armed = false
	var victims []*entry[K, V]
	for e := c.idle.front(); e != nil; e = c.idle.front() {
		if time.Since(c.epoch)-e.annex.since < c.idleTimeout {
			break
		}
		c.idle.remove(e)
		c.beginEviction(e, ReasonIdle)
		victims = append(victims, e)
	}
	c.arm()
	c.mu.Unlock()
	c.evictAll(victims, ReasonIdle)
}
