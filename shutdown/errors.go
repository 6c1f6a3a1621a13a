package shutdown

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrRequested is the cause of a shutdown that was asked for without giving one.
var ErrRequested = errors.New("shutdown: requested")

// ErrStageBegun is wrapped by the error of Add when the stage has begun or is over, so that the
// member would never be stopped: stop it yourself.
var ErrStageBegun = errors.New("shutdown: the stage has begun")

// ErrExited is the error of a member that ended its goroutine with runtime.Goexit.
var ErrExited = errors.New("shutdown: the member ended its goroutine instead of returning")

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
	return fmt.Sprintf("shutdown: %s is %v: %s", e.Field, e.Value, e.Fix)
}

// A PanicError is the error of a member that panicked.
type PanicError struct {
	// Value is what was passed to panic.
	Value any
	// Stack is the stack of the panicking goroutine.
	Stack []byte
}

// Error implements error. It leaves the stack out: that is logged once, when the member ends.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns what was passed to panic, if that was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// An IncompleteError says that not every member drained. errors.Is and errors.As look into the
// errors of the failed and the canceled members.
type IncompleteError struct {
	// Members counts all members.
	Members int
	// Failed names the members that returned an error in time or panicked, as "stage/name".
	Failed []string
	// Canceled names the members that returned an error after their context had ended, as
	// "stage/name". Those that returned nil are in the report alone.
	Canceled []string
	// Abandoned names the members that did not return in time, as "stage/name".
	Abandoned []string
	// Left is what the canceled and the abandoned members still waited for, if they could say.
	Left []string

	errs []error
}

// Error implements error.
func (e *IncompleteError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "shutdown: of %d members", e.Members)
	sep := ""
	for _, part := range []struct {
		outcome Outcome
		names   []string
	}{{Failed, e.Failed}, {Canceled, e.Canceled}, {Abandoned, e.Abandoned}} {
		if len(part.names) > 0 {
			fmt.Fprintf(&b, "%s %d %s (%s)", sep, len(part.names), part.outcome,
				strings.Join(part.names, ", "))
			sep = ","
		}
	}
	if len(e.Left) > 0 {
		b.WriteString(", left: " + strings.Join(e.Left, "; "))
	}
	return b.String()
}

// Unwrap returns the errors of the failed and the canceled members, in the order of the report.
func (e *IncompleteError) Unwrap() []error { return e.errs }

// A WaitError is what Shutdown returns to a caller that stopped waiting. errors.Is finds the error of
// the caller's context and its cause.
type WaitError struct {
	// Stage is the one that was in progress; empty if none had begun.
	Stage string
	// Pending are the members of the stage that had not returned, with what they waited for.
	Pending []MemberReport
	// Err is why the caller's context ended.
	Err error
}

// Error implements error.
func (e *WaitError) Error() string {
	if e.Stage == "" {
		return fmt.Sprintf("shutdown: stopped waiting before the first stage: %v", e.Err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "shutdown: stopped waiting in stage %q: %v", e.Stage, e.Err)
	for _, m := range e.Pending {
		b.WriteString("; still stopping: " + m.Name)
		if lines := m.leftLines(); len(lines) > 0 {
			b.WriteString(" (left: " + strings.Join(lines, "; ") + ")")
		}
	}
	return b.String()
}

// Unwrap returns Err.
func (e *WaitError) Unwrap() error { return e.Err }

// contextError returns why ctx ended, so that errors.Is finds both ctx.Err and the cause.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w (%w)", err, cause)
}
