package temporal

import (
	"errors"
	"reflect"
	"slices"
)

// IsApplicationError says whether err is or wraps an *ApplicationError.
func IsApplicationError(err error) bool { return isA[*ApplicationError](err) }

// IsCanceledError says whether err is or wraps a *CanceledError. A context.Canceled is none.
func IsCanceledError(err error) bool { return isA[*CanceledError](err) }

// IsPanicError says whether err is or wraps a *PanicError.
func IsPanicError(err error) bool { return isA[*PanicError](err) }

// IsTerminatedError says whether err is or wraps a *TerminatedError.
func IsTerminatedError(err error) bool { return isA[*TerminatedError](err) }

// IsTimeoutError says whether err is or wraps a *TimeoutError.
func IsTimeoutError(err error) bool { return isA[*TimeoutError](err) }

// IsWorkflowExecutionAlreadyStartedError says whether err is or wraps a
// *ChildWorkflowExecutionAlreadyStartedError, or the error of the same meaning that a client gets
// when it starts a workflow (*serviceerror.WorkflowExecutionAlreadyStarted).
func IsWorkflowExecutionAlreadyStartedError(err error) bool {
	return isA[*ChildWorkflowExecutionAlreadyStartedError](err) || wraps(err, isAlreadyStarted)
}

// isAlreadyStarted knows the client's error by name: importing its package would bring gRPC into
// every program that uses this one, workflows in a sandbox included.
func isAlreadyStarted(err error) bool {
	t := reflect.TypeOf(err)
	return t.Kind() == reflect.Pointer &&
		t.Elem().Name() == "WorkflowExecutionAlreadyStarted" &&
		t.Elem().PkgPath() == "go.temporal.io/api/serviceerror"
}

// wraps walks the tree of wrapped errors as errors.As does.
func wraps(err error, is func(error) bool) bool {
	if err == nil {
		return false
	}
	if is(err) {
		return true
	}
	switch e := err.(type) { //nolint:errorlint // this is the walk itself
	case interface{ Unwrap() error }:
		return wraps(e.Unwrap(), is)
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), func(err error) bool { return wraps(err, is) })
	default:
		return false
	}
}

func isA[E error](err error) bool {
	var target E
	return errors.As(err, &target)
}
