package slotstest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/slots"
)

func (s suite) abilitiesAreDeclared(_ context.Context, mk New) error {
	supplier := mk(1)
	if _, ok := supplier.(slots.Reporter); ok != s.can.Stats {
		return fmt.Errorf("%T is a slots.Reporter: %t, but Abilities.Stats: %t", supplier, ok, s.can.Stats)
	}
	if _, ok := supplier.(slots.Resizer); ok != s.can.Resize {
		return fmt.Errorf("%T is a slots.Resizer: %t, but Abilities.Resize: %t", supplier, ok, s.can.Resize)
	}
	return nil
}

func (s suite) limitIsHard(ctx context.Context, mk New) error {
	for _, limit := range []int{1, 2, 7} {
		r := s.rig(mk, limit)
		err := r.exactly(ctx, limit)
		r.close()
		if err != nil {
			return fmt.Errorf("limit %d: %w", limit, err)
		}
	}
	return nil
}

func (s suite) tryReserve(ctx context.Context, mk New) error {
	r := s.rig(mk, 2)
	defer r.close()
	first, ok := r.try()
	if !ok {
		return errors.New("a TryReserve found nothing, though both permits are free")
	}
	r.settle()
	if _, err := r.take(ctx); err != nil {
		return fmt.Errorf("after one TryReserve of 2: %w", err)
	}
	start := time.Now()
	if _, ok := r.try(); ok {
		return errors.New("a TryReserve gave a third permit of 2")
	}
	if d := time.Since(start); d != 0 {
		return fmt.Errorf("a TryReserve took %v to find nothing, want no time", d)
	}
	first.Release()
	r.settle()
	if _, ok := r.try(); !ok {
		return errors.New("a TryReserve found nothing after a release")
	}
	return nil
}

func (s suite) tryOvertakes(ctx context.Context, mk New) error {
	return s.overtake(ctx, mk, func(r *rig) bool {
		_, ok := r.try()
		return ok
	})
}

// newcomerWaits checks that a Reserve finds nothing when a permit has just come back for another.
func (s suite) newcomerWaits(ctx context.Context, mk New) error {
	return s.overtake(ctx, mk, func(r *rig) bool {
		impatient, cancel := context.WithTimeout(ctx, time.Nanosecond)
		defer cancel()
		p, err := r.Reserve(impatient, request())
		if err == nil {
			p.Release()
		}
		return err == nil
	})
}

// overtake releases a permit for a caller that waits and lets reserve be faster if it can. Who is
// faster is a matter of luck, unless the supplier sees to it: hence many rounds.
func (s suite) overtake(ctx context.Context, mk New, reserve func(*rig) bool) error {
	r := s.rig(mk, 1)
	defer r.close()
	p, err := r.take(ctx)
	if err != nil {
		return err
	}
	for range 50 {
		waiting := r.start(ctx)
		p.Release()
		if reserve(r) {
			return errors.New("a permit went to a caller that came later than the one that waits for it")
		}
		r.settle()
		if !waiting.returned() {
			return errors.New("the caller that waited got no permit after the release")
		}
		p = waiting.permit
	}
	return nil
}

func (s suite) reserveWaits(ctx context.Context, mk New) error {
	r := s.rig(mk, 1)
	defer r.close()
	p, err := r.take(ctx)
	if err != nil {
		return err
	}
	c := r.start(ctx)
	time.Sleep(time.Hour)
	if c.returned() {
		return fmt.Errorf("a Reserve returned (error %v) before a permit was free", c.err)
	}
	p.Release()
	r.settle()
	if !c.returned() {
		return errors.New("a Reserve still waits after the release of the permit")
	}
	if c.err != nil {
		return fmt.Errorf("a Reserve after the release: unexpected error: %w", c.err)
	}
	if !c.permit.Release() {
		return errors.New("the permit that Reserve returned was not out")
	}
	return nil
}

func (s suite) isFIFO(ctx context.Context, mk New) error {
	r := s.rig(mk, 1)
	defer r.close()
	p, err := r.take(ctx)
	if err != nil {
		return err
	}
	var calls []*call
	for range 5 {
		calls = append(calls, r.start(ctx))
	}
	for i, c := range calls {
		p.Release()
		r.settle()
		for j, other := range calls {
			if want := j <= i; other.returned() != want {
				return fmt.Errorf("after %d releases: caller %d has a permit: %t, want %t",
					i+1, j+1, other.returned(), want)
			}
		}
		p = c.permit
	}
	return s.newcomerWaits(ctx, mk)
}

var errCause = errors.New("slotstest: the cause of the cancellation")

func (s suite) reserveObeysContext(ctx context.Context, mk New) error {
	r := s.rig(mk, 1)
	defer r.close()
	if _, err := r.take(ctx); err != nil {
		return err
	}
	start := time.Now()
	impatient, cancel := context.WithTimeoutCause(ctx, r.delay+time.Second, errCause)
	defer cancel()
	c := r.start(impatient)
	if c.returned() {
		return fmt.Errorf("a Reserve returned (error %v) before ctx ended", c.err)
	}
	time.Sleep(time.Until(start.Add(r.delay + time.Second)))
	r.settle()
	if !c.returned() {
		return errors.New("a Reserve still waits after ctx's deadline")
	}
	if !errors.Is(c.err, context.DeadlineExceeded) || !errors.Is(c.err, errCause) {
		return fmt.Errorf("error %v: does not match both ctx.Err() and context.Cause(ctx)", c.err)
	}
	return nil
}

func (s suite) endedContext(ctx context.Context, mk New) error {
	r := s.rig(mk, 2)
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

func (s suite) cancelledWaiter(ctx context.Context, mk New) error {
	r := s.rig(mk, 1)
	defer r.close()
	p, err := r.take(ctx)
	if err != nil {
		return err
	}
	gone, stays, goneToo := r.start(ctx), r.start(ctx), r.start(ctx)
	for _, c := range []*call{gone, goneToo} {
		c.cancel()
		r.settle()
		if !c.returned() || !errors.Is(c.err, context.Canceled) {
			return fmt.Errorf("cancelled Reserve: returned %t, want it to with context.Canceled", c.returned())
		}
	}
	p.Release()
	r.settle()
	if !stays.returned() {
		return errors.New("the permit went to a caller that had given up, not to the one that waits")
	}
	stays.permit.Release()
	return r.exactly(ctx, 1)
}

func (s suite) grantRacesWithCancel(ctx context.Context, mk New) error {
	r := s.rig(mk, 1)
	defer r.close()
	for round := range 300 {
		p, err := r.take(ctx)
		if err != nil {
			return fmt.Errorf("after %d races: %w", round, err)
		}
		c := r.start(ctx)
		switch round % 3 {
		case 0:
			p.Release()
			c.cancel()
		case 1:
			c.cancel()
			p.Release()
		default:
			go c.cancel()
			go p.Release()
		}
		r.settle()
		switch {
		case !c.returned():
			return errors.New("a Reserve waits on, though ctx ended and a permit came free")
		case c.err == nil && !c.permit.Release():
			return errors.New("a Reserve returned a permit that is not out")
		case c.err != nil && !errors.Is(c.err, context.Canceled):
			return fmt.Errorf("from Reserve: error %v, want a permit or context.Canceled", c.err)
		}
		r.settle()
		r.calls = nil // all have returned
	}
	return r.exactly(ctx, 1)
}
