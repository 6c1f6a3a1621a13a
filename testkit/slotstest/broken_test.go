package slotstest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/mainspring-go/mainspring/slots"
)

// flaw is one thing that is wrong with a supplier.
type flaw string

const (
	none                flaw = "nothing"
	undeclaredResize    flaw = "can resize and does not say so"
	oneTooMany          flaw = "issues one permit more than the limit"
	tryIgnoresLimit     flaw = "TryReserve issues whatever the limit"
	tryFindsNothing     flaw = "TryReserve never finds a permit"
	barging             flaw = "TryReserve takes what others wait for"
	newcomerFirst       flaw = "Reserve takes what others wait for"
	lostWakeup          flaw = "a release wakes nobody"
	lastComeFirstServed flaw = "serves the last in the queue first"
	ignoresContext      flaw = "Reserve waits on when ctx ends"
	hidesCause          flaw = "Reserve's error does not match ctx's cause"
	endedCtxTakes       flaw = "Reserve leaks a permit when ctx has ended already"
	ghostInQueue        flaw = "a caller that gave up stays in the queue"
	dropsGrant          flaw = "a permit granted as ctx ends is dropped"
	freesTwice          flaw = "a second release frees a second slot"
	reportsTwice        flaw = "a second release reports true"
	reusesIDs           flaw = "a permit has the id of an earlier one"
	useFrees            flaw = "Use frees the slot"
	useAfterRelease     flaw = "Use accepts a permit that was released"
	unusedLeaks         flaw = "a permit that was not used leaks on release, now and then"
	idleUncounted       flaw = "Stats count only used permits as issued"
	waitingUncounted    flaw = "Stats do not see callers that give up waiting"
	doublesUncounted    flaw = "Stats do not count double releases"
	tornStats           flaw = "Stats reads its numbers one by one"
	growthWakesNobody   flaw = "Resize does not serve those who wait"
	oneTooManyResized   flaw = "issues one permit more than a new limit"
	shrinkRevokes       flaw = "Resize takes permits from their holders"
	shrinkHandsOver     flaw = "a release hands its permit on above the limit"
	acceptsAnySize      flaw = "Resize accepts a negative limit"
	resizeForgets       flaw = "Resize starts counting afresh"
	neverHolds          flaw = "Use lets every task run"
	heldForever         flaw = "a release lets nobody run who is held"
	lastHeldFirst       flaw = "the last to be held runs first"
	holdIgnoresContext  flaw = "Use holds on when ctx ends"
	ghostHold           flaw = "a task that gave up runs when it is its turn"
	heldAfterRelease    flaw = "a permit released during its hold stays held"
	holdsItself         flaw = "a task waits for the one before it in its own permit"
	loosensGate         flaw = "each tenth task that follows another lets one more run"
)

// broken is a supplier with one flaw. It is plain on purpose: without a flaw it passes the suite.
type broken struct {
	flaw flaw

	mu      sync.Mutex
	limit   int
	free    int // limit - issued, below 0 after a shrink
	used    int
	out     map[uint64]bool // used or not
	last    uint64
	waiting []*brokenWaiter
	gaveUp  int
	doubles uint64
	unused  int // released without having been used
	gate    gate
}

type brokenWaiter struct {
	granted chan struct{}
	id      uint64
}

func newBroken(f flaw, limit int) *broken {
	b := &broken{flaw: f, limit: limit, free: limit, out: map[uint64]bool{}}
	if f == oneTooMany {
		b.free++
	}
	return b
}

func (b *broken) issue() uint64 {
	b.free--
	b.last++
	if b.flaw == reusesIDs {
		for b.last = 1; ; b.last++ {
			if _, taken := b.out[b.last]; !taken {
				break
			}
		}
	}
	b.out[b.last] = false
	return b.last
}

func (b *broken) serve() {
	for b.free > 0 && len(b.waiting) > 0 {
		next := 0
		if b.flaw == lastComeFirstServed {
			next = len(b.waiting) - 1
		}
		w := b.waiting[next]
		b.waiting = slices.Delete(b.waiting, next, next+1)
		w.id = b.issue()
		close(w.granted)
	}
}

func (b *broken) Reserve(ctx context.Context, _ slots.Request) (slots.Permit, error) {
	b.mu.Lock()
	if ctx.Err() != nil {
		if b.flaw == endedCtxTakes && b.free > 0 {
			b.issue()
		}
		b.mu.Unlock()
		return slots.Permit{}, fmt.Errorf("broken: %w", context.Cause(ctx))
	}
	if b.free > 0 {
		defer b.mu.Unlock()
		return slots.NewPermit(b, b.issue()), nil
	}
	w := &brokenWaiter{granted: make(chan struct{})}
	b.waiting = append(b.waiting, w)
	b.mu.Unlock()
	done := ctx.Done()
	if b.flaw == ignoresContext {
		done = nil
	}
	select {
	case <-w.granted:
		return slots.NewPermit(b, w.id), nil
	case <-done:
		return b.giveUp(ctx, w)
	}
}

