package slots

import (
	"context"
	"errors"
	"time"
)

// errOvertaken says that a permit was used for two tasks at once.
var errOvertaken = errors.New("slots: the permit was used for another task before this one could start")

// Use implements Holder.
func (l *ledger) Use(ctx context.Context, id uint64, t Task) error {
	if l.plain() {
		return l.useAtOnce(id, t)
	}
	var since time.Time
	if len(l.watch.used) > 0 {
		since = time.Now()
	}
	n, err := l.start(ctx, id, t)
	if err != nil {
		return err
	}
	if l.within != nil {
		if err := n.within.Use(ctx, t); err != nil {
			l.idle(id)
			return err
		}
	}
	if !n.noted {
		l.mu.Lock()
		if at, ok := l.table.find(id); ok {
			l.table.notes[at].carry(t)
		}
		l.mu.Unlock()
	}
	if len(l.watch.used) > 0 {
		l.watch.tellUsed(Used{ID: id, Request: n.request, Task: t, Held: time.Since(since)})
	}
	return nil
}

// useAtOnce is Use of a supplier to which all tasks are alike.
func (l *ledger) useAtOnce(id uint64, t Task) error {
	l.mu.Lock()
	at, ok := l.table.find(id)
	if !ok {
		l.mu.Unlock()
		return ErrReleased
	}
	if p := &l.table.places[at]; !p.used {
		p.used = true
		l.used++
	}
	n := &l.table.notes[at]
	n.carry(t)
	r := n.request
	l.mu.Unlock()
	l.watch.tellUsed(Used{ID: id, Request: r, Task: t})
	return nil
}

// started is what Use needs to know of a permit whose task may run.
type started struct {
	request Request
	within  Permit
	noted   bool // the table knows of the task already
}

// start waits until the task may run as far as this ledger is concerned.
func (l *ledger) start(ctx context.Context, id uint64, t Task) (started, error) {
	n, err := l.known(id)
	if err != nil {
		return started{}, err
	}
	d := demand{weight: 1}
	if l.rule != nil {
		d = l.rule.demand(n.request, t)
	}
	l.mu.Lock()
	at, ok := l.table.find(id)
	if !ok {
		l.mu.Unlock()
		return started{}, ErrReleased
	}
	if l.takesOver(at, d) {
		l.mu.Unlock()
		return n, nil
	}
	if w := l.table.notes[at].hold; w != nil {
		l.endHold(at, w, errOvertaken)
	}
	again := l.table.places[at].used
	l.settle(at)
	if l.mayRun(at, d) {
		l.run(at, d)
		if l.within == nil {
			l.table.notes[at].carry(t)
			n.noted = true
		}
		l.mu.Unlock()
		return n, nil
	}
	l.drop(at)
	w := l.spare.get()
	w.request, w.demand, w.id = n.request, d, id
	l.rule.hold().line(d).push(w)
	l.table.notes[at].hold = w
	l.held++
	l.mu.Unlock()
	if again {
		// What the earlier task took must not be kept from others while this one waits.
		n.within.idle()
	}
	return n, l.awaitHold(ctx, w)
}

// known returns what is known of a permit that is out.
func (l *ledger) known(id uint64) (started, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.table.find(id)
	if !ok {
		return started{}, ErrReleased
	}
	n := &l.table.notes[at]
	return started{request: n.request, within: n.within}, nil
}

