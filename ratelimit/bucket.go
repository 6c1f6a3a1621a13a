package ratelimit

import (
	"context"
	"fmt"
	"math"
	"time"

	"golang.org/x/time/rate"
)

// Options are the options of [NewBucket].
type Options struct {
	// PerSecond is how many tokens may be spent a second in the long run: a finite number above 0,
	// fractions included. There is no default; for no limit use [Unlimited].
	PerSecond float64
	// Burst is how many tokens may be spent at once, from 1 to [MaxBurst]. 0 means 1.
	//
	// It is also how many tokens can be held, since all that are held may be spent at the same
	// moment: polls that hold a token while they wait for a task need a Burst of at least their
	// number to be in flight together. And a full hand earns nothing: with polls that take d
	// seconds each no more than Burst/d tokens are spent a second.
	Burst int
	// BurstTime is given in place of Burst for a rate that may change: the burst is what is earned
	// in so long, from 1 to [MaxBurst], and goes along with the rate. 0 means that Burst says.
	BurstTime time.Duration
}

// burst is the burst at a rate.
func (o *Options) burst(perSecond float64) int {
	if o.BurstTime == 0 {
		return max(1, o.Burst)
	}
	return int(min(max(perSecond*o.BurstTime.Seconds(), 1), MaxBurst))
}

// A Bucket is a [Limiter] that earns tokens at a steady rate and keeps as many as its burst. The
// tokens that callers hold count as kept: however long polls wait with a token in hand, they save
// nothing up. Make one with [NewBucket]; it must not be copied.
//
// The tokens of the bucket are in three places, and never more than the burst in all: those held
// by callers, those in stock, and those in the x/time/rate limiter, whose own burst is kept at what
// the other two leave over. The stock is what was refunded and what was taken from the limiter in
// one go with a token that somebody needed. Spending is the only thing that makes room.
type Bucket struct {
	options Options
	epoch   time.Time // what times are counted from: to read how long ago it was costs less than Now

	mu            lock
	burst         int
	lifted        bool          // there is no limit: only what is held is counted
	last          time.Duration // the latest time that earned has seen, since epoch
	earned        *rate.Limiter
	stock         int
	held          table
	waiting       queue // only the head takes tokens
	spent         uint64
	givenBack     uint64
	doubleSettles uint64
}

// NewBucket returns a full bucket, or an [*OptionError].
func NewBucket(o Options) (*Bucket, error) {
	if err := checkRate(o.PerSecond); err != nil {
		return nil, err
	}
	if o.Burst < 0 || o.Burst > MaxBurst {
		return nil, &OptionError{
			Field: "Burst", Value: o.Burst, Fix: fmt.Sprintf("give 1 to %d, or 0 for 1", MaxBurst),
		}
	}
	switch {
	case o.BurstTime < 0:
		return nil, &OptionError{
			Field: "BurstTime", Value: o.BurstTime, Fix: "give a positive duration, or 0 if Burst says",
		}
	case o.BurstTime > 0 && o.Burst > 0:
		return nil, &OptionError{Field: "BurstTime", Value: o.BurstTime, Fix: "leave it out, or Burst"}
	}
	burst := o.burst(o.PerSecond)
	return &Bucket{
		options: o, epoch: time.Now(),
		burst: burst, earned: rate.NewLimiter(rate.Limit(o.PerSecond), burst),
	}, nil
}

// now is the time, for b.earned. The caller holds b.mu.
func (b *Bucket) now() time.Time { return b.at(time.Since(b.epoch)) }

// at is the time so long after the epoch, or the latest that b.earned has seen if that is later: it
// would earn an interval twice if times went back. The caller holds b.mu.
func (b *Bucket) at(d time.Duration) time.Time {
	b.last = max(b.last, d)
	return b.epoch.Add(b.last)
}

func checkRate(perSecond float64) error {
	// Written so that NaN fails: every comparison with it is false. The largest float is x/time's
	// word for no limit.
	if perSecond > 0 && perSecond < math.MaxFloat64 {
		return nil
	}
	return &OptionError{
		Field: "PerSecond", Value: perSecond, Fix: "give a finite number of tokens a second above 0",
	}
}

// Reserve implements [Limiter]. It waits until a token comes or ctx ends, also when at the present
// rate the token would come after ctx's deadline: a refund or a new limit may bring one sooner.
func (b *Bucket) Reserve(ctx context.Context) (Token, error) {
	if ctx.Err() != nil {
		return Token{}, ended(ctx)
	}
	b.mu.Lock()
	if b.waiting.head == nil {
		if id, ok := b.take(); ok {
			b.mu.Unlock()
			return NewToken((*bucketHolder)(b), id), nil
		}
	}
	w := &waiter{look: make(chan struct{}, 1)}
	b.waiting.push(w)
	b.mu.Unlock()

	id, ok := b.wait(ctx, w)
	if !ok {
		return Token{}, ended(ctx)
	}
	return NewToken((*bucketHolder)(b), id), nil
}

// wait waits for w to be first and for a token to be there, and takes it. The timer belongs to the
// first in the queue; whatever may change its time makes it look again.
func (b *Bucket) wait(ctx context.Context, w *waiter) (id uint64, ok bool) {
	var timer *time.Timer
	defer func() {
		if timer != nil {
			timer.Stop()
		}
	}()
	for {
		b.mu.Lock()
		var due <-chan time.Time
		if b.waiting.head == w {
			if id, ok = b.take(); ok {
				b.leave(w)
				b.mu.Unlock()
				return id, true
			}
			if d, earning := b.delay(); earning {
				timer = reset(timer, d)
				due = timer.C
			}
		}
		b.mu.Unlock()
		select {
		case <-w.look:
		case <-due:
		case <-ctx.Done():
			b.mu.Lock()
			b.leave(w)
			b.mu.Unlock()
			return 0, false
		}
	}
}

