package poller

import (
	"context"
	"sync"
)

// Side is one of the two pollers that share a [Balance].
type Side int

// The sides of a [Balance].
const (
	// Normal is the side where new work comes in.
	Normal Side = iota
	// Sticky is the side where work in progress goes on: its backlog is served first.
	Sticky
)

// A Balance keeps two pollers that draw from one supply of slots from starving each other: with
// as many slots as one side has polls, that side would hold them all with polls that wait, and
// nothing would ask on behalf of the other.
//
// Each poll takes a [Pass] before it asks for its slot and keeps it as long as the slot. Of the
// slots that no task occupies,
//   - polls of both sides together take no more than there are;
//   - the last one is left to the side that has no poll, so each has one as soon as there are
//     two;
//   - if only one is left and both sides want it, it goes to the sticky side while that has a
//     backlog greater than 1 and than its polls, else, if neither side polls, to the side that
//     had no poll last.
//
// It also keeps work that must first be rebuilt from starving work in progress, as after a
// restart, when everything must be: see [Balance.LimitCold].
//
// All methods are safe for concurrent use. Make one with [NewBalance].
type Balance struct {
	capacity func() (slots int, finite bool)

	mu      sync.Mutex
	state   balance
	changed chan struct{} // closed and replaced at each change that someone waits for
}

// NewBalance returns a balance of a supply with that capacity. The function reports how many slots
// there are in all, or false if there is no such number: then every pass is given at once. It is
// called often and with a lock held: it must return promptly and not call the balance. When the
// capacity grew, call [Balance.Recheck]. If something beside the slots bounds the tasks of both
// sides together, such as a cache they need room in, report the lesser number.
func NewBalance(capacity func() (slots int, finite bool)) *Balance {
	return &Balance{capacity: capacity, changed: make(chan struct{})}
}

// LimitCold bounds the tasks that are cold: whose state may not be at hand, so that it has to be
// rebuilt. While n of them are, the normal side begins no polls. What it would bring waits where it
// is, with no clock running, and the slots are there for the sticky side. A task of the normal side
// is cold until [Pass.Warm], since nobody has looked at it yet; one of the sticky side from
// [Pass.Cold] on. There may be more than n: polls that were in flight bring theirs, the sticky side
// is not held back, and the normal one may have one poll, or one cold task, however many the other
// has: those may never end. n <= 0 means no bound, as does never calling it.
func (b *Balance) LimitCold(n int) { b.change(func(s *balance) { s.maxCold = max(0, n) }) }

// A Pass is the right of one poll, and later of its task, to a slot. Its methods may be called
// more than once, and from any goroutine; those of a nil Pass do nothing.
type Pass struct {
	owner *Balance
	side  Side
	held  passState // guarded by the balance's lock, as is what follows
	cold  bool
}

type passState int

const (
	passPolling passState = iota
	passWorking
	passGone
)

// Enter waits until a poll of side may ask for a slot. It returns the cause of ctx when ctx ends
// first. If asking for the slot fails, leave the pass.
func (b *Balance) Enter(ctx context.Context, side Side) (*Pass, error) {
	side = side.normal()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	waiting := 0 // how often this call is counted among those that wait
	for {
		changed, ok := b.try(side, waiting)
		if ok {
			return &Pass{owner: b, side: side}, nil
		}
		waiting = 1
		select {
		case <-changed:
		case <-ctx.Done():
			b.change(func(s *balance) { s.waiting[side]-- })
			return nil, context.Cause(ctx)
		}
	}
}

// TryEnter is [Balance.Enter] for work that is already in sight and need not run here: it never
// waits, nor overtakes a poll of the side that does. The pass is that of a task from the start, as
// after [Pass.Work].
func (b *Balance) TryEnter(side Side) (*Pass, bool) {
	side = side.normal()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state.waiting[side] > 0 {
		return nil, false
	}
	if slots, finite := b.capacity(); finite && !b.state.admits(side, slots) {
		return nil, false
	}
	b.state.working++
	return &Pass{owner: b, side: side, held: passWorking}, true
}

// try takes a place for side, or counts the caller among those that wait and returns what to
// wait for.
func (b *Balance) try(side Side, waiting int) (changed <-chan struct{}, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.waiting[side] -= waiting
	slots, finite := b.capacity()
	if b.state.held(side) || finite && !b.state.admits(side, slots) {
		b.state.waiting[side]++
		return b.changed, false
	}
	b.state.polls[side]++
	b.state.last = side
	return nil, true
}

