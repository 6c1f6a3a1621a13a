package poller

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// StopMode says what becomes of the polls in flight when a poller stops.
type StopMode int

// The ways to stop.
const (
	// Complete lets them end by themselves: right where the other side can be told to end them.
	Complete StopMode = iota
	// Interrupt cancels them. A task that arrives in spite of it is still handed over.
	Interrupt
)

// A Poller keeps polls in flight; see the package comment. Make one with [New].
type Poller[T any, K Ticket] struct {
	opts  Options[T, K]
	watch watchers

	live chan struct{} // closed when it runs, or is stopped before
	over chan struct{} // closed when it is stopping and no seat is taken
	done chan struct{} // closed when it is over and no handler runs

	// pollCtx ends with Stop(Interrupt) or Run's context; handleCtx never. Both are set by Run
	// before the first hand starts.
	pollCtx   context.Context //nolint:containedctx // shared by all polls: it is their common end
	handleCtx context.Context //nolint:containedctx // one for all handlers, made once

	mu sync.Mutex // guards all below; nothing that blocks is called with it held

	started, paused, stopping bool
	isOver, isDone            bool
	err                       error // what Run returns
	cancelPolls               context.CancelCauseFunc
	epoch                     context.Context //nolint:containedctx // ends at pause and stop
	endEpoch                  context.CancelCauseFunc

	scaler Scaler
	target int
	counts [phases]int // hands by phase
	parked []*hand[K]  // hands without work, last in first out

	fails       failures
	idle        idleness
	silentSince time.Time
	lastGood    time.Time
	lastTask    time.Time

	polls, tasks, empties, failed, panics uint64

	unpolled uint64 // tasks that came another way

	quiet chan struct{} // closed when no task is in hand or expected; nil if nobody asks
}

// New returns a poller, or an error that names each option that is wrong.
func New[T any, K Ticket](opts Options[T, K]) (*Poller[T, K], error) {
	opts = opts.withDefaults()
	watch, err := newWatchers(opts.Observers)
	if err := errors.Join(opts.validate(), err); err != nil {
		return nil, err
	}
	target, err := firstTarget(opts.Scaler)
	if err != nil {
		return nil, err
	}
	return &Poller[T, K]{
		opts:      opts,
		watch:     watch,
		live:      make(chan struct{}),
		over:      make(chan struct{}),
		done:      make(chan struct{}),
		handleCtx: context.Background(),

		scaler: opts.Scaler,
		target: target,
		fails: failures{
			cfg:        opts.Backoff,
			fatalAfter: opts.FatalAfter,
			fatalEvery: opts.RetryFatalEvery,
		},
	}, nil
}

// firstTarget starts s.
func firstTarget(s Scaler) (int, error) {
	target := s.Next(Event{Kind: Started, Now: time.Now()})
	if target < 1 || target > MaxTarget {
		return 0, fmt.Errorf("poller: Options.Scaler (%T) starts with %d polls: give 1 to %d",
			s, target, MaxTarget)
	}
	return target, nil
}

// Run polls until [Poller.Stop], a fatal error, the end of ctx, a source that says [Stopped], the
// last of [Options.MaxTasks], or until the poller is idle, if the options say so.
// It returns when every poll it started has ended and every task is on its way into the handler;
// handlers may still run: see [Poller.Wait].
//
// It returns a [*FatalError] after a fatal error, the cause of ctx after its end, which works like
// Stop(Interrupt), [ErrRunTwice] if it was called before, and nil in all other cases. After a Stop
// that came first it returns nil at once.
func (p *Poller[T, K]) Run(ctx context.Context) error {
	if proceed, err := p.start(ctx); !proceed {
		return err
	}
	var ticks <-chan time.Time
	if p.opts.ScaleEvery > 0 {
		ticker := time.NewTicker(p.opts.ScaleEvery)
		defer ticker.Stop()
		ticks = ticker.C
	}
	var idle <-chan time.Time
	var timer *time.Timer
	if p.opts.IdleTimeout > 0 {
		timer = time.NewTimer(p.opts.IdleTimeout)
		defer timer.Stop()
		idle = timer.C
	}
	ended := ctx.Done()
	for {
		select {
		case <-p.over:
			p.mu.Lock()
			p.cancelPolls(ErrStopped)
			err := p.err
			p.mu.Unlock()
			p.watch.entered(p.opts.Name, StateStopped)
			return err
		case <-ended:
			ended = nil
			p.stop(Interrupt, context.Cause(ctx))
		case now := <-ticks:
			p.rescale(Event{Kind: Ticked, Now: now})
		case now := <-idle:
			if rest := p.idleRest(now); rest > 0 {
				timer.Reset(rest)
				continue
			}
			p.stop(p.opts.IdleStop, nil)
		}
	}
}

