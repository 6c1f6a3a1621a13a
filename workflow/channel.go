package workflow

import (
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
)

// A Channel passes values between coroutines of one workflow run. It must be
// used in place of a Go channel, whose order is not deterministic.
type Channel interface {
	SendChannel
	ReceiveChannel
}

// A SendChannel is the sending side of a [Channel].
type SendChannel interface {
	// Name returns the name the channel was made with.
	Name() string
	// Send blocks until the value is in the buffer or with a receiver. Sending
	// on a closed channel panics.
	Send(ctx Context, v any)
	// SendAsync sends if that is possible without blocking.
	SendAsync(v any) (ok bool)
	// Close ends the channel: what is buffered can still be received.
	Close()
}

// A ReceiveChannel is the receiving side of a [Channel].
type ReceiveChannel interface {
	// Name returns the name the channel was made with.
	Name() string
	// Receive blocks until there is a value and stores it in valuePtr, a
	// pointer or nil. It returns false if the channel is closed and empty. A
	// signal whose payload does not fit valuePtr is logged and passed over.
	Receive(ctx Context, valuePtr any) (more bool)
	// ReceiveWithTimeout is Receive that gives up after the timeout, which is
	// a durable timer.
	ReceiveWithTimeout(ctx Context, timeout time.Duration, valuePtr any) (ok, more bool)
	// ReceiveAsync receives if that is possible without blocking.
	ReceiveAsync(valuePtr any) (ok bool)
	// ReceiveAsyncWithMoreFlag is ReceiveAsync that also tells whether more
	// values may come.
	ReceiveAsyncWithMoreFlag(valuePtr any) (ok, more bool)
	// Len returns the number of values that can be received without blocking,
	// senders that wait for room included.
	Len() int
}

// NewChannel returns an unbuffered channel.
func NewChannel(ctx Context) Channel { return NewBufferedChannel(ctx, 0) }

// NewNamedChannel returns an unbuffered channel with a name for stack traces.
func NewNamedChannel(ctx Context, name string) Channel {
	return NewNamedBufferedChannel(ctx, name, 0)
}

// NewBufferedChannel returns a channel that holds size values.
func NewBufferedChannel(ctx Context, size int) Channel {
	r := runOf(ctx)
	return NewNamedBufferedChannel(ctx, r.nextName("chan", &r.channels), size)
}

// NewNamedBufferedChannel returns a named channel that holds size values.
func NewNamedBufferedChannel(ctx Context, name string, size int) Channel {
	r := runOf(ctx)
	r.mustMutate()
	return &channel{run: r, name: name, size: size}
}

// A receiver is offered a value as soon as there is one; it returns false to
// leave the value to others. more is false when the channel was closed.
type receiver func(v any, more bool) bool

// A sender waits for room; taken is called when its value has found it.
type sender struct {
	value  any
	taken  func()
	closed func()
}

// channel implements Channel. Receivers that wait get their value at the
// moment it is sent (for a signal: when its event is applied, before any code
// runs), in the order in which they began to wait.
type channel struct {
	run       *run
	name      string
	size      int
	buffer    []any
	parked    []any // at most one: what a selector took for the next Receive
	senders   list[sender]
	receivers list[receiver]
	closed    bool
}

func (c *channel) Name() string { return c.name }

func (c *channel) Len() int {
	n := len(c.buffer) + len(c.parked)
	for range c.senders.all() {
		n++
	}
	return n
}

// take returns the next value if there is one.
func (c *channel) take() (v any, ok bool) {
	if len(c.parked) > 0 {
		v, c.parked = c.parked[0], nil
		return v, true
	}
	if len(c.buffer) > 0 {
		v = c.buffer[0]
		c.buffer[0] = nil
		c.buffer = c.buffer[1:]
		if s, waiting := c.senders.pop(); waiting {
			c.buffer = append(c.buffer, s.value)
			s.taken()
		}
		return v, true
	}
	if s, waiting := c.senders.pop(); waiting {
		s.taken()
		return s.value, true
	}
	return nil, false
}