// Backlog tells how many tasks are known to wait on a side, as the latest poll of it said; say 0
// after a poll of it failed.
func (b *Balance) Backlog(side Side, tasks int64) {
	b.change(func(s *balance) { s.backlog[side.normal()] = max(0, tasks) })
}

// Recheck lets those who wait look at the capacity again.
func (b *Balance) Recheck() { b.change(func(*balance) {}) }

// Work says that the poll brought a task, which now occupies the slot. Say so before the next
// poll asks to enter, as the Spend method of a ticket ([Spender]) does.
func (p *Pass) Work() {
	p.change(func(s *balance) {
		if p.held == passPolling {
			p.held = passWorking
			s.polls[p.side]--
			s.working++
			p.turn(s, p.side == Normal)
		}
	})
}

// Cold says that the state of the task is not at hand and has to be rebuilt.
func (p *Pass) Cold() { p.become(true) }

// Warm says that it is at hand.
func (p *Pass) Warm() { p.become(false) }

// become turns the task of the pass, if it has one. Tasks say more than once how they are, so
// nobody is woken for what was so before.
func (p *Pass) become(cold bool) {
	if p == nil {
		return
	}
	b := p.owner
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.held == passWorking && p.cold != cold {
		p.turn(&b.state, cold)
		b.wake()
	}
}

// turn makes the task cold or warm.
func (p *Pass) turn(s *balance, cold bool) {
	switch {
	case cold && !p.cold:
		s.cold[p.side]++
	case !cold && p.cold:
		s.cold[p.side]--
	}
	p.cold = cold
}

// change applies f, unless there is no pass.
func (p *Pass) change(f func(*balance)) {
	if p != nil {
		p.owner.change(f)
	}
}

// Leave says that the slot is free again.
func (p *Pass) Leave() {
	p.change(func(s *balance) {
		p.turn(s, false)
		switch p.held {
		case passPolling:
			s.polls[p.side]--
		case passWorking:
			s.working--
		case passGone:
		}
		p.held = passGone
	})
}

// change applies f and wakes those who wait.
func (b *Balance) change(f func(*balance)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(&b.state)
	b.wake()
}

// wake lets those who wait look again. It is called with the lock held.
func (b *Balance) wake() {
	if b.state.waiting[Normal]+b.state.waiting[Sticky] > 0 {
		close(b.changed)
		b.changed = make(chan struct{})
	}
}

// normal makes any side one of the two.
func (s Side) normal() Side {
	if s == Sticky {
		return Sticky
	}
	return Normal
}

// balance is the state of a [Balance], and its rule without any waiting.
type balance struct {
	polls   [2]int   // passes that poll, or are about to
	waiting [2]int   // calls of Enter that wait
	backlog [2]int64 // latest hint
	working int      // passes whose poll brought a task
	last    Side     // who got the last pass
	cold    [2]int   // tasks whose state may have to be rebuilt
	maxCold int      // how many may be for the normal side to poll; 0 for no bound
}

// held reports whether a side has to wait for cold tasks, whatever slots there are.
func (s *balance) held(side Side) bool {
	return side == Normal && s.maxCold > 0 && s.cold[Normal]+s.cold[Sticky] >= s.maxCold &&
		s.polls[Normal]+s.cold[Normal] > 0
}

// admits reports whether a poll of side may take one of the slots.
func (s *balance) admits(side Side, slots int) bool {
	other := Sticky - side
	free := slots - s.working - s.polls[Normal] - s.polls[Sticky]
	mine, theirs := s.polls[side], s.polls[other]
	switch {
	case free < 1:
		return false
	case free > 1:
		return true
	case mine > 0 && theirs == 0:
		return false // the last one is theirs
	case mine == 0 && theirs > 0:
		return true
	case s.waiting[other] == 0 || s.held(other):
		return true
	case s.urgent():
		return side == Sticky
	case mine == 0:
		return side != s.last
	}
	return true
}

// urgent reports whether the sticky side has more to do than polls to fetch it.
func (s *balance) urgent() bool {
	return s.backlog[Sticky] > 1 && s.backlog[Sticky] > int64(s.polls[Sticky])
}
