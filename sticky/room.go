package sticky

import (
	"cmp"
	"slices"
)

// A room keeps the accounts of a cache that waits for room. A key has a place from the moment it is
// pinned until it has neither value nor owner any more, so that a value whose OnEvict runs still
// counts; no more than MaxEntries keys have one. Guarded by Cache.mu.
type room[K comparable, V any] struct {
	places  int             // keys that have a place
	leaving int             // those of them that will not have it long: evicted and not wanted
	keys    int             // keys that have none and wait for one
	line    []*waiter[K, V] // who waits for those keys, first come first
}

// queue adds w in the order of arrival: who is sent here from a key's own queue may have come
// before others.
func (r *room[K, V]) queue(w *waiter[K, V]) {
	i, _ := r.find(w)
	r.line = slices.Insert(r.line, i, w)
}

func (r *room[K, V]) remove(w *waiter[K, V]) {
	if i, found := r.find(w); found {
		r.line = slices.Delete(r.line, i, i+1)
	}
}

func (r *room[K, V]) find(w *waiter[K, V]) (int, bool) {
	return slices.BinarySearchFunc(r.line, w.arrived, func(w *waiter[K, V], arrived uint64) int {
		return cmp.Compare(w.arrived, arrived)
	})
}

// enter gives the new entry e a place, or makes it wait for one: while someone waits none is free.
// It is called with mu locked.
func (c *Cache[K, V]) enter(e *entry[K, V]) bool {
	if c.room.places < c.maxEntries {
		c.room.places++
		return true
	}
	e.state = placeless
	c.room.keys++
	return false
}

// makeRoom begins the eviction of what must leave for those who wait, as far as it is idle, and
// returns it. It is called with mu locked.
func (c *Cache[K, V]) makeRoom() []*entry[K, V] {
	var victims []*entry[K, V]
	for e := c.idle.front(); e != nil && c.crowded(); e = c.idle.front() {
		c.idle.remove(e)
		c.beginEviction(e, ReasonFull)
		victims = append(victims, e)
	}
	return victims
}

// vacate takes the place of e, which has neither value nor owner, for whoever has waited longest,
// be it for this key or another. It is called with mu locked.
func (c *Cache[K, V]) vacate(e *entry[K, V]) {
	c.room.places--
	if len(e.waiters()) == 0 {
		c.forget(e)
	} else {
		e.state = placeless
		c.room.keys++
		for _, w := range e.waiters() {
			c.room.queue(w)
		}
	}
	c.admit()
}

// admit gives free places to those who have waited longest. It is called with mu locked.
func (c *Cache[K, V]) admit() {
	for c.room.places < c.maxEntries && len(c.room.line) > 0 {
		e := c.room.line[0].entry
		for _, w := range e.waiters() { // from now on they wait for the key alone
			c.room.remove(w)
		}
		c.room.keys--
		c.room.places++
		c.handOver(e)
	}
}

// crowded reports whether an idle value must leave because of MaxEntries. It is called with mu
// locked.
func (c *Cache[K, V]) crowded() bool {
	if c.waitForRoom {
		return c.room.places-c.room.leaving+c.room.keys > c.maxEntries
	}
	return c.values > c.maxEntries
}
