package direct

import "github.com/mainspring-go/mainspring/temporal/workflowcontext"

// Context is the context of workflow code.
type Context = workflowcontext.Context

// A Call calls one function.
type Call func(ctx Context, args []any) (any, error)

// None of the following is inlined, so that the calls are known by their names in
// stacks, where workflow code's authors are not to see them.

// Do0 is the call of a function without a result.
//
//go:noinline
func Do0(f func(Context) error) Call {
	return func(ctx Context, _ []any) (any, error) { return nil, f(ctx) }
}

// Do1 is the call of a function of one argument without a result.
//
//go:noinline
func Do1[A any](f func(Context, A) error) Call {
	return func(ctx Context, args []any) (any, error) { return nil, f(ctx, as[A](args[0])) }
}

// Do2 is the call of a function of two arguments without a result.
//
//go:noinline
func Do2[A, B any](f func(Context, A, B) error) Call {
	return func(ctx Context, args []any) (any, error) { return nil, f(ctx, as[A](args[0]), as[B](args[1])) }
}

// Do3 is the call of a function of three arguments without a result.
//
//go:noinline
func Do3[A, B, C any](f func(Context, A, B, C) error) Call {
	return func(ctx Context, args []any) (any, error) {
		return nil, f(ctx, as[A](args[0]), as[B](args[1]), as[C](args[2]))
	}
}

// Call0 is the call of a function with a result.
//
//go:noinline
func Call0[R any](f func(Context) (R, error)) Call {
	return func(ctx Context, _ []any) (any, error) {
		r, err := f(ctx)
		return r, err
	}
}

// Call1 is the call of a function of one argument with a result.
//
//go:noinline
func Call1[A, R any](f func(Context, A) (R, error)) Call {
	return func(ctx Context, args []any) (any, error) {
		r, err := f(ctx, as[A](args[0]))
		return r, err
	}
}

// Call2 is the call of a function of two arguments with a result.
//
//go:noinline
func Call2[A, B, R any](f func(Context, A, B) (R, error)) Call {
	return func(ctx Context, args []any) (any, error) {
		r, err := f(ctx, as[A](args[0]), as[B](args[1]))
		return r, err
	}
}

// Call3 is the call of a function of three arguments with a result.
//
//go:noinline
func Call3[A, B, C, R any](f func(Context, A, B, C) (R, error)) Call {
	return func(ctx Context, args []any) (any, error) {
		r, err := f(ctx, as[A](args[0]), as[B](args[1]), as[C](args[2]))
		return r, err
	}
}

func as[T any](v any) T {
	t, _ := v.(T) // nil is no T
	return t
}

// Of returns the call of f if it is of one of the types that many workflows are
// of, nil otherwise.
func Of(f any) Call {
	switch f := f.(type) {
	case func(Context) error:
		return Do0(f)
	case func(Context, string) error:
		return Do1(f)
	case func(Context, int) error:
		return Do1(f)
	case func(Context) (string, error):
		return Call0(f)
	case func(Context, string) (string, error):
		return Call1(f)
	case func(Context, int) (string, error):
		return Call1(f)
	case func(Context) (int, error):
		return Call0(f)
	case func(Context, string) (int, error):
		return Call1(f)
	case func(Context, int) (int, error):
		return Call1(f)
	default:
		return nil
	}
}
