package stickytest_test

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/mainspring-go/mainspring/sticky"
	"github.com/mainspring-go/mainspring/testkit/stickytest"
)

// A flaw is what a broken cache does wrong.
type flaw string

const (
	none               flaw = ""
	undeclaredPurge    flaw = "has an undeclared Purge"
	sharesPins         flaw = "gives a pinned key to a second holder"
	oneBigPin          flaw = "lets other keys wait for a pin"
	lastComeFirst      flaw = "serves the last waiter first"
	ignoresContext     flaw = "ignores the context of a waiter"
	hidesCause         flaw = "returns an error of its own instead of the context's"
	endedCtxPins       flaw = "pins for a context that has ended"
	ghostInQueue       flaw = "gives the key to a waiter that has left"
	freesTwice         flaw = "frees a key at every Release"
	latePut            flaw = "takes a value from a lease that is over"
	lateValue          flaw = "gives a value to a lease that is over"
	forgetsValue       flaw = "forgets the value at Release"
	evictsReplaced     flaw = "evicts the value that Put replaced"
	keepsEvicted       flaw = "keeps a value that was evicted"
	losesReason        flaw = "loses the reason of Evict"
	evictsNothing      flaw = "calls OnEvict where there was no value"
	oneTooMany         flaw = "keeps one value too many"
	firstInFirstOut    flaw = "does not count a hit as a use"
	lastUsedGoes       flaw = "evicts the most recently used"
	waitsForSpace      flaw = "refuses a pin while it is full"
	evictsPinned       flaw = "evicts what is pinned"
	zeroKeepsOne       flaw = "keeps a value with MaxEntries 0"
	freeTooEarly       flaw = "frees the key while OnEvict runs"
	holdsMutex         flaw = "holds its mutex while OnEvict runs"
	evictsTwice        flaw = "calls OnEvict twice under load"
	dropsSilently      flaw = "drops some surplus without OnEvict"
	closeForgets       flaw = "does not evict at Close"
	closeLeaves        flaw = "does not wait for pins at Close"
	closeIgnoresCtx    flaw = "ignores the context of Close"
	closedAccepts      flaw = "accepts Acquire after Close"
	strandsWaiters     flaw = "lets waiters wait after Close"
	dropEndsLease      flaw = "ends the lease at Drop"
	purgeSparesPinned  flaw = "does not purge what is pinned"
	purgeNeverEnds     flaw = "purges what comes later"
	resizeLater        flaw = "does not evict at Resize"
	acceptsAnySize     flaw = "accepts a negative size"
	countsPinsAsValues flaw = "counts a pin without a value as an entry"
	ignoresWeight      flaw = "ignores weights"
	heaviestGoes       flaw = "evicts the most recently used for weight"
	weighsOnce         flaw = "weighs a value only once"
	heavyPushesOut     flaw = "lets a value that is too heavy push out the others"
	neverIdle          flaw = "ignores the idle timeout"
	idleTooEarly       flaw = "evicts after half the idle timeout"
	useNotCounted      flaw = "does not begin the idle time anew at a use"
	idlesPinned        flaw = "evicts what is pinned for being idle"
	roomExceeds        flaw = "does not wait for room"
	roomNoEvict        flaw = "evicts nothing for who waits for room"
	roomTooEarly       flaw = "gives a place away while OnEvict runs"
	roomLastFirst      flaw = "gives a place to who came last"
	roomGhost          flaw = "keeps the place in line of who gave up"
	roomIgnoresContext flaw = "ignores the context of who waits for room"
	roomForKnown       flaw = "lets everybody wait behind those who wait for room"
	roomStranded       flaw = "lets those who wait for room wait after Close"
	roomUncounted      flaw = "does not count who waits for room"
	budgetEach         flaw = "gives each cache the whole budget"
	budgetOwnFirst     flaw = "evicts its own values first for the budget"
	budgetTakesPinned  flaw = "evicts what is pinned in another cache for the budget"
	budgetLosesReason  flaw = "does not say that the budget was the reason"
	budgetHoldsLock    flaw = "holds the lock of all caches while OnEvict runs"
	budgetKeepsShare   flaw = "lets a closed cache keep its share"
	budgetIgnoresWeigh flaw = "ignores the weight of a budget"
)

