package temporal

import (
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/types/known/durationpb"
)

// RetryPolicy says whether and when an activity or a workflow is tried again. Where a field is
// zero the server's default holds.
type RetryPolicy struct {
	// InitialInterval is the delay before the second attempt. The server's default is 1 s.
	InitialInterval time.Duration
	// BackoffCoefficient multiplies the delay after each attempt. It must be at least 1; the
	// server's default is 2.
	BackoffCoefficient float64
	// MaximumInterval bounds the delay. The server's default is 100 times InitialInterval.
	MaximumInterval time.Duration
	// MaximumAttempts bounds the number of attempts, the first included. Zero means no bound.
	MaximumAttempts int32
	// NonRetryableErrorTypes are the application error types that end the attempts.
	NonRetryableErrorTypes []string
}

// RetryPolicyToProto returns the policy as it is sent. Nil yields nil, zeros stay zeros.
func RetryPolicyToProto(policy *RetryPolicy) *commonpb.RetryPolicy {
	if policy == nil {
		return nil
	}
	return &commonpb.RetryPolicy{
		InitialInterval:        durationpb.New(policy.InitialInterval),
		BackoffCoefficient:     policy.BackoffCoefficient,
		MaximumInterval:        durationpb.New(policy.MaximumInterval),
		MaximumAttempts:        policy.MaximumAttempts,
		NonRetryableErrorTypes: slices.Clone(policy.NonRetryableErrorTypes),
	}
}

// RetryPolicyFromProto is the inverse of RetryPolicyToProto.
func RetryPolicyFromProto(policy *commonpb.RetryPolicy) *RetryPolicy {
	if policy == nil {
		return nil
	}
	return &RetryPolicy{
		InitialInterval:        policy.GetInitialInterval().AsDuration(),
		BackoffCoefficient:     policy.GetBackoffCoefficient(),
		MaximumInterval:        policy.GetMaximumInterval().AsDuration(),
		MaximumAttempts:        policy.GetMaximumAttempts(),
		NonRetryableErrorTypes: slices.Clone(policy.GetNonRetryableErrorTypes()),
	}
}
