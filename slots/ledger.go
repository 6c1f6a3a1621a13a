package slots

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// demand is what a permit takes of its supplier.
type demand struct {
	weight int    // units of the limit, from 1
	key    string // what is counted apart; empty for none
	sticky bool   // part of the key
}

// verdict is what a rule says to one who asks.
type verdict uint8

const (
	yes  verdict = iota
	no           // neither this one nor those behind it
	skip         // not this one; those behind it may be luckier
)

// A rule is how a supplier differs from one that counts permits up to its limit. All methods but
// demand are called with the ledger's lock held.
type rule interface {
	// demand asks the user's functions what the task takes. It is called outside the lock.
	demand(r Request, t Task) demand
	// admit says whether a permit may be issued; behind says that others wait for one.
	admit(l *ledger, d demand, behind bool) verdict
	// enter counts a permit that has been promised or issued, or whose demand has come to be d.
	enter(d demand)
	// leave counts one that has gone, or whose demand is no longer d.
	leave(d demand)
	// hold is how the rule holds tasks back; nil when it never does.
	hold() holdRule
}

// A holdRule is the part of a rule that looks at tasks. It is called with the lock held.
type holdRule interface {
	// run says whether a task may run whose permit carries none.
	run(l *ledger, d demand) bool
	// line is where tasks with the demand wait, all for the same thing. It may come and go while
	// nobody stands in it.
	line(d demand) *queue
	// resized is told that the limit is about to be n.
	resized(l *ledger, n int)
}

// A pace is the rule of a supplier in which time alone opens the way. Its refresh is called
// outside the lock, by whoever is about to ask.
type pace interface {
	refresh()
	// again is when the first in the queue should ask again; 0 when only an event can help. The
	// lock is held.
	again(l *ledger) time.Duration
}

// ledger is the inside of all suppliers but the plainest, which is a [counter]: the permits that are
// out, those who wait for one and those who are held with one, and the events.
//
// A supplier within another takes its own room first and then asks the other. Only one of its
// callers at a time waits there: so its callers keep their order, and the other serves all that
// work within it in turn, however many callers each has.
type ledger struct {
	watch  watch
	within Supplier
	rule   rule // nil: a permit is a permit
	pace   pace // nil unless time matters

	mu             sync.Mutex
	limit          int
	issued, used   int // sums of weights
	waiting        queue
	table          table
	promised       int // weights of the callers that are asking within
	held           int // permits in Use
	doubleReleases uint64
	away           bool // one that stood in waiting is waiting within now

	spare spares
}

// setUp makes a zero ledger ready.
func (l *ledger) setUp(limit int, r rule, within Supplier, observers []any) error {
	if err := checkLimit("Limit", limit); err != nil {
		return err
	}
	w, err := newWatch(observers)
	if err != nil {
		return err
	}
	l.limit, l.rule, l.within, l.watch = limit, r, within, w
	return nil
}

func checkLimit(field string, n int) error {
	if n < 1 || n > MaxLimit {
		return &OptionError{Field: field, Value: n, Fix: fmt.Sprintf("give 1 to %d", MaxLimit)}
	}
	return nil
}

// plain says whether the ledger just counts permits, all alike, for observers. That has ways of its
// own through Reserve, Use and Release, which are short.
func (l *ledger) plain() bool { return l.rule == nil && l.within == nil }

// demand is what a request takes before its task is known.
func (l *ledger) demand(r Request) demand {
	if l.rule == nil {
		return demand{weight: 1}
	}
	return l.rule.demand(r, Task{Type: r.TaskType})
}

// admit says whether a permit may be issued. The caller holds l.mu.
func (l *ledger) admit(d demand, behind bool) verdict {
	if l.rule != nil {
		return l.rule.admit(l, d, behind)
	}
	if behind || l.issued+l.promised >= l.limit {
		return no
	}
	return yes
}

// open says whether a newcomer may have a permit, overtaking nobody. The caller holds l.mu.
func (l *ledger) open(d demand) bool {
	return !l.away && l.admit(d, l.waiting.head != nil) == yes
}

