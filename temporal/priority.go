package temporal

import (
	"math"

	commonpb "go.temporal.io/api/common/v1"
)

// Priority orders the tasks of a task queue. The zero value inherits: from the calling workflow
// or, at the top, the server's default.
type Priority struct {
	// PriorityKey ranks tasks: lower runs first. It is a small positive number, by default 1 to
	// 5 with 3 for tasks that name none. Zero means unset.
	PriorityKey int
	// FairnessKey names the group that shares capacity with other groups, such as a tenant.
	FairnessKey string
	// FairnessWeight is the group's share. Zero means unset, which is 1.
	FairnessWeight float32
}

// PriorityToProto returns the priority as it is sent: nil for the zero value. A PriorityKey out of
// the range of int32 is sent as the nearest value in it, which the server then refuses.
func PriorityToProto(priority Priority) *commonpb.Priority {
	if priority == (Priority{}) {
		return nil
	}
	return &commonpb.Priority{
		PriorityKey:    int32(min(max(priority.PriorityKey, math.MinInt32), math.MaxInt32)),
		FairnessKey:    priority.FairnessKey,
		FairnessWeight: priority.FairnessWeight,
	}
}

// PriorityFromProto is the inverse of PriorityToProto.
func PriorityFromProto(priority *commonpb.Priority) Priority {
	return Priority{
		PriorityKey:    int(priority.GetPriorityKey()),
		FairnessKey:    priority.GetFairnessKey(),
		FairnessWeight: priority.GetFairnessWeight(),
	}
}
