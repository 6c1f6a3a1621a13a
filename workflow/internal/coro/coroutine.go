package coro

import (
	"iter"
	"runtime"
	"strconv"
)

// A Panic is what a coroutine died of.
type Panic struct {
	// Value is the value given to panic.
	Value any
	// Stack is the stack of the coroutine where it panicked.
	Stack string
	// Coroutine is the name of the coroutine.
	Coroutine string
	// Goexit says that it was no panic: the code called runtime.Goexit.
	Goexit bool
}

// wait says what a parked coroutine waits for.
type wait uint8

const (
	// waitTurn: nothing; it runs again in its turn.
	waitTurn wait = iota
	// waitWake: a call of Wake.
	waitWake
	// waitPoll: a condition that only the coroutine itself can check.
	waitPoll
)

// A Coroutine is one thread of a workflow. Make one with a [Dispatcher].
type Coroutine struct {
	number   int
	named    *string // nil if its name is its number
	status   string
	on       *string // the name of that whose method status is, if it begins with a dot
	wait     wait
	ran      bool
	advanced bool
	running  bool
	done     bool
	evicted  bool
	exited   bool    // its code called runtime.Goexit: it waits for evict at its end
	seldom   *seldom // nil for most
	watch    *Watch
	stint    uint64 // of the watch, while c runs
	code     func(*Coroutine)
	yield    func(struct{}) bool
	next     func() (struct{}, bool)
}

// seldom is what few coroutines have.
type seldom struct {
	evicting chan bool // gets true when an eviction has ended, false when it is waited for no more
	dump     *string   // where the next resume is to write down the stack, and do nothing else
	panicked *Panic
}

// rare returns what few have, to change it.
func (c *Coroutine) rare() *seldom {
	if c.seldom == nil {
		c.seldom = &seldom{}
	}
	return c.seldom
}

// evicting is nil until c is to be ended; see seldom.
func (c *Coroutine) evicting() chan bool {
	if c.seldom == nil {
		return nil
	}
	return c.seldom.evicting
}

// panicked is what c died of, nil if it did not.
func (c *Coroutine) panicked() *Panic {
	if c.seldom == nil {
		return nil
	}
	return c.seldom.panicked
}

// begin makes c a coroutine that is to run f.
func (c *Coroutine) begin(number int, name string, w *Watch, f func(*Coroutine)) {
	c.number, c.status, c.watch, c.code = number, "not started", w, f
	if name != "" {
		own := name // a place of its own, for those that have one
		c.named = &own
	}
}

func (c *Coroutine) name() string {
	switch {
	case c.named != nil:
		return *c.named
	case c.number == 0:
		return "" // aside
	default:
		return strconv.Itoa(c.number)
	}
}

// start makes the goroutine of c: who resumes c has a larger stack than who made it.
func (c *Coroutine) start() {
	c.next, _ = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		c.body(c.watch.mark(c.number), c.code)
	})
}

// body runs f and keeps what it dies of. A panic is recovered here and not by
// iter.Pull, because only here its stack can still be read. Dumps show m.
//
//go:noinline
func (c *Coroutine) body(m mark, f func(*Coroutine)) {
	c.watch.enter(c)
	returned := false
	defer func() {
		_ = m
		c.done = true
		v := recover()
		var died *Panic
		if !returned && !c.evicted {
			died = &Panic{Value: v, Stack: c.watch.stack(), Coroutine: c.name()}
			if v == nil {
				c.exited = true
				died.Value, died.Goexit = "workflow code called runtime.Goexit", true
			}
		}
		if s := c.watch.leave(c); s != nil { // whoever left it behind looks at what is seldom
			s.over(c)
			return
		}
		if died != nil {
			c.rare().panicked = died
		}
		if c.exited {
			// iter.Pull would have the one that resumed c exit as well.
			c.yield(struct{}{})
		}
	}()
	f(c)
	returned = true
}

