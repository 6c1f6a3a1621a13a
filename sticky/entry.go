package sticky

import "time"

// A state says who owns an entry's value.
type state uint8

const (
	idle      state = iota // in the list of idle entries; nobody owns it
	pinned                 // a lease owns it
	evicting               // the goroutine that runs OnEvict owns it
	placeless              // has no value, and its waiters wait for room; only with WaitForRoom
)

// An entry is one key: its value, its owner and its queue. All fields are guarded by the cache's
// lock, but the owner of a pinned or evicting entry may read key and value without it. Caches hold
// many idle entries and a hit among many is a matter of cache lines: what not every entry needs is
// kept apart, so that one with a string for a key and a pointer for a value fills one line.
type entry[K comparable, V any] struct {
	prev, next *entry[K, V] // the list of idle entries
	annex      *annex[K, V] // nil while it would be empty
	number     uint64       // of the lease that is out, or of its idleness; no number comes again
	present    bool         // value was put and not yet taken away
	state      state
	value      V
	key        K
}

// An annex is what only some entries need: those that others wait for, and all those of a cache
// with weights or an idle timeout.
type annex[K comparable, V any] struct {
	since   time.Duration // when it became idle, since Cache.epoch; only with an idle timeout
	weight  int64
	doomed  Reason // set by a purge while pinned: evict at the end of the lease
	waiters []*waiter[K, V]
	rounds  []*round // purges that wait for this entry
}

// extra returns e's annex, made if there was none.
func (e *entry[K, V]) extra() *annex[K, V] {
	if e.annex == nil {
		e.annex = &annex[K, V]{}
	}
	return e.annex
}

// weight is the value's, as of its last Release.
func (e *entry[K, V]) weight() int64 {
	if e.annex == nil {
		return 0
	}
	return e.annex.weight
}

// waiters are those in the key's queue.
func (e *entry[K, V]) waiters() []*waiter[K, V] {
	if e.annex == nil {
		return nil
	}
	return e.annex.waiters
}

// leaves reports whether the entry will be forgotten when OnEvict has returned.
func (e *entry[K, V]) leaves() bool { return e.state == evicting && len(e.waiters()) == 0 }

// take removes and returns the value.
func (e *entry[K, V]) take() V {
	v := e.value
	var zero V
	e.value, e.present = zero, false
	if e.annex != nil {
		e.annex.weight = 0
	}
	return v
}

// popWaiter removes and returns the first waiter, or nil.
func (e *entry[K, V]) popWaiter() *waiter[K, V] {
	if len(e.waiters()) == 0 {
		return nil
	}
	w := e.annex.waiters[0]
	e.annex.waiters[0] = nil
	e.annex.waiters = e.annex.waiters[1:]
	return w
}

// finishRounds tells the purges that wait for the entry that it was let go.
func (a *annex[K, V]) finishRounds() {
	for _, r := range a.rounds {
		if r.pending--; r.pending == 0 {
			close(r.done)
		}
	}
	a.rounds = nil
}

// A waiter is one Acquire in a key's queue. Lease and err are set, once, before ready is closed.
type waiter[K comparable, V any] struct {
	entry   *entry[K, V]
	arrived uint64
	ready   chan struct{}
	lease   Lease[K, V]
	hit     bool
	err     error
}

// A round is one Purge: it is done when every entry it counts has been let go.
type round struct {
	pending int
	done    chan struct{}
}

// A list is a ring of idle entries, least recently used first. Its zero value is not ready: the
// root must point at itself.
type list[K comparable, V any] struct{ root entry[K, V] }

func (l *list[K, V]) init() { l.root.prev, l.root.next = &l.root, &l.root }

// front returns the least recently used entry, or nil.
func (l *list[K, V]) front() *entry[K, V] {
	if l.root.next == &l.root {
		return nil
	}
	return l.root.next
}

func (l *list[K, V]) pushBack(e *entry[K, V]) {
	e.prev, e.next = l.root.prev, &l.root
	e.prev.next, e.next.prev = e, e
}

func (l *list[K, V]) remove(e *entry[K, V]) {
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = nil, nil
}
