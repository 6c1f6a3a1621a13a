package temporal

import (
	"fmt"
	"time"

	failurepb "go.temporal.io/api/failure/v1"
)

// ApplicationErrorCategory says how worker-side logs and metrics treat an error. The server does
// not look at it.
type ApplicationErrorCategory int

const (
	// ApplicationErrorCategoryUnspecified is an error like any other.
	ApplicationErrorCategoryUnspecified ApplicationErrorCategory = iota
	// ApplicationErrorCategoryBenign is an error of normal operation: it is logged at debug level
	// and not counted as a failure.
	ApplicationErrorCategoryBenign
)

// ApplicationErrorOptions are the options of NewApplicationErrorWithOptions. All are optional.
type ApplicationErrorOptions struct {
	// NonRetryable forbids a retry whatever the retry policy says.
	NonRetryable bool
	// Cause is what errors.Unwrap returns. It travels along.
	Cause error
	// Details travel along. A single converter.EncodedValues is passed on as it is.
	Details []any
	// NextRetryDelay replaces the retry policy's delay before the next attempt, if not zero.
	NextRetryDelay time.Duration
	// Category tells logs and metrics how to treat the error.
	Category ApplicationErrorCategory
}

// ApplicationError is an error of the application that crosses activity and workflow boundaries.
type ApplicationError struct {
	msg            string
	errType        string
	nonRetryable   bool
	details        details
	cause          error
	nextRetryDelay time.Duration
	category       ApplicationErrorCategory
	failure        *failurepb.Failure
}

// NewApplicationError returns a retryable *ApplicationError. Retry policies match errType.
func NewApplicationError(message, errType string, details ...any) error {
	return NewApplicationErrorWithOptions(message, errType, ApplicationErrorOptions{
		Details: details,
	})
}

// NewApplicationErrorWithCause returns a retryable *ApplicationError with a cause.
func NewApplicationErrorWithCause(message, errType string, cause error, details ...any) error {
	return NewApplicationErrorWithOptions(message, errType, ApplicationErrorOptions{
		Cause:   cause,
		Details: details,
	})
}

// NewNonRetryableApplicationError returns an *ApplicationError that is never retried, with an
// optional cause.
func NewNonRetryableApplicationError(
	message, errType string, cause error, details ...any,
) error {
	return NewApplicationErrorWithOptions(message, errType, ApplicationErrorOptions{
		NonRetryable: true,
		Cause:        cause,
		Details:      details,
	})
}

// NewApplicationErrorWithOptions returns an *ApplicationError.
func NewApplicationErrorWithOptions(
	msg, errType string, options ApplicationErrorOptions,
) error {
	return &ApplicationError{
		msg:            msg,
		errType:        errType,
		nonRetryable:   options.NonRetryable,
		details:        newDetails(options.Details),
		cause:          options.Cause,
		nextRetryDelay: options.NextRetryDelay,
		category:       options.Category,
	}
}

// NewPayloadValidationError returns a non-retryable *ApplicationError of type
// PayloadValidationError for input that was refused, with one optional detail.
func NewPayloadValidationError(details any) error {
	options := ApplicationErrorOptions{NonRetryable: true}
	if details != nil {
		options.Details = []any{details}
	}
	return NewApplicationErrorWithOptions(
		"Payload validation failed", "PayloadValidationError", options)
}

// Error returns the message with type, retryability and cause.
func (e *ApplicationError) Error() string {
	msg := e.msg
	if e.errType != "" {
		msg = fmt.Sprintf("%s (type: %s, retryable: %v)", msg, e.errType, !e.nonRetryable)
	}
	return withCause(msg, e.cause)
}

// Message returns the message without type and cause.
func (e *ApplicationError) Message() string { return e.msg }

// Type returns the type that retry policies match. For an error that was not made by this
// package it is the bare name of the Go type.
func (e *ApplicationError) Type() string { return e.errType }

// NonRetryable says whether the error forbids a retry.
func (e *ApplicationError) NonRetryable() bool { return e.nonRetryable }

// NextRetryDelay returns the delay that the error asks for before the next attempt; zero leaves
// it to the retry policy.
func (e *ApplicationError) NextRetryDelay() time.Duration { return e.nextRetryDelay }

// Category returns the error's category.
func (e *ApplicationError) Category() ApplicationErrorCategory { return e.category }

// HasDetails says whether there are details.
func (e *ApplicationError) HasDetails() bool { return e.details.has() }

// Details stores the details in the variables that d points to. It returns ErrNoData when there
// are none, and an error when one does not fit.
func (e *ApplicationError) Details(d ...any) error { return e.details.get(d) }

// Unwrap returns the cause.
func (e *ApplicationError) Unwrap() error { return e.cause }

// Failure returns the failure that the error was made from, or nil. Do not change it.
func (e *ApplicationError) Failure() *failurepb.Failure { return e.failure }

// withCause is how every error of this package shows its cause.
func withCause(msg string, cause error) string {
	if cause == nil {
		return msg
	}
	return msg + ": " + cause.Error()
}
