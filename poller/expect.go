package poller

import "sync/atomic"

// An Expected is a place for one task that comes another way than by a poll, such as with the answer
// to another call. Get one with [Poller.Expect]. Until it is settled, by Handle or Cancel, the poller
// is not done; the first of them counts, later ones do nothing and report false.
type Expected[T any, K Ticket] struct {
	poller  *Poller[T, K]
	hand    *hand[K]
	settled atomic.Bool
}

// Expect takes a place for a task that is to be handled like those that were polled: by the same
// handler, with its panics contained, and waited for by [Poller.Wait]. Whoever expects a task holds
// the ticket for it. The result is false if the poller does not run, is paused or has begun to stop,
// and if it takes a limited number of tasks: see [Options.MaxTasks].
func (p *Poller[T, K]) Expect() (*Expected[T, K], bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.open() || p.opts.MaxTasks > 0 {
		return nil, false
	}
	h := &hand[K]{wake: make(chan bool, 1)}
	p.move(h, expecting)
	return &Expected[T, K]{poller: p, hand: h}, true
}

// Handle spends the ticket and hands it to the handler with the task. It does not wait for the
// handler, and works also when the poller is stopping by now.
func (e *Expected[T, K]) Handle(task T, ticket K) bool {
	if e.settled.Swap(true) {
		return false
	}
	p, h := e.poller, e.hand
	if s, ok := any(ticket).(Spender); ok {
		s.Spend()
	}
	h.ticket = ticket
	p.mu.Lock()
	p.unpolled++
	p.idle.over()
	p.move(h, handling)
	p.mu.Unlock()
	go p.begin(h, task)
	return true
}

// Cancel says that no task comes. The ticket stays with the caller.
func (e *Expected[T, K]) Cancel() bool {
	if e.settled.Swap(true) {
		return false
	}
	p := e.poller
	p.mu.Lock()
	defer p.mu.Unlock()
	p.move(e.hand, idle)
	p.settle()
	return true
}

// begin is the life of a hand that begins with a task.
func (p *Poller[T, K]) begin(h *hand[K], task T) {
	defer p.lost(h)
	p.handle(h, task)
	if p.again(h) {
		p.work(h)
	}
}
