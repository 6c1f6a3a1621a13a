package workflowcontext

import "time"

// A Context carries cancellation and values through workflow code. It is what context.Context is
// to ordinary code, but its Done is a [Channel], so waiting for it is deterministic.
//
// A Context belongs to the coroutine it was given to: blocking calls take the context of the
// coroutine that is to block.
type Context interface {
	// Deadline is there for symmetry; workflow contexts have no deadlines.
	Deadline() (deadline time.Time, ok bool)
	// Done returns a channel that is closed when the context is canceled, or nil if it can never
	// be.
	Done() Channel
	// Err is nil until Done is closed, then a *temporal.CanceledError.
	Err() error
	// Value returns the value stored under the key, or nil.
	Value(key any) any
}

// A Channel passes values between coroutines of one workflow run. It must be used in place of a Go
// channel, whose order is not deterministic.
type Channel interface {
	SendChannel
	ReceiveChannel
}

// A SendChannel is the sending side of a [Channel].
type SendChannel interface {
	// Name returns the name the channel was made with.
	Name() string
	// Send blocks until the value is in the buffer or with a receiver. Sending on a closed channel
	// panics.
	Send(ctx Context, v any)
	// SendAsync sends if that is possible without blocking.
	SendAsync(v any) (ok bool)
	// Close ends the channel: what is buffered can still be received.
	Close()
}

// A ReceiveChannel is the receiving side of a [Channel].
//
//nolint:interfacebloat // the method set is the one that workflow code knows
type ReceiveChannel interface {
	// Name returns the name the channel was made with.
	Name() string
	// Receive blocks until there is a value and stores it in valuePtr, a pointer or nil. It returns
	// false if the channel is closed and empty, and leaves valuePtr as it is. A signal whose
	// payload does not fit valuePtr is logged and passed over.
	Receive(ctx Context, valuePtr any) (more bool)
	// ReceiveWithTimeout is Receive that gives up after the timeout, which is a durable timer.
	ReceiveWithTimeout(ctx Context, timeout time.Duration, valuePtr any) (ok, more bool)
	// ReceiveAsync receives if that is possible without blocking.
	ReceiveAsync(valuePtr any) (ok bool)
	// ReceiveAsyncWithMoreFlag is ReceiveAsync that also tells whether more values may come.
	ReceiveAsyncWithMoreFlag(valuePtr any) (ok, more bool)
	// Len returns the number of values that can be received without blocking, senders that wait
	// for room included.
	Len() int
}
