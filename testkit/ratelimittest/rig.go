package ratelimittest

import (
	"context"
	"errors"
	"fmt"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/ratelimit"
)

// slack is how much earlier or later than computed a token may come: limiters may round.
const slack = 10 * time.Microsecond

// call is one goroutine's Reserve.
type call struct {
	cancel context.CancelFunc
	began  time.Time
	done   chan struct{} // closed when Reserve has returned and the fields below are set
	took   time.Duration
	token  ratelimit.Token
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

// rig is a limiter under test and all that was asked of it.
type rig struct {
	ratelimit.Limiter
	gap   time.Duration // between tokens
	burst int
	calls []*call
}

func newRig(mk New, gap time.Duration, burst int) *rig {
	return &rig{Limiter: mk(1/gap.Seconds(), burst), gap: gap, burst: burst}
}

// close ends all that is under way, so that no goroutine outlives the check.
func (r *rig) close() {
	for _, c := range r.calls {
		c.cancel()
	}
	// A limiter that ignores ctx gives tokens to callers nobody wants any more: let it.
	for range len(r.calls) + 1 {
		synctest.Wait()
		waiting := false
		for _, c := range r.calls {
			if c.returned() {
				c.token.Spend()
			} else {
				waiting = true
			}
		}
		if !waiting {
			return
		}
		time.Sleep(r.gap + slack)
	}
}

// start starts a Reserve and waits until it has returned or is waiting.
func (r *rig) start(ctx context.Context) *call {
	ctx, cancel := context.WithCancel(ctx)
	c := &call{cancel: cancel, began: time.Now(), done: make(chan struct{})}
	r.calls = append(r.calls, c)
	go func() {
		defer close(c.done)
		c.token, c.err = r.Reserve(ctx)
		c.took = time.Since(c.began)
	}()
	synctest.Wait()
	return c
}

// pass lets d and the slack go by.
func pass(d time.Duration) {
	time.Sleep(d + slack)
	synctest.Wait()
}

// take reserves a token that must be there.
func (r *rig) take(ctx context.Context) (ratelimit.Token, error) {
	c := r.start(ctx)
	if !c.returned() {
		pass(0)
	}
	if !c.returned() {
		c.cancel()
		return ratelimit.Token{}, errors.New("a Reserve waits, though a token is there")
	}
	if c.err != nil {
		return ratelimit.Token{}, fmt.Errorf("a Reserve with a token there: unexpected error: %w", c.err)
	}
	return c.token, nil
}

// takeAll reserves n tokens that must be there.
func (r *rig) takeAll(ctx context.Context, n int) ([]ratelimit.Token, error) {
	tokens := make([]ratelimit.Token, 0, n)
	for i := range n {
		token, err := r.take(ctx)
		if err != nil {
			return nil, fmt.Errorf("token %d of %d: %w", i+1, n, err)
		}
		tokens = append(tokens, token)
	}
	return tokens, nil
}

// spend takes and spends n tokens that must be there, one by one.
func (r *rig) spend(ctx context.Context, n int) error {
	for i := range n {
		token, err := r.take(ctx)
		if err != nil {
			return fmt.Errorf("token %d of %d: %w", i+1, n, err)
		}
		if !token.Spend() {
			return fmt.Errorf("token %d of %d: the Spend of a token that is held = false", i+1, n)
		}
	}
	return nil
}

// exactly spends the n tokens that must be there and checks that there is no other.
func (r *rig) exactly(ctx context.Context, n int) error {
	if err := r.spend(ctx, n); err != nil {
		return err
	}
	return r.after(ctx, r.gap)
}

// after checks that the next token comes after d, and spends it.
func (r *rig) after(ctx context.Context, d time.Duration) error {
	c := r.start(ctx)
	pass(d + slack)
	switch {
	case !c.returned():
		c.cancel()
		return fmt.Errorf("the next token has not come after %v", d+2*slack)
	case c.err != nil:
		return fmt.Errorf("a Reserve: unexpected error: %w", c.err)
	// What was spent before may have been spent up to some slacks ago.
	case c.took < d-time.Duration(r.burst+2)*slack:
		return fmt.Errorf("the next token came after %v, want %v", c.took, d)
	case !c.token.Spend():
		return errors.New("the Spend of a token that is held = false")
	}
	return nil
}
