package stickytest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing/synctest"

	"github.com/mainspring-go/mainspring/sticky"
)

func dropKeepsPin(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 5)
	defer r.close()
	if err := r.keep("a"); err != nil {
		return err
	}
	l, err := r.take("a")
	if err != nil {
		return err
	}
	d, ok := l.(Dropper)
	if !ok {
		return errors.New("the lease has no Drop")
	}
	next := r.start("a")
	synctest.Wait()
	d.Drop("stale")
	d.Drop("nothing there")
	if err := r.evicted(goodbye{"a", "a", "stale"}); err != nil {
		return err
	}
	if next.returned() {
		return errors.New("the pin was lost")
	}
	if err := has(l, "a", ""); err != nil {
		return err
	}
	l.Put("fresh")
	l.Release()
	synctest.Wait()
	if !next.returned() || next.err != nil {
		return errors.New("the key is not free after Release")
	}
	return has(next.lease, "a", "fresh")
}

func purgeAll(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 5)
	defer r.close()
	if err := r.keep("a", "b"); err != nil {
		return err
	}
	l, err := r.take("b")
	if err != nil {
		return err
	}
	next := r.start("b")
	purged := make(chan error, 1)
	go func() { purged <- r.cache.Purge(ctx, "redeployed") }()
	if err := r.evicted(goodbye{"a", "a", "redeployed"}); err != nil {
		return err
	}
	select {
	case err := <-purged:
		return fmt.Errorf("purge returned %q while a value it is to evict is pinned", fmt.Sprint(err))
	default:
	}
	l.Release()
	if err := r.evicted(goodbye{"b", "b", "redeployed"}); err != nil {
		return err
	}
	select {
	case err := <-purged:
		if err != nil {
			return fmt.Errorf("purge: %w", err)
		}
	default:
		return errors.New("all values are gone, and Purge still waits")
	}
	if !next.returned() || next.err != nil {
		return errors.New("the key is not free after its purge")
	}
	return has(next.lease, "b", "")
}

func purgeSpares(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 5)
	defer r.close()
	if err := r.keep("a"); err != nil {
		return err
	}
	if err := r.cache.Purge(ctx, "redeployed"); err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	return first(
		func() error { return r.evicted(goodbye{"a", "a", "redeployed"}) },
		func() error { return r.keep("a", "b") },
		func() error { return r.evicted() },
		func() error { return r.holds("a", "a") },
		func() error { return r.holds("b", "b") },
	)
}

func resizeEvicts(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 4)
	defer r.close()
	resize := func(n int) func() error {
		return func() error {
			if err := r.cache.Resize(n); err != nil {
				return fmt.Errorf("resize to %d: %w", n, err)
			}
			return nil
		}
	}
	full := sticky.ReasonFull
	return first(
		func() error { return r.keep("a", "b", "c", "d") },
		resize(2),
		func() error { return r.evicted(goodbye{"a", "a", full}, goodbye{"b", "b", full}) },
		func() error { return r.keep("e") },
		func() error { return r.evicted(goodbye{"c", "c", full}) },
		resize(3),
		func() error { return r.keep("f") },
		func() error { return r.evicted() },
		resize(0),
		func() error {
			return r.evicted(goodbye{"d", "d", full}, goodbye{"e", "e", full}, goodbye{"f", "f", full})
		},
	)
}

func badSize(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 2)
	defer r.close()
	if err := r.keep("a", "b"); err != nil {
		return err
	}
	if r.cache.Resize(-1) == nil {
		return errors.New("resize to -1 was accepted")
	}
	return first(
		func() error { return r.evicted() },
		func() error { return r.holds("a", "a") },
		func() error { return r.holds("b", "b") },
	)
}

func statsAddUp(ctx context.Context, mk New) error {
	r := newRig(ctx, mk, 2)
	defer r.close()
	if err := r.keep("a", "b", "c"); err != nil { // three misses, a is gone
		return err
	}
	l, err := r.take("b") // a hit
	if err != nil {
		return err
	}
	if _, err := r.take("empty"); err != nil { // a miss
		return err
	}
	r.start("b")
	synctest.Wait()
	got, want := r.cache.Stats(), sticky.Stats{Entries: 2, Pinned: 2, Waiting: 1, Hits: 1, Misses: 4}
	want.Evictions = map[sticky.Reason]uint64{sticky.ReasonFull: 1}
	if err := compare(got, want); err != nil {
		return fmt.Errorf("amid work: %w", err)
	}
	l.Evict("failed") // who waited gets a miss
	synctest.Wait()
	r.close()
	got, want = r.cache.Stats(), sticky.Stats{Hits: 1, Misses: 5}
	want.Evictions = map[sticky.Reason]uint64{
		sticky.ReasonFull: 1, "failed": 1, sticky.ReasonClosed: 1,
	}
	if err := compare(got, want); err != nil {
		return fmt.Errorf("after Close: %w", err)
	}
	return nil
}

// compare looks at what every cache can count.
func compare(got, want sticky.Stats) error {
	if !maps.Equal(got.Evictions, want.Evictions) {
		return fmt.Errorf("evictions: got %v, want %v", got.Evictions, want.Evictions)
	}
	for _, n := range []struct {
		name      string
		got, want uint64
	}{
		{"entries", uint64(got.Entries), uint64(want.Entries)},
		{"pinned", uint64(got.Pinned), uint64(want.Pinned)},
		{"waiting", uint64(got.Waiting), uint64(want.Waiting)},
		{"hits", got.Hits, want.Hits},
		{"misses", got.Misses, want.Misses},
	} {
		if n.got != n.want {
			return fmt.Errorf("%s: got %d, want %d", n.name, n.got, n.want)
		}
	}
	return nil
}
