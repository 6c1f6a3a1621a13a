package temporal_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/temporal"
)

func TestRetryPolicyProto(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		policy *temporal.RetryPolicy
		want   *commonpb.RetryPolicy
	}{
		"nil": {nil, nil},
		"zeros are sent as they are": {&temporal.RetryPolicy{}, &commonpb.RetryPolicy{
			InitialInterval: &durationpb.Duration{}, MaximumInterval: &durationpb.Duration{},
		}},
		"all": {
			&temporal.RetryPolicy{
				InitialInterval: time.Second, BackoffCoefficient: 1.5, MaximumInterval: time.Minute,
				MaximumAttempts: 3, NonRetryableErrorTypes: []string{"T"},
			},
			&commonpb.RetryPolicy{
				InitialInterval:    durationpb.New(time.Second),
				BackoffCoefficient: 1.5,
				MaximumInterval:    durationpb.New(time.Minute), MaximumAttempts: 3,
				NonRetryableErrorTypes: []string{"T"},
			},
		},
	}
	for name, test := range tests {
		got := temporal.RetryPolicyToProto(test.policy)
		if diff := cmp.Diff(test.want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(test.policy, temporal.RetryPolicyFromProto(got)); diff != "" {
			t.Errorf("%s, round trip (-want +got):\n%s", name, diff)
		}
	}
}

func TestPriorityProto(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		priority temporal.Priority
		want     *commonpb.Priority
	}{
		"zero inherits": {temporal.Priority{}, nil},
		"key only":      {temporal.Priority{PriorityKey: 2}, &commonpb.Priority{PriorityKey: 2}},
		"all": {
			temporal.Priority{PriorityKey: 1, FairnessKey: "tenant", FairnessWeight: 2.5},
			&commonpb.Priority{PriorityKey: 1, FairnessKey: "tenant", FairnessWeight: 2.5},
		},
	}
	for name, test := range tests {
		got := temporal.PriorityToProto(test.priority)
		if diff := cmp.Diff(test.want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if back := temporal.PriorityFromProto(got); back != test.priority {
			t.Errorf("%s: round trip gave %+v", name, back)
		}
	}
	far := temporal.PriorityToProto(temporal.Priority{PriorityKey: math.MaxInt})
	if far.GetPriorityKey() != math.MaxInt32 {
		t.Errorf("key %d wrapped round", far.GetPriorityKey())
	}
}
