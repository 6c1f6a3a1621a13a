package poller

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"
)

// A hand is a goroutine that polls and then handles what it polled. When a task comes, its seat
// goes to another hand at once, so the number of polls does not depend on how long handlers take;
// and hands are kept, because a goroutine that has run a handler has the stack for the next. Once no
// task has come for a while that stack is memory for nothing: then hands go home, see thin.
type hand[K Ticket] struct {
	timed  bool      // the wait for its ticket is to be measured
	grown  bool      // it had a task
	leaves bool      // it goes home when it has no seat
	phase  phase     // guarded by the poller's lock
	wake   chan bool // true: there is a seat; false: go home
	until  time.Time // its own pause after a hasty empty answer
	turn   uint64    // of idleness, when its poll was sent

	ticket K // while polling and handling
}

// A phase is what a hand does. All but idle, handling and expecting hands have a seat.
type phase int

const (
	idle      phase = iota
	seated          // about to look at what comes next
	admitting       // waits for a ticket
	polling         // waits for a task
	resting         // waits for the end of a back-off
	handling        // runs the handler
	expecting       // waits for a task that comes another way
	phases          // the number of phases
)

// move changes the phase of h; called with the lock held.
func (p *Poller[T, K]) move(h *hand[K], to phase) {
	p.counts[h.phase]--
	p.counts[to]++
	h.phase = to
}

// work is the life of a hand. It begins with a seat.
func (p *Poller[T, K]) work(h *hand[K]) {
	defer p.lost(h)
	for {
		if task, ok := p.nextTask(h); ok {
			p.handle(h, task)
		}
		if !p.again(h) {
			return
		}
	}
}

// nextTask polls until there is a task (h is handling then) or the seat is gone (h is idle).
func (p *Poller[T, K]) nextTask(h *hand[K]) (task T, ok bool) {
	var none T
	for {
		epoch, round, rest, ok := p.sit(h)
		if !ok {
			return none, false
		}
		if rest > 0 {
			sleep(epoch, rest)
			continue
		}
		var asked time.Time
		if h.timed {
			asked = time.Now()
		}
		ticket, err := p.admit(epoch)
		if err != nil {
			if epoch.Err() == nil {
				p.failedAdmission(round, err)
			}
			continue
		}
		e := PollEvent{Poller: p.opts.Name, Started: time.Now()}
		if h.timed {
			e.Waited = e.Started.Sub(asked)
		}
		h.ticket = ticket
		if !p.send(h, e.Started) {
			p.takeBack(h)
			p.rise(h)
			return none, false
		}
		task, e.Feedback, e.Err = p.poll()
		e.Latency = time.Since(e.Started)
		if e.Err != nil || e.Feedback.Empty {
			p.takeBack(h)
		} else {
			p.spend(h)
		}
		if p.ended(h, &e, round); e.Outcome == GotTask {
			return task, true
		}
		if h.leaves {
			return none, false
		}
	}
}

// sit decides what a hand with a seat does next: leave (ok is false), rest, or ask for a ticket.
// round is that of the poll to come.
func (p *Poller[T, K]) sit(h *hand[K]) (
	epoch context.Context, round uint64, rest time.Duration, ok bool,
) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.open() || p.seats() > p.wanted() {
		p.move(h, idle)
		p.settle()
		return nil, 0, 0, false
	}
	if !p.fails.until.IsZero() || !h.until.IsZero() {
		now := time.Now()
		if rest = max(p.fails.until.Sub(now), h.until.Sub(now)); rest > 0 {
			p.move(h, resting)
			return p.epoch, 0, rest, true
		}
	}
	// A look at the clock is a tenth of what a poll costs here.
	_, fixed := p.scaler.(Fixed)
	h.timed = !fixed || len(p.watch.poll) > 0
	p.move(h, admitting)
	return p.epoch, p.fails.round, 0, true
}

// send turns a ticket into a poll in flight, unless the poller has stopped, paused or shrunk in
// the meantime.
func (p *Poller[T, K]) send(h *hand[K], now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.open() || p.seats() > p.wanted() {
		return false
	}
	if p.idle.since.IsZero() || p.starving(now) {
		p.idle.since = time.Time{}
		p.asks(now)
	}
	h.turn = p.idle.turn
	p.move(h, polling)
	if p.silentSince.IsZero() {
		p.silentSince = now
	}
	return true
}

// rise gives up the seat of h.
func (p *Poller[T, K]) rise(h *hand[K]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave(h)
	p.fill()
	p.settle()
}

