package typed

import "github.com/mainspring-go/mainspring/workflow"

// A Future is the result, of type R, of something that may still be going on.
// The zero value is of nothing, and cannot be used.
type Future[R any] struct {
	future workflow.Future
}

// Get blocks until the result is there and returns it.
func (f Future[R]) Get(ctx workflow.Context) (R, error) {
	var result R
	err := f.future.Get(ctx, target(&result))
	return result, err
}

// Err blocks until the result is there and returns its error only.
func (f Future[R]) Err(ctx workflow.Context) error { return f.future.Get(ctx, nil) }

// IsReady reports whether Get would not block.
func (f Future[R]) IsReady() bool { return f.future.IsReady() }

// AddTo makes s run then when the future is ready, as
// [workflow.Selector].AddFuture does.
func (f Future[R]) AddTo(s workflow.Selector, then func(f Future[R])) workflow.Selector {
	return s.AddFuture(f.future, func(workflow.Future) { then(f) })
}

// Untyped returns the future of package workflow.
func (f Future[R]) Untyped() workflow.Future { return f.future }

// FutureOf gives a future of package workflow a type: that of its result, which
// is not checked before Get.
func FutureOf[R any](f workflow.Future) Future[R] { return Future[R]{f} }

// A Settable decides a [Future]. Deciding one twice panics.
type Settable[R any] struct {
	settable workflow.Settable
}

// NewFuture returns a future and what decides it.
func NewFuture[R any](ctx workflow.Context) (Future[R], Settable[R]) {
	f, s := workflow.NewFuture(ctx)
	return Future[R]{f}, Settable[R]{s}
}

// Set decides the future: a result, or an error if err is not nil.
func (s Settable[R]) Set(result R, err error) { s.settable.Set(result, err) }

// SetValue gives the future a result.
func (s Settable[R]) SetValue(result R) { s.settable.SetValue(result) }

// SetError lets the future fail.
func (s Settable[R]) SetError(err error) { s.settable.SetError(err) }

// Chain makes the future become what f becomes.
func (s Settable[R]) Chain(f Future[R]) { s.settable.Chain(f.future) }

// A ChildFuture is the result of a child workflow.
type ChildFuture[R any] struct {
	Future[R]

	child workflow.ChildWorkflowFuture
}

// Execution blocks until the child was started, or could not be.
func (f ChildFuture[R]) Execution(ctx workflow.Context) (workflow.Execution, error) {
	return FutureOf[workflow.Execution](f.child.GetChildWorkflowExecution()).Get(ctx)
}

// Child returns the future of package workflow.
func (f ChildFuture[R]) Child() workflow.ChildWorkflowFuture { return f.child }

// isNone reports whether T is [None].
func isNone[T any]() bool {
	_, none := any((*T)(nil)).(*None)
	return none
}

// target is where a value is to be stored; what has none is not stored at all.
func target[T any](value *T) any {
	if isNone[T]() {
		return nil
	}
	return value
}

// argument is what is sent: nothing for [None].
func argument[T any](value T) any {
	if isNone[T]() {
		return nil
	}
	return value
}
