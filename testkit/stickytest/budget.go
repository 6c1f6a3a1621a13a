package stickytest

import (
	"context"
	"errors"
	"fmt"

	"github.com/mainspring-go/mainspring/sticky"
)

// newPair makes two caches that share a budget.
func newPair(ctx context.Context, mk New, b *Budget) (one, other *rig, closeBoth func()) {
	c := Config{MaxEntries: 100, Budget: b}
	if b.MaxWeight > 0 {
		c.Weigh = byLength
	}
	one, other = newRigOf(ctx, mk, c), newRigOf(ctx, mk, c)
	return one, other, func() {
		one.close()
		other.close()
	}
}

func budgetIsShared(ctx context.Context, mk New) error {
	one, other, closeBoth := newPair(ctx, mk, &Budget{MaxEntries: 3})
	defer closeBoth()
	if err := first(
		func() error { return one.keep("a", "b", "c") },
		func() error { return other.keep("a", "b", "c") },
	); err != nil {
		return err
	}
	kept := 0
	for _, r := range []*rig{one, other} {
		for _, key := range []string{"a", "b", "c"} {
			l, err := r.take(key)
			if err != nil {
				return err
			}
			if _, ok := l.Value(); ok {
				kept++
			}
			l.Release()
		}
	}
	if kept != 3 {
		return fmt.Errorf("of 6 values in two caches %d were kept, want 3", kept)
	}
	return nil
}

func budgetTakesOldest(ctx context.Context, mk New) error {
	one, other, closeBoth := newPair(ctx, mk, &Budget{MaxEntries: 3})
	defer closeBoth()
	return first(
		func() error { return one.keep("a") },
		func() error { return other.keep("b") },
		func() error { return one.keep("c") },
		func() error { return one.holds("a", "a") }, // used: b is the oldest now
		func() error { return other.evicted() },
		func() error { return one.keep("d") },
		func() error { return one.evicted() },
		func() error { return other.evicted(goodbye{"b", "b", sticky.ReasonBudget}) },
		func() error { return other.keep("e") },
		func() error { return one.evicted(goodbye{"c", "c", sticky.ReasonBudget}) },
		func() error { return other.evicted() },
	)
}

func budgetSparesPinned(ctx context.Context, mk New) error {
	one, other, closeBoth := newPair(ctx, mk, &Budget{MaxEntries: 2})
	defer closeBoth()
	l, err := one.take("a")
	if err != nil {
		return err
	}
	l.Put("A")
	if err := first(
		func() error { return other.keep("b", "c") },
		func() error { return one.evicted() },
		func() error { return other.evicted(goodbye{"b", "b", sticky.ReasonBudget}) },
		func() error { return has(l, "a", "A") },
	); err != nil {
		return err
	}
	l.Release()
	return first(
		func() error { return one.evicted() },
		func() error { return other.evicted() },
	)
}

func budgetLocksNoOther(ctx context.Context, mk New) error {
	one, other, closeBoth := newPair(ctx, mk, &Budget{MaxEntries: 1})
	defer closeBoth()
	if err := one.keep("a"); err != nil {
		return err
	}
	running, open := one.gated()
	l, err := other.take("b")
	if err != nil {
		return err
	}
	l.Put("B")
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Release() // a must go, and takes its time
	}()
	defer func() { // before the caches are closed
		open()
		<-done
	}()
	if !soon(running) {
		return errors.New("OnEvict of the other cache was not called")
	}
	for _, c := range []*call{other.start("c"), one.start("c")} {
		if !soon(c.returned) {
			return errors.New("acquire waits for an OnEvict of another key, in one of the two caches")
		}
		if c.err != nil {
			return fmt.Errorf("acquire: %w", c.err)
		}
	}
	return nil
}

func closedGivesBack(ctx context.Context, mk New) error {
	one, other, closeBoth := newPair(ctx, mk, &Budget{MaxEntries: 2})
	defer closeBoth()
	return first(
		func() error { return one.keep("a", "b") },
		func() error { return one.cache.Close(ctx) },
		func() error { return other.keep("c", "d") },
		func() error { return other.evicted() },
		func() error { return other.holds("c", "c") },
		func() error { return other.holds("d", "d") },
	)
}

func budgetWeighs(ctx context.Context, mk New) error {
	one, other, closeBoth := newPair(ctx, mk, &Budget{MaxWeight: 10})
	defer closeBoth()
	return first(
		func() error { return one.keep("aaaa") },
		func() error { return other.keep("bbbb", "cc") },
		func() error { return one.evicted() },
		func() error { return other.keep("d") },
		func() error { return one.evicted(goodbye{"aaaa", "aaaa", sticky.ReasonBudget}) },
		func() error { return other.evicted() },
	)
}
