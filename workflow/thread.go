package workflow

import (
	"github.com/mainspring-go/mainspring/workflow/internal/coro"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

// A thread is a coroutine and the context that it has. It waits for one thing at a
// time, so it keeps one of each that it has waited with, and waiting again
// allocates nothing.
type thread struct {
	coro.Coroutine
	Context // its own, but for itself
	run     *run
	receive *receiving
	send    *sending
	ready   *node[func()]
}

// Value implements [Context].
func (t *thread) Value(key any) any {
	if key == coroutineKey {
		return t
	}
	return t.Context.Value(key)
}

// newReceiving returns what t waits with in Receive. The usual one may still be
// in the list of a channel: a coroutine that is ended while it waits runs its
// deferred functions, and those may wait again.
func (t *thread) newReceiving() *receiving {
	r := t.receive
	if r == nil || r.node.in() {
		r = &receiving{thread: t}
		r.node.value = r
		t.receive = r
	}
	r.value = nothing{}
	return r
}

// newSending is the same for Send.
func (t *thread) newSending(v any) *sending {
	s := t.send
	if s == nil || s.node.in() {
		s = &sending{thread: t}
		s.node.value = s
		t.send = s
	}
	s.value, s.done, s.broken = v, false, false
	return s
}

// newReady is the same for Future.Get.
func (t *thread) newReady() *node[func()] {
	if t.ready == nil || t.ready.in() {
		t.ready = &node[func()]{value: t.Wake}
	}
	return t.ready
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
