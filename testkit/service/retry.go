package service

import (
	"math"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
)

// attempt is one that has failed.
type attempt struct {
	policy  *commonpb.RetryPolicy
	number  int32 // from 1
	failure *failurepb.Failure
	at      time.Time
	last    time.Time // by which the next must begin; zero: no matter
	// uncapped lets a failure ask for more than the policy's longest pause.
	uncapped bool
}

// next is the pause before the next attempt, or why there is none.
func (a attempt) next() (time.Duration, enumspb.RetryState) {
	if !retryable(a.failure, a.policy.GetNonRetryableErrorTypes()) {
		return 0, enumspb.RETRY_STATE_NON_RETRYABLE_FAILURE
	}
	if most := a.policy.GetMaximumAttempts(); most > 0 && a.number >= most {
		return 0, enumspb.RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED
	}
	pause, most := backoff(a.policy, a.number), a.policy.GetMaximumInterval().AsDuration()
	if d := a.failure.GetApplicationFailureInfo().GetNextRetryDelay(); d != nil {
		pause = d.AsDuration()
		if a.uncapped {
			most = pause
		}
	}
	if most == 0 && pause <= 0 {
		return 0, enumspb.RETRY_STATE_TIMEOUT
	}
	if most != 0 && (pause <= 0 || pause > most) {
		pause = most
	}
	if !a.last.IsZero() && a.at.Add(pause).After(a.last) {
		return 0, enumspb.RETRY_STATE_TIMEOUT
	}
	return pause, enumspb.RETRY_STATE_IN_PROGRESS
}

// backoff is the pause after an attempt; zero or less if it is too long to be told.
func backoff(p *commonpb.RetryPolicy, attempt int32) time.Duration {
	d := float64(p.GetInitialInterval().AsDuration()) * math.Pow(p.GetBackoffCoefficient(), float64(attempt-1))
	if d >= math.MaxInt64 {
		return 0
	}
	return time.Duration(d)
}

// retryable reports whether the failure is one after which another attempt makes sense.
func retryable(f *failurepb.Failure, types []string) bool {
	switch {
	case f == nil:
		return true
	case f.GetTerminatedFailureInfo() != nil, f.GetCanceledFailureInfo() != nil:
		return false
	case f.GetTimeoutFailureInfo() != nil:
		kind := f.GetTimeoutFailureInfo().GetTimeoutType()
		return (kind == enumspb.TIMEOUT_TYPE_START_TO_CLOSE || kind == enumspb.TIMEOUT_TYPE_HEARTBEAT) &&
			!slices.Contains(types, timeoutPrefix+kind.String())
	case f.GetServerFailureInfo() != nil:
		return !f.GetServerFailureInfo().GetNonRetryable()
	case f.GetApplicationFailureInfo() != nil:
		i := f.GetApplicationFailureInfo()
		return !i.GetNonRetryable() && !slices.Contains(types, i.GetType())
	default:
		return true
	}
}

// timeoutPrefix begins the name of a timeout among the types of errors that are
// not to be retried.
const timeoutPrefix = "TemporalTimeout:"
