package ratelimittest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/mainspring-go/mainspring/ratelimit"
)

// setLimit is SetLimit of a limiter that has it.
func (r *rig) setLimit(perSecond float64) error {
	l, ok := r.Limiter.(ratelimit.Adjuster)
	if !ok {
		return fmt.Errorf("%T is no ratelimit.Adjuster", r.Limiter)
	}
	if err := l.SetLimit(perSecond); err != nil {
		return fmt.Errorf("a SetLimit(%v): unexpected error: %w", perSecond, err)
	}
	r.gap = time.Duration(float64(time.Second) / perSecond)
	return nil
}

func newLimitIsFelt(ctx context.Context, mk New) error {
	r := newRig(mk, time.Hour, 1)
	defer r.close()
	if err := r.spend(ctx, 1); err != nil {
		return err
	}
	c := r.start(ctx)
	pass(time.Minute)
	if err := r.setLimit(1); err != nil {
		return err
	}
	pass(time.Second)
	if !c.returned() {
		return errors.New("a caller still waits by the old limit of one each hour, one second " +
			"after the limit became one each second")
	}
	c.token.Spend()
	c = r.start(ctx)
	if err := r.setLimit(0.1); err != nil {
		return err
	}
	pass(9 * time.Second)
	if c.returned() {
		return errors.New("a caller got a token by the old limit of one each second, nine seconds " +
			"after the limit became one each ten seconds")
	}
	pass(time.Second)
	if !c.returned() {
		return errors.New("a caller still waits ten seconds after the limit became one each ten seconds")
	}
	return nil
}

func newLimitGivesNothing(ctx context.Context, mk New) error {
	r := newRig(mk, time.Second, 4)
	defer r.close()
	if err := r.spend(ctx, 4); err != nil {
		return err
	}
	pass(2 * r.gap) // two have been earned
	for _, perSecond := range []float64{0.001, 50, 0.01} {
		if err := r.setLimit(perSecond); err != nil {
			return err
		}
	}
	if err := r.spend(ctx, 2); err != nil {
		return fmt.Errorf("after SetLimit with 2 tokens earned: %w", err)
	}
	c := r.start(ctx)
	pass(r.gap / 2)
	if c.returned() {
		return errors.New("after SetLimit with 2 tokens earned there is a third")
	}
	return nil
}

func badLimit(ctx context.Context, mk New) error {
	r := newRig(mk, time.Second, 1)
	defer r.close()
	l, ok := r.Limiter.(ratelimit.Adjuster)
	if !ok {
		return fmt.Errorf("%T is no ratelimit.Adjuster", r.Limiter)
	}
	for _, bad := range []float64{-1, math.NaN(), math.Inf(-1)} {
		if err := l.SetLimit(bad); err == nil {
			return fmt.Errorf("a SetLimit(%v) was accepted", bad)
		}
	}
	return r.exactly(ctx, 1)
}

// lift is Lift of a limiter that has it.
func (r *rig) lift() error {
	l, ok := r.Limiter.(ratelimit.Lifter)
	if !ok {
		return fmt.Errorf("%T is no ratelimit.Lifter", r.Limiter)
	}
	l.Lift()
	return nil
}

func liftHoldsNobody(ctx context.Context, mk New) error {
	r := newRig(mk, time.Hour, 2)
	defer r.close()
	if _, err := r.takeAll(ctx, 2); err != nil {
		return err
	}
	waiting := []*call{r.start(ctx), r.start(ctx), r.start(ctx)}
	if err := r.lift(); err != nil {
		return err
	}
	pass(0)
	for i, c := range waiting {
		if !c.returned() {
			return fmt.Errorf("caller %d of 3 still waits when the limit has been lifted", i+1)
		}
	}
	tokens, err := r.takeAll(ctx, 10)
	if err != nil {
		return fmt.Errorf("without a limit: %w", err)
	}
	for i, token := range tokens {
		if i%2 == 0 && !token.Spend() || i%2 == 1 && !token.Refund() || token.Refund() {
			return errors.New("without a limit: a token cannot be settled, or twice")
		}
	}
	return nil
}

func liftIsPutBack(ctx context.Context, mk New) error {
	r := newRig(mk, time.Hour, 2)
	defer r.close()
	if err := r.lift(); err != nil {
		return err
	}
	tokens, err := r.takeAll(ctx, 5)
	if err != nil {
		return fmt.Errorf("without a limit: %w", err)
	}
	if err := r.setLimit(1); err != nil {
		return err
	}
	c := r.start(ctx)
	pass(time.Minute)
	if c.returned() {
		return errors.New("the limit of 2 was put back while 5 tokens were held, and there was a sixth")
	}
	for _, token := range tokens {
		if !token.Spend() {
			return errors.New("a token that was held when the limit was put back cannot be spent")
		}
	}
	pass(r.gap)
	if !c.returned() {
		return fmt.Errorf("a caller still waits %v after all tokens were spent", r.gap)
	}
	c.token.Spend()
	return r.after(ctx, r.gap)
}

func statsAddUp(ctx context.Context, mk New) error {
	r := newRig(mk, time.Minute, 3)
	defer r.close()
	reporter, ok := r.Limiter.(ratelimit.Reporter)
	if !ok {
		return fmt.Errorf("%T is no ratelimit.Reporter", r.Limiter)
	}
	tokens, err := r.takeAll(ctx, 3)
	if err != nil {
		return err
	}
	var waits *call
	steps := []struct {
		name string
		do   func()
		want ratelimit.Stats
	}{
		{"three held", func() {}, ratelimit.Stats{Held: 3}},
		{"held for an hour", func() { pass(time.Hour) }, ratelimit.Stats{Held: 3}},
		{"one waits", func() { waits = r.start(ctx) }, ratelimit.Stats{Held: 3, Waiting: 1}},
		{"one gave up waiting", func() { waits.cancel() }, ratelimit.Stats{Held: 3}},
		{"one spent", func() { tokens[0].Spend() }, ratelimit.Stats{Held: 2, Spent: 1}},
		{"one refunded", func() { tokens[1].Refund() }, ratelimit.Stats{
			Available: 1, Held: 1, Spent: 1, Refunded: 1,
		}},
		{"both settled again", func() {
			tokens[0].Refund()
			tokens[1].Spend()
		}, ratelimit.Stats{Available: 1, Held: 1, Spent: 1, Refunded: 1, DoubleSettles: 2}},
		{"an hour later", func() { pass(time.Hour) }, ratelimit.Stats{
			Available: 2, Held: 1, Spent: 1, Refunded: 1, DoubleSettles: 2,
		}},
	}
	for _, step := range steps {
		step.do()
		pass(0)
		got := reporter.Stats()
		want := step.want
		want.PerSecond, want.Burst = 1/r.gap.Seconds(), r.burst
		if math.Abs(got.Available-want.Available) > 1e-4 {
			return fmt.Errorf("%s: got %v tokens available, want %v", step.name, got.Available, want.Available)
		}
		want.Available = got.Available
		if got != want {
			return fmt.Errorf("%s: got Stats() = %+v, want %+v", step.name, got, want)
		}
	}
	return nil
}
