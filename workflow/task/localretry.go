package task

import (
	"errors"
	"math"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal"
)

// backoff is how long to wait before a local activity is tried again; zero if
// it is not: because of the error, because attempts or time are used up.
// Histories depend on these rules: they are those of the official SDK.
func backoff(p *commonpb.RetryPolicy, attempt int32, err error, now, expires time.Time) time.Duration {
	switch {
	case p == nil, !retryable(err, p.GetNonRetryableErrorTypes()):
		return 0
	case p.GetMaximumAttempts() > 0 && attempt >= p.GetMaximumAttempts():
		return 0
	}
	var wait time.Duration
	if app, ok := err.(*temporal.ApplicationError); ok { //nolint:errorlint // what it wraps does not say when
		wait = app.NextRetryDelay()
	}
	if wait == 0 {
		wait = interval(p, attempt)
	}
	if wait <= 0 || (!expires.IsZero() && now.Add(wait).After(expires)) {
		return 0
	}
	return wait
}

// interval is what the policy says on its own.
func interval(p *commonpb.RetryPolicy, attempt int32) time.Duration {
	first, most := p.GetInitialInterval().AsDuration(), p.GetMaximumInterval().AsDuration()
	wait := float64(first) * math.Pow(p.GetBackoffCoefficient(), float64(attempt-1))
	switch {
	case most > 0 && !(wait > 0 && wait <= float64(most)): // also what no number is
		return most
	case !(wait < math.MaxInt64):
		return math.MaxInt64
	default:
		return time.Duration(wait)
	}
}

// retryable reports whether an error of a local activity leaves hope.
func retryable(err error, hopeless []string) bool {
	if temporal.IsTerminatedError(err) || temporal.IsCanceledError(err) {
		return false
	}
	if p, ok := errors.AsType[*temporal.PanicError](err); ok && p.NonRetryable() {
		return false
	}
	if t, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		return t.TimeoutType() == enumspb.TIMEOUT_TYPE_START_TO_CLOSE ||
			t.TimeoutType() == enumspb.TIMEOUT_TYPE_HEARTBEAT
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return !app.NonRetryable() && !slices.Contains(hopeless, app.Type())
	}
	return !slices.Contains(hopeless, temporal.ErrorType(err))
}
