package settings

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
)

// An Error says what is wrong with an option or an argument.
type Error struct {
	// Of names whose it is, such as the package; empty for nobody's.
	Of string
	// Field is its name.
	Field string
	// Value is what was given.
	Value string
	// Fix says what to give instead; empty if Err does.
	Fix string
	// Err is the cause, if it comes from elsewhere.
	Err error
}

// Error implements error.
func (e *Error) Error() string {
	var of string
	if e.Of != "" {
		of = e.Of + ": "
	}
	if e.Err != nil {
		return fmt.Sprintf("%s%s is %s: %v", of, e.Field, e.Value, e.Err)
	}
	return fmt.Sprintf("%s%s is %s: %s", of, e.Field, e.Value, e.Fix)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// A Check collects what is wrong with options, so that all of it is told at
// once, and fills in defaults. The zero value is ready to use.
type Check struct {
	// Of is the [Error.Of] of what is found.
	Of string

	found []error
}

// Errors are what was found, each an [*Error].
func (c *Check) Errors() []error { return c.found }

// Err joins what was found; nil if nothing was.
func (c *Check) Err() error { return errors.Join(c.found...) }

// Add says that a field has a value that cannot work, and what would.
func (c *Check) Add(field string, value any, fix string) {
	c.found = append(c.found, &Error{Of: c.Of, Field: field, Value: fmt.Sprint(value), Fix: fix})
}

// AddCause says that a field has a value that err speaks against; a nil err is fine.
func (c *Check) AddCause(field string, value any, err error) {
	if err != nil {
		c.found = append(c.found, &Error{Of: c.Of, Field: field, Value: fmt.Sprint(value), Err: err})
	}
}

// Refused says that a field was given what err refuses; a nil err is fine.
func (c *Check) Refused(field string, value any, err error) {
	if err != nil {
		c.found = append(c.found, Refusal(c.Of, field, value, err))
	}
}

// Refusal is the error of a field that was given a part that err refuses. The
// part is named by its type.
func Refusal(of, field string, part any, err error) *Error {
	return &Error{Of: of, Field: field, Value: fmt.Sprintf("%T", part), Err: err}
}

// Count fills in the default of a number and refuses one that is negative or
// above most.
func (c *Check) Count(field string, n *int, fallback, most int) {
	switch {
	case *n < 0 || *n > most:
		c.Add(field, *n, fmt.Sprintf("use zero for the default of %d or a number up to %d", fallback, most))
	case *n == 0:
		*n = fallback
	}
}

// Duration fills in the default of a duration and refuses a negative one.
func (c *Check) Duration(field string, d *time.Duration, fallback time.Duration) {
	switch {
	case *d < 0:
		c.Add(field, *d, fmt.Sprintf("use zero, which means %v, or a positive duration", fallback))
	case *d == 0:
		*d = fallback
	}
}

// Rate refuses a number of things a second that is not finite or is negative.
// Zero is for no limit.
func (c *Check) Rate(field string, r float64, things string) {
	if !(r >= 0 && r < math.MaxFloat64) { // so that NaN is refused too
		c.Add(field, r, "use zero for no limit or a positive number of "+things+" a second")
	}
}

// Part refuses a nil pointer inside an interface: it is given, but nothing is
// there. Nil itself is fine: it asks for the default.
func (c *Check) Part(field string, v any) {
	if NilInside(v) {
		c.Add(field, fmt.Sprintf("a nil %T", v), "leave the field out for the default or give one that is made")
	}
}

// Element refuses a nil in a list.
func (c *Check) Element(field string, v any) {
	const fix = "leave it out or give one that is made"
	switch {
	case v == nil:
		c.Add(field, "nil", fix)
	case NilInside(v):
		c.Add(field, fmt.Sprintf("a nil %T", v), fix)
	}
}

// NilInside reports whether v is an interface that holds a nil pointer or a nil
// function.
func NilInside(v any) bool {
	r := reflect.ValueOf(v)
	return (r.Kind() == reflect.Pointer || r.Kind() == reflect.Func) && r.IsNil()
}
