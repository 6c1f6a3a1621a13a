package stickytest

import (
	"context"
	"strings"
	"time"

	"github.com/mainspring-go/mainspring/sticky"
)

// weighed is a Config with room for many entries that weigh ten together, each by its length.
func weighed() Config {
	return Config{MaxEntries: 100, MaxWeight: 10, Weigh: byLength}
}

func byLength(_, value string) int64 { return int64(len(value)) }

func weightBound(ctx context.Context, mk New) error {
	r := newRigOf(ctx, mk, weighed())
	defer r.close()
	return first(
		func() error { return r.keep("aaaa", "bbbb", "cc") },
		func() error { return r.evicted() },
		func() error { return r.holds("aaaa", "aaaa") }, // used: bbbb is the oldest now
		func() error { return r.keep("d") },
		func() error { return r.evicted(goodbye{"bbbb", "bbbb", sticky.ReasonOverweight}) },
		func() error { return r.keep("eee") },
		func() error { return r.evicted() },
		func() error { return r.holds("cc", "cc") },
	)
}

func weighedAgain(ctx context.Context, mk New) error {
	r := newRigOf(ctx, mk, weighed())
	defer r.close()
	if err := r.keep("a", "bbbb"); err != nil {
		return err
	}
	l, err := r.take("a")
	if err != nil {
		return err
	}
	l.Put("aaaaaaa")
	if err := r.evicted(); err != nil {
		return err
	}
	l.Release()
	if err := r.evicted(goodbye{"bbbb", "bbbb", sticky.ReasonOverweight}); err != nil {
		return err
	}
	l, err = r.take("a")
	if err != nil {
		return err
	}
	l.Put("a")
	l.Release()
	return first( // lighter again: there is room for more
		func() error { return r.keep("ccccccccc") },
		func() error { return r.evicted() },
	)
}

func tooHeavy(ctx context.Context, mk New) error {
	r := newRigOf(ctx, mk, weighed())
	defer r.close()
	heavy := strings.Repeat("h", 11)
	return first(
		func() error { return r.keep("aaaa", "bbbb", heavy) },
		func() error { return r.evicted(goodbye{heavy, heavy, sticky.ReasonOverweight}) },
		func() error { return r.holds("aaaa", "aaaa") },
		func() error { return r.holds("bbbb", "bbbb") },
	)
}

// idleTimeout is long for what a clause does, and short beside its waits.
const idleTimeout = time.Minute

func pass(d time.Duration) func() error {
	return func() error {
		time.Sleep(d)
		return nil
	}
}

func idleLeaves(ctx context.Context, mk New) error {
	r := newRigOf(ctx, mk, Config{MaxEntries: 100, IdleTimeout: idleTimeout})
	defer r.close()
	return first(
		func() error { return r.keep("a", "b") },
		pass(idleTimeout-time.Second),
		func() error { return r.evicted() },
		pass(idleTimeout+time.Second),
		func() error {
			return r.evicted(goodbye{"a", "a", sticky.ReasonIdle}, goodbye{"b", "b", sticky.ReasonIdle})
		},
	)
}

func useIsNotIdle(ctx context.Context, mk New) error {
	r := newRigOf(ctx, mk, Config{MaxEntries: 100, IdleTimeout: idleTimeout})
	defer r.close()
	l, err := r.take("pinned")
	if err != nil {
		return err
	}
	l.Put("P")
	if err := r.keep("used"); err != nil {
		return err
	}
	for range 5 {
		if err := first(
			pass(idleTimeout*2/3),
			func() error { return r.holds("used", "used") },
		); err != nil {
			return err
		}
	}
	if err := r.evicted(); err != nil {
		return err
	}
	l.Release() // idle only from now on
	return first(
		pass(idleTimeout-time.Second),
		func() error { return r.evicted() },
		pass(idleTimeout+time.Second),
		func() error {
			return r.evicted(goodbye{"pinned", "P", sticky.ReasonIdle},
				goodbye{"used", "used", sticky.ReasonIdle})
		},
	)
}
