package subprocess

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	// ErrClosed is returned for a call that an [Executor] did not begin before it was closed, and
	// is the health of one that is.
	ErrClosed = errors.New("subprocess executor is closed")
	// ErrUnsupported is returned by [New] where there are no such processes.
	ErrUnsupported = errors.New("activities in subprocesses need a Unix system: " +
		"leave ActivityExecutor out, or use activity.NewPool")
)

// A StartError is the health of an [Executor] that cannot start children any more.
type StartError struct {
	// Tries is how many failed in a row.
	Tries int
	// Err is why the last one did.
	Err error
}

// Error tells both.
func (e *StartError) Error() string {
	return fmt.Sprintf("child processes cannot be started, %d times in a row: %v", e.Tries, e.Err)
}

// Unwrap returns the reason of the last one.
func (e *StartError) Unwrap() error { return e.Err }

// Reason says why a child has ended before its call had.
type Reason string

// The reasons.
const (
	// ReasonExited: it ended by itself, or something killed it that is not the executor, such as
	// the kernel when there is no memory left.
	ReasonExited Reason = "Exited"
	// ReasonGarbage: what it wrote on its connection was no message, so it was killed.
	ReasonGarbage Reason = "Garbage"
	// ReasonHung: it did not answer pings, so it was killed.
	ReasonHung Reason = "Hung"
	// ReasonIgnoredCancel: its activity went on after its context was done, so it was killed.
	ReasonIgnoredCancel Reason = "IgnoredCancel"
	// ReasonCPU: its call has used up its processor time.
	ReasonCPU Reason = "CPU"
)

// A ProcessError is the error of a call whose child has ended before the call had. Activities that
// fail with it are retried, unless their retry policies name the type "ProcessError".
type ProcessError struct {
	// Reason is why.
	Reason Reason
	// PID was the id of the process.
	PID int
	// Activity is the type of the activity.
	Activity string
	// State is how the process ended, such as "exit status 2" or "signal: killed".
	State string
	// Explanation says more, in a sentence; may be empty.
	Explanation string
	// Stderr is the end of what the process has written to its standard error.
	Stderr string
	// Cause is why the context was done, if the reason is ReasonIgnoredCancel.
	Cause error
}

// Error tells everything.
func (e *ProcessError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the process of activity %s (pid %d) ended: %s", e.Activity, e.PID, e.State)
	if e.Explanation != "" {
		b.WriteString(": ")
		b.WriteString(e.Explanation)
	}
	if e.Stderr != "" {
		b.WriteString("; its last words were:\n")
		b.WriteString(e.Stderr)
	}
	return b.String()
}

// ignored explains the end of a child whose activity did not stop.
func ignored(cause error, patience, grace time.Duration, killed bool) string {
	s := fmt.Sprintf("the activity ignored that its context was done (%v) for %v, so it was sent SIGTERM", cause, patience)
	if killed {
		s += fmt.Sprintf(" and, %v later, SIGKILL", grace)
	}
	return s
}
