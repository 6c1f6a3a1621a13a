package ratelimittest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/ratelimit"
)

var errCause = errors.New("ratelimittest: the cause of the cancellation")

func obeysContext(ctx context.Context, mk New) error {
	r := newRig(mk, time.Hour, 1)
	defer r.close()
	if err := r.spend(ctx, 1); err != nil {
		return err
	}
	timed, cancelTimed := context.WithTimeout(ctx, time.Minute)
	defer cancelTimed()
	c := r.start(timed)
	pass(time.Minute)
	if !c.returned() {
		return errors.New("a Reserve still waits after ctx's deadline")
	}
	if !errors.Is(c.err, context.DeadlineExceeded) {
		return fmt.Errorf("a Reserve past the deadline: error %v, want context.DeadlineExceeded", c.err)
	}
	cancelled, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c = r.start(cancelled)
	pass(time.Minute)
	if c.returned() {
		return fmt.Errorf("a Reserve returned (error %v) before ctx ended", c.err)
	}
	cancel(errCause)
	pass(0)
	if !c.returned() {
		return errors.New("a Reserve still waits after ctx was cancelled")
	}
	if !errors.Is(c.err, context.Canceled) || !errors.Is(c.err, errCause) {
		return fmt.Errorf("error %v: does not match both ctx.Err() and context.Cause(ctx)", c.err)
	}
	return nil
}

func endedContext(ctx context.Context, mk New) error {
	r := newRig(mk, time.Second, 2)
	defer r.close()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for range 3 {
		c := r.start(ended)
		if !c.returned() {
			return errors.New("a Reserve waits with a ctx that has ended")
		}
		if !errors.Is(c.err, context.Canceled) {
			return fmt.Errorf("a Reserve with a ctx that has ended: error %v, want context.Canceled", c.err)
		}
	}
	return r.exactly(ctx, 2)
}

func cancelledWaiter(ctx context.Context, mk New) error {
	r := newRig(mk, time.Minute, 1)
	defer r.close()
	if err := r.spend(ctx, 1); err != nil {
		return err
	}
	began := time.Now()
	gone, stays, goneToo := r.start(ctx), r.start(ctx), r.start(ctx)
	pass(time.Second)
	for _, c := range []*call{gone, goneToo} {
		c.cancel()
		pass(0)
		if !c.returned() || !errors.Is(c.err, context.Canceled) {
			return fmt.Errorf("cancelled Reserve: returned %t, want it to with context.Canceled", c.returned())
		}
	}
	pass(time.Until(began.Add(r.gap)))
	if !stays.returned() {
		return errors.New("the token did not come to the caller that waits, others having given up")
	}
	stays.token.Spend()
	return r.after(ctx, r.gap)
}

func isFIFO(ctx context.Context, mk New) error {
	r := newRig(mk, time.Second, 1)
	defer r.close()
	if err := r.spend(ctx, 1); err != nil {
		return err
	}
	var calls []*call
	for range 5 {
		calls = append(calls, r.start(ctx))
	}
	for i, c := range calls {
		pass(r.gap) // after the last token was spent
		for j, other := range calls {
			if want := j <= i; other.returned() != want {
				return fmt.Errorf("with %d tokens earned: caller %d has one: %t, want %t",
					i+1, j+1, other.returned(), want)
			}
		}
		c.token.Spend()
	}
	return newcomerWaits(ctx, mk)
}

// rounds is how often a clause tries to overtake a caller that has just been woken: who of the two
// is faster is a matter of luck, unless the limiter sees to it.
const rounds = 50

// newcomerWaits checks that a Reserve finds nothing when a token has just come back for another.
func newcomerWaits(ctx context.Context, mk New) error {
	return overtake(ctx, mk, func(r *rig) (bool, error) {
		impatient, cancel := context.WithTimeout(ctx, slack)
		defer cancel()
		late, err := r.Reserve(impatient)
		if err == nil {
			late.Spend()
		}
		return err == nil, nil
	})
}

func tryOvertakes(ctx context.Context, mk New) error {
	return overtake(ctx, mk, func(r *rig) (bool, error) {
		late, ok, err := r.try()
		late.Spend()
		return ok, err
	})
}

// overtake gives a token back for a caller that waits and lets reserve be faster if it can.
func overtake(ctx context.Context, mk New, reserve func(*rig) (bool, error)) error {
	r := newRig(mk, time.Hour, 1)
	defer r.close()
	token, err := r.take(ctx)
	if err != nil {
		return err
	}
	for range rounds {
		waiting := r.start(ctx)
		token.Refund()
		overtook, err := reserve(r)
		if err != nil {
			return err
		}
		if overtook {
			return errors.New("a token went to a caller that came later than the one that waits for it")
		}
		pass(0)
		if !waiting.returned() {
			return errors.New("the caller that waited got no token after the refund")
		}
		token = waiting.token
	}
	return nil
}

// try is TryReserve of a limiter that has it.
func (r *rig) try() (token ratelimit.Token, ok bool, err error) {
	l, can := r.Limiter.(ratelimit.TryLimiter)
	if !can {
		return ratelimit.Token{}, false, fmt.Errorf("%T is no ratelimit.TryLimiter", r.Limiter)
	}
	began := time.Now()
	token, ok = l.TryReserve()
	if d := time.Since(began); d != 0 {
		return ratelimit.Token{}, false, fmt.Errorf("a TryReserve took %v, want no time", d)
	}
	return token, ok, nil
}

func tryReserve(_ context.Context, mk New) error {
	r := newRig(mk, time.Second, 2)
	defer r.close()
	for round := range 2 {
		for i := range 3 {
			token, ok, err := r.try()
			if err != nil {
				return err
			}
			if want := i < 2; ok != want {
				return fmt.Errorf("round %d, TryReserve %d with a burst of 2: %t, want %t",
					round+1, i+1, ok, want)
			}
			token.Spend()
		}
		pass(2 * r.gap)
	}
	return nil
}
