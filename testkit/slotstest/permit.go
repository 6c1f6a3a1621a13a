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

func (s suite) releaseCountsOnce(ctx context.Context, mk New) error {
	r := s.rig(mk, 3)
	defer r.close()
	permits, err := r.takeAll(ctx, 3)
	if err != nil {
		return err
	}
	p := permits[0]
	copied := p
	if !p.Release() {
		return errors.New("the Release of a permit that is out = false")
	}
	if p.Release() || copied.Release() {
		return errors.New("a second Release = true")
	}
	return r.exactly(ctx, 1)
}

func (s suite) oldPermit(ctx context.Context, mk New) error {
	r := s.rig(mk, 1)
	defer r.close()
	old, err := r.take(ctx)
	if err != nil {
		return err
	}
	old.Release()
	current, err := r.take(ctx)
	if err != nil {
		return err
	}
	if old.Release() {
		return errors.New("the Release of an old permit = true while a later one is out")
	}
	if err := old.Use(ctx, slots.Task{Type: "T"}); !errors.Is(err, slots.ErrReleased) {
		return fmt.Errorf("the Use of a released permit: error %v, want slots.ErrReleased", err)
	}
	if err := r.full(ctx); err != nil {
		return fmt.Errorf("after the release of an old permit: %w", err)
	}
	if !current.Release() {
		return errors.New("the later permit had been released by the old one")
	}
	return nil
}

func (s suite) useKeeps(ctx context.Context, mk New) error {
	r := s.rig(mk, 2)
	defer r.close()
	p, err := r.take(ctx)
	if err != nil {
		return err
	}
	for _, id := range []string{"1", "2"} { // the second: the permit passes on to another task
		if err := p.Use(ctx, slots.Task{Type: "T", ID: id}); err != nil {
			return fmt.Errorf("the Use for task %s: unexpected error: %w", id, err)
		}
	}
	if err := r.exactly(ctx, 1); err != nil {
		return fmt.Errorf("with 1 permit of 2 in use: %w", err)
	}
	if !p.Release() {
		return errors.New("the Release of a used permit = false")
	}
	if err := p.Use(ctx, slots.Task{Type: "T", ID: "3"}); !errors.Is(err, slots.ErrReleased) {
		return fmt.Errorf("the Use after Release: error %v, want slots.ErrReleased", err)
	}
	return r.exactly(ctx, 2)
}

// crowd is many goroutines that reserve, hold, use and release at random.
type crowd struct {
	supplier slots.Supplier
	limit    int // the highest there is at any time
	mu       sync.Mutex
	out      int
	err      error // the first that went wrong: the rest tends to follow from it
}

func (c *crowd) fault(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
}

// fine reports whether nothing has gone wrong so far.
func (c *crowd) fine() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err == nil
}

// count counts permits out and looks whether they are too many.
func (c *crowd) count(n int) {
	c.mu.Lock()
	c.out += n
	out := c.out
	c.mu.Unlock()
	if out > c.limit {
		c.fault(fmt.Errorf("%d permits are out at once, the limit is %d", out, c.limit))
	}
}

// run lets many members take turns and returns what went wrong.
func (c *crowd) run(ctx context.Context) error {
	var wg sync.WaitGroup
	for m := range uint64(10) {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(m, 1))
			for turn := 0; turn < 60 && c.fine(); turn++ {
				c.turn(ctx, rng)
			}
		})
	}
	wg.Wait()
	return c.err
}

func (c *crowd) turn(ctx context.Context, rng *rand.Rand) {
	ms := func(n int) time.Duration { return time.Duration(rng.IntN(n)) * time.Millisecond }
	patience, cancel := context.WithTimeout(ctx, time.Millisecond+ms(20))
	defer cancel()
	p, err := c.supplier.Reserve(patience, request())
	if err != nil {
		if !errors.Is(err, context.DeadlineExceeded) {
			c.fault(fmt.Errorf("from Reserve: error %w, want a permit or context.DeadlineExceeded", err))
		}
		return
	}
	c.count(1)
	if rng.IntN(2) == 0 {
		if err := p.Use(ctx, slots.Task{Type: "T"}); err != nil {
			c.fault(fmt.Errorf("the Use of a permit that is out: %w", err))
		}
	}
	time.Sleep(ms(10))
	c.count(-1)
	if !p.Release() {
		c.fault(errors.New("the Release of a permit that is out = false"))
	}
	if rng.IntN(4) == 0 && p.Release() {
		c.fault(errors.New("a second Release = true"))
	}
}

func (s suite) everyPermit(ctx context.Context, mk New) error {
	r := s.rig(mk, 3)
	defer r.close()
	c := crowd{supplier: r.Supplier, limit: 3}
	if err := c.run(ctx); err != nil {
		return err
	}
	return r.exactly(ctx, 3)
}
