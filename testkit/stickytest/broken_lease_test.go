package stickytest_test

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/mainspring-go/mainspring/sticky"
)

// lease is a lease of a broken cache.
type lease struct {
	b    *broken
	key  string
	over bool
}

func (l *lease) Value() (string, bool) {
	l.b.mu.Lock()
	defer l.b.mu.Unlock()
	e := l.b.entry(l.key)
	if l.over && l.b.flaw != lateValue {
		return "", false
	}
	return e.value, e.present
}

func (l *lease) Put(v string) {
	b := l.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if l.over && b.flaw != latePut {
		return
	}
	e := b.entry(l.key)
	if e.present && b.flaw == evictsReplaced {
		b.evict(l.key, "replaced")
	}
	e.value, e.present = v, true
	if b.flaw == idlesPinned {
		b.becomesIdle(l.key)
	}
}

// end reports whether the lease was not over yet.
func (l *lease) end() bool {
	if l.over && l.b.flaw != freesTwice {
		return false
	}
	l.over = true
	l.b.stats.Pinned--
	return true
}

func (l *lease) Release() {
	b := l.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if !l.end() {
		return
	}
	e := b.entry(l.key)
	if b.flaw == forgetsValue {
		e.present, e.value = false, ""
	}
	heavy := b.weighs(l.key, e)
	switch {
	case heavy != "":
		b.evict(l.key, heavy)
	case e.doomed != "":
		b.evict(l.key, e.doomed)
	case b.purged != "":
		b.evict(l.key, b.purged)
	case b.max == 0 && b.flaw != zeroKeepsOne:
		b.evict(l.key, sticky.ReasonFull)
	}
	b.free(l.key)
	b.trim()
}

func (l *lease) Evict(reason sticky.Reason) {
	b := l.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if !l.end() {
		return
	}
	b.evict(l.key, reason)
	if b.flaw != freeTooEarly {
		b.free(l.key)
	}
}

func (l *lease) Drop(reason sticky.Reason) {
	if l.b.flaw == dropEndsLease {
		l.Evict(reason)
		return
	}
	l.b.mu.Lock()
	defer l.b.mu.Unlock()
	if !l.over {
		l.b.evict(l.key, reason)
	}
}

func (b *broken) close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.kept0 = b.kept()
	b.wake()
	for _, e := range b.entries {
		if b.flaw == strandsWaiters {
			break
		}
		for _, turn := range e.queue {
			turn <- sticky.ErrClosed
		}
		e.queue = nil
	}
	b.mu.Unlock()
	if b.flaw == closeForgets {
		return nil
	}
	if b.flaw == closeIgnoresCtx {
		ctx = context.WithoutCancel(ctx)
	}
	return b.purge(ctx, sticky.ReasonClosed)
}

func (b *broken) purge(ctx context.Context, reason sticky.Reason) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.flaw == purgeNeverEnds && reason != sticky.ReasonClosed {
		b.purged = reason
	}
	for _, key := range slices.Clone(b.order) {
		b.order = slices.DeleteFunc(b.order, func(k string) bool { return k == key })
		b.evict(key, reason)
	}
	pinned := make(map[string]bool)
	for key, e := range b.entries {
		if e.pinned && (b.flaw != purgeSparesPinned || reason == sticky.ReasonClosed) {
			e.doomed = reason
			pinned[key] = true
		}
	}
	if b.flaw == closeLeaves {
		return nil
	}
	for {
		maps.DeleteFunc(pinned, func(key string, _ bool) bool {
			return !b.entry(key).pinned || b.entry(key).doomed == ""
		})
		if len(pinned) == 0 {
			return nil
		}
		freed := b.freed
		b.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
		}
		b.mu.Lock()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (b *broken) resize(n int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n < 0 && b.flaw != acceptsAnySize {
		return errors.New("negative size")
	}
	b.max = n
	if b.flaw != resizeLater {
		b.trim()
	}
	return nil
}

func (b *broken) numbers() sticky.Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.stats
	s.Entries = b.kept()
	if s.WaitingForRoom = len(b.line); b.flaw == roomUncounted {
		s.WaitingForRoom = 0
	}
	s.Evictions = maps.Clone(s.Evictions)
	return s
}