// start makes the contexts and takes the first seats; it reports whether there is anything to do.
func (p *Poller[T, K]) start(ctx context.Context) (bool, error) {
	p.mu.Lock()
	if p.started {
		p.mu.Unlock()
		return false, ErrRunTwice
	}
	p.started = true
	if p.stopping {
		p.mu.Unlock()
		return false, nil
	}
	p.handleCtx = context.WithoutCancel(ctx)
	p.pollCtx, p.cancelPolls = context.WithCancelCause(ctx)
	p.epoch, p.endEpoch = context.WithCancelCause(p.pollCtx)
	close(p.live)
	state := p.state()
	p.fill()
	p.mu.Unlock()
	p.watch.entered(p.opts.Name, state)
	return true, nil
}

// Stop ends the polling: no poll starts any more once Stop has returned. It does not wait: Run
// returns when the last poll has ended. Stop may be called before Run and more than once; a later
// Stop(Interrupt) cuts short what an earlier Stop(Complete) left in flight.
func (p *Poller[T, K]) Stop(mode StopMode) { p.stop(mode, nil) }

// stop is Stop; why is what Run shall return if this is what ends it.
func (p *Poller[T, K]) stop(mode StopMode, why error) {
	p.mu.Lock()
	first := !p.stopping
	if first {
		p.stopping, p.err = true, why
		p.dismiss()
	}
	running := p.endEpoch != nil
	if first && !running {
		close(p.live)
	}
	if running {
		p.endEpoch(ErrStopped)
		if mode == Interrupt {
			p.cancelPolls(ErrStopped)
		}
	}
	p.settle()
	p.mu.Unlock()
	switch {
	case first && running:
		p.watch.entered(p.opts.Name, StateStopping)
	case first:
		p.watch.entered(p.opts.Name, StateStopped)
	}
}

// Pause starts no more polls until [Poller.Resume]. Polls in flight end by themselves and their
// tasks are handled; who waits for a ticket stops waiting. It may be called before Run, and does
// nothing when the poller is paused or stopped.
func (p *Poller[T, K]) Pause() {
	p.mu.Lock()
	if p.paused || p.stopping {
		p.mu.Unlock()
		return
	}
	p.paused = true
	p.idle.over()
	running := p.endEpoch != nil
	if running {
		p.endEpoch(ErrPaused)
	}
	p.mu.Unlock()
	if running {
		p.watch.entered(p.opts.Name, StatePaused)
	}
}

// Resume ends a pause. It does nothing when the poller is not paused, or stopped.
func (p *Poller[T, K]) Resume() {
	p.mu.Lock()
	if !p.paused || p.stopping {
		p.mu.Unlock()
		return
	}
	p.paused = false
	running := p.endEpoch != nil
	if running {
		if !p.silentSince.IsZero() {
			p.silentSince = time.Now() // the silence of a pause is no one's fault
		}
		if p.counts[polling] > 0 {
			p.asks(time.Now())
		}
		p.epoch, p.endEpoch = context.WithCancelCause(p.pollCtx)
		p.fill()
	}
	p.mu.Unlock()
	if running {
		p.watch.entered(p.opts.Name, StateRunning)
	}
}

// SetScaler replaces the scaler of a living poller. Polls beyond the new target end by
// themselves. It returns an error, and changes nothing, if s is nil or starts out of bounds.
func (p *Poller[T, K]) SetScaler(s Scaler) error {
	if s == nil {
		return errors.New("poller: SetScaler(nil): give a Scaler, such as poller.Fixed(n)")
	}
	from, to, err := p.setScaler(s)
	p.watch.retargeted(p.opts.Name, from, to)
	return err
}

