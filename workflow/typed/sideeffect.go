package typed

import (
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
)

// SideEffect returns what f returned when the workflow came here first: see
// [workflow.SideEffect]. The error is that of decoding it.
func SideEffect[T any](ctx workflow.Context, f func(ctx workflow.Context) T) (T, error) {
	return decode[T](workflow.SideEffect(ctx, untyped(f)))
}

// SideEffectWithOptions is [SideEffect] with options.
func SideEffectWithOptions[T any](
	ctx workflow.Context, options workflow.SideEffectOptions, f func(ctx workflow.Context) T,
) (T, error) {
	return decode[T](workflow.SideEffectWithOptions(ctx, options, untyped(f)))
}

// MutableSideEffect returns the value that id has, which becomes what f returns
// if that is not equal to it: see [workflow.MutableSideEffect].
func MutableSideEffect[T any](
	ctx workflow.Context, id string, f func(ctx workflow.Context) T, equals func(a, b T) bool,
) (T, error) {
	return decode[T](workflow.MutableSideEffect(ctx, id, untyped(f), untypedEquals(equals)))
}

// MutableSideEffectWithOptions is [MutableSideEffect] with options.
func MutableSideEffectWithOptions[T any](
	ctx workflow.Context, id string, options workflow.MutableSideEffectOptions,
	f func(ctx workflow.Context) T, equals func(a, b T) bool,
) (T, error) {
	return decode[T](workflow.MutableSideEffectWithOptions(
		ctx, id, options, untyped(f), untypedEquals(equals)))
}

func untyped[T any](f func(ctx workflow.Context) T) func(ctx workflow.Context) any {
	return func(ctx workflow.Context) any { return f(ctx) }
}

// untypedEquals is called with what f returned and a value of the same type.
func untypedEquals[T any](equals func(a, b T) bool) func(a, b any) bool {
	return func(a, b any) bool {
		one, _ := a.(T)
		other, _ := b.(T)
		return equals(one, other)
	}
}

func decode[T any](value converter.EncodedValue) (T, error) {
	var v T
	err := value.Get(&v)
	return v, err
}
