package poller

import (
	"errors"
	"fmt"
	"time"
)

// ErrRunTwice is returned by [Poller.Run] when it was called before: a poller runs once.
var ErrRunTwice = errors.New("poller: Run was called twice: make a new Poller to poll again")

// ErrStopped is the cause ([context.Cause]) of the context of polls and admissions that
// [Poller.Stop] cut short.
var ErrStopped = errors.New("poller: stopped")

// ErrPaused is the cause of the context of admissions that [Poller.Pause] cut short.
var ErrPaused = errors.New("poller: paused")

// A Class says what an error of a poll means to the poller.
type Class int

// The classes of errors.
const (
	// Retry is an error that passes: poll again after the back-off.
	Retry Class = iota
	// Throttled asks for less: poll again after the longer back-off.
	Throttled
	// Fatal is an error that retrying does not cure. It is retried all the same, every
	// [Options.RetryFatalEvery], until it has persisted for [Options.FatalAfter].
	Fatal
	// Stopped says that the source has ended for good, without a fault: the poller stops as by
	// Stop(Complete) and Run returns nil.
	Stopped
)

// String returns the class in lower case.
func (c Class) String() string {
	switch c {
	case Retry:
		return "retry"
	case Throttled:
		return "throttled"
	case Fatal:
		return "fatal"
	case Stopped:
		return "stopped"
	default:
		return fmt.Sprintf("class(%d)", int(c))
	}
}

// A FatalError is why a poller gave up.
type FatalError struct {
	// Poller is the name of the poller.
	Poller string
	// Err is the last error, classified as [Fatal].
	Err error
	// Since is when the first fatal error after the last good round trip came.
	Since time.Time
}

// Error names the poller, the time and the cause.
func (e *FatalError) Error() string {
	return fmt.Sprintf("poller %q: failing since %s: %v",
		e.Poller, e.Since.Format(time.RFC3339), e.Err)
}

// Unwrap returns the cause.
func (e *FatalError) Unwrap() error { return e.Err }

// An AdmissionError says that [Admission.Admit] failed, so no poll was sent.
type AdmissionError struct {
	// Err is what Admit returned.
	Err error
}

// Error names the cause.
func (e *AdmissionError) Error() string { return "poller: no ticket: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *AdmissionError) Unwrap() error { return e.Err }

// A PanicError is a panic that the poller contained.
type PanicError struct {
	// Where names the function that panicked, such as "Source.Poll".
	Where string
	// Value is what was passed to panic; nil if the function called [runtime.Goexit].
	Value any
	// Stack is the stack of the goroutine at the panic.
	Stack []byte
}

// Error names the place and the value; the stack is left to the reader of Stack.
func (e *PanicError) Error() string {
	if e.Value == nil {
		return "poller: " + e.Where + " ended its goroutine (runtime.Goexit)"
	}
	return fmt.Sprintf("poller: panic in %s: %v", e.Where, e.Value)
}

// Unwrap returns the value of the panic if it was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