// reserve does the work of Reserve.
func (l *ledger) reserve(ctx context.Context, r Request) (Permit, error) {
	if ctx.Err() != nil {
		return Permit{}, ended(ctx, r)
	}
	if l.plain() {
		if p, ok := l.tryPlain(&r); ok {
			return p, nil
		}
	}
	d := l.demand(r)
	if l.pace != nil {
		l.pace.refresh()
	}
	l.mu.Lock()
	if l.open(d) {
		if l.within == nil {
			id := l.issue(r, d, Permit{})
			l.mu.Unlock()
			return l.handOver(id, &r, 0), nil
		}
		if p, ok := l.tryWithin(r, d); ok {
			return p, nil
		}
	}
	w := l.spare.get()
	w.request, w.demand = r, d
	l.waiting.push(w)
	l.serve()
	l.nudge()
	l.mu.Unlock()

	var since time.Time
	if len(l.watch.issued) > 0 {
		since = time.Now()
	}
	id, err := l.await(ctx, w)
	if err != nil {
		return Permit{}, err
	}
	var waited time.Duration
	if !since.IsZero() {
		waited = time.Since(since)
	}
	return l.handOver(id, &r, waited), nil
}

// tryReserve does the work of TryReserve.
func (l *ledger) tryReserve(r Request) (Permit, bool) {
	if l.plain() {
		return l.tryPlain(&r)
	}
	d := l.demand(r)
	if l.pace != nil {
		l.pace.refresh()
	}
	l.mu.Lock()
	if !l.open(d) {
		l.mu.Unlock()
		return Permit{}, false
	}
	if l.within == nil {
		id := l.issue(r, d, Permit{})
		l.mu.Unlock()
		return l.handOver(id, &r, 0), true
	}
	p, ok := l.tryWithin(r, d)
	if !ok {
		l.serve() // somebody may have come and found what was promised to us taken
		l.nudge()
		l.mu.Unlock()
	}
	return p, ok
}

// tryPlain is tryReserve of a ledger that is plain.
func (l *ledger) tryPlain(r *Request) (Permit, bool) {
	l.mu.Lock()
	if l.waiting.head != nil || l.issued >= l.limit {
		l.mu.Unlock()
		return Permit{}, false
	}
	id := l.issuePlain(r)
	l.mu.Unlock()
	return l.handOver(id, r, 0), true
}

// tryWithin asks within for a permit that there is room for here. The caller holds l.mu, and still
// does when it gets none.
func (l *ledger) tryWithin(r Request, d demand) (Permit, bool) {
	l.promise(d)
	l.mu.Unlock()
	inner, ok := l.askWithin(r, d)
	l.mu.Lock()
	l.unpromise(d)
	if !ok {
		return Permit{}, false
	}
	id := l.issue(r, d, inner)
	l.mu.Unlock()
	return l.handOver(id, &r, 0), true
}

// askWithin asks within for a permit that is promised here. It is called outside the lock.
func (l *ledger) askWithin(r Request, d demand) (inner Permit, ok bool) {
	returned := false
	defer func() {
		if !returned { // it panicked
			l.mu.Lock()
			l.unpromise(d)
			l.serve()
			l.nudge()
			l.mu.Unlock()
		}
	}()
	inner, ok = l.within.TryReserve(r)
	returned = true
	return inner, ok
}

// await waits until w has a permit and returns its id.
func (l *ledger) await(ctx context.Context, w *waiter) (uint64, error) {
	if l.pace != nil {
		if err := l.awaitPaced(ctx, w); err != nil {
			return 0, err
		}
	} else {
		select {
		case <-w.wake:
		case <-ctx.Done():
			l.mu.Lock()
			if w.leave() {
				l.serve() // those behind may have been waiting only for w's turn
				l.mu.Unlock()
				return 0, ended(ctx, w.request)
			}
			l.mu.Unlock()
			<-w.wake // the grant came first: what it brought is ours, and would be lost for good
		}
	}
	if l.within != nil {
		return l.awaitWithin(ctx, w)
	}
	// Who granted it wrote the id before it told us, and has let go of w.
	id := w.id
	l.spare.put(w)
	return id, nil
}

// awaitPaced waits until w has been served. The first in the queue has the timer.
func (l *ledger) awaitPaced(ctx context.Context, w *waiter) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		l.careFor(w, l.pace.refresh)
		l.mu.Lock()
		l.serve()
		if w.in == nil {
			l.mu.Unlock()
			return nil
		}
		var due <-chan time.Time
		if l.waiting.head == w {
			if d := l.pace.again(l); d > 0 {
				timer.Reset(d)
				due = timer.C
			}
		}
		l.mu.Unlock()
		select {
		case <-w.wake:
		case <-due:
		case <-ctx.Done():
			l.mu.Lock()
			defer l.mu.Unlock()
			if !w.leave() {
				return nil // as in await
			}
			l.serve()
			l.nudge()
			return ended(ctx, w.request)
		}
	}
}

