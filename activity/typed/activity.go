package typed

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/mainspring-go/mainspring/activity"
)

// An Activity is the name of an activity and the function that does it, of type F. Make one with
// Func0 to Func6 or Do0 to Do6.
type Activity[F any] struct {
	name string
	fn   F
}

// Name returns the type name that the activity is called by.
func (a Activity[F]) Name() string { return a.name }

// Function returns the function, which may be nil.
func (a Activity[F]) Function() F { return a.fn }

// With returns the activity done by fn.
func (a Activity[F]) With(fn F) Activity[F] {
	a.fn = fn
	return a
}

func (a Activity[F]) register(r Registrar) error {
	switch {
	case a.name == "":
		return fmt.Errorf("typed activity %T has no name: give the one that workflows call it by", a.fn)
	case reflect.TypeFor[F]().Kind() != reflect.Func:
		return fmt.Errorf("typed activity %q is a %T: make it with one of the functions of this package", a.name, a.fn)
	case reflect.ValueOf(a.fn).IsNil():
		return fmt.Errorf("typed activity %q has no function: register what With returns", a.name)
	}
	return r.RegisterActivityWithOptions(a.fn, activity.RegisterOptions{Name: a.name})
}

// A Registrar takes activities: a worker, or an [activity.Registry].
type Registrar interface {
	RegisterActivityWithOptions(a any, o activity.RegisterOptions) error
}

// A Registrable is an [Activity] of any type.
type Registrable interface {
	Name() string
	register(r Registrar) error
}

// Register registers activities under their names. The error says what is wrong with each that was
// not registered; the others were.
func Register(r Registrar, all ...Registrable) error {
	var wrong []error
	for i, a := range all {
		if a == nil {
			wrong = append(wrong, fmt.Errorf("typed activity %d is nil: leave it out", i))
			continue
		}
		wrong = append(wrong, a.register(r))
	}
	return errors.Join(wrong...)
}

// Func0 is an activity that takes nothing but its context and returns a result and an error.
func Func0[R any](
	name string, fn func(context.Context) (R, error),
) Activity[func(context.Context) (R, error)] {
	return Activity[func(context.Context) (R, error)]{name, fn}
}

// Func1 is an activity that takes one argument and returns a result and an error.
func Func1[A, R any](
	name string, fn func(context.Context, A) (R, error),
) Activity[func(context.Context, A) (R, error)] {
	return Activity[func(context.Context, A) (R, error)]{name, fn}
}

// Func2 is an activity that takes two arguments and returns a result and an error.
func Func2[A, B, R any](
	name string, fn func(context.Context, A, B) (R, error),
) Activity[func(context.Context, A, B) (R, error)] {
	return Activity[func(context.Context, A, B) (R, error)]{name, fn}
}

// Func3 is an activity that takes three arguments and returns a result and an error.
func Func3[A, B, C, R any](
	name string, fn func(context.Context, A, B, C) (R, error),
) Activity[func(context.Context, A, B, C) (R, error)] {
	return Activity[func(context.Context, A, B, C) (R, error)]{name, fn}
}

// Func4 is an activity that takes four arguments and returns a result and an error.
func Func4[A, B, C, D, R any](
	name string, fn func(context.Context, A, B, C, D) (R, error),
) Activity[func(context.Context, A, B, C, D) (R, error)] {
	return Activity[func(context.Context, A, B, C, D) (R, error)]{name, fn}
}

// Func5 is an activity that takes five arguments and returns a result and an error.
func Func5[A, B, C, D, E, R any](
	name string, fn func(context.Context, A, B, C, D, E) (R, error),
) Activity[func(context.Context, A, B, C, D, E) (R, error)] {
	return Activity[func(context.Context, A, B, C, D, E) (R, error)]{name, fn}
}

// Func6 is an activity that takes six arguments and returns a result and an error.
func Func6[A, B, C, D, E, F, R any](
	name string, fn func(context.Context, A, B, C, D, E, F) (R, error),
) Activity[func(context.Context, A, B, C, D, E, F) (R, error)] {
	return Activity[func(context.Context, A, B, C, D, E, F) (R, error)]{name, fn}
}

// Do0 is an activity that takes nothing but its context and returns an error only.
func Do0(name string, fn func(context.Context) error) Activity[func(context.Context) error] {
	return Activity[func(context.Context) error]{name, fn}
}

// Do1 is an activity that takes one argument and returns an error only.
func Do1[A any](
	name string, fn func(context.Context, A) error,
) Activity[func(context.Context, A) error] {
	return Activity[func(context.Context, A) error]{name, fn}
}

// Do2 is an activity that takes two arguments and returns an error only.
func Do2[A, B any](
	name string, fn func(context.Context, A, B) error,
) Activity[func(context.Context, A, B) error] {
	return Activity[func(context.Context, A, B) error]{name, fn}
}

// Do3 is an activity that takes three arguments and returns an error only.
func Do3[A, B, C any](
	name string, fn func(context.Context, A, B, C) error,
) Activity[func(context.Context, A, B, C) error] {
	return Activity[func(context.Context, A, B, C) error]{name, fn}
}

// Do4 is an activity that takes four arguments and returns an error only.
func Do4[A, B, C, D any](
	name string, fn func(context.Context, A, B, C, D) error,
) Activity[func(context.Context, A, B, C, D) error] {
	return Activity[func(context.Context, A, B, C, D) error]{name, fn}
}

// Do5 is an activity that takes five arguments and returns an error only.
func Do5[A, B, C, D, E any](
	name string, fn func(context.Context, A, B, C, D, E) error,
) Activity[func(context.Context, A, B, C, D, E) error] {
	return Activity[func(context.Context, A, B, C, D, E) error]{name, fn}
}

// Do6 is an activity that takes six arguments and returns an error only.
func Do6[A, B, C, D, E, F any](
	name string, fn func(context.Context, A, B, C, D, E, F) error,
) Activity[func(context.Context, A, B, C, D, E, F) error] {
	return Activity[func(context.Context, A, B, C, D, E, F) error]{name, fn}
}
