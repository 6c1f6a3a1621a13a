package ratelimittest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mainspring-go/mainspring/ratelimit"
)

// flaw is one thing that is wrong with a limiter.
type flaw string

const (
	none              flaw = "nothing"
	undeclaredLimit   flaw = "can SetLimit and does not say so"
	oneTooMany        flaw = "has one token more than the burst"
	startsEmpty       flaw = "has no token at first"
	tooFast           flaw = "earns a tenth too fast"
	tooSlow           flaw = "earns a tenth too slowly"
	savesUp           flaw = "saves up twice the burst"
	savesUpHeld       flaw = "saves up beside the tokens that are held"
	earnsWhileHeld    flaw = "saves up beside one token of those that are held"
	burnsRefund       flaw = "a refunded token is gone"
	refundWakesNobody flaw = "a refund wakes nobody"
	spendWakesNobody  flaw = "a spent token wakes nobody"
	newcomerFirst     flaw = "Reserve takes what others wait for"
	refundPaysDouble  flaw = "a refund brings two tokens"
	settlesTwice      flaw = "a token that was spent can be refunded too"
	reportsTwice      flaw = "a second settlement reports true"
	reusesIDs         flaw = "a token has the id of an earlier one"
	ignoresDeadline   flaw = "Reserve waits on when ctx's deadline passes"
	ignoresCancel     flaw = "Reserve waits on when ctx is cancelled"
	hidesCause        flaw = "Reserve's error does not match ctx's cause"
	endedCtxTakes     flaw = "Reserve burns a token when ctx has ended already"
	ghostInQueue      flaw = "a caller that gave up stays in the queue"
	cancelBurns       flaw = "a caller that gives up burns a token"
	lastComeFirst     flaw = "serves the last in the queue first"
	refundFills       flaw = "each tenth refund fills the bucket"
	spendBurns        flaw = "each seventh spent token burns another"
	tryFindsNothing   flaw = "TryReserve never finds a token"
	tryIgnoresBucket  flaw = "TryReserve makes its tokens"
	barging           flaw = "TryReserve takes what others wait for"
	limitUnfelt       flaw = "SetLimit does not tell those who wait"
	limitFills        flaw = "SetLimit fills the bucket"
	acceptsAnyLimit   flaw = "SetLimit accepts what is no rate"
	liftUnfelt        flaw = "Lift does not tell those who wait"
	liftKeepsTheBurst flaw = "a lifted limit fills the bucket only"
	liftIsForEver     flaw = "SetLimit does not put a lifted limit back"
	liftForgetsHeld   flaw = "SetLimit forgets what was taken while the limit was lifted"
	heldUncounted     flaw = "Stats do not see what is held"
	waitingUncounted  flaw = "Stats do not see callers that give up waiting"
)

// broken is a limiter with one flaw. It is plain on purpose: without a flaw it passes the suite.
type broken struct {
	flaw flaw

	mu      sync.Mutex
	rate    float64
	burst   float64
	level   float64
	at      time.Time // when level was right
	lifted  bool
	held    map[uint64]bool
	last    uint64
	waiting []*int
	gaveUp  int
	changed chan struct{} // closed and replaced when those who wait have to look again
	stats   ratelimit.Stats
}

func newBroken(f flaw, perSecond float64, burst int) *broken {
	b := &broken{
		flaw: f, rate: perSecond, burst: float64(burst), level: float64(burst), at: time.Now(),
		held: map[uint64]bool{}, changed: make(chan struct{}),
		stats: ratelimit.Stats{PerSecond: perSecond, Burst: burst},
	}
	switch f {
	case oneTooMany:
		b.burst++
		b.level++
	case startsEmpty:
		b.level = 0
	case tooFast:
		b.rate *= 1.1
	case tooSlow:
		b.rate /= 1.1
	case savesUp:
		b.burst *= 2
	}
	return b
}

func (b *broken) tell() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// earn brings level up to date.
func (b *broken) earn() {
	now := time.Now()
	room := b.burst - float64(len(b.held))
	switch b.flaw {
	case savesUpHeld:
		room = b.burst
	case earnsWhileHeld:
		room = min(room+1, b.burst)
	}
	b.level = max(b.level, min(room, b.level+b.rate*now.Sub(b.at).Seconds()))
	b.at = now
}

// take takes a token, or says how long it will be until there is one.
func (b *broken) take() (token ratelimit.Token, wait time.Duration, ok bool) {
	b.earn()
	if b.lifted {
		return b.make(), 0, true
	}
	const epsilon = 1e-9
	if b.flaw == spendWakesNobody && b.burst-float64(len(b.held)) < 1 {
		return ratelimit.Token{}, time.Hour, false // no room to earn: somebody has to tell
	}
	if b.level < 1-epsilon {
		return ratelimit.Token{}, time.Duration((1-b.level)/b.rate*float64(time.Second)) + 1, false
	}
	b.level--
	return b.make(), 0, true
}

func (b *broken) make() ratelimit.Token {
	b.last++
	if b.flaw == reusesIDs {
		for b.last = 1; b.held[b.last]; b.last++ {
		}
	}
	b.held[b.last] = true
	return ratelimit.NewToken(b, b.last)
}

