package slotstest

import (
	"context"
	"errors"
	"fmt"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/slots"
)

// suite is the checks, which differ by what the supplier can do.
type suite struct{ can Abilities }

// call is one goroutine's Reserve.
type call struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when Reserve has returned and the fields below are set
	permit slots.Permit
	err    error
}

// returned reports whether Reserve has returned.
func (c *call) returned() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// rig is a supplier under test and all that was asked of it.
type rig struct {
	slots.Supplier
	limit int
	delay time.Duration
	calls []*call
	tried []slots.Permit
	uses  []*use
}

func (s suite) rig(mk New, limit int) *rig {
	return &rig{Supplier: mk(limit), limit: limit, delay: s.can.Delay}
}

// close ends all that is under way, so that no goroutine outlives the check.
func (r *rig) close() {
	for _, c := range r.calls {
		c.cancel()
	}
	for _, u := range r.uses {
		u.cancel()
	}
	for _, p := range r.tried {
		p.Release()
	}
	// A supplier that ignores ctx gives the permits of some to others: go on until all are back.
	for range len(r.calls) + 1 {
		r.settle()
		for _, c := range r.calls {
			if c.returned() {
				c.permit.Release()
			}
		}
	}
}

// settle waits until the supplier has done all that it will do by now.
func (r *rig) settle() {
	time.Sleep(r.delay)
	synctest.Wait()
}

// request is what all permits are reserved for.
func request() slots.Request { return slots.Request{Kind: "activity", Queue: "slotstest"} }

// start starts a Reserve and waits until it has returned or is waiting.
func (r *rig) start(ctx context.Context) *call {
	ctx, cancel := context.WithCancel(ctx)
	c := &call{cancel: cancel, done: make(chan struct{})}
	r.calls = append(r.calls, c)
	go func() {
		defer close(c.done)
		c.permit, c.err = r.Reserve(ctx, request())
	}()
	r.settle()
	return c
}

// try is TryReserve.
func (r *rig) try() (slots.Permit, bool) {
	p, ok := r.TryReserve(request())
	if ok {
		r.tried = append(r.tried, p)
	}
	return p, ok
}

// take reserves a permit that must be free.
func (r *rig) take(ctx context.Context) (slots.Permit, error) {
	c := r.start(ctx)
	if !c.returned() {
		c.cancel()
		return slots.Permit{}, errors.New("a Reserve waits, though a permit is free")
	}
	if c.err != nil {
		return slots.Permit{}, fmt.Errorf("a Reserve of a free permit: unexpected error: %w", c.err)
	}
	return c.permit, nil
}

// takeAll reserves n permits that must be free.
func (r *rig) takeAll(ctx context.Context, n int) ([]slots.Permit, error) {
	permits := make([]slots.Permit, 0, n)
	for i := range n {
		p, err := r.take(ctx)
		if err != nil {
			return nil, fmt.Errorf("permit %d of %d: %w", i+1, n, err)
		}
		permits = append(permits, p)
	}
	return permits, nil
}

// full checks that there is no permit to be had, neither by trying nor by waiting.
func (r *rig) full(ctx context.Context) error {
	if _, ok := r.try(); ok {
		return errors.New("a TryReserve gave a permit, though none is free")
	}
	c := r.start(ctx)
	if c.returned() {
		return fmt.Errorf("a Reserve returned (error %v), though no permit is free", c.err)
	}
	c.cancel()
	r.settle()
	if !c.returned() {
		return errors.New("a Reserve does not return when its ctx is cancelled")
	}
	return nil
}

// exactly checks that n permits are free, neither more nor less, and leaves them so.
func (r *rig) exactly(ctx context.Context, n int) error {
	permits, err := r.takeAll(ctx, n)
	if err != nil {
		return err
	}
	if err := r.full(ctx); err != nil {
		return fmt.Errorf("with %d permits taken: %w", n, err)
	}
	return releaseAll(permits)
}

func releaseAll(permits []slots.Permit) error {
	for i, p := range permits {
		if !p.Release() {
			return fmt.Errorf("permit %d of %d: Release of a permit that is out = false", i+1, len(permits))
		}
	}
	return nil
}
