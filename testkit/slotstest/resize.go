package slotstest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/mainspring-go/mainspring/slots"
)

// resize sets a limit that must be accepted.
func (r *rig) resize(n int) error {
	resizer, ok := r.Supplier.(slots.Resizer)
	if !ok {
		return fmt.Errorf("%T is no slots.Resizer", r.Supplier)
	}
	if err := resizer.Resize(n); err != nil {
		return fmt.Errorf("a Resize(%d): unexpected error: %w", n, err)
	}
	return nil
}

func (s suite) growthServes(ctx context.Context, mk New) error {
	r := s.rig(mk, 1)
	defer r.close()
	if _, err := r.take(ctx); err != nil {
		return err
	}
	calls := []*call{r.start(ctx), r.start(ctx), r.start(ctx)}
	if err := r.resize(3); err != nil {
		return err
	}
	for range calls { // a supplier with a delay may serve them one by one
		r.settle()
	}
	for i, c := range calls {
		if want := i < 2; c.returned() != want {
			return fmt.Errorf("after Resize from 1 to 3: caller %d of 3 that wait has a permit: %t, want %t",
				i+1, c.returned(), want)
		}
	}
	return nil
}

func (s suite) resizedLimit(ctx context.Context, mk New) error {
	r := s.rig(mk, 2)
	defer r.close()
	for _, n := range []int{4, 1, 3} {
		if err := r.resize(n); err != nil {
			return err
		}
		if err := r.exactly(ctx, n); err != nil {
			return fmt.Errorf("after Resize(%d): %w", n, err)
		}
	}
	return nil
}

func (s suite) shrinkRevokes(ctx context.Context, mk New) error {
	r := s.rig(mk, 3)
	defer r.close()
	permits, err := r.takeAll(ctx, 3)
	if err != nil {
		return err
	}
	if err := r.resize(1); err != nil {
		return err
	}
	for i, p := range permits {
		if err := p.Use(ctx, slots.Task{Type: "T"}); err != nil {
			return fmt.Errorf("the Use of permit %d after Resize from 3 to 1: %w", i+1, err)
		}
	}
	if err := releaseAll(permits); err != nil {
		return fmt.Errorf("after Resize from 3 to 1: %w", err)
	}
	return nil
}

func (s suite) shrinkHoldsBack(ctx context.Context, mk New) error {
	r := s.rig(mk, 3)
	defer r.close()
	permits, err := r.takeAll(ctx, 3)
	if err != nil {
		return err
	}
	waiting := r.start(ctx)
	if err := r.resize(1); err != nil {
		return err
	}
	for i, p := range permits {
		p.Release()
		r.settle()
		if want := i == 2; waiting.returned() != want {
			return fmt.Errorf("3 out, Resize to 1, %d released: the caller that waits has a permit: %t, want %t",
				i+1, waiting.returned(), want)
		}
	}
	waiting.permit.Release()
	return r.exactly(ctx, 1)
}

func (s suite) badSize(ctx context.Context, mk New) error {
	r := s.rig(mk, 2)
	defer r.close()
	if err := r.resize(-1); err == nil {
		return errors.New("a Resize(-1) was accepted")
	}
	return r.exactly(ctx, 2)
}

func (s suite) resizeLoses(ctx context.Context, mk New) error {
	r := s.rig(mk, 4)
	defer r.close()
	c := crowd{supplier: r.Supplier, limit: 4}
	stop := make(chan struct{})
	var resizing sync.WaitGroup
	resizing.Go(func() {
		rng := rand.New(rand.NewPCG(7, 7))
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(rng.IntN(4)) * time.Millisecond):
			}
			if err := r.resize(1 + rng.IntN(4)); err != nil {
				c.fault(err)
				return
			}
		}
	})
	_ = c.run(ctx) // its error is in c.err, where the resizing leaves its own
	close(stop)
	resizing.Wait()
	if c.err != nil {
		return c.err
	}
	if err := r.resize(4); err != nil {
		return err
	}
	return r.exactly(ctx, 4)
}
