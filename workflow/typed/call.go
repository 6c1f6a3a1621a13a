package typed

// A Call is a function with its arguments: an activity if X is context.Context,
// a workflow if it is workflow.Context. R is what it returns, [None] if that is
// an error only.
type Call[X, R any] struct {
	function any // or a name
	args     []any
}

// None is the result of what has none.
type None = struct{}

// Named returns the call under another name: that of an activity or a workflow
// type that is not known by the name of its function here. The function, which
// may then be nil, has the types.
func (c Call[X, R]) Named(name string) Call[X, R] {
	c.function = name
	return c
}

// Untyped returns what the call hands on to package workflow: a function or a
// name, and the arguments.
func (c Call[X, R]) Untyped() (function any, args []any) { return c.function, c.args }

// Call0 calls a function that takes nothing but its context and returns a result and an error.
func Call0[X, R any](fn func(X) (R, error)) Call[X, R] {
	return Call[X, R]{fn, nil}
}

// Call1 calls a function of one argument that returns a result and an error.
func Call1[X, A, R any](fn func(X, A) (R, error), a A) Call[X, R] {
	return Call[X, R]{fn, []any{a}}
}

// Call2 calls a function of two arguments that returns a result and an error.
func Call2[X, A, B, R any](fn func(X, A, B) (R, error), a A, b B) Call[X, R] {
	return Call[X, R]{fn, []any{a, b}}
}

// Call3 calls a function of three arguments that returns a result and an error.
func Call3[X, A, B, C, R any](fn func(X, A, B, C) (R, error), a A, b B, c C) Call[X, R] {
	return Call[X, R]{fn, []any{a, b, c}}
}

// Call4 calls a function of four arguments that returns a result and an error.
func Call4[X, A, B, C, D, R any](fn func(X, A, B, C, D) (R, error), a A, b B, c C, d D) Call[X, R] {
	return Call[X, R]{fn, []any{a, b, c, d}}
}

// Call5 calls a function of five arguments that returns a result and an error.
func Call5[X, A, B, C, D, E, R any](
	fn func(X, A, B, C, D, E) (R, error), a A, b B, c C, d D, e E,
) Call[X, R] {
	return Call[X, R]{fn, []any{a, b, c, d, e}}
}

// Call6 calls a function of six arguments that returns a result and an error.
func Call6[X, A, B, C, D, E, F, R any](
	fn func(X, A, B, C, D, E, F) (R, error), a A, b B, c C, d D, e E, f F,
) Call[X, R] {
	return Call[X, R]{fn, []any{a, b, c, d, e, f}}
}

// Do0 calls a function that takes nothing but its context and returns an error only.
func Do0[X any](fn func(X) error) Call[X, None] {
	return Call[X, None]{fn, nil}
}

// Do1 calls a function of one argument that returns an error only.
func Do1[X, A any](fn func(X, A) error, a A) Call[X, None] {
	return Call[X, None]{fn, []any{a}}
}

// Do2 calls a function of two arguments that returns an error only.
func Do2[X, A, B any](fn func(X, A, B) error, a A, b B) Call[X, None] {
	return Call[X, None]{fn, []any{a, b}}
}

// Do3 calls a function of three arguments that returns an error only.
func Do3[X, A, B, C any](fn func(X, A, B, C) error, a A, b B, c C) Call[X, None] {
	return Call[X, None]{fn, []any{a, b, c}}
}

// Do4 calls a function of four arguments that returns an error only.
func Do4[X, A, B, C, D any](fn func(X, A, B, C, D) error, a A, b B, c C, d D) Call[X, None] {
	return Call[X, None]{fn, []any{a, b, c, d}}
}

// Do5 calls a function of five arguments that returns an error only.
func Do5[X, A, B, C, D, E any](
	fn func(X, A, B, C, D, E) error, a A, b B, c C, d D, e E,
) Call[X, None] {
	return Call[X, None]{fn, []any{a, b, c, d, e}}
}

// Do6 calls a function of six arguments that returns an error only.
func Do6[X, A, B, C, D, E, F any](
	fn func(X, A, B, C, D, E, F) error, a A, b B, c C, d D, e E, f F,
) Call[X, None] {
	return Call[X, None]{fn, []any{a, b, c, d, e, f}}
}