func (b *broken) giveUp(ctx context.Context, w *brokenWaiter) (slots.Permit, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(b.waiting, w)
	if i < 0 && b.flaw != dropsGrant && b.flaw != ghostInQueue {
		return slots.NewPermit(b, w.id), nil
	}
	if i >= 0 && b.flaw != ghostInQueue {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
	b.gaveUp++
	if b.flaw == hidesCause {
		return slots.Permit{}, ctx.Err()
	}
	return slots.Permit{}, fmt.Errorf("broken: %w: %w", ctx.Err(), context.Cause(ctx))
}

func (b *broken) TryReserve(slots.Request) (slots.Permit, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.flaw == tryFindsNothing:
		return slots.Permit{}, false
	case b.flaw == tryIgnoresLimit, b.free > 0:
		return slots.NewPermit(b, b.issue()), true
	default:
		return slots.Permit{}, false
	}
}

func (b *broken) Use(ctx context.Context, id uint64, t slots.Task) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.out[id]; ok {
		if err := b.pass(ctx, id, t); err != nil {
			return err
		}
	}
	used, ok := b.out[id] // it may have been released during the hold
	if !ok {
		if b.flaw == useAfterRelease {
			return nil
		}
		return slots.ErrReleased
	}
	if used {
		return nil
	}
	b.out[id] = true
	b.used++
	if b.flaw == useFrees {
		b.free++
		b.serve()
	}
	return nil
}

func (b *broken) Release(id uint64) bool {
	b.mu.Lock()
	used, ok := b.out[id]
	if !ok {
		defer b.mu.Unlock()
		return b.releaseAgain()
	}
	delete(b.out, id)
	b.gone(id)
	if used {
		b.used--
	}
	if !used {
		b.unused++
	}
	if used || b.flaw != unusedLeaks || b.unused%20 != 0 {
		b.free++
	}
	if b.flaw == shrinkHandsOver && b.free <= 0 && len(b.waiting) > 0 {
		limit := b.free
		b.free = 1
		b.serve()
		b.free = limit - 1
	}
	barges := b.flaw == barging || b.flaw == newcomerFirst
	if b.flaw != lostWakeup && !barges {
		b.serve()
	}
	b.mu.Unlock()
	if barges {
		go func() { // those who wait are served in a moment, and others meanwhile
			b.mu.Lock()
			defer b.mu.Unlock()
			b.serve()
		}()
	}
	return true
}

func (b *broken) releaseAgain() bool {
	if b.flaw != doublesUncounted {
		b.doubles++
	}
	if b.flaw == freesTwice {
		b.free++
		b.serve()
	}
	return b.flaw == reportsTwice
}

// reporting is a broken supplier with Stats.
type reporting struct{ *broken }

func (r reporting) Stats() slots.Stats {
	b := r.broken
	b.mu.Lock()
	defer b.mu.Unlock()
	s := slots.Stats{
		Limit: b.limit, Issued: len(b.out), Used: b.used, Waiting: len(b.waiting), DoubleReleases: b.doubles,
		Held: len(b.gate.held),
	}
	switch b.flaw {
	case idleUncounted:
		s.Issued = s.Used
	case waitingUncounted:
		s.Waiting += b.gaveUp
	case tornStats:
		b.mu.Unlock()
		runtime.Gosched() // others get in between
		b.mu.Lock()
		s.Idle = len(b.out) - b.used
		return s
	}
	s.Idle = s.Issued - s.Used
	return s
}

// resizing is a broken supplier with Stats and Resize.
type resizing struct{ reporting }

var errNegative = errors.New("broken: a negative limit")

func (r resizing) Resize(n int) error {
	b := r.broken
	b.mu.Lock()
	defer b.mu.Unlock()
	if n < 0 && b.flaw != acceptsAnySize {
		return errNegative
	}
	b.free += n - b.limit
	b.limit = n
	switch b.flaw {
	case growthWakesNobody:
		return nil
	case oneTooManyResized:
		b.free++
	case shrinkRevokes:
		for id, used := range b.out {
			if b.free >= 0 {
				break
			}
			delete(b.out, id)
			if used {
				b.used--
			}
			b.free++
		}
	case resizeForgets:
		b.free = n
	}
	b.serve()
	return nil
}
