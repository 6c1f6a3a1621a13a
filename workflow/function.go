package workflow

import "github.com/mainspring-go/mainspring/workflow/internal/direct"

// A Function is a workflow function with a way to call it that needs no
// reflection, as Workflow1 of package typed makes it. It is given to registrations
// in place of the function and is the same to all others. While a workflow waits
// that was called by reflection its first coroutine has a stack of 4 KB or more;
// without it may be half of that.
//
// Functions without a result or with one of type string or int, and with no
// argument or one of these types, are called without reflection as they are.
type Function struct {
	fn   any
	call direct.Call
}

// NewFunction returns fn with call, which calls it with arguments of the types of
// its parameters, or nil for a zero value, and returns what it returns.
func NewFunction(fn any, call func(ctx Context, args []any) (any, error)) Function {
	return Function{fn: fn, call: call}
}

// functionOf returns the function that fn is or has, and how to call it without
// reflection; nil if there is no such way.
func functionOf(fn any) (any, direct.Call) {
	if f, ok := fn.(Function); ok {
		return f.fn, f.call
	}
	return fn, direct.Of(fn)
}