func (p *Poller[T, K]) setScaler(s Scaler) (from, to int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	target, err := firstTarget(s) // with the lock held, for it may be the present scaler
	if err != nil {
		return p.target, p.target, err
	}
	from = p.target
	p.scaler, p.target = s, target
	p.fill()
	return from, target, nil
}

// Status returns a snapshot.
func (p *Poller[T, K]) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Status{
		Name:         p.opts.Name,
		State:        p.state(),
		Target:       p.target,
		InFlight:     p.counts[polling],
		Admitting:    p.counts[seated] + p.counts[admitting],
		BackingOff:   p.counts[resting],
		Handling:     p.counts[handling],
		Expecting:    p.counts[expecting],
		Polls:        p.polls,
		Tasks:        p.tasks,
		Empties:      p.empties,
		Failures:     p.failed,
		Panics:       p.panics,
		Unpolled:     p.unpolled,
		LastGood:     p.lastGood,
		LastTask:     p.lastTask,
		SilentSince:  p.silentSince,
		LastError:    p.fails.last,
		LastErrorAt:  p.fails.lastAt,
		FailingSince: p.fails.since,
	}
	now := time.Now()
	if now.Before(p.fails.until) {
		s.RetryAt = p.fails.until
	}
	if p.open() {
		s.IdleSince = p.idleSince(now)
	}
	return s
}

// state is called with the lock held.
func (p *Poller[T, K]) state() State {
	switch {
	case p.isOver:
		return StateStopped
	case p.stopping:
		return StateStopping
	case !p.started:
		return StateNew
	case p.paused:
		return StatePaused
	default:
		return StateRunning
	}
}

// open reports whether polls may start; called with the lock held.
func (p *Poller[T, K]) open() bool {
	return p.started && !p.stopping && !p.paused && p.pollCtx.Err() == nil
}

// seats counts the hands that poll or are about to; called with the lock held.
func (p *Poller[T, K]) seats() int {
	return p.counts[seated] + p.counts[admitting] + p.counts[polling] + p.counts[resting]
}

// wanted is how many seats there should be: the target, but no more than the tasks that may still
// be taken, for each poll may bring one; called with the lock held.
func (p *Poller[T, K]) wanted() int {
	if p.opts.MaxTasks == 0 {
		return p.target
	}
	return min(p.target, p.opts.MaxTasks-int(p.tasks))
}

// fill gives the free seats to hands; called with the lock held.
func (p *Poller[T, K]) fill() {
	if !p.open() {
		return
	}
	for n := p.wanted() - p.seats(); n > 0; n-- {
		last := len(p.parked) - 1
		if last < 0 {
			h := &hand[K]{wake: make(chan bool, 1)}
			p.move(h, seated)
			go p.work(h)
			continue
		}
		h := p.parked[last]
		p.parked[last] = nil
		p.parked = p.parked[:last]
		p.move(h, seated)
		h.wake <- true
	}
}

// settle closes the channels that others wait for, once their time has come; called with the
// lock held.
func (p *Poller[T, K]) settle() {
	if p.stopping && !p.isOver && p.seats() == 0 {
		p.isOver = true
		close(p.over)
	}
	if p.counts[handling]+p.counts[expecting] > 0 {
		return
	}
	if p.isOver && !p.isDone {
		p.isDone = true
		close(p.done)
	}
	if p.quiet != nil {
		close(p.quiet)
		p.quiet = nil
	}
}

// rescale gives e to the scaler outside a poll.
func (p *Poller[T, K]) rescale(e Event) {
	from, to, broken := p.scaleAndFill(e)
	p.watch.retargeted(p.opts.Name, from, to)
	p.report(broken)
}

func (p *Poller[T, K]) scaleAndFill(e Event) (from, to int, broken *PanicError) {
	p.mu.Lock()
	defer p.mu.Unlock()
	from = p.target
	broken = p.scale(e)
	p.fill()
	return from, p.target, broken
}

// scale asks the scaler for the target; called with the lock held.
func (p *Poller[T, K]) scale(e Event) (broken *PanicError) {
	e.Target, e.InFlight, e.Admitting = p.target, p.counts[polling], p.counts[admitting]
	defer func() {
		if r := recover(); r != nil {
			broken = newPanicError("Scaler.Next", r)
		}
	}()
	p.target = min(MaxTarget, max(1, p.scaler.Next(e)))
	return nil
}
