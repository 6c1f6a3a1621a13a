package temporal

import (
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
)

// NexusOperationError is what a workflow receives when a Nexus operation did not succeed. Its
// cause says why.
type NexusOperationError struct {
	// Failure is the failure that the error was made from, or nil. Do not change it.
	Failure *failurepb.Failure
	// Message is the text without the operation and the cause.
	Message string
	// ScheduledEventID is the id of the event that scheduled the operation.
	ScheduledEventID int64
	// Endpoint is the endpoint's name.
	Endpoint string
	// Service is the service's name.
	Service string
	// Operation is the operation's name.
	Operation string
	// OperationToken identifies an operation that started and completes later.
	OperationToken string
	// Cause is what errors.Unwrap returns.
	Cause error
}

// Error names the operation and its cause.
func (e *NexusOperationError) Error() string {
	return withCause(fmt.Sprintf("%s (endpoint: %q, service: %q, operation: %q, "+
		"operation token: %q, scheduledEventID: %d)", e.Message, e.Endpoint, e.Service,
		e.Operation, e.OperationToken, e.ScheduledEventID), e.Cause)
}

// Unwrap returns the cause.
func (e *NexusOperationError) Unwrap() error { return e.Cause }

// NexusHandlerError is the cause of a NexusOperationError when the operation's handler answered
// with an error of the Nexus protocol.
type NexusHandlerError struct {
	// Type is the kind of error, such as "NOT_FOUND".
	Type string
	// Message is the text without the kind.
	Message string
	// RetryBehavior says whether the handler allows a retry.
	RetryBehavior enumspb.NexusHandlerErrorRetryBehavior
	// StackTrace is the handler's stack, if it told.
	StackTrace string
	// Cause is what errors.Unwrap returns.
	Cause error
	// Failure is the failure that the error was made from, or nil. Do not change it.
	Failure *failurepb.Failure
}

// Error returns the kind and the message.
func (e *NexusHandlerError) Error() string {
	text := "handler error (" + e.Type + ")"
	if e.Message == "" {
		return text
	}
	return text + ": " + e.Message
}

// Unwrap returns the cause.
func (e *NexusHandlerError) Unwrap() error { return e.Cause }
