package sticky

import "time"

// A state says who owns an entry's value.
type state uint8

const (
	idle     state = iota // in the list of idle entries; nobody owns it
	pinned                // a lease owns it
	evicting              // the goroutine that runs OnEvict owns it
)

// An entry is one key: its value, its owner and its queue. All fields are guarded by Cache.mu,
// but the owner of a pinned or evicting entry may read key and value without it. Caches hold many
// idle entries and a hit among many is a matter of cache lines, so what only busy ones need is kept
// apart, and what a hit touches comes first.
type entry[K comparable, V any] struct {
	prev, next *entry[K, V]    // the list of idle entries
	busy       *business[K, V] // nil while nobody else wants anything of the entry
	since      time.Duration   // when it became idle, since Cache.epoch; only with an idle timeout
	present    bool            // value was put and not yet taken away
	state      state
	value      V
	key        K
	weight     int64
}

// A business is what others want of an entry that has an owner.
type business[K comparable, V any] struct {
	doomed  Reason // set by a purge while pinned: evict at the end of the lease
	waiters []*waiter[K, V]
	rounds  []*round // purges that wait for this entry
}

// business returns e's, made if there was none.
func (e *entry[K, V]) business() *business[K, V] {
	if e.busy == nil {
		e.busy = &business[K, V]{}
	}
	return e.busy
}

// take removes and returns the value.
func (e *entry[K, V]) take() V {
	v := e.value
	var zero V
	e.value, e.present, e.weight = zero, false, 0
	return v
}

// popWaiter removes and returns the first waiter, or nil.
func (b *business[K, V]) popWaiter() *waiter[K, V] {
	if len(b.waiters) == 0 {
		return nil
	}
	w := b.waiters[0]
	b.waiters[0] = nil
	b.waiters = b.waiters[1:]
	return w
}

// finishRounds tells the purges that wait for the entry that it was let go.
func (b *business[K, V]) finishRounds() {
	for _, r := range b.rounds {
		if r.pending--; r.pending == 0 {
			close(r.done)
		}
	}
	b.rounds = nil
}

// A waiter is one Acquire in a key's queue. Lease and err are set, once, before ready is closed.
type waiter[K comparable, V any] struct {
	ready chan struct{}
	lease *Lease[K, V]
	hit   bool
	err   error
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
