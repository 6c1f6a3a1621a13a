package slots

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// A counter is the inside of a supplier to which all tasks are alike and that nobody watches: the
// common case. It takes no lock while permits are free. All of its state that a permit changes is one
// word, so that a crowd fights for one line of cache and for that twice in a permit's life, and a
// snapshot of it is one load.
type counter struct {
	word atomic.Uint64 // see the constants below
	_    [120]byte     // what follows is read by all and rarely written

	limit          atomic.Int64
	doubleReleases atomic.Uint64
	tickets        sync.Pool // of *ticket

	mu      sync.Mutex
	waiting queue
	spare   spares
}

// The word counts the permits that carry a task in its lowest bits, and all that are out above them.
// Its highest bit says that somebody stands in the queue: newcomers then line up, and whoever makes
// room serves.
const (
	oneUsed   = 1
	oneIssued = 1 << 32
	queued    = 1 << 63

	usedMask = oneIssued - 1
)

func usedIn(word uint64) int   { return int(word & usedMask) }
func issuedIn(word uint64) int { return int(word &^ queued / oneIssued) }

// A ticket is the Holder of one permit at a time: its state counts how often it has been given out,
// and so tells a permit from those before it.
type ticket struct {
	c     *counter
	state atomic.Uint64 // the turn, which is the permit's id, above the bits below
}

const (
	ticketOut  = 1 << iota // not released yet
	ticketUsed             // carries a task
	ticketBusy             // between the two; for some nanoseconds
	oneTurn
)

// reserve does the work of Reserve.
func (c *counter) reserve(ctx context.Context, r *Request) (Permit, error) {
	if ctx.Err() != nil {
		return Permit{}, ended(ctx, *r)
	}
	if c.take(0) {
		return c.issue(), nil
	}
	c.mu.Lock()
	w := c.spare.get()
	c.waiting.push(w)
	c.word.Or(queued)
	c.serve()
	c.mu.Unlock()
	select {
	case <-w.wake:
	case <-ctx.Done():
		c.mu.Lock()
		left := w.leave()
		c.serve()
		c.mu.Unlock()
		if left {
			c.spare.put(w)
			return Permit{}, ended(ctx, *r)
		}
		<-w.wake // the grant came first: what it brought is ours, and would be lost for good
	}
	c.spare.put(w)
	return c.issue(), nil
}

// tryReserve does the work of TryReserve.
func (c *counter) tryReserve() (Permit, bool) {
	if !c.take(0) {
		return Permit{}, false
	}
	return c.issue(), true
}

// take counts one more permit if there is room for it; bits is what the word may say beside.
func (c *counter) take(bits uint64) bool {
	for {
		word := c.word.Load()
		if word&queued&^bits != 0 || int64(issuedIn(word)) >= c.limit.Load() {
			return false
		}
		if c.word.CompareAndSwap(word, word+oneIssued) {
			return true
		}
	}
}

// issue makes the permit that has been counted.
func (c *counter) issue() Permit {
	t, ok := c.tickets.Get().(*ticket)
	if !ok {
		t = &ticket{c: c}
	}
	turn := t.state.Load() + oneTurn
	t.state.Store(turn | ticketOut)
	return NewPermit(t, turn)
}

// serve gives room to those who wait, in order. The caller holds c.mu.
func (c *counter) serve() {
	for c.waiting.head != nil && c.take(queued) {
		w := c.waiting.head
		w.leave()
		w.tell()
	}
	if c.waiting.head == nil {
		c.word.And(^uint64(queued))
	}
}

// resize sets the limit.
func (c *counter) resize(n int) error {
	if err := checkLimit("Limit", n); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit.Store(int64(n))
	c.serve()
	return nil
}

// stats takes the snapshot.
func (c *counter) stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	word := c.word.Load()
	return Stats{
		Limit:          int(c.limit.Load()),
		Issued:         issuedIn(word),
		Used:           usedIn(word),
		Idle:           issuedIn(word) - usedIn(word),
		Waiting:        c.waiting.size,
		DoubleReleases: c.doubleReleases.Load(),
	}
}

// Use implements Holder.
func (t *ticket) Use(_ context.Context, turn uint64, _ Task) error {
	if !t.change(turn, ticketOut, ticketOut|ticketUsed, oneUsed) && !t.is(turn, ticketOut|ticketUsed) {
		return ErrReleased
	}
	return nil
}

// idle implements idler.
func (t *ticket) idle(turn uint64) {
	t.change(turn, ticketOut|ticketUsed, ticketOut, -oneUsed&(1<<64-1))
}

// Release implements Holder.
func (t *ticket) Release(turn uint64) bool {
	gone := uint64(oneIssued)
	if !t.swap(turn, ticketOut, 0) {
		if !t.swap(turn, ticketOut|ticketUsed, 0) {
			t.c.doubleReleases.Add(1)
			return false
		}
		gone += oneUsed
	}
	c := t.c
	c.tickets.Put(t)
	if c.word.Add(-gone)&queued != 0 {
		c.mu.Lock()
		c.serve()
		c.mu.Unlock()
	}
	return true
}

// is says whether the state of the permit is this.
func (t *ticket) is(turn, state uint64) bool { return t.settled() == turn|state }

// settled returns the state once nobody is about to change it.
func (t *ticket) settled() uint64 {
	for {
		s := t.state.Load()
		if s&ticketBusy == 0 {
			return s
		}
		runtime.Gosched()
	}
}

// swap changes the state of the permit, if it is from.
func (t *ticket) swap(turn, from, to uint64) bool {
	for t.is(turn, from) {
		if t.state.CompareAndSwap(turn|from, turn|to) {
			return true
		}
	}
	return false
}

// change is swap with a change of the word, so that a release in between cannot take away from the
// word what has not been added to it.
func (t *ticket) change(turn, from, to, add uint64) bool {
	if !t.swap(turn, from, from|ticketBusy) {
		return false
	}
	t.c.word.Add(add)
	t.state.Store(turn | to)
	return true
}
