package stickytest_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/mainspring-go/mainspring/sticky"
	"github.com/mainspring-go/mainspring/testkit/stickytest"
)

// pool is what broken caches of one budget share.
type pool struct {
	mu      sync.Mutex
	budget  stickytest.Budget
	members []*broken
	moments int
}

// join gives b a pool, of its own if it has no budget.
func (b *broken) join() {
	budget := b.config.Budget
	switch {
	case budget == nil:
		b.pool = &pool{}
	case budget.Made == nil, b.flaw == budgetEach:
		b.pool = &pool{budget: *budget}
		budget.Made = b.pool
	default:
		b.pool = budget.Made.(*pool) //nolint:errcheck // made above
	}
	b.pool.members = append(b.pool.members, b)
	b.mu = &b.pool.mu
}

// wake lets all who wait look again.
func (b *broken) wake() {
	close(b.freed)
	b.freed = make(chan struct{})
}

// weighs notes what the value of e weighs, and says why it must go at once, if it must.
func (b *broken) weighs(key string, e *entry) sticky.Reason {
	if b.config.Weigh == nil || !e.present || b.flaw == weighsOnce && e.weight > 0 {
		return ""
	}
	e.weight = b.config.Weigh(key, e.value)
	if limit := b.config.MaxWeight; limit > 0 && e.weight > limit && b.flaw != heavyPushesOut {
		return sticky.ReasonOverweight
	}
	return ""
}

func (b *broken) weight() int64 {
	var sum int64
	for _, e := range b.entries {
		sum += e.weight
	}
	return sum
}

func (b *broken) trimWeight() {
	if b.config.MaxWeight == 0 || b.flaw == ignoresWeight {
		return
	}
	for b.weight() > b.config.MaxWeight && len(b.order) > 0 {
		i := 0
		if b.flaw == heaviestGoes {
			i = len(b.order) - 1
		}
		key := b.order[i]
		b.order = slices.Delete(b.order, i, i+1)
		b.evict(key, sticky.ReasonOverweight)
	}
}

// becomesIdle notes that key is idle from now on.
func (b *broken) becomesIdle(key string) {
	e := b.entry(key)
	b.pool.moments++
	e.used = b.pool.moments
	timeout := b.config.IdleTimeout
	switch {
	case timeout == 0 || b.flaw == neverIdle:
		return
	case b.flaw == idleTooEarly:
		timeout /= 2
	}
	uses := e.uses
	time.AfterFunc(timeout, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		i := slices.Index(b.order, key)
		if e.uses != uses && b.flaw != useNotCounted || i < 0 && b.flaw != idlesPinned {
			return
		}
		if i >= 0 {
			b.order = slices.Delete(b.order, i, i+1)
		}
		b.evict(key, sticky.ReasonIdle)
	})
}

// places counts the keys that have one.
func (b *broken) places() int {
	n := 0
	for _, e := range b.entries {
		if (e.present || e.pinned) && (!e.leaving || b.flaw != roomTooEarly) {
			n++
		}
	}
	return n
}

// enter waits for a place, or until the key needs none. It is called with mu locked.
func (b *broken) enter(ctx context.Context, key string) error {
	turn := new(int)
	if b.flaw == roomLastFirst {
		b.line = slices.Insert(b.line, 0, turn)
	} else {
		b.line = append(b.line, turn)
	}
	leave := func() {
		b.line = slices.DeleteFunc(b.line, func(other *int) bool { return other == turn })
		b.wake()
	}
	b.stats.Waiting++
	defer func() { b.stats.Waiting-- }()
	done := ctx.Done()
	if b.flaw == roomIgnoresContext {
		done = nil
	}
	for {
		e := b.entry(key)
		switch {
		case b.closed && b.flaw != roomStranded:
			leave()
			return sticky.ErrClosed
		case b.flaw != roomForKnown && (e.pinned || e.present), b.flaw == roomExceeds,
			b.line[0] == turn && b.places() < b.max:
			leave()
			return nil
		case b.line[0] == turn:
			b.makeRoom()
		}
		freed := b.freed
		b.mu.Unlock()
		select {
		case <-freed:
			b.mu.Lock()
		case <-done:
			b.mu.Lock()
			if b.flaw != roomGhost {
				leave()
			}
			return ctx.Err()
		}
	}
}

// makeRoom evicts one idle value on a goroutine of its own.
func (b *broken) makeRoom() {
	if b.making > 0 || len(b.order) == 0 || b.flaw == roomNoEvict {
		return
	}
	key := b.order[0]
	b.order = b.order[1:]
	b.making++
	b.entry(key).pinned = true
	go func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.evict(key, sticky.ReasonFull)
		b.making--
		b.free(key)
	}()
}

// over reports whether the pool has too much.
func (p *pool) over() bool {
	entries, weight := 0, int64(0)
	for _, b := range p.members {
		weight += b.weight()
		entries += b.kept()
		if b.closed && b.flaw == budgetKeepsShare {
			entries += b.kept0
		}
		if b.flaw == budgetIgnoresWeigh {
			weight = 0
		}
	}
	return p.budget.MaxEntries > 0 && entries > p.budget.MaxEntries ||
		p.budget.MaxWeight > 0 && weight > p.budget.MaxWeight
}

// trimPool evicts the surplus of the pool. It is called with mu locked.
func (b *broken) trimPool() {
	for b.pool.over() {
		if b.flaw == budgetTakesPinned && b.evictPinned() {
			continue
		}
		var from *broken
		for _, m := range b.pool.members {
			if len(m.order) == 0 {
				continue
			}
			if from == nil || m.entry(m.order[0]).used < from.entry(from.order[0]).used {
				from = m
			}
		}
		if b.flaw == budgetOwnFirst && len(b.order) > 0 {
			from = b
		}
		if from == nil {
			return
		}
		key := from.order[0]
		from.order = from.order[1:]
		reason := sticky.ReasonBudget
		if b.flaw == budgetLosesReason {
			reason = sticky.ReasonFull
		}
		from.evict(key, reason)
	}
}

// evictPinned evicts a value that another cache has pinned.
func (b *broken) evictPinned() bool {
	for _, m := range b.pool.members {
		for key, e := range m.entries {
			if m != b && e.pinned && e.present {
				m.evict(key, sticky.ReasonBudget)
				return true
			}
		}
	}
	return false
}
