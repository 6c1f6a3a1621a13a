package sticky

import "maps"

// Stats are the numbers of a cache at one moment.
type Stats struct {
	// MaxEntries is the bound on Entries that is in force now.
	MaxEntries int
	// MaxWeight is the bound on Weight that is in force now, 0 for none.
	MaxWeight int64
	// Entries counts the values held, pinned ones included, those being evicted not.
	Entries int
	// Weight is the sum of their weights, each as of its last Release.
	Weight int64
	// Pinned counts the leases that are out, with a value or without.
	Pinned int
	// Evicting counts the values whose OnEvict has not returned, or not begun.
	Evicting int
	// Waiting counts the Acquire calls that stand in a queue.
	Waiting int
	// WaitingForRoom counts those of them that wait because of Options.WaitForRoom.
	WaitingForRoom int
	// Hits counts the leases granted with a value, since New.
	Hits uint64
	// Misses counts the leases granted without one, since New.
	Misses uint64
	// LateCalls counts Put, Drop and Evict on a lease that was over: bugs of a caller.
	LateCalls uint64
	// Evictions counts the evictions that have begun, by reason, since New. It is a copy.
	Evictions map[Reason]uint64
}

// Stats returns the numbers of this moment; they agree with each other.
func (c *Cache[K, V]) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{
		MaxEntries:     c.maxEntries,
		MaxWeight:      c.maxWeight,
		Entries:        c.values,
		Weight:         c.weight,
		Pinned:         c.pinned,
		Evicting:       c.evicting,
		Waiting:        c.waiting,
		WaitingForRoom: len(c.room.line),
		Hits:           c.hits,
		Misses:         c.misses,
		LateCalls:      c.lateCalls,
		Evictions:      maps.Clone(c.evictions),
	}
}
