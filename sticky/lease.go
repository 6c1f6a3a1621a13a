package sticky

// A Lease is an exclusive pin on one key, from Acquire until its first Release or Evict; later
// calls of either do nothing, so that `defer lease.Release()` is always right. A lease that never
// ends holds its key for ever. It is a small value: copies are the same lease, and ending one ends
// all. The zero Lease is over; its methods do nothing. Methods may be called from several
// goroutines, but Release and Evict must not be called while Drop runs.
type Lease[K comparable, V any] struct {
	cache  *Cache[K, V]
	entry  *entry[K, V]
	number uint64 // the entry's as long as the lease is out; guarded by cache.mu
}

// Value returns the value held for the key. It returns false if there is none, or if the lease is
// over.
func (l Lease[K, V]) Value() (V, bool) {
	var zero V
	c := l.cache
	if c == nil {
		return zero, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.over() {
		return zero, false
	}
	return l.entry.value, l.entry.present
}

// Put makes v the key's value. A value that was there is replaced and stays the caller's: OnEvict
// does not see it; call Drop first if it should. After the lease Put does nothing but count the
// call in Stats.LateCalls, and v stays the caller's.
func (l Lease[K, V]) Put(v V) {
	c := l.cache
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.over() {
		c.lateCalls++
		return
	}
	e := l.entry
	if !e.present {
		c.values++
		c.budget.values++
	}
	e.value, e.present = v, true
}

// Drop evicts the value for reason and keeps the pin, so that the caller can put another one: the
// way to replace a value that turned out stale. It returns when OnEvict has returned, and does
// nothing if there is no value. After the lease it does nothing but count in Stats.LateCalls.
func (l Lease[K, V]) Drop(reason Reason) {
	c := l.cache
	if c == nil {
		return
	}
	reason = reason.orUnspecified()
	c.mu.Lock()
	e := l.entry
	switch {
	case l.over():
		c.lateCalls++
		c.mu.Unlock()
		return
	case !e.present:
		c.mu.Unlock()
		return
	}
	c.countOut(e, reason)
	key, value := e.key, e.take()
	c.mu.Unlock()

	defer func() {
		c.mu.Lock()
		c.evicting--
		c.mu.Unlock()
	}()
	c.callOnEvict(key, value, reason)
}

// Evict ends the lease and evicts the value, if there is one, for reason. It returns when OnEvict
// has returned; the key stays locked until then.
func (l Lease[K, V]) Evict(reason Reason) {
	c := l.cache
	if c == nil {
		return
	}
	c.mu.Lock()
	if !l.end() {
		c.lateCalls++
		c.mu.Unlock()
		return
	}
	e := l.entry
	reason = c.unpin(e, reason.orUnspecified())
	c.mu.Unlock()
	if reason != "" {
		c.evict(e, reason)
	}
}

// Release ends the lease. The value, if there is one, stays in the cache as the most recently used,
// or goes to the next in the key's queue. If there are then too many values, Release evicts the
// least recently used ones that are not pinned, possibly this one, and returns when their OnEvict
// has returned; the key itself is free before that.
func (l Lease[K, V]) Release() {
	c := l.cache
	if c == nil {
		return
	}
	c.mu.Lock()
	if !l.end() {
		c.mu.Unlock()
		return
	}
	e := l.entry
	if c.weigh != nil && e.present {
		c.mu.Unlock()
		c.releaseWeighed(e)
		return
	}
	c.finishRelease(e)
}

// over reports whether the lease is over. It is called with mu locked.
func (l Lease[K, V]) over() bool { return l.entry.number != l.number }

// end makes the lease over and reports whether it was not over already. It is called with mu
// locked.
func (l Lease[K, V]) end() bool {
	if l.over() {
		return false
	}
	l.entry.number = l.cache.budget.next()
	return true
}

// releaseWeighed weighs e's value and releases e, which has no lease any more but is still pinned.
func (c *Cache[K, V]) releaseWeighed(e *entry[K, V]) {
	weight, weighed := int64(0), false
	defer func() { // deferred, because a panic in Weigh must not leave the key pinned
		c.mu.Lock()
		if weighed {
			c.weight += weight - e.weight()
			c.budget.weight += weight - e.weight()
			e.extra().weight = weight
		}
		c.finishRelease(e)
	}()
	weight = max(0, c.weigh(e.key, e.value))
	weighed = true
}

// finishRelease unpins e and evicts what is now too much. It is called with mu locked and unlocks
// it.
func (c *Cache[K, V]) finishRelease(e *entry[K, V]) {
	reason := c.unpin(e, "")
	surplus := c.surplus() != "" || c.budget.surplus()
	c.mu.Unlock()
	if reason != "" {
		c.evict(e, reason)
	}
	if surplus {
		c.trim()
	}
}
