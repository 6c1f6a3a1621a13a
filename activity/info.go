package activity

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal"
)

// Type is the type of an activity: the name that workflows call it by.
type Type struct {
	// Name is the registered name.
	Name string
}

// WorkflowType is the type of the workflow that called an activity.
type WorkflowType = temporal.WorkflowType

// WorkflowExecution names one run of a workflow.
type WorkflowExecution = temporal.WorkflowExecution

// Info describes the attempt that is running. It is a copy: changing it changes nothing. The
// slice and the pointers in it are shared and must not be written to.
type Info struct {
	// TaskToken identifies this attempt to the server. Hand it to whoever shall complete the
	// activity after it returned [ErrResultPending].
	TaskToken []byte
	// WorkflowType is the type of the calling workflow, nil for a standalone activity.
	WorkflowType *WorkflowType
	// WorkflowExecution is the calling workflow, empty for a standalone activity.
	WorkflowExecution WorkflowExecution
	// ActivityID is the id that the workflow knows the activity by.
	ActivityID string
	// ActivityRunID is the run id of a standalone activity, empty for a workflow's.
	ActivityRunID string
	// ActivityType is the type the activity was called by. For a dynamic activity it is the
	// only way to tell what was asked for.
	ActivityType Type
	// TaskQueue is the queue the task came from.
	TaskQueue string
	// Namespace is the namespace of the activity.
	Namespace string
	// HeartbeatTimeout is the longest time the server accepts between heartbeats; 0 means that
	// none are needed.
	HeartbeatTimeout time.Duration
	// ScheduleToCloseTimeout bounds all attempts together; 0 means no bound.
	ScheduleToCloseTimeout time.Duration
	// StartToCloseTimeout bounds this attempt; 0 means no bound.
	StartToCloseTimeout time.Duration
	// ScheduledTime is when the first attempt was scheduled, on the server's clock.
	ScheduledTime time.Time
	// StartedTime is when this attempt was started, on the server's clock.
	StartedTime time.Time
	// Deadline is when this attempt times out, on this machine's clock; zero if it never does.
	Deadline time.Time
	// Attempt counts from 1.
	Attempt int32
	// IsLocalActivity is true for a local activity.
	IsLocalActivity bool
	// Priority is the priority of the task; zero if the server sent none.
	Priority temporal.Priority
	// RetryPolicy is the policy the server applies, which may differ from the one that was
	// asked for. It is nil if the server sent none.
	RetryPolicy *temporal.RetryPolicy
}

// IsWorkflowActivity says whether a workflow called the activity; false for a standalone one.
func (i Info) IsWorkflowActivity() bool {
	return i.WorkflowExecution.ID != ""
}

// Bound is how long the attempt may run from its start, by which of its timeouts, and whether any
// bounds it. It only subtracts times of the server's clock from each other: a worker whose clock is
// wrong must not end its activities early or late. What is lost is the time that the task was under
// way to the worker, so the server may end the attempt a moment before the worker does.
func (i Info) Bound() (limit time.Duration, by enumspb.TimeoutType, bounded bool) {
	if i.StartToCloseTimeout > 0 {
		limit, by, bounded = i.StartToCloseTimeout, enumspb.TIMEOUT_TYPE_START_TO_CLOSE, true
	}
	if whole := i.ScheduleToCloseTimeout; whole > 0 {
		if !i.ScheduledTime.IsZero() && !i.StartedTime.IsZero() {
			whole -= max(0, i.StartedTime.Sub(i.ScheduledTime))
		}
		if !bounded || whole < limit {
			limit, by, bounded = whole, enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, true
		}
	}
	return limit, by, bounded
}
