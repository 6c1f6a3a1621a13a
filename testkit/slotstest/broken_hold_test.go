package slotstest_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/mainspring-go/mainspring/slots"
)

// gate is the part of broken that runs one exclusive task at a time.
type gate struct {
	running  []uint64 // permits; at most one without a flaw
	held     []*brokenHold
	followed int
}

type brokenHold struct {
	id    uint64
	ended chan struct{} // closed when err is set
	err   error
}

// pass waits until the task may run. The caller holds b.mu, also afterwards.
func (b *broken) pass(ctx context.Context, id uint64, t slots.Task) error {
	g := &b.gate
	if t.Type != exclusive {
		b.letGo(id)
		return nil
	}
	if b.flaw == neverHolds || slices.Contains(g.running, id) && b.flaw != holdsItself {
		return nil
	}
	if len(g.running) == 0 {
		g.running = append(g.running, id)
		return nil
	}
	h := &brokenHold{id: id, ended: make(chan struct{})}
	g.held = append(g.held, h)
	done := ctx.Done()
	if b.flaw == holdIgnoresContext {
		done = nil
	}
	b.mu.Unlock()
	select {
	case <-h.ended:
	case <-done:
	}
	b.mu.Lock()
	i := slices.Index(g.held, h)
	if i < 0 {
		return h.err
	}
	if b.flaw != ghostHold {
		g.held = slices.Delete(g.held, i, i+1)
	}
	return fmt.Errorf("broken: %w", context.Cause(ctx))
}

// letGo ends the exclusive task of the permit, if it runs one, and lets the next run.
func (b *broken) letGo(id uint64) {
	g := &b.gate
	i := slices.Index(g.running, id)
	if i < 0 {
		return
	}
	g.running = slices.Delete(g.running, i, i+1)
	g.followed++
	places := 1 - len(g.running)
	if b.flaw == loosensGate && g.followed%10 == 0 {
		places++
	}
	for ; places > 0 && len(g.held) > 0 && b.flaw != heldForever; places-- {
		next := 0
		if b.flaw == lastHeldFirst {
			next = len(g.held) - 1
		}
		h := g.held[next]
		g.held = slices.Delete(g.held, next, next+1)
		g.running = append(g.running, h.id)
		close(h.ended)
	}
}

// gone is told that the permit has been released.
func (b *broken) gone(id uint64) {
	g := &b.gate
	i := slices.IndexFunc(g.held, func(h *brokenHold) bool { return h.id == id })
	if i >= 0 && b.flaw != heldAfterRelease {
		h := g.held[i]
		g.held = slices.Delete(g.held, i, i+1)
		h.err = slots.ErrReleased
		close(h.ended)
	}
	b.letGo(id)
}