func (b *broken) Reserve(ctx context.Context) (ratelimit.Token, error) {
	b.mu.Lock()
	if ctx.Err() != nil {
		if b.flaw == endedCtxTakes {
			b.level--
		}
		b.mu.Unlock()
		return ratelimit.Token{}, fmt.Errorf("broken: %w", context.Cause(ctx))
	}
	if b.flaw == newcomerFirst {
		if token, _, ok := b.take(); ok {
			b.mu.Unlock()
			return token, nil
		}
	}
	me := new(int)
	b.waiting = append(b.waiting, me)
	for {
		var due <-chan time.Time
		if b.isNext(me) {
			token, wait, ok := b.take()
			if ok {
				b.leave(me)
				b.mu.Unlock()
				return token, nil
			}
			due = time.After(min(wait, time.Hour))
		}
		changed := b.changed
		b.mu.Unlock()
		select {
		case <-due:
		case <-changed:
		case <-b.done(ctx):
			return ratelimit.Token{}, b.giveUp(ctx, me)
		}
		b.mu.Lock()
	}
}

func (b *broken) isNext(me *int) bool {
	if b.flaw == lastComeFirst {
		return b.waiting[len(b.waiting)-1] == me
	}
	return b.waiting[0] == me
}

func (b *broken) leave(me *int) {
	i := slices.Index(b.waiting, me)
	b.waiting = slices.Delete(b.waiting, i, i+1)
	b.tell()
}

func (b *broken) done(ctx context.Context) <-chan struct{} {
	_, hasDeadline := ctx.Deadline()
	if b.flaw == ignoresDeadline && hasDeadline || b.flaw == ignoresCancel && !hasDeadline {
		return nil
	}
	return ctx.Done()
}

func (b *broken) giveUp(ctx context.Context, me *int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gaveUp++
	if b.flaw != ghostInQueue {
		b.leave(me)
	}
	if b.flaw == cancelBurns {
		b.level--
	}
	if b.flaw == hidesCause {
		return ctx.Err()
	}
	return fmt.Errorf("broken: %w: %w", ctx.Err(), context.Cause(ctx))
}

func (b *broken) Spend(id uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.settle(id) {
		return b.flaw == reportsTwice
	}
	b.stats.Spent++
	if b.flaw == spendBurns && b.stats.Spent%7 == 0 {
		b.level--
	}
	if b.flaw != spendWakesNobody {
		b.tell()
	}
	return true
}

func (b *broken) Refund(id uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.settle(id) {
		if b.flaw == settlesTwice {
			b.level = min(b.level+1, b.burst-float64(len(b.held)))
			b.tell()
		}
		return b.flaw == reportsTwice
	}
	b.stats.Refunded++
	b.refund()
	if b.flaw != refundWakesNobody {
		b.tell()
	}
	return true
}

// settle takes the token from those that are held and reports whether it was one of them.
func (b *broken) settle(id uint64) bool {
	b.earn()
	if !b.held[id] {
		b.stats.DoubleSettles++
		return false
	}
	delete(b.held, id)
	return true
}

func (b *broken) refund() {
	switch {
	case b.flaw == burnsRefund:
	case b.flaw == refundPaysDouble:
		b.level += 2
	case b.flaw == refundFills && b.stats.Refunded%10 == 0:
		b.level = b.burst
	default:
		b.level++
	}
}

// full is a broken limiter with all abilities.
type full struct{ *broken }

func (f full) TryReserve() (ratelimit.Token, bool) {
	b := f.broken
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.flaw == tryFindsNothing, b.flaw != barging && len(b.waiting) > 0:
		return ratelimit.Token{}, false
	case b.flaw == tryIgnoresBucket:
		return b.make(), true
	}
	token, _, ok := b.take()
	return token, ok
}

var errNoRate = errors.New("broken: not a rate")

func (f full) SetLimit(perSecond float64) error {
	b := f.broken
	b.mu.Lock()
	defer b.mu.Unlock()
	if !(perSecond > 0) && b.flaw != acceptsAnyLimit {
		return errNoRate
	}
	b.earn()
	b.rate, b.stats.PerSecond = perSecond, perSecond
	if b.lifted {
		b.level = max(0, b.burst-float64(len(b.held)))
		if b.flaw == liftForgetsHeld {
			b.level = b.burst
		}
	}
	b.lifted = b.lifted && b.flaw == liftIsForEver
	if b.flaw == limitFills {
		b.level = b.burst - float64(len(b.held))
	}
	if b.flaw != limitUnfelt {
		b.tell()
	}
	return nil
}

func (f full) Lift() {
	b := f.broken
	b.mu.Lock()
	defer b.mu.Unlock()
	b.earn()
	if b.flaw == liftKeepsTheBurst {
		b.level = b.burst
	} else {
		b.lifted = true
	}
	if b.flaw != liftUnfelt {
		b.tell()
	}
}

func (f full) Stats() ratelimit.Stats {
	b := f.broken
	b.mu.Lock()
	defer b.mu.Unlock()
	b.earn()
	s := b.stats
	s.Available, s.Held, s.Waiting = b.level, len(b.held), len(b.waiting)
	switch b.flaw {
	case heldUncounted:
		s.Held = 0
	case waitingUncounted:
		s.Waiting += b.gaveUp
	}
	return s
}