// reset returns a timer, the given one if there is one, that fires after d.
func reset(t *time.Timer, d time.Duration) *time.Timer {
	if t == nil {
		return time.NewTimer(d)
	}
	t.Reset(d)
	return t
}

// TryReserve implements [TryLimiter].
func (b *Bucket) TryReserve() (Token, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting.head != nil {
		return Token{}, false
	}
	id, ok := b.take()
	if !ok {
		return Token{}, false
	}
	return NewToken((*bucketHolder)(b), id), true
}

// SetLimit implements [Adjuster]; perSecond is a finite number above 0, else the error is an
// [*OptionError] and nothing changes. Tokens earned so far stay, as many as the burst has room for.
// A limit that was lifted is put back: the bucket is full then, but for what is held.
func (b *Bucket) SetLimit(perSecond float64) error {
	if err := checkRate(perSecond); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.burst = b.options.burst(perSecond)
	b.stock = max(0, min(b.stock, b.burst-b.held.size()))
	if b.lifted {
		b.lifted = false
		b.earned = rate.NewLimiter(rate.Limit(perSecond), b.room())
	} else {
		b.earned.SetLimitAt(now, rate.Limit(perSecond))
		b.setRoom(now)
	}
	b.waiting.lookAgain()
	return nil
}

// Lift implements [Lifter]. SetLimit puts the limit back.
func (b *Bucket) Lift() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lifted, b.stock = true, 0
	b.waiting.lookAgain()
}

// Stats implements [Reporter].
func (b *Bucket) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Stats{
		Held:          b.held.size(),
		Waiting:       b.waiting.size,
		Spent:         b.spent,
		Refunded:      b.givenBack,
		DoubleSettles: b.doubleSettles,
	}
	if !b.lifted {
		s.PerSecond, s.Burst = float64(b.earned.Limit()), b.burst
		s.Available = float64(b.stock) + b.earned.TokensAt(b.now())
	}
	return s
}

// rested says whether the bucket is full and nobody holds or awaits any of it.
func (b *Bucket) rested() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held.size() == 0 && b.waiting.head == nil &&
		float64(b.stock)+b.earned.TokensAt(b.now()) >= float64(b.burst)
}

// take takes a token if there is one. The caller holds b.mu.
func (b *Bucket) take() (id uint64, ok bool) {
	if b.lifted {
		if b.held.size() == MaxBurst {
			return 0, false
		}
		return b.held.add(), true
	}
	if b.stock > 0 {
		b.stock--
		return b.held.add(), true
	}
	now := b.now()
	// AllowN rounds to nanoseconds, and would lend what the next one will bring: so no more is asked
	// for than there is, which is never above the limiter's own burst.
	n := int(b.earned.TokensAt(now))
	if n < 1 || !b.earned.AllowN(now, n) {
		return 0, false
	}
	b.stock = n - 1
	id = b.held.add()
	b.setRoom(now)
	return id, true
}

// setRoom sets how many tokens may be earned: what the others leave over. What was earned up to
// now is counted under the room there was. The caller holds b.mu.
func (b *Bucket) setRoom(now time.Time) {
	b.earned.SetBurstAt(now, b.room())
}

// room is how many tokens may be earned. More may be held than the burst allows if it was larger
// when they were taken. The caller holds b.mu.
func (b *Bucket) room() int { return max(0, b.burst-b.held.size()-b.stock) }

// delay returns the time until a token will have been earned; ok is false when there is no room
// to earn one. The caller holds b.mu and has found no token.
func (b *Bucket) delay() (d time.Duration, ok bool) {
	if b.lifted || b.earned.Burst() < 1 {
		return 0, false
	}
	missing := 1 - b.earned.TokensAt(b.now())
	seconds := missing / float64(b.earned.Limit())
	// Rounded up, not to come back a moment too early. Nobody sleeps longer than an hour at a
	// time, which keeps the sum within what a Duration can hold.
	ns := min(math.Ceil(seconds*float64(time.Second)), float64(time.Hour))
	return max(time.Duration(ns), 1), true
}

// leave takes w out of the queue and lets the next one look if w was first. The caller holds b.mu.
func (b *Bucket) leave(w *waiter) {
	wasFirst := b.waiting.head == w
	b.waiting.remove(w)
	if wasFirst {
		b.waiting.lookAgain()
	}
}

// bucketHolder is Bucket as its tokens see it, which keeps Spend and Refund by number out of the
// methods that users see.
type bucketHolder Bucket

// Spend implements Holder. Only this makes room for a new token.
func (h *bucketHolder) Spend(id uint64) bool {
	b := (*Bucket)(h)
	// It is now that the task starts, not when the lock is ours: the others need not wait for the
	// clock.
	now := time.Since(b.epoch)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.held.remove(id) {
		b.doubleSettles++
		return false
	}
	b.spent++
	if !b.lifted {
		b.setRoom(b.at(now))
	}
	b.waiting.lookAgain()
	return true
}

// Refund implements Holder. The token moves from the held to the stock: the room is as it was. It
// is gone if there is no limit, or if the burst has become too small for it.
func (h *bucketHolder) Refund(id uint64) bool {
	b := (*Bucket)(h)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.held.remove(id) {
		b.doubleSettles++
		return false
	}
	b.givenBack++
	if !b.lifted && b.held.size()+b.stock < b.burst {
		b.stock++
	}
	b.waiting.lookAgain()
	return true
}
