package workflow

import "github.com/mainspring-go/mainspring/workflow/internal/env"

// A Selector waits for the first of several things. It must be used in place
// of a select statement, whose choice is random.
type Selector interface { //nolint:interfacebloat // it is the official SDK's, so that workflows can move
	// AddReceive runs f when c has a value, which f is to receive; or once
	// with more=false when c is closed.
	AddReceive(c ReceiveChannel, f func(c ReceiveChannel, more bool)) Selector
	// AddSend runs f after v was sent to c, which every Select may do again.
	AddSend(c SendChannel, v any, f func()) Selector
	// AddFuture runs f when the future is ready, once for each future.
	AddFuture(future Future, f func(f Future)) Selector
	// AddDefault runs f when nothing else is ready: Select then never blocks.
	AddDefault(f func())
	// Select runs one of the branches, blocking until one is ready. If several
	// are when it is called, the first one added wins; if none is, the first
	// thing to happen wins.
	Select(ctx Context)
	// HasPending reports whether Select would not block.
	HasPending() bool
}

// NewSelector returns a selector without branches.
func NewSelector(ctx Context) Selector {
	r := runOf(ctx)
	return NewNamedSelector(ctx, r.nextName("selector", &r.selectors))
}

// NewNamedSelector returns a selector with a name for stack traces.
func NewNamedSelector(ctx Context, name string) Selector {
	r := runOf(ctx)
	r.mustMutate()
	return &selector{run: r, name: name}
}

// A branch is one thing that a selector waits for.
type branch interface {
	// ready reports whether try would succeed.
	ready() bool
	// try claims the branch if it is ready and returns what to run.
	try() func()
	// listen calls claim with what to run as soon as the branch is ready.
	listen(claim func(run func())) (forget func())
}

type selector struct {
	run      *run
	name     string
	branches []branch
	fallback func()
}

func (s *selector) AddReceive(c ReceiveChannel, f func(c ReceiveChannel, more bool)) Selector {
	s.branches = append(s.branches, &receiveBranch{selector: s, given: c, from: asChannel(c), run: f})
	return s
}

func (s *selector) AddSend(c SendChannel, v any, f func()) Selector {
	s.branches = append(s.branches, &sendBranch{to: asChannel(c), value: v, run: f})
	return s
}

func (s *selector) AddFuture(f Future, run func(f Future)) Selector {
	s.branches = append(s.branches, &futureBranch{given: f, of: asFuture(f), run: run})
	return s
}

func (s *selector) AddDefault(f func()) { s.fallback = f }

func (s *selector) HasPending() bool {
	for _, b := range s.branches {
		if b.ready() {
			return true
		}
	}
	return false
}

func (s *selector) Select(ctx Context) {
	me := coroutineOf(ctx)
	for _, b := range s.branches {
		if run := b.try(); run != nil {
			me.Advance()
			run()
			return
		}
	}
	if s.fallback != nil {
		me.Advance()
		s.otherwise()
		return
	}
	s.wait(me)()
}

// otherwise runs the default branch. The others listen meanwhile, as they do in
// the official SDK: if it blocks, the first thing to happen is theirs though they
// do not run. A value that came is parked for the next to receive, except in
// histories that are older than the flags of [receiveBranch.parksEarly].
func (s *selector) otherwise() {
	defer s.listen(func(func()) {})()
	s.fallback()
}

// listen has all branches wait until the first of them wins.
func (s *selector) listen(won func(run func())) (forget func()) {
	listening := make([]func(), 0, len(s.branches))
	forget = func() {
		for _, f := range listening {
			f()
		}
		listening = nil
	}
	for _, b := range s.branches {
		listening = append(listening, b.listen(func(run func()) {
			won(run)
			forget()
		}))
	}
	return forget
}

// wait blocks until a branch has won and returns what it is to run. The first
// thing to happen wins, and from then on the other branches listen no more:
// what comes next stays where it is.
func (s *selector) wait(me *thread) (won func()) {
	s.listen(func(run func()) {
		won = run
		me.Wake()
	})
	for won == nil {
		me.ParkIn(&s.name, ".Select")
	}
	me.Advance()
	return won
}

type receiveBranch struct {
	selector *selector
	given    ReceiveChannel
	from     *channel
	run      func(c ReceiveChannel, more bool)
	spent    bool // the channel was closed and run has been told
}

func (b *receiveBranch) ready() bool { return !b.spent && (b.from.Len() > 0 || b.from.closed) }

func (b *receiveBranch) try() func() {
	if b.spent {
		return nil
	}
	v, ok := b.from.take()
	switch {
	case ok:
		return func() {
			b.from.park(v)
			b.run(b.given, true)
		}
	case b.from.closed:
		b.spent = true
		return func() { b.run(b.given, false) }
	default:
		return nil
	}
}

func (b *receiveBranch) listen(claim func(func())) func() {
	if b.spent {
		return func() {}
	}
	n := b.from.receivers.push(receiverFunc(func(v any, more bool) bool {
		// A value of a channel that was closed is parked too: histories of the
		// official SDK have its next Receive find one.
		early := b.parksEarly()
		if early {
			b.from.park(v)
		}
		claim(func() {
			if !early {
				b.from.park(v)
			}
			b.spent = b.spent || !more
			b.run(b.given, more)
		})
		return true
	}))
	return func() { b.from.receivers.remove(n) }
}

// parksEarly reports whether a value is parked at the moment it arrives and not
// just when the branch runs: histories of some releases of the official SDK
// have it so, and the flags say which.
func (b *receiveBranch) parksEarly() bool {
	e := b.selector.run.env
	return e.TryUse(env.BlockedSelectorSignalReceive) &&
		(!e.TryUse(env.NewChannelLostMessages) || b.selector.fallback != nil)
}

type sendBranch struct {
	to    *channel
	value any
	run   func()
}

func (b *sendBranch) ready() bool {
	return !b.to.closed && (b.to.receivers.length > 0 || !b.to.full())
}

func (b *sendBranch) try() func() {
	if !b.to.SendAsync(b.value) {
		return nil
	}
	return b.run
}

func (b *sendBranch) listen(claim func(func())) func() {
	n := b.to.hold().senders.push(&branchSender{branch: b, claim: claim})
	return func() { b.to.held.senders.remove(n) }
}

// branchSender waits for room for the value of a branch.
type branchSender struct {
	branch *sendBranch
	claim  func(func())
}

func (s *branchSender) taken() any {
	s.claim(s.branch.run)
	return s.branch.value
}

func (s *branchSender) refused() { s.claim(func() { mistake(closedChannel) }) }

type futureBranch struct {
	given Future
	of    *future
	run   func(f Future)
	spent bool
}

func (b *futureBranch) ready() bool { return !b.spent && b.of.ready }

func (b *futureBranch) try() func() {
	if !b.ready() {
		return nil
	}
	b.spent = true
	return func() { b.run(b.given) }
}

func (b *futureBranch) listen(claim func(func())) func() {
	if b.spent {
		return func() {}
	}
	n := b.of.waiters.push(func() {
		claim(func() {
			b.spent = true
			b.run(b.given)
		})
	})
	return func() { b.of.waiters.remove(n) }
}
