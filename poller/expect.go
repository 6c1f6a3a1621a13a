package poller

import "sync/atomic"

// An Expected is a place for one task that comes another way than by a poll, such as with the answer
// to another call, and the ticket for it. Get one with [Poller.Expect]. Until it is settled, by Run or
// Release, the poller is not done; the first of them counts, later ones do nothing.
type Expected[T any, K Ticket] struct {
	poller  *Poller[T, K]
	hand    *hand[K]
	settled atomic.Bool
}

// Expect takes a place for a task that is to be handled like those that were polled: by the same
// handler, with its panics contained, and waited for by [Poller.Wait]. The result is false, and the
// ticket is returned, if the poller is paused or has begun to stop, and if it takes a limited number
// of tasks: see [Options.MaxTasks].
func (p *Poller[T, K]) Expect(ticket K) (*Expected[T, K], bool) {
	p.mu.Lock()
	if p.stopping || p.paused || p.started && p.pollCtx.Err() != nil || p.opts.MaxTasks > 0 {
		p.mu.Unlock()
		ticket.Return()
		return nil, false
	}
	h := &hand[K]{wake: make(chan bool, 1), ticket: ticket, grown: true}
	p.move(h, expecting)
	p.mu.Unlock()
	return &Expected[T, K]{poller: p, hand: h}, true
}

// Run spends the ticket and hands it to the handler with the task, as soon as the poller runs. It does
// not wait for the handler, and works also when the poller is stopping by now.
func (e *Expected[T, K]) Run(task T) {
	if e.settled.Swap(true) {
		return
	}
	p, h := e.poller, e.hand
	p.spend(h)
	p.mu.Lock()
	p.unpolled++
	p.idle.over()
	p.move(h, handling)
	p.mu.Unlock()
	go p.begin(h, task)
}

// Release returns the ticket, because no task comes.
func (e *Expected[T, K]) Release() {
	if e.settled.Swap(true) {
		return
	}
	p := e.poller
	p.takeBack(e.hand)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.move(e.hand, idle)
	p.settle()
}

// begin is the life of a hand that begins with a task.
func (p *Poller[T, K]) begin(h *hand[K], task T) {
	defer p.lost(h)
	<-p.live
	p.handle(h, task)
	if p.again(h) {
		p.work(h)
	}
}