// resume runs c until it parks, yields or ends, and reports whether it made
// progress: its first run, and any run that called Advance, is progress. If c is
// left behind it does not belong to the caller any more.
func (c *Coroutine) resume() bool {
	first := !c.ran
	if first {
		c.start()
	}
	c.ran, c.advanced, c.running = true, false, true
	c.wait = waitTurn
	c.next()
	if s := c.watch.Left(); s != nil {
		close(s.freed)
		return false
	}
	c.running = false
	return first || c.advanced || c.done
}

// Wake makes a parked c ready to run in its next turn.
func (c *Coroutine) Wake() {
	if c.wait == waitWake {
		c.wait = waitTurn
	}
}

// Advance tells the dispatcher that c has got past what it waited for, so that
// others may find their conditions changed.
func (c *Coroutine) Advance() { c.advanced = true }

// Park blocks c until Wake. The status is shown in stack traces.
func (c *Coroutine) Park(status string) { c.block(nil, status, waitWake) }

// ParkIn is Park in a method, which begins with a dot, of what has the name: the two
// are put together only where they are shown.
func (c *Coroutine) ParkIn(name *string, method string) { c.block(name, method, waitWake) }

// Poll blocks c until its turn in the next pass, so that it can check its
// condition again. Unlike Yield it asks for no further pass by itself.
func (c *Coroutine) Poll(status string) { c.block(nil, status, waitPoll) }

// Yield lets the others run and continues in the next pass, which it asks for.
func (c *Coroutine) Yield(status string) {
	c.Advance()
	c.block(nil, status, waitTurn)
	c.Advance()
}

// wrongContext is what code gets that blocks a coroutine other than its own. The
// words are those that people search for.
const wrongContext = "trying to block on coroutine which is already blocked, most likely a wrong " +
	"Context is used to do blocking call (like Future.Get() or Channel.Receive()"

func (c *Coroutine) block(on *string, status string, w wait) {
	if !c.running {
		panic(wrongContext) //nolint:forbidigo // wrong workflow code fails its task, here and nowhere else
	}
	if c.evicting() != nil || c.evicted {
		c.exit()
	}
	c.on, c.status, c.wait = on, status, w
	if s := c.watch.leave(c); s != nil {
		s.wait()
		c.exit()
	}
	c.yield(struct{}{})
	for c.seldom != nil && c.seldom.dump != nil {
		*c.seldom.dump = Stack()
		c.yield(struct{}{})
	}
	c.watch.enter(c)
	if c.evicting() != nil {
		c.exit()
	}
	c.on, c.status = nil, "running"
}

// exit runs the deferred functions of c and nothing else.
func (c *Coroutine) exit() {
	c.evicted = true
	runtime.Goexit()
}

// describe returns the name of c, what it waits for and its stack. Only c
// itself can read its stack, so it is resumed for just that.
func (c *Coroutine) describe() string {
	status := c.status
	if c.on != nil {
		status = "blocked on " + *c.on + status
	}
	head := "coroutine " + c.name() + " [" + status + "]:\n"
	if !c.ran || c.done || c.running {
		return head
	}
	var stack string
	c.rare().dump = &stack
	c.next()
	c.seldom.dump = nil
	return head + stack
}

// evict ends c: its deferred functions run, then it is gone. It returns false
// if they were left behind; then the next call waits for them.
func (c *Coroutine) evict() bool {
	switch s := c.watch.Left(); {
	case c.evicting() != nil: // its end is waited for again
	case s != nil && s.coroutine == c:
		s.end()
		return true
	case c.done && !c.exited:
		return true
	case !c.ran: // nothing to unwind
		c.evicted, c.done = true, true
		return true
	default:
		ended := make(chan bool, 2)
		c.rare().evicting = ended
		c.running = true
		// iter.Pull hands the Goexit of a sequence on to the one that resumes it, so
		// that one is a goroutine that has nothing else to do.
		go func() {
			defer func() { ended <- true }()
			c.next()
		}()
	}
	if !<-c.evicting() {
		return false
	}
	c.running, c.done, c.exited = false, true, false
	return true
}
