package temporal

import (
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
)

// CanceledError says that an operation ended because it was asked to. The zero value is ready.
type CanceledError struct {
	message string
	details details
	cause   error
	failure *failurepb.Failure
}

// CanceledErrorOptions are the options of NewCanceledErrorWithOptions. All are optional.
type CanceledErrorOptions struct {
	// Message is the error's text. The default is "canceled".
	Message string
	// Details travel along. A single converter.EncodedValues is passed on as it is.
	Details []any
	// Cause is what errors.Unwrap returns. It travels along, but is not part of the text.
	Cause error
}

// NewCanceledError returns a *CanceledError. An activity or a workflow that returns one reports
// that it was canceled.
func NewCanceledError(details ...any) error {
	return NewCanceledErrorWithOptions(CanceledErrorOptions{Details: details})
}

// NewCanceledErrorWithOptions returns a *CanceledError.
func NewCanceledErrorWithOptions(options CanceledErrorOptions) error {
	return &CanceledError{
		message: options.Message,
		details: newDetails(options.Details),
		cause:   options.Cause,
	}
}

// Error returns the message.
func (e *CanceledError) Error() string {
	if e.message == "" {
		return "canceled"
	}
	return e.message
}

// HasDetails says whether there are details.
func (e *CanceledError) HasDetails() bool { return e.details.has() }

// Details stores the details in the variables that d points to. It returns ErrNoData when there
// are none, and an error when one does not fit.
func (e *CanceledError) Details(d ...any) error { return e.details.get(d) }

// Unwrap returns the cause.
func (e *CanceledError) Unwrap() error { return e.cause }

// Failure returns the failure that the error was made from, or nil. Do not change it.
func (e *CanceledError) Failure() *failurepb.Failure { return e.failure }

// TimeoutError says that an activity or a child workflow ran out of time.
type TimeoutError struct {
	msg         string
	timeoutType enumspb.TimeoutType
	details     details
	cause       error
	failure     *failurepb.Failure
}

// TimeoutErrorOptions are the options of NewTimeoutErrorWithOptions. All are optional.
type TimeoutErrorOptions struct {
	// Message is the error's text without type and cause.
	Message string
	// LastHeartbeatDetails are what the activity reported last. A single converter.EncodedValues
	// is passed on as it is.
	LastHeartbeatDetails []any
	// Cause is what errors.Unwrap returns: the error of the last attempt.
	Cause error
}

// NewTimeoutError returns a *TimeoutError as the server would, for tests of workflows. The cause
// is the error of the last attempt; details are the last heartbeat's.
func NewTimeoutError(timeoutType enumspb.TimeoutType, lastErr error, details ...any) error {
	return NewTimeoutErrorWithOptions(timeoutType, TimeoutErrorOptions{
		Message:              "Test timeout",
		LastHeartbeatDetails: details,
		Cause:                lastErr,
	})
}

// NewHeartbeatTimeoutError returns a *TimeoutError of type heartbeat, for tests of workflows.
func NewHeartbeatTimeoutError(details ...any) error {
	return NewTimeoutErrorWithOptions(enumspb.TIMEOUT_TYPE_HEARTBEAT, TimeoutErrorOptions{
		Message:              "heartbeat timeout",
		LastHeartbeatDetails: details,
	})
}

// NewTimeoutErrorWithOptions returns a *TimeoutError. It is for the implementation of workers and
// test environments; workflows and activities receive such errors and do not make them.
func NewTimeoutErrorWithOptions(
	timeoutType enumspb.TimeoutType, options TimeoutErrorOptions,
) error {
	return &TimeoutError{
		msg:         options.Message,
		timeoutType: timeoutType,
		details:     newDetails(options.LastHeartbeatDetails),
		cause:       options.Cause,
	}
}

// Error returns the message with type and cause.
func (e *TimeoutError) Error() string {
	return withCause(fmt.Sprintf("%s (type: %s)", e.msg, e.timeoutType), e.cause)
}

// Message returns the message without type and cause.
func (e *TimeoutError) Message() string { return e.msg }

// TimeoutType says which limit was exceeded.
func (e *TimeoutError) TimeoutType() enumspb.TimeoutType { return e.timeoutType }

// HasLastHeartbeatDetails says whether there are details of a last heartbeat.
func (e *TimeoutError) HasLastHeartbeatDetails() bool { return e.details.has() }

// LastHeartbeatDetails stores the details of the last heartbeat in the variables that d points
// to. It returns ErrNoData when there are none, and an error when one does not fit.
func (e *TimeoutError) LastHeartbeatDetails(d ...any) error { return e.details.get(d) }

// Unwrap returns the error of the last attempt, if there was one.
func (e *TimeoutError) Unwrap() error { return e.cause }

// Failure returns the failure that the error was made from, or nil. Do not change it.
func (e *TimeoutError) Failure() *failurepb.Failure { return e.failure }

// TerminatedError says that a workflow was terminated. The zero value is ready.
type TerminatedError struct {
	failure *failurepb.Failure
}

// Error returns "terminated".
func (e *TerminatedError) Error() string { return "terminated" }

// Failure returns the failure that the error was made from, or nil. Do not change it.
func (e *TerminatedError) Failure() *failurepb.Failure { return e.failure }

// ServerError is an error that the server reports as its own.
type ServerError struct {
	msg          string
	nonRetryable bool
	cause        error
	failure      *failurepb.Failure
}

// NewServerError returns a *ServerError. It is for the implementation of test environments.
func NewServerError(message string, nonRetryable bool, cause error) error {
	return &ServerError{msg: message, nonRetryable: nonRetryable, cause: cause}
}

// Error returns the message with the cause.
func (e *ServerError) Error() string { return withCause(e.msg, e.cause) }

// Message returns the message without the cause.
func (e *ServerError) Message() string { return e.msg }

// Unwrap returns the cause.
func (e *ServerError) Unwrap() error { return e.cause }

// Failure returns the failure that the error was made from, or nil. Do not change it.
func (e *ServerError) Failure() *failurepb.Failure { return e.failure }
