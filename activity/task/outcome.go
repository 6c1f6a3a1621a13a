package task

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
)

// Outcome is how an attempt ended.
type Outcome int

// The outcomes. The first three are reported, the others need no report.
const (
	// None is the outcome of what was not a task.
	None Outcome = iota
	// Completed: the function returned a result.
	Completed
	// Failed: the function returned an error, panicked, or could not be called.
	Failed
	// Canceled: the function stopped because the server asked for it.
	Canceled
	// Pending: someone else will complete the activity.
	Pending
	// TimedOut: the attempt ran out of time, so the server has ended it already.
	TimedOut
	// Gone: a heartbeat learnt that the server does not know the attempt any more.
	Gone
)

// String is the outcome in lower case.
func (o Outcome) String() string {
	switch o {
	case None:
		return "none"
	case Completed:
		return "completed"
	case Failed:
		return "failed"
	case Canceled:
		return "canceled"
	case Pending:
		return "pending"
	case TimedOut:
		return "timed out"
	case Gone:
		return "gone"
	default:
		return "Outcome(" + strconv.Itoa(int(o)) + ")"
	}
}

// Types of the application errors that stand for a stop which the server did not ask for as a
// cancellation. They can be retried.
const (
	// WorkerShutdownErrorType: the worker's grace period ended.
	WorkerShutdownErrorType = "WorkerShutdown"
	// PauseErrorType: the activity was paused. The server keeps the retry until it is unpaused.
	PauseErrorType = "ActivityPause"
	// ResetErrorType: the activity was reset.
	ResetErrorType = "ActivityReset"
	// NotRegisteredErrorType: nobody registered the activity type.
	NotRegisteredErrorType = "ActivityNotRegisteredError"
	// PayloadsTooLargeErrorType: a result, or the details of a heartbeat or of a cancellation, are
	// too large. It is not retried, since the next attempt would do the same.
	PayloadsTooLargeErrorType = "PayloadsTooLarge"
	// RefusedErrorType: the server called the report invalid. It is not retried either.
	RefusedErrorType = "ReportRefused"
)

// reason is why an attempt was told to stop. The first one stands.
type reason int

const (
	reasonNone reason = iota
	reasonRequested
	reasonPaused
	reasonReset
	reasonGone
	reasonNotActive
	reasonHeartbeatTimeout
	reasonHeartbeatEncoding
	reasonDeadline
	reasonShutdown
)

// judge turns what the function returned, and why it was told to stop, into an outcome and
// the error to report. cause is the cause of the context's cancellation that goes with why.
func judge(err error, why reason, cause error) (Outcome, error) {
	switch {
	case err == nil:
		return Completed, nil
	case errors.Is(err, activity.ErrResultPending):
		return Pending, err
	case !isStop(err, cause):
		return Failed, err
	}
	switch why {
	case reasonRequested:
		return Canceled, err
	case reasonPaused:
		return Failed, temporal.NewApplicationErrorWithCause(
			"activity stopped because it was paused", PauseErrorType, err)
	case reasonReset:
		return Failed, temporal.NewApplicationErrorWithCause(
			"activity stopped because it was reset", ResetErrorType, err)
	case reasonShutdown:
		return Failed, temporal.NewApplicationErrorWithCause(
			"activity stopped because its worker shuts down", WorkerShutdownErrorType, err)
	default:
		return Failed, fmt.Errorf("unexpected activity cancel error: %w", err)
	}
}

// isStop says whether err means "I stopped because I was told to".
func isStop(err, cause error) bool {
	return errors.Is(err, context.Canceled) || temporal.IsCanceledError(err) ||
		(cause != nil && errors.Is(err, cause))
}
