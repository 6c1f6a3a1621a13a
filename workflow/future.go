package workflow

import (
	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// A Future is the result of something that may still be going on.
type Future interface {
	// Get blocks until the result is there, then stores it in valuePtr, a
	// pointer or nil, or returns the error. Use a fresh value for each Get:
	// decoding merges into what is there.
	Get(ctx Context, valuePtr any) error
	// IsReady reports whether Get would not block.
	IsReady() bool
}

// A Settable decides a [Future]. Deciding one twice panics.
type Settable interface {
	Set(value any, err error)
	SetValue(value any)
	SetError(err error)
	// Chain makes the future become what the other one becomes.
	Chain(future Future)
}

// NewFuture returns a future and what decides it.
func NewFuture(ctx Context) (Future, Settable) {
	r := runOf(ctx)
	r.mustMutate()
	f := &future{run: r}
	return f, f
}

type future struct {
	run     *run
	ready   bool
	value   any
	err     error
	convert converter.DataConverter // decodes value if it is encoded
	waiters list[func()]            // called once when the future is ready
	chained []*future
}

func (f *future) IsReady() bool { return f.ready }

func (f *future) Get(ctx Context, valuePtr any) error {
	me := coroutineOf(ctx)
	if !f.ready {
		f.waiters.add(me.newReady())
		for !f.ready {
			me.Park("blocked on Future.Get")
		}
	}
	me.Advance()
	if f.err != nil || valuePtr == nil || f.value == nil {
		return f.err
	}
	if payloads, ok := f.value.(*commonpb.Payloads); ok && f.convert != nil {
		return f.run.env.Decode(f.convert, payloads, valuePtr)
	}
	setPointer(valuePtr, f.value)
	return nil
}

// alreadySet is what code gets that decides a future twice.
const alreadySet = "already set"

func (f *future) Set(value any, err error) {
	f.run.mustMutate()
	f.settle(value, err)
}

func (f *future) settle(value any, err error) {
	if f.ready {
		mistake(alreadySet)
	}
	f.ready, f.value, f.err = true, value, err
	for call := range f.waiters.all() {
		call()
	}
	f.waiters.clear()
	for _, c := range f.chained {
		c.adopt(f)
	}
	f.chained = nil
}

func (f *future) SetValue(value any)  { f.Set(value, nil) }
func (f *future) SetError(err error)  { f.Set(nil, err) }
func (f *future) adopt(other *future) { f.convert = other.convert; f.settle(other.value, other.err) }

func (f *future) Chain(other Future) {
	f.run.mustMutate()
	if f.ready {
		mistake(alreadySet)
	}
	up := asFuture(other)
	if up.ready {
		f.adopt(up)
		return
	}
	up.chained = append(up.chained, f)
}

// isFuture marks the futures of this package, also where they are embedded.
type isFuture interface{ future() *future }

func (f *future) future() *future { return f }

func asFuture(f Future) *future {
	own, ok := f.(isFuture)
	if !ok {
		mistake("cannot use a %T as a future: it was not made by this package", f)
	}
	return own.future()
}