// awaitHold waits for the end of a hold.
func (l *ledger) awaitHold(ctx context.Context, w *waiter) error {
	select {
	case <-w.wake:
	case <-ctx.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		if w.leave() {
			if at, ok := l.table.find(w.id); ok {
				l.table.notes[at].hold = nil
			}
			l.held--
			r := w.request
			l.serveLine(w.demand) // those behind it may be easier to satisfy
			l.serve()
			l.spare.put(w)
			return heldUp(ctx, r)
		}
		err := w.ended // the end of the hold came first
		l.spare.put(w)
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	err := w.ended
	l.spare.put(w)
	return err
}

// takesOver says whether a task of demand d just follows another in the permit. The caller holds
// l.mu.
func (l *ledger) takesOver(at uint32, d demand) bool {
	return l.table.places[at].used && (l.rule == nil || l.table.notes[at].demand == d)
}

// settle ends the task that the permit carries, if any. The caller holds l.mu.
func (l *ledger) settle(at uint32) {
	p := &l.table.places[at]
	if !p.used {
		return
	}
	p.used = false
	l.used -= int(p.weight)
	if l.rule != nil && l.rule.hold() != nil {
		l.drop(at)
	}
}

// drop makes the permit, which carries no task, count for no key, and lets those run who wait for
// what it had. The caller holds l.mu.
func (l *ledger) drop(at uint32) {
	n := &l.table.notes[at]
	old := n.demand
	if old.key != "" {
		n.demand.key = ""
		l.rule.leave(old)
	}
	l.serveLine(old)
	l.serve()
}

// mayRun says whether a task of demand d may run, overtaking nobody. The caller holds l.mu and has
// settled the permit.
func (l *ledger) mayRun(at uint32, d demand) bool {
	if l.rule == nil || l.rule.hold() == nil {
		return true
	}
	if d.key != "" && l.table.notes[at].demand.key == d.key {
		return true // it has counted for that key since it was issued
	}
	line := l.rule.hold().line(d)
	return line == nil || line.head == nil && l.rule.hold().run(l, d)
}

// run lets the task run. The caller holds l.mu and has seen that it may.
func (l *ledger) run(at uint32, d demand) {
	p := &l.table.places[at]
	l.issued += d.weight - int(p.weight)
	p.weight, p.used = int32(d.weight), true
	l.used += d.weight
	if l.rule == nil {
		return
	}
	n := &l.table.notes[at]
	old := n.demand
	if old == d {
		return
	}
	n.demand = d
	l.rule.leave(old)
	l.rule.enter(d)
	if old.key != d.key && old.key != "" {
		l.serveLine(old)
	}
	l.serve() // it may take less than was kept for it
}

// serveLine lets those run who wait for what demand d takes. The caller holds l.mu.
func (l *ledger) serveLine(d demand) {
	h := l.rule.hold()
	if h == nil {
		return
	}
	line := h.line(d)
	if line == nil || line.head == nil {
		return
	}
	for line.head != nil && h.run(l, line.head.demand) {
		w := line.head
		w.leave()
		l.held--
		at, _ := l.table.find(w.id) // out, since a release ends the hold
		l.table.notes[at].hold = nil
		l.run(at, w.demand)
		w.tell()
	}
	l.serve() // an empty line may have been in the way
}

// endHold ends the hold of w, whose task will not run. The caller holds l.mu.
func (l *ledger) endHold(at uint32, w *waiter, err error) {
	w.leave()
	w.ended = err
	l.table.notes[at].hold = nil
	l.held--
	w.tell()
}

// An idler is a Holder of ours: its permits can be told that their task has ended before the next
// one is known.
type idler interface {
	idle(id uint64)
}

// idle makes the permit carry no task.
func (p Permit) idle() {
	if h, ok := p.holder.(idler); ok {
		h.idle(p.id)
	}
}

// idle implements idler.
func (l *ledger) idle(id uint64) {
	l.mu.Lock()
	at, ok := l.table.find(id)
	if !ok {
		l.mu.Unlock()
		return
	}
	l.settle(at)
	inner := l.table.notes[at].within
	l.mu.Unlock()
	inner.idle()
}

// Release implements Holder.
func (l *ledger) Release(id uint64) bool {
	l.mu.Lock()
	at, ok := l.table.find(id)
	if !ok {
		l.doubleReleases++
		l.mu.Unlock()
		return false
	}
	if w := l.table.notes[at].hold; w != nil {
		l.endHold(at, w, ErrReleased)
	}
	if len(l.watch.released) == 0 && l.within == nil {
		l.free(at)
		l.mu.Unlock()
		return true
	}
	n := l.table.notes[at]
	l.table.places[at].state = stateLeaving
	l.mu.Unlock()
	defer func() { // deferred, so that an observer's panic does not cost a slot
		n.within.Release()
		l.mu.Lock()
		l.free(at)
		l.mu.Unlock()
	}()
	l.watch.tellReleased(Released{ID: id, Request: n.request, Task: n.task, Used: n.wasUsed})
	return true
}

// free makes room of what the permit at the place took. The caller holds l.mu.
func (l *ledger) free(at uint32) {
	p := &l.table.places[at]
	l.issued -= int(p.weight)
	if p.used {
		l.used -= int(p.weight)
	}
	if l.rule == nil {
		l.table.clear(at)
		if l.waiting.head != nil {
			l.serve()
		}
		return
	}
	d := l.table.notes[at].demand
	l.table.clear(at)
	l.rule.leave(d)
	l.serveLine(d)
	l.serve()
	l.nudge()
}
