package coro

import (
	"iter"
	"runtime"
	"runtime/debug"
)

// A Panic is what a coroutine died of.
type Panic struct {
	// Value is the value given to panic.
	Value any
	// Stack is the stack of the coroutine where it panicked.
	Stack string
	// Coroutine is the name of the coroutine.
	Coroutine string
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

// A Coroutine is one thread of a workflow.
type Coroutine struct {
	number   int
	name     string
	status   string
	wait     wait
	ran      bool
	advanced bool
	running  bool
	done     bool
	evicted  bool
	dump     bool   // the next resume is to write down stack and nothing else
	stack    string // where c is parked
	panicked *Panic
	yield    func(struct{}) bool
	next     func() (struct{}, bool)
	stop     func()
}

func newCoroutine(number int, name string, m mark, f func(*Coroutine)) *Coroutine {
	c := &Coroutine{number: number, name: name, status: "not started"}
	c.next, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		c.body(m, f)
	})
	return c
}

// body runs f and keeps what it dies of. A panic is recovered here and not by
// iter.Pull, because only here its stack can still be read. Dumps show m.
//
//go:noinline
func (c *Coroutine) body(m mark, f func(*Coroutine)) {
	returned := false
	defer func() {
		_ = m
		c.done = true
		v := recover()
		if returned || c.evicted {
			return
		}
		if v != nil {
			c.panicked = &Panic{Value: v, Stack: string(debug.Stack()), Coroutine: c.name}
			return
		}
		c.panicked = &Panic{
			Value:     "workflow code called runtime.Goexit",
			Stack:     string(debug.Stack()),
			Coroutine: c.name,
		}
	}()
	f(c)
	returned = true
}

// resume runs c until it parks, yields or ends, and reports whether it made
// progress: its first run, and any run that called Advance, is progress.
func (c *Coroutine) resume() bool {
	first := !c.ran
	c.ran, c.advanced, c.running = true, false, true
	c.wait = waitTurn
	c.next()
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
func (c *Coroutine) Park(status string) { c.block(status, waitWake) }

// Poll blocks c until its turn in the next pass, so that it can check its
// condition again. Unlike Yield it asks for no further pass by itself.
func (c *Coroutine) Poll(status string) { c.block(status, waitPoll) }

// Yield lets the others run and continues in the next pass, which it asks for.
func (c *Coroutine) Yield(status string) {
	c.Advance()
	c.block(status, waitTurn)
	c.Advance()
}

// wrongContext is what code gets that blocks a coroutine other than its own. The
// words are those that people search for.
const wrongContext = "trying to block on coroutine which is already blocked, most likely a wrong " +
	"Context is used to do blocking call (like Future.Get() or Channel.Receive()"

func (c *Coroutine) block(status string, w wait) {
	if !c.running {
		panic(wrongContext) //nolint:forbidigo // wrong workflow code fails its task, here and nowhere else
	}
	c.status, c.wait = status, w
	for {
		if !c.yield(struct{}{}) {
			// Evicted: run the deferred functions and nothing else. The goroutine
			// that ends here with us is one that evict made for it.
			c.evicted = true
			runtime.Goexit()
		}
		if !c.dump {
			break
		}
		c.stack = Stack()
	}
	c.status = "running"
}

// describe returns the name of c, what it waits for and its stack. Only c
// itself can read its stack, so it is resumed for just that.
func (c *Coroutine) describe() string {
	head := "coroutine " + c.name + " [" + c.status + "]:\n"
	if !c.ran || c.done || c.running {
		return head
	}
	c.dump = true
	c.next()
	c.dump = false
	stack := c.stack
	c.stack = ""
	return head + stack
}

// evict ends c: its deferred functions run, then it is gone.
func (c *Coroutine) evict() {
	if c.done {
		return
	}
	ended := make(chan struct{})
	// iter.Pull hands the Goexit of a sequence on to the one that stops it, so
	// that one is a goroutine that has nothing else to do.
	go func() {
		defer close(ended)
		c.running = true
		c.evicted = !c.ran // never started: nothing to unwind
		c.stop()
	}()
	<-ended
	c.running, c.done = false, true
}
