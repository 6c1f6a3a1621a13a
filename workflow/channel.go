package workflow

import (
	"math"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/workflowcontext"
)

type (
	// A Channel passes values between coroutines of one workflow run. It must be
	// used in place of a Go channel, whose order is not deterministic.
	Channel = workflowcontext.Channel
	// A SendChannel is the sending side of a [Channel].
	SendChannel = workflowcontext.SendChannel
	// A ReceiveChannel is the receiving side of a [Channel]. A signal whose
	// payload does not fit is logged and passed over.
	ReceiveChannel = workflowcontext.ReceiveChannel
)

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
	return &channel{run: r, name: name, size: int32(min(max(size, 0), math.MaxInt32))}
}

// A receiver is offered a value as soon as there is one; it returns false to
// leave the value to others. more is false when the channel was closed.
type receiver interface {
	offer(v any, more bool) bool
}

// A receiverFunc is a receiver.
type receiverFunc func(v any, more bool) bool

func (f receiverFunc) offer(v any, more bool) bool { return f(v, more) }

// A sender waits for room for a value: it is told when there was some, or that
// the channel was closed.
type sender interface {
	taken() (v any)
	refused()
}

// channel implements Channel. Receivers that wait get their value at the
// moment it is sent (for a signal: when its event is applied, before any code
// runs), in the order in which they began to wait.
type channel struct {
	run       *run
	name      string
	size      int32
	closed    bool
	held      *held // nil until it holds a value
	receivers list[receiver]
	signal    *signalDecoder // nil for channels of code's own
}

// held are the values in a channel, and who waits to send one. Most channels never have
// any: what is sent goes to one who waits for it.
type held struct {
	buffer   []any
	parked   any // what a selector took for the next Receive, if isParked
	isParked bool
	senders  list[sender]
}

// hold returns what c holds, to add to it.
func (c *channel) hold() *held {
	if c.held == nil {
		c.held = &held{}
	}
	return c.held
}

// full reports whether there is no room in the buffer.
func (c *channel) full() bool {
	if c.held == nil {
		return c.size == 0
	}
	return len(c.held.buffer) >= int(c.size)
}

// isChannel marks the channels of this package, also where they are embedded.
type isChannel interface{ channel() *channel }

func (c *channel) channel() *channel { return c }

func asChannel(c any) *channel {
	own, ok := c.(isChannel)
	if !ok {
		mistake("cannot use a %T as a channel: it was not made by this package", c)
	}
	return own.channel()
}

func (c *channel) Name() string { return c.name }

func (c *channel) Len() int {
	if c.held == nil {
		return 0
	}
	n := len(c.held.buffer) + c.held.senders.length
	if c.held.isParked {
		n++
	}
	return n
}

// park keeps a value for the next one to receive.
func (c *channel) park(v any) {
	h := c.hold()
	h.parked, h.isParked = v, true
}

// take returns the next value if there is one.
func (c *channel) take() (v any, ok bool) {
	switch h := c.held; {
	case h == nil:
	case h.isParked:
		v, h.parked, h.isParked = h.parked, nil, false
		return v, true
	case len(h.buffer) > 0:
		v = h.buffer[0]
		h.buffer[0] = nil
		h.buffer = h.buffer[1:]
		if s, waiting := h.senders.pop(); waiting {
			h.buffer = append(h.buffer, s.taken())
		}
		return v, true
	default:
		if s, waiting := h.senders.pop(); waiting {
			return s.taken(), true
		}
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
		mistake(closedChannel)
	}
	for {
		r, ok := c.receivers.pop()
		if !ok {
			break
		}
		if r.offer(v, true) {
			return true
		}
	}
	if c.full() {
		return false
	}
	h := c.hold()
	h.buffer = append(h.buffer, v)
	return true
}

// closedChannel is what code gets that sends on a closed channel.
const closedChannel = "Closed channel"

// sending is a coroutine that waits in Send.
type sending struct {
	node   node[sender]
	thread *thread
	value  any
	done   bool
	broken bool
}

func (s *sending) taken() any {
	s.done = true
	s.thread.Wake()
	return s.value
}

func (s *sending) refused() {
	s.broken = true
	s.thread.Wake()
}

func (c *channel) Send(ctx Context, v any) {
	me := coroutineOf(ctx)
	if c.offer(v) {
		me.Advance()
		return
	}
	s := me.newSending(v)
	c.hold().senders.add(&s.node)
	for !s.done && !s.broken {
		me.ParkIn(&c.name, ".Send")
	}
	s.value = nil
	me.Advance()
	if s.broken {
		mistake(closedChannel)
	}
}

func (c *channel) Close() {
	c.run.mustMutate()
	c.shut()
}

// shut closes the channel.
func (c *channel) shut() {
	c.closed = true
	for r := range c.receivers.all() {
		r.offer(nil, false)
	}
	c.receivers.clear()
	if c.held == nil {
		return
	}
	for s := range c.held.senders.all() {
		s.refused()
	}
	c.held.senders.clear()
}

// receiving is a coroutine that waits in Receive.
type receiving struct {
	node   node[receiver]
	thread *thread
	value  any // or what it is to be told instead
}

// nothing is what a coroutine that waits has received so far, and noMore what it is
// told when the channel was closed.
type (
	nothing struct{}
	noMore  struct{}
)

func (r *receiving) offer(v any, more bool) bool {
	r.value = v
	if !more {
		r.value = noMore{}
	}
	r.thread.Wake()
	return true
}

// await returns the next value, blocking for it; more is false if the channel
// was closed.
func (c *channel) await(me *thread) (v any, more bool) {
	if v, ok := c.take(); ok {
		me.Advance()
		return v, true
	}
	if c.closed {
		return nil, false
	}
	r := me.newReceiving()
	c.receivers.add(&r.node)
	for r.value == (nothing{}) {
		me.ParkIn(&c.name, ".Receive")
	}
	me.Advance()
	v, r.value = r.value, nil
	if v == (noMore{}) {
		return nil, false
	}
	return v, true
}

func (c *channel) Receive(ctx Context, valuePtr any) bool {
	me := coroutineOf(ctx)
	for {
		v, more := c.await(me)
		if !more {
			return false
		}
		if c.assign(v, valuePtr) {
			return true
		}
	}
}

func (c *channel) ReceiveWithTimeout(
	ctx Context, timeout time.Duration, valuePtr any,
) (ok, more bool) {
	arrived, err := AwaitWithTimeout(ctx, timeout, func() bool { return c.Len() > 0 })
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
	c.run.mustMutate()
	for {
		v, got := c.take()
		if !got {
			return false, !c.closed
		}
		if c.assign(v, valuePtr) {
			return true, true
		}
	}
}

// assign stores a received value; nil leaves valuePtr as it is. Signals arrive
// encoded; one that does not fit is logged and passed over, since failing the task
// would do so for ever.
func (c *channel) assign(v, valuePtr any) (ok bool) {
	if valuePtr == nil || v == nil {
		return true
	}
	payloads, encoded := v.(*commonpb.Payloads)
	if !encoded || c.signal == nil {
		setPointer(valuePtr, v)
		return true
	}
	err := c.run.env.Decode(c.signal, payloads, valuePtr)
	if err != nil {
		c.corrupted(err)
	}
	return err == nil
}

func (c *channel) corrupted(err error) {
	c.run.log().Error("Deserialization error. Corrupted signal received on channel.",
		"Channel", c.name, "Error", err.Error())
}
