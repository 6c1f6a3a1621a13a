package poller

import "time"

// idleness is the memory of how long polls have found nothing to do. It is pure: the time is an
// argument.
type idleness struct {
	// since is when polls last began to find nothing; zero while there is work, and while nobody
	// can tell: nothing is asked, or polling fails.
	since time.Time
	// turn grows with each sign of work (a task, the end of a handler) and of trouble. An empty
	// poll says something about the present turn only if it was sent in it.
	turn    uint64
	empties int // empty polls of this turn
}

// over begins the next turn.
func (i *idleness) over() {
	i.since = time.Time{}
	i.turn++
	i.empties = 0
}

// begin starts the clock unless it runs.
func (i *idleness) begin(now time.Time) {
	if i.since.IsZero() {
		i.since = now
	}
}

// starving reports whether no poll was out for a while because there was no ticket, so that nobody
// can tell whether there were tasks; called with the lock held.
func (p *Poller[T, K]) starving(now time.Time) bool {
	return p.counts[polling] == 0 && p.counts[admitting] > 0 &&
		now.Sub(p.lastGood) > 2*max(DefaultEmptyPause, p.opts.EmptyPause)
}

// idleSince returns since when polls find nothing to do; called with the lock held.
func (p *Poller[T, K]) idleSince(now time.Time) time.Time {
	if p.starving(now) {
		return time.Time{}
	}
	return p.idle.since
}

// asks starts the clock of idleness when a poll is sent, or found to be out; called with the
// lock held.
func (p *Poller[T, K]) asks(now time.Time) {
	if p.counts[handling] == 0 && p.fails.since.IsZero() {
		p.idle.begin(now)
	}
}

// handled takes note of the end of a handler; called with the lock held. What the handler did may
// have made new tasks.
func (p *Poller[T, K]) handled() {
	p.idle.over()
	if p.counts[handling] == 0 && p.counts[polling] > 0 && p.open() {
		p.asks(time.Now())
	}
}

// cameEmpty takes note of a poll of that turn that found nothing, and reports whether a whole
// round of them did; called with the lock held.
func (p *Poller[T, K]) cameEmpty(turn uint64, now time.Time) bool {
	if p.counts[handling] > 0 || p.stopping || p.paused {
		return false
	}
	p.idle.begin(now)
	if turn == p.idle.turn {
		p.idle.empties++
	}
	return p.idle.empties >= p.wanted()
}

// idleRest returns how long it takes at least until the poller has been idle for IdleTimeout;
// zero or less if it has.
func (p *Poller[T, K]) idleRest(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idleSince(now).IsZero() {
		return p.opts.IdleTimeout
	}
	return p.idle.since.Add(p.opts.IdleTimeout).Sub(now)
}
