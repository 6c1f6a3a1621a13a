package task

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
)

func infoOf(
	t *workflowservice.PollActivityTaskQueueResponse, namespace, taskQueue string,
) activity.Info {
	info := activity.Info{
		TaskToken: t.GetTaskToken(),
		WorkflowExecution: activity.WorkflowExecution{
			ID:    t.GetWorkflowExecution().GetWorkflowId(),
			RunID: t.GetWorkflowExecution().GetRunId(),
		},
		ActivityID:             t.GetActivityId(),
		ActivityRunID:          t.GetActivityRunId(),
		ActivityType:           activity.Type{Name: t.GetActivityType().GetName()},
		TaskQueue:              taskQueue,
		Namespace:              namespace,
		HeartbeatTimeout:       t.GetHeartbeatTimeout().AsDuration(),
		ScheduleToCloseTimeout: t.GetScheduleToCloseTimeout().AsDuration(),
		StartToCloseTimeout:    t.GetStartToCloseTimeout().AsDuration(),
		ScheduledTime:          timeOf(t.GetScheduledTime()),
		StartedTime:            timeOf(t.GetStartedTime()),
		Attempt:                t.GetAttempt(),
		Priority:               temporal.PriorityFromProto(t.GetPriority()),
		RetryPolicy:            temporal.RetryPolicyFromProto(t.GetRetryPolicy()),
	}
	if info.IsWorkflowActivity() {
		info.WorkflowType = &activity.WorkflowType{Name: t.GetWorkflowType().GetName()}
	}
	if ns := t.GetWorkflowNamespace(); ns != "" {
		info.Namespace = ns
	}
	return info
}

// timeLeft is how long the attempt may still run, which timeout says so, and whether any does.
// It only subtracts times of the server's clock from each other: a worker whose clock is wrong
// must not end its activities early or late. What is lost is the time that the task was under
// way to us, so the server may end the attempt a moment before we do.
func timeLeft(
	t *workflowservice.PollActivityTaskQueueResponse,
) (left time.Duration, kind enumspb.TimeoutType, bounded bool) {
	if d := t.GetStartToCloseTimeout().AsDuration(); d > 0 {
		left, kind, bounded = d, enumspb.TIMEOUT_TYPE_START_TO_CLOSE, true
	}
	if d := t.GetScheduleToCloseTimeout().AsDuration(); d > 0 {
		d -= between(t.GetScheduledTime(), t.GetStartedTime())
		if !bounded || d < left {
			left, kind, bounded = d, enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, true
		}
	}
	return left, kind, bounded
}

// between is the time from one to the other, 0 if one of them is not known.
func between(from, to *timestamppb.Timestamp) time.Duration {
	if from == nil || to == nil {
		return 0
	}
	return max(0, to.AsTime().Sub(from.AsTime()))
}

func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}
