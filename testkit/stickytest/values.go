package stickytest

import (
	"context"
	"errors"
	"fmt"
	"testing/synctest"

	"github.com/mainspring-go/mainspring/sticky"
)

func valueStays(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 5)
	defer r.close()
	if err := first(
		func() error { return r.holds("a", "") },
		func() error { return r.keep("a", "b") },
		func() error { return r.holds("b", "b") },
		func() error { return r.holds("a", "a") },
		func() error { return r.holds("a", "a") }, // looking does not take it away
	); err != nil {
		return err
	}
	l, err := r.take("a")
	if err != nil {
		return err
	}
	l.Put("new")
	if err := has(l, "a", "new"); err != nil {
		return err
	}
	l.Release()
	return first(
		func() error { return r.holds("a", "new") },
		func() error { return r.holds("b", "b") },
	)
}

func putReplaces(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 5)
	defer r.close()
	if err := r.keep("a"); err != nil {
		return err
	}
	l, err := r.take("a")
	if err != nil {
		return err
	}
	l.Put("second")
	l.Put("third")
	l.Release()
	return first(
		func() error { return r.evicted() },
		func() error { return r.holds("a", "third") },
	)
}

func evictEmpties(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 5)
	defer r.close()
	if err := r.keep("a", "b"); err != nil {
		return err
	}
	l, err := r.take("a")
	if err != nil {
		return err
	}
	next := r.start("a")
	synctest.Wait()
	l.Evict("failed")
	if err := r.evicted(goodbye{"a", "a", "failed"}); err != nil {
		return err
	}
	if !next.returned() || next.err != nil {
		return errors.New("the key is not free after Evict")
	}
	if err := has(next.lease, "a", ""); err != nil {
		return err
	}
	next.lease.Evict("nothing there")
	return first(
		func() error { return r.evicted() },
		func() error { return r.holds("b", "b") },
	)
}

func boundHolds(ctx context.Context, mk New) error {
	for _, bound := range []int{1, 3} {
		r := newRig(ctx, mk, bound)
		defer r.close()
		var leases []Lease
		for i := range 8 {
			l, err := r.take(fmt.Sprint(i))
			if err != nil {
				return err
			}
			l.Put(fmt.Sprint(i))
			leases = append(leases, l)
		}
		for _, l := range leases {
			l.Release()
		}
		synctest.Wait()
		kept := 0
		for i := range 8 {
			l, err := r.take(fmt.Sprint(i))
			if err != nil {
				return err
			}
			if _, ok := l.Value(); ok {
				kept++
			}
			l.Release()
		}
		if kept != bound {
			return fmt.Errorf("of 8 values %d were kept, want %d", kept, bound)
		}
	}
	return nil
}

func leastRecentlyUsed(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 3)
	defer r.close()
	return first(
		func() error { return r.keep("a", "b", "c") },
		func() error { return r.holds("a", "a") }, // used: b is the oldest now
		func() error { return r.evicted() },
		func() error { return r.keep("d") },
		func() error { return r.evicted(goodbye{"b", "b", sticky.ReasonFull}) },
		func() error { return r.keep("e") },
		func() error { return r.evicted(goodbye{"c", "c", sticky.ReasonFull}) },
		func() error { return r.holds("a", "a") },
	)
}

func pinsAreNeverRefused(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 1)
	defer r.close()
	for i := range 5 {
		l, err := r.take(fmt.Sprint(i))
		if err != nil {
			return fmt.Errorf("with %d keys pinned: %w", i, err)
		}
		l.Put("busy")
	}
	return r.evicted()
}

func pinnedStays(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 2)
	defer r.close()
	if err := r.keep("a"); err != nil {
		return err
	}
	l, err := r.take("a") // the oldest, but pinned
	if err != nil {
		return err
	}
	if err := r.keep("b", "c", "d"); err != nil {
		return err
	}
	if err := r.evicted(
		goodbye{"b", "b", sticky.ReasonFull}, goodbye{"c", "c", sticky.ReasonFull},
	); err != nil {
		return err
	}
	if err := has(l, "a", "a"); err != nil {
		return err
	}
	l.Release()
	return first(
		func() error { return r.holds("a", "a") },
		func() error { return r.holds("d", "d") },
	)
}

func zeroKeepsNothing(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 0)
	defer r.close()
	l, err := r.take("a")
	if err != nil {
		return err
	}
	l.Put("A")
	if err := has(l, "a", "A"); err != nil {
		return err
	}
	if err := r.evicted(); err != nil {
		return err
	}
	next := r.start("a")
	synctest.Wait()
	l.Release()
	if err := r.evicted(goodbye{"a", "A", sticky.ReasonFull}); err != nil {
		return err
	}
	if !next.returned() || next.err != nil {
		return errors.New("the key is not free after Release")
	}
	return has(next.lease, "a", "")
}