func (c *channel) SendAsync(v any) bool {
	c.run.mustMutate()
	return c.offer(v)
}

// offer gives v to a waiting receiver or puts it into the buffer.
func (c *channel) offer(v any) bool {
	if c.closed {
		panic("Closed channel")
	}
	for {
		r, ok := c.receivers.pop()
		if !ok {
			break
		}
		if r(v, true) {
			return true
		}
	}
	if len(c.buffer) >= c.size {
		return false
	}
	c.buffer = append(c.buffer, v)
	return true
}

func (c *channel) Send(ctx Context, v any) {
	me := coroutineOf(ctx)
	if c.offer(v) {
		me.Advance()
		return
	}
	sent, broken := false, false
	c.senders.push(sender{
		value:  v,
		taken:  func() { sent = true; me.Wake() },
		closed: func() { broken = true; me.Wake() },
	})
	for !sent && !broken {
		me.Park("blocked on " + c.name + ".Send")
	}
	me.Advance()
	if broken {
		panic("Closed channel")
	}
}

func (c *channel) Close() {
	c.closed = true
	for r := range c.receivers.all() {
		r(nil, false)
	}
	c.receivers.clear()
	for s := range c.senders.all() {
		s.closed()
	}
	c.senders.clear()
}

// A delivery is what a receiver got.
type delivery struct {
	value any
	more  bool
}

// await returns the next value, blocking for it.
func (c *channel) await(ctx Context) delivery {
	me := coroutineOf(ctx)
	if v, ok := c.take(); ok {
		me.Advance()
		return delivery{v, true}
	}
	if c.closed {
		return delivery{nil, false}
	}
	var got *delivery
	c.receivers.push(func(v any, more bool) bool {
		got = &delivery{v, more}
		me.Wake()
		return true
	})
	for got == nil {
		me.Park("blocked on " + c.name + ".Receive")
	}
	me.Advance()
	return *got
}

func (c *channel) Receive(ctx Context, valuePtr any) bool {
	for {
		d := c.await(ctx)
		if !d.more {
			c.assignZero(valuePtr)
			return false
		}
		if c.assign(d.value, valuePtr) == nil {
			return true
		}
	}
}

func (c *channel) ReceiveWithTimeout(
	ctx Context, timeout time.Duration, valuePtr any,
) (ok, more bool) {
	arrived, err := AwaitWithTimeout(ctx, timeout, func() bool { return c.Len() > 0 || c.closed })
	if err != nil || !arrived {
		return false, true
	}
	return c.ReceiveAsyncWithMoreFlag(valuePtr)
}

func (c *channel) ReceiveAsync(valuePtr any) bool {
	ok, _ := c.ReceiveAsyncWithMoreFlag(valuePtr)
	return ok
}

func (c *channel) ReceiveAsyncWithMoreFlag(valuePtr any) (ok, more bool) {
	for {
		v, got := c.take()
		if !got {
			c.assignZero(valuePtr)
			return false, !c.closed
		}
		if c.assign(v, valuePtr) == nil {
			return true, true
		}
	}
}

// assign stores a received value. Signals arrive encoded; one that does not
// fit is logged and passed over, since failing the task would do so for ever.
func (c *channel) assign(v, valuePtr any) error {
	if valuePtr == nil {
		return nil
	}
	payloads, encoded := v.(*commonpb.Payloads)
	if !encoded {
		return setPointer(valuePtr, v)
	}
	err := c.run.env.DataConverter.FromPayloads(payloads, valuePtr)
	if err != nil {
		c.run.logger.Error("Deserialization error. Corrupted signal received on channel.",
			"Channel", c.name, "Error", fmt.Sprint(err))
	}
	return err
}

func (c *channel) assignZero(valuePtr any) {
	if valuePtr != nil {
		setZero(valuePtr)
	}
}
