package sticky

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrClosed is returned by Acquire once Close was called.
var ErrClosed = errors.New("sticky: the cache is closed")

// An OptionError says which option or argument was refused, and what to give instead.
type OptionError struct {
	// Field is the name of the option or argument.
	Field string
	// Value is what was given.
	Value any
	// Fix says what to give instead.
	Fix string
}

// Error implements error.
func (e *OptionError) Error() string {
	return fmt.Sprintf("sticky: %s is %v: %s", e.Field, e.Value, e.Fix)
}

// A HeldError is returned by Purge and Close when the context ended before everything had left.
// What was held is still evicted as soon as its holder lets go.
type HeldError struct {
	// Pinned counts the keys whose lease was still out.
	Pinned int
	// Evicting counts the values whose OnEvict had not returned, or not begun.
	Evicting int
	// Keys names some of them, at most five, in no order.
	Keys []string
	// Err is why the wait ended; errors.Is finds the context's error in it.
	Err error
}

// Error implements error.
func (e *HeldError) Error() string {
	return fmt.Sprintf("sticky: %d keys still pinned and %d still being evicted (%s): %v",
		e.Pinned, e.Evicting, strings.Join(e.Keys, ", "), e.Err)
}

// Unwrap returns e.Err.
func (e *HeldError) Unwrap() error { return e.Err }

// contextError returns why ctx ended, so that errors.Is finds both ctx.Err and the cause.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w (%w)", err, cause)
}
