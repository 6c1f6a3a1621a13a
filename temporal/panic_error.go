package temporal

import (
	"fmt"

	failurepb "go.temporal.io/api/failure/v1"
)

// panicErrorType is the application failure type of a panic.
const panicErrorType = "PanicError"

// PanicError says that an activity or a workflow panicked. It travels as an application failure
// of type PanicError.
type PanicError struct {
	value        any
	stackTrace   string
	nonRetryable bool
	failure      *failurepb.Failure
}

// NewPanicError returns the error of an activity that panicked with value. It may be retried.
func NewPanicError(value any, stack string) *PanicError {
	return &PanicError{value: value, stackTrace: stack}
}

// NewWorkflowPanicError returns the error of a workflow that panicked with value. It must not be
// retried.
func NewWorkflowPanicError(value any, stack string) *PanicError {
	return &PanicError{value: value, stackTrace: stack, nonRetryable: true}
}

// Error returns the panic's value as text.
func (e *PanicError) Error() string { return fmt.Sprintf("%v", e.value) }

// StackTrace returns the stack of the goroutine that panicked.
func (e *PanicError) StackTrace() string { return e.stackTrace }

// NonRetryable says whether the error forbids a retry, as a workflow's panic does.
func (e *PanicError) NonRetryable() bool { return e.nonRetryable }

// Failure returns the failure that the error was made from, or nil. Do not change it.
func (e *PanicError) Failure() *failurepb.Failure { return e.failure }
