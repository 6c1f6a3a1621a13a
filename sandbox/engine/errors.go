package engine

import (
	"errors"
	"fmt"
	"time"
)

// ErrClosed is returned by what was closed before.
var ErrClosed = errors.New("sandbox: closed")

// A ForbiddenError says that code reached for something that a sandbox has not.
type ForbiddenError struct {
	// Call is what was called, in the words of who writes Go: os.Open.
	Call string
	// Detail is what it was called with, where that is known: a path, a name.
	Detail string
	// Reason says why not, and what to do instead.
	Reason string
	// Stack is where, innermost function first, as far as it is known.
	Stack []string
}

// Error says it in a sentence.
func (e *ForbiddenError) Error() string {
	what := e.Call
	if e.Detail != "" {
		what += fmt.Sprintf(" of %q", e.Detail)
	}
	return fmt.Sprintf("sandbox: %s is forbidden: %s%s", what, e.Reason, in(e.Stack))
}

// A StuckError says that a call did not come back in its time.
type StuckError struct {
	// After is how long it was given.
	After time.Duration
	// Stack is where it was, innermost function first, as far as it is known.
	Stack []string
}

// Error says it in a sentence.
func (e *StuckError) Error() string {
	return fmt.Sprintf("sandbox: the code ran for %v without coming to an end or a point where it waits "+
		"(Options.MaxCallTime)%s", e.After, in(e.Stack))
}

// A DeadlockError says that all goroutines of the guest wait for one another.
type DeadlockError struct {
	// Stderr is what Go's runtime said, with the stacks of the goroutines.
	Stderr string
}

// Error says it in a sentence.
func (*DeadlockError) Error() string {
	return "sandbox: all goroutines are asleep: the code waits for something that never comes"
}

// A MemoryError says that an instance wanted more memory than it may have.
type MemoryError struct {
	// Limit is how much that is, in bytes.
	Limit uint64
}

// Error says it in a sentence.
func (e *MemoryError) Error() string {
	return fmt.Sprintf("sandbox: the code needs more than the %d MiB of memory that an instance may have "+
		"(Options.MemoryLimit)", e.Limit>>20)
}

// A TrapError says that code crashed: a panic that nothing recovered, or a fault.
type TrapError struct {
	// Reason is the panic's message, or the name of the fault.
	Reason string
	// Stderr is what the guest wrote as it went down, with the stack, cut where it gets long.
	Stderr string
}

// Error says it in a sentence.
func (e *TrapError) Error() string { return "sandbox: " + e.Reason }

// An ExitError says that code ended its program, with os.Exit or otherwise.
type ExitError struct {
	Code uint32
}

// Error says it in a sentence.
func (e *ExitError) Error() string {
	return fmt.Sprintf("sandbox: os.Exit(%d) is forbidden: return an error", e.Code)
}

// A DeadError says that an instance is called that failed before: what its memory holds can
// be anything.
type DeadError struct {
	// Cause is the failure.
	Cause error
}

// Error says it in a sentence.
func (e *DeadError) Error() string { return "sandbox: the instance died before: " + e.Cause.Error() }

// Unwrap returns the failure.
func (e *DeadError) Unwrap() error { return e.Cause }
