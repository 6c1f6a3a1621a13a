package poller

import "time"

// minParked is how many hands without work are kept at least, while there are tasks.
const minParked = 8

// keepHands is how long hands are kept after the latest task.
const keepHands = 10 * time.Second

// again finds the next seat for an idle or a handling hand; false sends it home.
func (p *Poller[T, K]) again(h *hand[K]) bool {
	p.mu.Lock()
	if h.phase == handling {
		p.leave(h)
		p.settle()
	}
	switch {
	case h.leaves:
		p.mu.Unlock()
		return false
	case p.open() && p.seats() < p.wanted():
		p.move(h, seated)
		p.mu.Unlock()
		return true
	case p.stopping || len(p.parked) >= max(minParked, 2*p.target):
		p.mu.Unlock()
		return false
	}
	p.parked = append(p.parked, h)
	p.mu.Unlock()
	return <-h.wake
}

// thin sends hands home that no task has needed for a while: those that are parked, and h, whose poll
// was empty, if its stack may have grown. A new one takes its seat. Empty polls are the clock of this;
// called with the lock held.
func (p *Poller[T, K]) thin(h *hand[K], now time.Time) {
	if now.Sub(p.lastTask) < keepHands {
		return
	}
	p.dismiss()
	if h.grown && h.until.IsZero() { // a pause is its own
		h.leaves = true
		p.move(h, idle)
	}
}

// dismiss sends all parked hands home; called with the lock held.
func (p *Poller[T, K]) dismiss() {
	for _, h := range p.parked {
		h.wake <- false
	}
	p.parked = nil
}
