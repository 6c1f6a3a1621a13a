package task

import (
	"time"

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
