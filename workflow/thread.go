package workflow

import (
	"github.com/mainspring-go/mainspring/workflow/internal/coro"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

// A thread is a coroutine with what it needs for waiting: a coroutine waits
// for one thing at a time, so it keeps one of each, and waiting allocates
// nothing.
type thread struct {
	*coro.Coroutine
	run     *run
	receive receiving
	send    sending
	ready   node[func()]
}

// newThread returns what a new coroutine waits with.
func (r *run) newThread() *thread {
	t := &thread{run: r}
	t.receive.thread, t.receive.node.value = t, &t.receive
	t.send.thread, t.send.node.value = t, &t.send
	t.ready.value = func() { t.Wake() } // the coroutine is not there yet
	return t
}

// newReceiving returns what t waits with in Receive. The usual one may still be
// in the list of a channel: a coroutine that is ended while it waits runs its
// deferred functions, and those may wait again.
func (t *thread) newReceiving() *receiving {
	r := &t.receive
	if r.node.in {
		r = &receiving{thread: t}
		r.node.value = r
	}
	r.done = false
	return r
}

// newSending is the same for Send.
func (t *thread) newSending(v any) *sending {
	s := &t.send
	if s.node.in {
		s = &sending{thread: t}
		s.node.value = s
	}
	s.value, s.done, s.broken = v, false, false
	return s
}

// newReady is the same for Future.Get.
func (t *thread) newReady() *node[func()] {
	if t.ready.in {
		return &node[func()]{value: t.Wake}
	}
	return &t.ready
}

// coroutineOf returns the coroutine of ctx, which must be the running one for
// anything that blocks.
func coroutineOf(ctx Context) *thread {
	t, ok := ctx.Value(coroutineKey).(*thread)
	if !ok {
		env.Misuse(notWorkflowContext)
	}
	if t.run.env.ReadOnly || !t.run.env.Executing {
		env.Misuse(illegalAccess)
	}
	return t
}
