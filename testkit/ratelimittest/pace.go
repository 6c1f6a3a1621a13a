package ratelimittest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mainspring-go/mainspring/ratelimit"
)

func abilitiesAreDeclared(can Abilities, mk New) error {
	l := mk(1, 1)
	if _, ok := l.(ratelimit.TryLimiter); ok != can.Try {
		return fmt.Errorf("%T is a ratelimit.TryLimiter: %t, but Abilities.Try: %t", l, ok, can.Try)
	}
	if _, ok := l.(ratelimit.Adjuster); ok != can.SetLimit {
		return fmt.Errorf("%T is a ratelimit.Adjuster: %t, but Abilities.SetLimit: %t", l, ok, can.SetLimit)
	}
	if _, ok := l.(ratelimit.Lifter); ok != can.Lift {
		return fmt.Errorf("%T is a ratelimit.Lifter: %t, but Abilities.Lift: %t", l, ok, can.Lift)
	}
	if _, ok := l.(ratelimit.Reporter); ok != can.Stats {
		return fmt.Errorf("%T is a ratelimit.Reporter: %t, but Abilities.Stats: %t", l, ok, can.Stats)
	}
	return nil
}

func burstIsThere(ctx context.Context, mk New) error {
	for _, burst := range []int{1, 2, 7} {
		r := newRig(mk, time.Second, burst)
		err := r.exactly(ctx, burst)
		r.close()
		if err != nil {
			return fmt.Errorf("burst %d: %w", burst, err)
		}
	}
	return nil
}

func paceIsKept(ctx context.Context, mk New) error {
	for _, gap := range []time.Duration{10 * time.Millisecond, time.Second, 100 * time.Second} {
		r := newRig(mk, gap, 2)
		err := r.spend(ctx, 2)
		began := time.Now()
		for i := range 10 {
			if err != nil {
				break
			}
			c := r.start(ctx)
			due := began.Add(time.Duration(i+1) * gap)
			pass(time.Until(due))
			if !c.returned() {
				err = fmt.Errorf("token %d after the burst has not come after %v", i+1, time.Since(began))
				break
			}
			if at := c.began.Add(c.took); c.err != nil || due.Sub(at) > 3*slack {
				err = fmt.Errorf("token %d after the burst came after %v (error %v), want %v",
					i+1, at.Sub(began), c.err, due.Sub(began))
			}
			c.token.Spend()
		}
		r.close()
		if err != nil {
			return fmt.Errorf("one token each %v: %w", gap, err)
		}
	}
	return nil
}

func restSavesBurst(ctx context.Context, mk New) error {
	r := newRig(mk, time.Second, 3)
	defer r.close()
	for range 2 {
		pass(time.Hour)
		if err := r.exactly(ctx, 3); err != nil {
			return fmt.Errorf("after an hour of rest: %w", err)
		}
	}
	return nil
}

func heldSaveNothing(ctx context.Context, mk New) error {
	for held := 1; held <= 3; held++ {
		r := newRig(mk, time.Second, 3)
		err := holdAndSpend(ctx, r, held)
		r.close()
		if err != nil {
			return fmt.Errorf("%d of 3 tokens held for an hour: %w", held, err)
		}
	}
	return nil
}

// holdAndSpend holds tokens for an hour. Together with those that came meanwhile they are the burst.
func holdAndSpend(ctx context.Context, r *rig, held int) error {
	tokens, err := r.takeAll(ctx, held)
	if err != nil {
		return err
	}
	pass(time.Hour)
	for i, token := range tokens {
		if !token.Spend() {
			return fmt.Errorf("the Spend of token %d that is held = false", i+1)
		}
	}
	return r.exactly(ctx, r.burst-held)
}

func spendMakesRoom(ctx context.Context, mk New) error {
	r := newRig(mk, time.Second, 1)
	defer r.close()
	token, err := r.take(ctx)
	if err != nil {
		return err
	}
	c := r.start(ctx)
	pass(time.Hour)
	if c.returned() {
		return fmt.Errorf("a Reserve returned (error %v) while the only token was held", c.err)
	}
	token.Spend()
	pass(r.gap / 2)
	if c.returned() {
		return fmt.Errorf("a Reserve returned (error %v) half the time too early after a token was "+
			"spent", c.err)
	}
	pass(r.gap / 2)
	if !c.returned() {
		return errors.New("a caller still waits, though the token that was held was spent and " +
			"another has been earned since")
	}
	return nil
}

func refundIsThere(ctx context.Context, mk New) error {
	r := newRig(mk, time.Hour, 1)
	defer r.close()
	token, err := r.take(ctx)
	if err != nil {
		return err
	}
	c := r.start(ctx)
	pass(time.Minute)
	if c.returned() {
		return fmt.Errorf("a Reserve returned (error %v) while the only token was held", c.err)
	}
	if !token.Refund() {
		return errors.New("the Refund of a token that is held = false")
	}
	pass(0)
	if !c.returned() {
		return errors.New("a caller still waits after a token was refunded")
	}
	if !c.token.Refund() {
		return errors.New("the Refund of a token that had been refunded and taken again = false")
	}
	if err := r.spend(ctx, 1); err != nil {
		return fmt.Errorf("after a refund with nobody waiting: %w", err)
	}
	return nil
}

func refundAddsNothing(ctx context.Context, mk New) error {
	for refunded := 1; refunded <= 3; refunded++ {
		r := newRig(mk, time.Second, 3)
		err := holdAndRefund(ctx, r, refunded)
		r.close()
		if err != nil {
			return fmt.Errorf("%d of 3 tokens held for an hour and refunded: %w", refunded, err)
		}
	}
	return nil
}

func holdAndRefund(ctx context.Context, r *rig, n int) error {
	tokens, err := r.takeAll(ctx, n)
	if err != nil {
		return err
	}
	pass(time.Hour)
	for i, token := range tokens {
		if !token.Refund() {
			return fmt.Errorf("the Refund of token %d that is held = false", i+1)
		}
	}
	return r.exactly(ctx, r.burst)
}

func settledOnce(ctx context.Context, mk New) error {
	r := newRig(mk, time.Hour, 4)
	defer r.close()
	tokens, err := r.takeAll(ctx, 4)
	if err != nil {
		return err
	}
	spent, refunded := tokens[0], tokens[1]
	copied := spent
	if !spent.Spend() || !refunded.Refund() {
		return errors.New("the first Spend or Refund of a token = false")
	}
	if copied.Spend() || spent.Refund() || refunded.Refund() || refunded.Spend() {
		return errors.New("a second Spend or Refund of a token = true")
	}
	// One was refunded, one spent and two are held: one is there.
	if err := r.spend(ctx, 1); err != nil {
		return fmt.Errorf("after one refund: %w", err)
	}
	c := r.start(ctx)
	pass(time.Minute)
	if c.returned() {
		return errors.New("settling tokens a second time brought another token")
	}
	return nil
}

func oldToken(ctx context.Context, mk New) error {
	r := newRig(mk, time.Hour, 1)
	defer r.close()
	old, err := r.take(ctx)
	if err != nil {
		return err
	}
	old.Refund()
	current, err := r.take(ctx)
	if err != nil {
		return err
	}
	if old.Refund() || old.Spend() {
		return errors.New("a settled token was settled again while a later one is held")
	}
	if !current.Spend() {
		return errors.New("the later token had been settled by the old one")
	}
	return nil
}
