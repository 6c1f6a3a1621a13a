package typed

import (
	"time"

	"github.com/mainspring-go/mainspring/workflow"
)

// A Channel passes values of type T between coroutines: see [workflow.Channel].
type Channel[T any] struct {
	SendChannel[T]
	ReceiveChannel[T]
}

// NewChannel returns an unbuffered channel.
func NewChannel[T any](ctx workflow.Context) Channel[T] {
	return channelOf[T](workflow.NewChannel(ctx))
}

// NewNamedChannel returns an unbuffered channel with a name for stack traces.
func NewNamedChannel[T any](ctx workflow.Context, name string) Channel[T] {
	return channelOf[T](workflow.NewNamedChannel(ctx, name))
}

// NewBufferedChannel returns a channel that holds size values.
func NewBufferedChannel[T any](ctx workflow.Context, size int) Channel[T] {
	return channelOf[T](workflow.NewBufferedChannel(ctx, size))
}

// NewNamedBufferedChannel returns a named channel that holds size values.
func NewNamedBufferedChannel[T any](ctx workflow.Context, name string, size int) Channel[T] {
	return channelOf[T](workflow.NewNamedBufferedChannel(ctx, name, size))
}

func channelOf[T any](c workflow.Channel) Channel[T] {
	return Channel[T]{SendChannel[T]{c}, ReceiveChannel[T]{c}}
}

// Name returns the name the channel was made with.
func (c Channel[T]) Name() string { return c.SendChannel.Name() }

// A SendChannel is the sending side of a [Channel].
type SendChannel[T any] struct {
	to workflow.SendChannel
}

// Name returns the name the channel was made with.
func (c SendChannel[T]) Name() string { return c.to.Name() }

// Send blocks until the value is in the buffer or with a receiver. Sending on a
// closed channel panics.
func (c SendChannel[T]) Send(ctx workflow.Context, value T) { c.to.Send(ctx, value) }

// SendAsync sends if that is possible without blocking.
func (c SendChannel[T]) SendAsync(value T) (ok bool) { return c.to.SendAsync(value) }

// Close ends the channel: what is buffered can still be received.
func (c SendChannel[T]) Close() { c.to.Close() }

// AddSendTo makes s run then after value was sent, as [workflow.Selector].AddSend
// does.
func (c SendChannel[T]) AddSendTo(s workflow.Selector, value T, then func()) workflow.Selector {
	return s.AddSend(c.to, value, then)
}

// UntypedSend returns the channel of package workflow.
func (c SendChannel[T]) UntypedSend() workflow.SendChannel { return c.to }

// A ReceiveChannel is the receiving side of a [Channel], or that of a [Signal].
type ReceiveChannel[T any] struct {
	from workflow.ReceiveChannel
}

// Name returns the name the channel was made with.
func (c ReceiveChannel[T]) Name() string { return c.from.Name() }

// Receive blocks until there is a value and returns it; more is false if the
// channel is closed and empty. A signal that does not fit is logged and passed
// over.
func (c ReceiveChannel[T]) Receive(ctx workflow.Context) (value T, more bool) {
	more = c.from.Receive(ctx, target(&value))
	return value, more
}

// ReceiveWithTimeout is Receive that gives up after the timeout, which is a
// durable timer.
func (c ReceiveChannel[T]) ReceiveWithTimeout(
	ctx workflow.Context, timeout time.Duration,
) (value T, ok, more bool) {
	ok, more = c.from.ReceiveWithTimeout(ctx, timeout, target(&value))
	return value, ok, more
}

// ReceiveAsync receives if that is possible without blocking; more is false if
// the channel is closed and empty.
func (c ReceiveChannel[T]) ReceiveAsync() (value T, ok, more bool) {
	ok, more = c.from.ReceiveAsyncWithMoreFlag(target(&value))
	return value, ok, more
}

// Len returns the number of values that can be received without blocking,
// senders that wait for room included.
func (c ReceiveChannel[T]) Len() int { return c.from.Len() }

// AddReceiveTo makes s run then when the channel has a value, which then is to
// receive, or once when the channel is closed, as
// [workflow.Selector].AddReceive does.
func (c ReceiveChannel[T]) AddReceiveTo(
	s workflow.Selector, then func(c ReceiveChannel[T], more bool),
) workflow.Selector {
	return s.AddReceive(c.from, func(_ workflow.ReceiveChannel, more bool) { then(c, more) })
}

// UntypedReceive returns the channel of package workflow.
func (c ReceiveChannel[T]) UntypedReceive() workflow.ReceiveChannel { return c.from }
