package workflow

import "github.com/mainspring-go/mainspring/workflow/internal/env"

// A Selector waits for the first of several things. It must be used in place
// of a select statement, whose choice is random.
type Selector interface {
	// AddReceive runs f when c has a value, which f is to receive; or once
	// with more=false when c is closed.
	AddReceive(c ReceiveChannel, f func(c ReceiveChannel, more bool)) Selector
	// AddSend runs f after v was sent to c.
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
	// listen calls claim with what to run as soon as the branch is ready;
	// claim returns false when another branch has won, which leaves the value
	// where it was.
	listen(claim func(run func()) bool) (forget func())
}

type selector struct {
	run      *run
	name     string
	branches []branch
	fallback func()
}

func (s *selector) AddReceive(c ReceiveChannel, f func(c ReceiveChannel, more bool)) Selector {
	s.branches = append(s.branches, &receiveBranch{selector: s, from: c.(*channel), run: f})
	return s
}

func (s *selector) AddSend(c SendChannel, v any, f func()) Selector {
	s.branches = append(s.branches, &sendBranch{to: c.(*channel), value: v, run: f})
	return s
}

func (s *selector) AddFuture(f Future, run func(f Future)) Selector {
	s.branches = append(s.branches, &futureBranch{of: f, inner: asFuture(f), run: run})
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
		s.fallback()
		return
	}
	var won func()
	claim := func(run func()) bool {
		if won != nil {
			return false
		}
		won = run
		me.Wake()
		return true
	}
	forget := make([]func(), 0, len(s.branches))
	for _, b := range s.branches {
		forget = append(forget, b.listen(claim))
	}
	for won == nil {
		me.Park("blocked on " + s.name + ".Select")
	}
	for _, f := range forget {
		f()
	}
	me.Advance()
	won()
}

type receiveBranch struct {
	selector *selector
	from     *channel
	run      func(c ReceiveChannel, more bool)
	spent    bool // the channel was closed and f has been told
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
			b.from.parked = []any{v}
			b.run(b.from, true)
		}
	case b.from.closed:
		b.spent = true
		return func() { b.run(b.from, false) }
	default:
		return nil
	}
}

func (b *receiveBranch) listen(claim func(func()) bool) func() {
	if b.spent {
		return func() {}
	}
	return b.from.receivers.push(func(v any, more bool) bool {
		park := func() { b.from.parked = []any{v} }
		early := false
		won := claim(func() {
			if !early {
				park()
			}
			if !more {
				b.spent = true
			}
			b.run(b.from, more)
		})
		if !won {
			return false
		}
		// Histories of some releases of the Go SDK have the value parked at
		// the moment it arrived; the flags say which.
		e := b.selector.run.env
		early = e.TryUse(env.BlockedSelectorSignalReceive) &&
			(!e.TryUse(env.NewChannelLostMessages) || b.selector.fallback != nil)
		if early {
			park()
		}
		return true
	})
}

type sendBranch struct {
	to    *channel
	value any
	run   func()
	sent  bool
}

func (b *sendBranch) ready() bool {
	return !b.sent && !b.to.closed && (!b.to.receivers.empty() || len(b.to.buffer) < b.to.size)
}

func (b *sendBranch) try() func() {
	if b.sent || !b.to.SendAsync(b.value) {
		return nil
	}
	b.sent = true
	return b.run
}

func (b *sendBranch) listen(claim func(func()) bool) func() {
	if b.sent {
		return func() {}
	}
	var remove func()
	remove = b.to.senders.push(sender{
		value: b.value,
		taken: func() { b.sent = true; claim(b.run) },
		closed: func() {
			remove()
			claim(func() { panic("Closed channel") })
		},
	})
	return remove
}

type futureBranch struct {
	of    Future
	inner *future
	run   func(f Future)
	spent bool
}

func (b *futureBranch) ready() bool { return !b.spent && b.inner.ready }

func (b *futureBranch) try() func() {
	if !b.ready() {
		return nil
	}
	b.spent = true
	return func() { b.run(b.of) }
}

func (b *futureBranch) listen(claim func(func()) bool) func() {
	if b.spent {
		return func() {}
	}
	return b.inner.whenReady(func() {
		claim(func() {
			b.spent = true
			b.run(b.of)
		})
	})
}