// leave makes h idle; called with the lock held.
func (p *Poller[T, K]) leave(h *hand[K]) {
	was := h.phase
	p.move(h, idle)
	if was == handling {
		p.handled()
	}
}

// ended accounts for a poll that ended, whose ticket is already back if it brought no task.
func (p *Poller[T, K]) ended(h *hand[K], e *PollEvent, round uint64) {
	interrupted := p.pollCtx.Err() != nil
	switch {
	case e.Err == nil && !e.Feedback.Empty:
		e.Outcome = GotTask
	case interrupted:
		e.Outcome, e.Err, e.Feedback = Interrupted, nil, Feedback{}
	case e.Err == nil:
		e.Outcome = GotNothing
	default:
		e.Outcome, e.Feedback = Failed, Feedback{}
		e.Class = p.classify(e.Err)
	}
	t := p.count(h, e, round)
	p.watch.retargeted(p.opts.Name, t.from, t.to)
	p.watch.polled(e)
	p.conclude(t, e.Class, e.Err)
}

// A tally is what an account of a poll or an admission leaves to be done outside the lock.
type tally struct {
	from, to int
	broken   *PanicError   // of the scaler
	log      bool          // the failure is worth a line
	healed   time.Duration // polling had failed for so long
	giveUp   *FatalError
	last     bool // it brought the last task to be taken
	idle     bool // a whole round of polls found nothing
}

// count is the part of ended that needs the lock.
func (p *Poller[T, K]) count(h *hand[K], e *PollEvent, round uint64) (t tally) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := e.Started.Add(e.Latency)
	p.polls++
	h.until = time.Time{}
	switch e.Outcome {
	case GotTask:
		p.tasks++
		p.lastTask, h.grown = now, true
		p.idle.over()
		p.move(h, handling)
		t.last = p.opts.MaxTasks > 0 && p.tasks == uint64(p.opts.MaxTasks)
	case GotNothing:
		p.empties++
		p.move(h, seated)
		if e.Latency < p.opts.EmptyPause {
			h.until = e.Started.Add(p.opts.EmptyPause)
		}
	case Failed:
		p.failed++
		p.move(h, seated)
		p.blame(&t, now, round, e.Class, e.Err)
	case Interrupted:
		p.move(h, seated)
		if p.counts[polling] == 0 && p.fails.since.IsZero() {
			p.silentSince = time.Time{}
		}
	}
	if e.Outcome == GotTask || e.Outcome == GotNothing {
		t.healed = p.fails.succeed(now)
		p.lastGood, p.silentSince = now, time.Time{}
		if p.counts[polling] > 0 {
			p.silentSince = now
		}
	}
	t.from = p.target
	if e.Outcome != Interrupted {
		t.broken = p.scale(Event{
			Kind: Polled, Now: now, Outcome: e.Outcome, Class: e.Class,
			Feedback: e.Feedback, Latency: e.Latency, Waited: e.Waited,
		})
	}
	t.to = p.target
	if e.Outcome == GotNothing {
		t.idle = p.cameEmpty(h.turn, now) && p.opts.StopWhenIdle
		p.thin(h, now)
	}
	p.fill()
	p.settle()
	return t
}

// blame takes a failure into account; called with the lock held.
func (p *Poller[T, K]) blame(t *tally, now time.Time, round uint64, class Class, err error) {
	if p.fails.fail(now, round, class, err, rand.Float64()) && !p.stopping {
		t.giveUp = &FatalError{Poller: p.opts.Name, Err: err, Since: p.fails.fatalSince}
	}
	t.log = p.fails.worthLogging(now, err)
	p.idle.over()
	if p.silentSince.IsZero() {
		p.silentSince = now
	}
}

// failedAdmission accounts for an admission that failed for a reason of its own.
func (p *Poller[T, K]) failedAdmission(round uint64, cause error) {
	err := &AdmissionError{Err: cause}
	class := p.classify(err)
	var t tally
	p.mu.Lock()
	p.blame(&t, time.Now(), round, class, err)
	p.mu.Unlock()
	p.conclude(t, class, err)
}