// entry is one key of a broken cache.
type entry struct {
	value   string
	present bool
	pinned  bool
	doomed  sticky.Reason
	queue   []chan error
	leaving bool // OnEvict runs
	weight  int64
	used    int // when it became idle last, of pool.moments
	uses    int
}

// broken is a simple cache with a flaw: everything by slices and maps, and by broadcast.
type broken struct {
	flaw    flaw
	config  stickytest.Config
	onEvict func(key, value string, reason sticky.Reason)
	pool    *pool

	mu      *sync.Mutex // the pool's
	max     int
	entries map[string]*entry
	order   []string // idle keys, least recently used first
	closed  bool
	purged  sticky.Reason // by purgeNeverEnds
	freed   chan struct{} // closed and renewed whenever something ends
	stats   sticky.Stats
	full    int
	line    []*int // who waits for room, by the identity of a variable
	making  int    // evictions that make room
	kept0   int    // what budgetKeepsShare keeps
}

func newBroken(f flaw, c stickytest.Config) *broken {
	b := &broken{
		flaw: f, config: c, onEvict: c.OnEvict, max: c.MaxEntries,
		entries: make(map[string]*entry),
		freed:   make(chan struct{}),
		stats:   sticky.Stats{Evictions: make(map[sticky.Reason]uint64)},
	}
	b.join()
	return b
}

func (b *broken) cache() stickytest.Cache {
	return stickytest.Cache{
		Acquire: b.acquire, Close: b.close, Purge: b.purge, Resize: b.resize, Stats: b.numbers,
	}
}

func (b *broken) entry(key string) *entry {
	if b.entries[key] == nil {
		b.entries[key] = &entry{}
	}
	return b.entries[key]
}

// busy says that key has to wait.
func (b *broken) busy(key string) bool {
	switch b.flaw {
	case sharesPins:
		return false
	case oneBigPin:
		return b.stats.Pinned > 0
	default:
		return b.entry(key).pinned
	}
}

