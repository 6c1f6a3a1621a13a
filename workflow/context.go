package workflow

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/workflowcontext"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

// A Context carries cancellation and values through workflow code. It is what
// context.Context is to ordinary code, but its Done is a [Channel], so waiting
// for it is deterministic.
//
// A Context belongs to the coroutine it was given to: blocking calls take the
// context of the coroutine that is to block.
type Context = workflowcontext.Context

// A CancelFunc cancels the context that it came with and all derived from it.
// After the first call, calls do nothing.
type CancelFunc func()

// ErrCanceled is what Context.Err returns for a canceled context, and the
// error of futures that were canceled with it.
var ErrCanceled error = temporal.NewCanceledError()

// ErrDeadlineExceeded is there for code that compares with it: contexts of
// workflows have no deadlines, so their Err never returns it.
var ErrDeadlineExceeded = temporal.NewTimeoutErrorWithOptions(
	enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, temporal.TimeoutErrorOptions{Message: "deadline exceeded"})

// contextKey is the type of the keys of this package.
type contextKey uint8

const (
	runKey contextKey = iota
	coroutineKey
	activityOptionsKey
	localActivityOptionsKey
	localFunctionKey
	childOptionsKey
	updateInfoKey
	sessionKey
	headerKey
	dataConverterKey
)

// rootContext is the end of every chain, and knows the run.
type rootContext struct{ run *run }

func (rootContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (rootContext) Done() Channel               { return nil }
func (rootContext) Err() error                  { return nil }

// Value implements [Context].
func (c rootContext) Value(key any) any {
	if key == runKey && c.run != nil {
		return c.run
	}
	return nil
}

type valueContext struct {
	Context
	key, value any
}

func (c *valueContext) Value(key any) any {
	if c.key == key {
		return c.value
	}
	return c.Context.Value(key)
}

// WithValue returns a context in which key has the value val.
func WithValue(parent Context, key, val any) Context {
	return &valueContext{Context: parent, key: key, value: val}
}

// cancelContext can be canceled. Its children are kept in the order of their
// creation, so that the commands that a cancellation makes have a fixed order.
type cancelContext struct {
	Context
	done     *channel
	err      error
	children list[*cancelContext]
	detach   func()
}

func (c *cancelContext) Done() Channel { return c.done }
func (c *cancelContext) Err() error    { return c.err }

// Value answers for this context's own identity too: that is how a new child
// finds the nearest ancestor that can be canceled.
func (c *cancelContext) Value(key any) any {
	if key == (nearestCancel{}) {
		return c
	}
	return c.Context.Value(key)
}

// nearestCancel is the key under which a cancelContext answers with itself.
type nearestCancel struct{}

// cancel closes done, which runs what was registered on it, and then cancels
// the children.
func (c *cancelContext) cancel() {
	if c.err != nil {
		return
	}
	c.err = ErrCanceled
	c.done.shut()
	if c.children.length > 1 {
		c.done.run.env.TryUse(env.OrderedChildCancel)
	}
	for child := range c.children.all() {
		child.cancel()
	}
	c.children.clear()
	if c.detach != nil {
		c.detach()
		c.detach = nil
	}
}

// WithCancel returns a context that is canceled when parent is or when cancel
// is called, whichever comes first.
func WithCancel(parent Context) (ctx Context, cancel CancelFunc) {
	c := withCancel(parent)
	return c, c.cancelByCode
}

func withCancel(parent Context) *cancelContext {
	c := newCancelContext(parent)
	if up, ok := parent.Value(nearestCancel{}).(*cancelContext); ok {
		if up.err != nil {
			c.cancel()
		} else {
			n := up.children.push(c)
			c.detach = func() { up.children.remove(n) }
		}
	}
	return c
}

// NewDisconnectedContext returns a context with the values of parent that is
// not canceled with it: for cleaning up after a cancellation.
func NewDisconnectedContext(parent Context) (ctx Context, cancel CancelFunc) {
	c := newCancelContext(parent)
	return c, c.cancelByCode
}

// cancelable is a context with its channel, in one piece.
type cancelable struct {
	cancelContext
	channel channel
}

func newCancelContext(parent Context) *cancelContext {
	c := &cancelable{}
	c.channel = channel{run: runOf(parent), name: "done"}
	c.cancelContext = cancelContext{Context: parent, done: &c.channel}
	return &c.cancelContext
}

// cancelByCode is the CancelFunc of c.
func (c *cancelContext) cancelByCode() {
	if c.err == nil {
		c.done.run.mustMutate()
	}
	c.cancel()
}

// onCancel calls f once when ctx is canceled, at once if it is already. The
// returned function takes f back.
func onCancel(ctx Context, f func()) (forget func()) {
	w := &cancelWatch{}
	w.watch(ctx, tellFunc(f))
	return w.forget
}

type tellFunc func()

func (f tellFunc) canceled() { f() }

// A cancelWatch tells one who is interested when a context is canceled.
type cancelWatch struct {
	node node[receiver]
	done *channel
	tell interface{ canceled() }
}

// watch tells once when ctx is canceled, at once if it is already.
func (w *cancelWatch) watch(ctx Context, tell interface{ canceled() }) {
	done, ok := ctx.Done().(*channel)
	switch {
	case !ok || done == nil:
	case done.closed:
		tell.canceled()
	default:
		w.done, w.tell = done, tell
		w.node.value = w
		done.receivers.add(&w.node)
	}
}

// forget takes watch back.
func (w *cancelWatch) forget() {
	if w.done != nil {
		w.done.receivers.remove(&w.node)
	}
}

// offer implements receiver: what is told is that the channel is closed.
func (w *cancelWatch) offer(any, bool) bool {
	w.tell.canceled()
	return false
}
