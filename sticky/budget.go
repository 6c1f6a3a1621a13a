package sticky

import (
	"fmt"
	"slices"
	"sync"
)

// A Budget bounds several caches together: give the same one to each as Options.Budget. When their
// values exceed it, the least recently used one that is not pinned is evicted, with ReasonBudget,
// whichever cache it is in. As in a cache, a surplus of pinned values goes when they are released.
//
// OnEvict then runs on the goroutine that made the surplus, which may be a user of another cache.
// The caches share one lock, which is never held while OnEvict, Weigh or an observer runs, so that
// these may use any of the caches; keys of different caches never wait for each other. A cache is a
// member until it was closed and its last value has left: close what you made, or the budget holds
// on to it.
//
// The zero value bounds nothing until Resize or SetMaxWeight. All methods are safe for concurrent
// use. It must not be copied after first use.
type Budget struct {
	mu         sync.Mutex
	number     uint64
	maxEntries int
	maxWeight  int64
	values     int
	weight     int64
	evictions  uint64
	members    []member
}

// A member is a cache, of whatever types. Its methods are called with Budget.mu locked.
type member interface {
	// oldest returns the number of the least recently used idle value.
	oldest() (number uint64, ok bool)
	// beginEvictingOldest begins its eviction; the caller calls finish without the lock.
	beginEvictingOldest(reason Reason) (finish func())
	// weighs reports whether the cache knows what its values weigh.
	weighs() bool
}

// BudgetOptions configure a Budget.
type BudgetOptions struct {
	// MaxEntries bounds the values of all caches together, pinned ones included. 0: no bound.
	// Negative is an error.
	MaxEntries int
	// MaxWeight bounds the sum of their weights, in the unit of the caches' Weigh, which each of
	// them must then have. A value heavier than this alone is evicted at its Release and does not
	// push others out. 0: no bound. Negative is an error.
	MaxWeight int64
}

// NewBudget returns a budget without caches, or an *OptionError.
func NewBudget(o BudgetOptions) (*Budget, error) {
	b := &Budget{}
	if err := b.Resize(o.MaxEntries); err != nil {
		return nil, err
	}
	if err := b.SetMaxWeight(o.MaxWeight); err != nil {
		return nil, err
	}
	return b, nil
}

// Resize changes MaxEntries; 0 is no bound. Shrinking evicts the surplus that is not pinned, least
// recently used first, and returns when OnEvict has returned for all of it. It returns an
// *OptionError if n is negative.
func (b *Budget) Resize(n int) error {
	if n < 0 {
		return &OptionError{
			Field: "MaxEntries", Value: n, Fix: "give 0 for no bound, or a positive number of entries",
		}
	}
	b.mu.Lock()
	b.maxEntries = n
	b.mu.Unlock()
	b.trim()
	return nil
}

// SetMaxWeight changes MaxWeight, for instance when memory runs short; 0 is no bound. It evicts
// like Resize. It returns an *OptionError if w is negative, or if there is a bound and a cache
// without Options.Weigh.
func (b *Budget) SetMaxWeight(w int64) error {
	if w < 0 {
		return maxWeightError(w)
	}
	b.mu.Lock()
	if i := slices.IndexFunc(b.members, cannotWeigh); w > 0 && i >= 0 {
		b.mu.Unlock()
		return &OptionError{
			Field: "MaxWeight", Value: w, Fix: "make all caches of the budget with Options.Weigh",
		}
	}
	b.maxWeight = w
	b.mu.Unlock()
	b.trim()
	return nil
}

func cannotWeigh(m member) bool { return !m.weighs() }

// BudgetStats are the numbers of a Budget at one moment.
type BudgetStats struct {
	// MaxEntries is the bound on Entries that is in force now, 0 for none.
	MaxEntries int
	// MaxWeight is the bound on Weight that is in force now, 0 for none.
	MaxWeight int64
	// Entries counts the values held, pinned ones included, those being evicted not.
	Entries int
	// Weight is the sum of their weights, each as of its last Release.
	Weight int64
	// Caches counts the caches that are not closed, or still hold something.
	Caches int
	// Evictions counts the evictions with ReasonBudget that have begun.
	Evictions uint64
}

// Stats returns the numbers of this moment; they agree with each other.
func (b *Budget) Stats() BudgetStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return BudgetStats{
		MaxEntries: b.maxEntries,
		MaxWeight:  b.maxWeight,
		Entries:    b.values,
		Weight:     b.weight,
		Caches:     len(b.members),
		Evictions:  b.evictions,
	}
}

// next returns a number that is higher than all before. Numbers tell which value was used least
// recently, who came first, and which lease is out. It is called with mu locked.
func (b *Budget) next() uint64 {
	b.number++
	return b.number
}

// join makes m a member.
func (b *Budget) join(m member) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.maxWeight > 0 && cannotWeigh(m) {
		return &OptionError{
			Field: "Weigh", Value: "nil",
			Fix: fmt.Sprintf("give Weigh: the Budget bounds the weight, at %d", b.maxWeight),
		}
	}
	b.members = append(b.members, m)
	return nil
}

// leave undoes join; again it does nothing. It is called with mu locked.
func (b *Budget) leave(m member) {
	b.members = slices.DeleteFunc(b.members, func(other member) bool { return other == m })
}

// surplus reports whether there are too many values. It is called with mu locked.
func (b *Budget) surplus() bool {
	return b.maxEntries > 0 && b.values > b.maxEntries || b.maxWeight > 0 && b.weight > b.maxWeight
}

// trim evicts idle values, least recently used first, until there is no surplus or nothing idle.
func (b *Budget) trim() {
	for finish := b.trimOne(); finish != nil; finish = b.trimOne() {
		finish()
	}
}

// trimOne begins one eviction and returns how to finish it, or nil if there is nothing to evict.
func (b *Budget) trimOne() (finish func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.surplus() {
		return nil
	}
	var first member
	var least uint64
	for _, m := range b.members {
		if n, ok := m.oldest(); ok && (first == nil || n < least) {
			first, least = m, n
		}
	}
	if first == nil {
		return nil
	}
	return first.beginEvictingOldest(ReasonBudget)
}

func (c *Cache[K, V]) oldest() (number uint64, ok bool) {
	e := c.idle.front()
	if e == nil {
		return 0, false
	}
	return e.number, true
}

func (c *Cache[K, V]) beginEvictingOldest(reason Reason) (finish func()) {
	e := c.idle.front()
	c.idle.remove(e)
	c.beginEviction(e, reason)
	return func() { c.evict(e, reason) }
}

func (c *Cache[K, V]) weighs() bool { return c.weigh != nil }