func (b *broken) acquire(ctx context.Context, key string) (stickytest.Lease, error) {
	if ctx.Err() != nil && b.flaw != endedCtxPins {
		return nil, ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed && b.flaw != closedAccepts {
		return nil, sticky.ErrClosed
	}
	e := b.entry(key)
	if b.flaw == waitsForSpace && b.kept() >= b.max && !e.present {
		return nil, errors.New("full")
	}
	if err := b.await(ctx, key, e); err != nil {
		return nil, err
	}
	e.pinned = true
	e.uses++
	b.stats.Pinned++
	if b.flaw != firstInFirstOut {
		b.order = slices.DeleteFunc(b.order, func(k string) bool { return k == key })
	}
	if e.present {
		b.stats.Hits++
	} else {
		b.stats.Misses++
	}
	return &lease{b: b, key: key}, nil
}

// await waits for what the key needs before it can be pinned.
func (b *broken) await(ctx context.Context, key string, e *entry) error {
	known := b.busy(key) || e.present
	if b.config.WaitForRoom && (!known || b.flaw == roomForKnown && len(b.line) > 0) {
		if err := b.enter(ctx, key); err != nil {
			return err
		}
	}
	if b.busy(key) {
		return b.queueUp(ctx, e)
	}
	return nil
}

// queueUp waits for e with mu released, and returns with mu locked and e free.
func (b *broken) queueUp(ctx context.Context, e *entry) error {
	turn := make(chan error, 1)
	if b.flaw == lastComeFirst {
		e.queue = slices.Insert(e.queue, 0, turn)
	} else {
		e.queue = append(e.queue, turn)
	}
	b.stats.Waiting++
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.stats.Waiting--
	}()
	done := ctx.Done()
	if b.flaw == ignoresContext {
		done = nil
	}
	select {
	case err := <-turn:
		return err
	case <-done:
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(e.queue, turn)
	if i < 0 { // served in the same moment
		return <-turn
	}
	if b.flaw != ghostInQueue {
		e.queue = slices.Delete(e.queue, i, i+1)
	}
	if b.flaw == hidesCause {
		return errors.New("gave up")
	}
	return ctx.Err()
}

// kept counts the values.
func (b *broken) kept() int {
	n := 0
	for _, e := range b.entries {
		if e.present || b.flaw == countsPinsAsValues && e.pinned {
			n++
		}
	}
	return n
}

// free gives key to the next in its queue or makes it idle. It is called with mu locked.
func (b *broken) free(key string) {
	e := b.entry(key)
	e.pinned = false
	b.wake()
	next := e
	if b.flaw == oneBigPin && len(e.queue) == 0 {
		for _, other := range b.entries {
			if len(other.queue) > 0 {
				next = other
			}
		}
	}
	if len(next.queue) > 0 {
		next.pinned = true // from now on, so that nobody overtakes
		next.queue[0] <- nil
		next.queue = next.queue[1:]
		return
	}
	if e.present && !slices.Contains(b.order, key) {
		b.order = append(b.order, key)
		b.becomesIdle(key)
	}
}

// evict runs OnEvict with mu released and the key pinned. It is called with mu locked.
func (b *broken) evict(key string, reason sticky.Reason) {
	e := b.entry(key)
	e.doomed = ""
	if !e.present && b.flaw != evictsNothing {
		return
	}
	value := e.value
	e.present = b.flaw == keepsEvicted && reason == "failed"
	if !e.present {
		e.value, e.weight = "", 0
	}
	b.stats.Evictions[reason]++
	wasPinned := e.pinned
	if b.flaw != freeTooEarly {
		e.pinned = true
	} else if e.pinned {
		b.free(key)
	}
	if b.flaw == losesReason {
		reason = sticky.ReasonUnspecified
	}
	if reason == sticky.ReasonFull {
		b.full++
	}
	if b.flaw == dropsSilently && b.full%7 == 6 {
		e.pinned = wasPinned
		return
	}
	twice := b.flaw == evictsTwice && b.stats.Hits > 50
	holds := b.flaw == holdsMutex || b.flaw == budgetHoldsLock && reason == sticky.ReasonBudget
	e.leaving = true
	defer func() { e.leaving = false }()
	if b.flaw == roomTooEarly {
		b.wake()
	}
	if !holds {
		b.mu.Unlock()
	}
	b.onEvict(key, value, reason)
	if twice {
		b.onEvict(key, value, reason)
	}
	if !holds {
		b.mu.Lock()
	}
	if b.flaw != freeTooEarly && !wasPinned {
		b.free(key)
	}
}

// trim evicts every surplus. It is called with mu locked.
func (b *broken) trim() {
	b.trimEntries()
	b.trimWeight()
	b.trimPool()
}

func (b *broken) trimEntries() {
	limit := b.max
	if b.flaw == oneTooMany || b.flaw == zeroKeepsOne && limit == 0 {
		limit++
	}
	for b.kept() > limit {
		if b.flaw == evictsPinned {
			for key, e := range b.entries {
				if e.pinned && e.present {
					b.evict(key, sticky.ReasonFull)
					break
				}
			}
		}
		if b.kept() <= limit || len(b.order) == 0 {
			return
		}
		i := 0
		if b.flaw == lastUsedGoes {
			i = max(0, len(b.order)-2)
		}
		key := b.order[i]
		b.order = slices.Delete(b.order, i, i+1)
		b.evict(key, sticky.ReasonFull)
	}
}