// nudge makes the first in the queue look when to ask again. The caller holds l.mu.
func (l *ledger) nudge() {
	if l.pace != nil && l.waiting.head != nil {
		l.waiting.head.tell()
	}
}

// awaitWithin gets w, whose turn it is, its permit from within.
func (l *ledger) awaitWithin(ctx context.Context, w *waiter) (uint64, error) {
	var inner Permit
	var err error
	l.careFor(w, func() { inner, err = l.within.Reserve(ctx, w.request) })
	l.mu.Lock()
	l.away = false
	l.unpromise(w.demand)
	if err != nil {
		l.serve()
		l.nudge()
		l.mu.Unlock()
		return 0, err
	}
	if out := l.issued + l.promised; out > 0 && out+w.demand.weight > l.limit {
		// A Resize meanwhile took the room. First again it waits for the next.
		l.waiting.pushFirst(w)
		l.mu.Unlock()
		inner.Release()
		l.mu.Lock()
		l.serve()
		l.nudge()
		l.mu.Unlock()
		return l.await(ctx, w)
	}
	defer l.mu.Unlock()
	id := l.issue(w.request, w.demand, inner)
	l.serve()
	l.nudge()
	return id, nil
}

// careFor calls a part that the user gave. If that panics, w is gone: its place in the queue goes to
// the next, and so does what it was given meanwhile. It is called outside the lock.
func (l *ledger) careFor(w *waiter, call func()) {
	returned := false
	defer func() {
		if returned {
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		switch {
		case w.leave():
		case l.within != nil:
			l.away = false
			l.unpromise(w.demand)
		default: // nobody has been told of its permit
			at, _ := l.table.find(w.id)
			l.free(at)
		}
		l.serve()
		l.nudge()
	}()
	call()
	returned = true
}

// serve gives room to those who wait, in order. The caller holds l.mu.
func (l *ledger) serve() {
	behind := false
	for w := l.waiting.head; w != nil && !l.away; {
		next := w.next
		switch l.admit(w.demand, behind) {
		case no:
			return
		case skip:
			behind = true
		case yes:
			wasFirst := l.waiting.head == w
			w.leave()
			if l.within == nil {
				w.id = l.issue(w.request, w.demand, Permit{})
			} else {
				l.promise(w.demand)
				l.away = true
			}
			w.tell()
			if wasFirst {
				l.nudge()
			}
		}
		w = next
	}
}

// promise keeps room for a permit. The caller holds l.mu.
func (l *ledger) promise(d demand) {
	l.promised += d.weight
	if l.rule != nil {
		l.rule.enter(d)
	}
}

// unpromise gives up what was promised. The caller holds l.mu.
func (l *ledger) unpromise(d demand) {
	l.promised -= d.weight
	if l.rule != nil {
		l.rule.leave(d)
	}
}

// issue gives out a permit. The caller holds l.mu and has seen that there is room.
func (l *ledger) issue(r Request, d demand, within Permit) uint64 {
	l.issued += d.weight
	if l.rule != nil {
		l.rule.enter(d)
	}
	id := l.table.issue(int32(d.weight))
	l.table.write(id, note{request: r, demand: d, within: within})
	return id
}

// issuePlain is issue of a ledger that is plain. The caller holds l.mu.
func (l *ledger) issuePlain(r *Request) uint64 {
	l.issued++
	id := l.table.issue(1)
	l.table.write(id, note{request: *r, demand: demand{weight: 1}})
	return id
}

// handOver makes the permit for its new owner and tells the observers.
func (l *ledger) handOver(id uint64, r *Request, waited time.Duration) Permit {
	if len(l.watch.issued) > 0 {
		l.watch.tellIssued(Issued{ID: id, Request: *r, Waited: waited})
	}
	return NewPermit(l, id)
}

// resize sets the limit.
func (l *ledger) resize(n int) error {
	if err := checkLimit("Limit", n); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rule != nil && l.rule.hold() != nil {
		l.rule.hold().resized(l, n)
	}
	l.limit = n
	if l.rule != nil {
		l.serveLine(demand{weight: 1})
	}
	l.serve()
	l.nudge()
	return nil
}

// stats takes the snapshot.
func (l *ledger) stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Stats{
		Limit:          l.limit,
		Issued:         l.issued,
		Used:           l.used,
		Idle:           l.issued - l.used,
		Held:           l.held,
		Waiting:        l.waiting.size,
		DoubleReleases: l.doubleReleases,
	}
	if l.away {
		s.Waiting++
	}
	return s
}
