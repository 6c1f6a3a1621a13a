package sticky

// A Lease is an exclusive pin on one key, from Acquire until its first Release or Evict; later
// calls of either do nothing, so that `defer lease.Release()` is always right. A lease that never
// ends holds its key for ever. Methods may be called from several goroutines, but Release and Evict
// must not be called while Drop runs.
type Lease[K comparable, V any] struct {
	cache *Cache[K, V]
	entry *entry[K, V] // nil once the lease is over; guarded by cache.mu
}

// Value returns the value held for the key. It returns false if there is none, or if the lease is
// over.
func (l *Lease[K, V]) Value() (V, bool) {
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	if l.entry == nil {
		var zero V
		return zero, false
	}
	return l.entry.value, l.entry.present
}

// Put makes v the key's value. A value that was there is replaced and stays the caller's: OnEvict
// does not see it; call Drop first if it should. After the lease Put does nothing but count the
// call in Stats.LateCalls, and v stays the caller's.
func (l *Lease[K, V]) Put(v V) {
	c := l.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	e := l.entry
	if e == nil {
		c.lateCalls++
		return
	}
	if !e.present {
		c.values++
	}
	e.value, e.present = v, true
}

// Drop evicts the value for reason and keeps the pin, so that the caller can put another one: the
// way to replace a value that turned out stale. It returns when OnEvict has returned, and does
// nothing if there is no value. After the lease it does nothing but count in Stats.LateCalls.
func (l *Lease[K, V]) Drop(reason Reason) {
	c := l.cache
	reason = reason.orUnspecified()
	c.mu.Lock()
	e := l.entry
	if e == nil || !e.present {
		if e == nil {
			c.lateCalls++
		}
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
func (l *Lease[K, V]) Evict(reason Reason) {
	c := l.cache
	c.mu.Lock()
	e := l.end()
	if e == nil {
		c.lateCalls++
		c.mu.Unlock()
		return
	}
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
func (l *Lease[K, V]) Release() {
	c := l.cache
	c.mu.Lock()
	e := l.end()
	if e == nil {
		c.mu.Unlock()
		return
	}
	if c.weigh != nil && e.present {
		c.mu.Unlock()
		c.releaseWeighed(e)
		return
	}
	c.finishRelease(e)
}

// end makes the lease over and returns its entry, or nil if it was over already. It is called
// with mu locked.
func (l *Lease[K, V]) end() *entry[K, V] {
	e := l.entry
	l.entry = nil
	return e
}

// releaseWeighed weighs e's value and releases e, which has no lease any more but is still pinned.
func (c *Cache[K, V]) releaseWeighed(e *entry[K, V]) {
	weight := e.weight
	defer func() { // deferred, because a panic in Weigh must not leave the key pinned
		c.mu.Lock()
		c.weight += weight - e.weight
		e.weight = weight
		c.finishRelease(e)
	}()
	weight = max(0, c.weigh(e.key, e.value))
}

// finishRelease unpins e and evicts what is now too much. It is called with mu locked and unlocks
// it.
func (c *Cache[K, V]) finishRelease(e *entry[K, V]) {
	reason := c.unpin(e, "")
	surplus := c.surplus() != ""
	c.mu.Unlock()
	if reason != "" {
		c.evict(e, reason)
	}
	if surplus {
		c.trim()
	}
}