// conclude logs and acts on what an account has left.
func (p *Poller[T, K]) conclude(t tally, class Class, err error) {
	p.report(t.broken)
	if t.healed > 0 {
		p.opts.Logger.LogAttrs(p.handleCtx, slog.LevelInfo, "polling works again",
			slog.String("poller", p.opts.Name), slog.Duration("failed", t.healed))
	}
	if t.last {
		p.stop(Complete, nil)
	}
	if t.idle {
		p.stop(p.opts.IdleStop, nil)
	}
	if err == nil {
		return
	}
	if t.giveUp != nil {
		p.opts.Logger.LogAttrs(p.handleCtx, slog.LevelError, "polling gives up",
			slog.String("poller", p.opts.Name), slog.Any("error", err))
		p.stop(Interrupt, t.giveUp)
		return
	}
	if class == Stopped {
		p.stop(Complete, nil)
		return
	}
	if t.log {
		p.opts.Logger.LogAttrs(p.handleCtx, slog.LevelWarn, "polling failed",
			slog.String("poller", p.opts.Name), slog.String("class", class.String()),
			slog.Any("error", err))
	}
}

// spend tells the ticket of h, if it wants to know, that it has a task. To look at the
// ticket itself would copy it to the heap, unless it is a pointer or an interface.
func (p *Poller[T, K]) spend(h *hand[K]) {
	s, ok := any(&h.ticket).(Spender)
	if !ok {
		s, ok = any(h.ticket).(Spender)
	}
	if ok {
		s.Spend()
	}
}

// takeBack returns the ticket of h.
func (p *Poller[T, K]) takeBack(h *hand[K]) {
	var none K
	ticket := h.ticket
	h.ticket = none
	ticket.Return()
}

// admit calls the admission and turns a panic into an error.
func (p *Poller[T, K]) admit(ctx context.Context) (ticket K, err error) {
	returned := false
	defer func() {
		if !returned {
			err = p.panicked("Admission.Admit", recover())
		}
	}()
	ticket, err = p.opts.Admit.Admit(ctx)
	returned = true
	return ticket, err
}

// poll calls the source and turns a panic into an error.
func (p *Poller[T, K]) poll() (task T, fb Feedback, err error) {
	returned := false
	defer func() {
		if !returned {
			err = p.panicked("Source.Poll", recover())
		}
	}()
	task, fb, err = p.opts.Source.Poll(p.pollCtx)
	returned = true
	return task, fb, err
}

// classify calls Classify and turns a panic into Retry.
func (p *Poller[T, K]) classify(err error) (class Class) {
	returned := false
	defer func() {
		if !returned {
			class = Retry
			p.report(newPanicError("Classify", recover()))
		}
	}()
	class = p.opts.Classify(err)
	returned = true
	return class
}

// handle calls the handler. If that panics, the ticket is returned.
func (p *Poller[T, K]) handle(h *hand[K], task T) {
	var none K
	ticket := h.ticket
	h.ticket = none
	returned := false
	defer func() {
		if !returned {
			p.report(newPanicError("Handle", recover()))
			ticket.Return()
		}
	}()
	p.opts.Handle(p.handleCtx, task, ticket)
	returned = true
}

// lost cleans up after a hand that a callback ended by runtime.Goexit. An orderly hand is idle.
func (p *Poller[T, K]) lost(h *hand[K]) {
	p.mu.Lock()
	was := h.phase
	p.mu.Unlock()
	switch was {
	case idle:
		return
	case polling:
		p.takeBack(h)
		e := PollEvent{Poller: p.opts.Name, Started: time.Now()}
		e.Err = &PanicError{Where: "Source.Poll"}
		p.ended(h, &e, p.round())
	case admitting:
		p.failedAdmission(p.round(), &PanicError{Where: "Admission.Admit"})
	case seated, resting, handling, expecting, phases:
	}
	p.rise(h)
}

// round returns the present round of failures.
func (p *Poller[T, K]) round() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fails.round
}

// panicked reports a panic and returns it as an error; r is nil after runtime.Goexit.
func (p *Poller[T, K]) panicked(where string, r any) error {
	err := newPanicError(where, r)
	p.report(err)
	return err
}

// report counts a contained panic and tells of it; nil is nothing.
func (p *Poller[T, K]) report(err *PanicError) {
	if err == nil {
		return
	}
	p.mu.Lock()
	p.panics++
	p.mu.Unlock()
	p.opts.Logger.LogAttrs(p.handleCtx, slog.LevelError, "contained a panic",
		slog.String("poller", p.opts.Name), slog.String("where", err.Where),
		slog.Any("value", err.Value), slog.String("stack", string(err.Stack)))
	p.watch.panicked(p.opts.Name, err)
}

func newPanicError(where string, r any) *PanicError {
	return &PanicError{Where: where, Value: r, Stack: debug.Stack()}
}

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
