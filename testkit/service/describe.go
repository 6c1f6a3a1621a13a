package service

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	activitypb "go.temporal.io/api/activity/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// DescribeWorkflowExecution tells how a workflow is.
func (v *server) DescribeWorkflowExecution(
	_ context.Context, req *workflowservice.DescribeWorkflowExecutionRequest,
) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	if _, err := v.s.space(req.GetNamespace()); err != nil {
		return nil, err
	}
	if err := checkExecution(req.GetExecution()); err != nil {
		return nil, err
	}
	r, err := v.s.find(req.GetNamespace(), req.GetExecution())
	if err != nil {
		return nil, err
	}
	response := &workflowservice.DescribeWorkflowExecutionResponse{
		ExecutionConfig: &workflowpb.WorkflowExecutionConfig{
			TaskQueue:                  r.normalQueue(),
			WorkflowExecutionTimeout:   r.started.GetWorkflowExecutionTimeout(),
			WorkflowRunTimeout:         r.started.GetWorkflowRunTimeout(),
			DefaultWorkflowTaskTimeout: r.started.GetWorkflowTaskTimeout(),
			UserMetadata:               r.events[0].GetUserMetadata(),
		},
		WorkflowExecutionInfo: r.info(),
		WorkflowExtendedInfo: &workflowpb.WorkflowExecutionExtendedInfo{
			ExecutionExpirationTime: r.started.GetWorkflowExecutionExpirationTime(),
			RunExpirationTime:       timestamp(r.expires()),
			OriginalStartTime:       r.events[0].GetEventTime(),
			CancelRequested:         r.cancelRequested,
			ResetRunId:              r.resetTo,
			RequestIdInfos: map[string]*workflowpb.RequestIdInfo{r.requestID: {
				EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, EventId: 1,
			}},
		},
		PendingWorkflowTask: r.task.info(),
	}
	if r.isReset {
		response.WorkflowExtendedInfo.LastResetTime = timestamppb.New(r.startTime)
	}
	for _, a := range r.activities {
		response.PendingActivities = append(response.PendingActivities, a.info(r.s.now()))
	}
	for _, id := range slices.Sorted(maps.Keys(r.children)) {
		response.PendingChildren = append(response.PendingChildren, r.children[id].info())
	}
	slices.SortFunc(response.PendingActivities, func(a, b *workflowpb.PendingActivityInfo) int {
		return cmp.Compare(a.GetActivityId(), b.GetActivityId())
	})
	return response, nil
}

func (r *run) info() *workflowpb.WorkflowExecutionInfo {
	info := &workflowpb.WorkflowExecutionInfo{
		Execution:        r.execution(),
		Type:             r.started.GetWorkflowType(),
		StartTime:        timestamppb.New(r.startTime),
		ExecutionTime:    timestamppb.New(r.executionTime()),
		Status:           r.status,
		HistoryLength:    int64(len(r.events)),
		HistorySizeBytes: r.size(),
		Memo:             &commonpb.Memo{Fields: r.memo},
		SearchAttributes: &commonpb.SearchAttributes{IndexedFields: r.attributes},
		TaskQueue:        r.started.GetTaskQueue().GetName(),
		RootExecution:    r.root(),
		FirstRunId:       r.started.GetFirstExecutionRunId(),
		Priority:         r.started.GetPriority(),
		AutoResetPoints:  r.resetPoints(),
		VersioningInfo:   r.versioning.info(),

		WorkerDeploymentName: r.versioning.deployment,
	}
	if parent := r.started.GetParentWorkflowExecution(); parent != nil {
		info.ParentExecution, info.ParentNamespaceId = parent, r.started.GetParentWorkflowNamespaceId()
	}
	if !r.running() {
		info.CloseTime = timestamppb.New(r.closed)
		info.ExecutionDuration = durationpb.New(r.closed.Sub(r.executionTime()))
	}
	return info
}

func (c *child) info() *workflowpb.PendingChildExecutionInfo {
	a := c.attributes()
	return &workflowpb.PendingChildExecutionInfo{
		WorkflowId: a.GetWorkflowId(), RunId: c.first, WorkflowTypeName: a.GetWorkflowType().GetName(),
		InitiatedId: c.initiated.GetEventId(), ParentClosePolicy: a.GetParentClosePolicy(),
	}
}

func (t *workflowTask) info() *workflowpb.PendingWorkflowTaskInfo {
	if !t.pending() {
		return nil
	}
	info := &workflowpb.PendingWorkflowTaskInfo{
		State:                 enumspb.PENDING_WORKFLOW_TASK_STATE_SCHEDULED,
		ScheduledTime:         timestamppb.New(t.scheduledAt),
		OriginalScheduledTime: timestamppb.New(t.originalAt),
		Attempt:               t.attempt,
	}
	if t.inFlight() {
		info.State = enumspb.PENDING_WORKFLOW_TASK_STATE_STARTED
		info.StartedTime = timestamppb.New(t.startedAt)
	}
	return info
}

func (a *activity) info(at time.Time) *workflowpb.PendingActivityInfo {
	attributes, policy := a.attributes, a.attributes.GetRetryPolicy()
	info := &workflowpb.PendingActivityInfo{
		ActivityId:              attributes.GetActivityId(),
		ActivityType:            attributes.GetActivityType(),
		State:                   enumspb.PENDING_ACTIVITY_STATE_SCHEDULED,
		LastAttemptCompleteTime: timestamp(a.lastCompletedAt),
		Attempt:                 a.attempt,
		MaximumAttempts:         policy.GetMaximumAttempts(),
		ScheduledTime:           timestamppb.New(a.scheduledAt),
		LastStartedTime:         timestamp(a.startedAt),
		LastFailure:             a.lastFailure,
		LastWorkerIdentity:      cmp.Or(a.identity, a.lastIdentity),
		Priority:                attributes.GetPriority(),
		ActivityOptions: &activitypb.ActivityOptions{
			TaskQueue: &taskqueuepb.TaskQueue{
				Name: attributes.GetTaskQueue().GetName(), NormalName: attributes.GetTaskQueue().GetName(),
			},
			ScheduleToCloseTimeout: attributes.GetScheduleToCloseTimeout(),
			ScheduleToStartTimeout: attributes.GetScheduleToStartTimeout(),
			StartToCloseTimeout:    attributes.GetStartToCloseTimeout(),
			HeartbeatTimeout:       attributes.GetHeartbeatTimeout(),
			Priority:               attributes.GetPriority(),
			RetryPolicy: &commonpb.RetryPolicy{
				InitialInterval: policy.GetInitialInterval(), MaximumInterval: policy.GetMaximumInterval(),
				BackoffCoefficient: policy.GetBackoffCoefficient(), MaximumAttempts: policy.GetMaximumAttempts(),
			},
		},
	}
	if d := a.original().GetScheduleToCloseTimeout().AsDuration(); d > 0 {
		info.ExpirationTime = timestamppb.New(a.scheduled.GetEventTime().AsTime().Add(d))
	}
	if !a.heartbeatAt.IsZero() {
		info.LastHeartbeatTime, info.HeartbeatDetails = timestamppb.New(a.heartbeatAt), a.details
	}
	switch {
	case a.cancelRequested:
		info.State = enumspb.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED
	case a.isStarted && a.pause != nil:
		info.State = enumspb.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED
	case a.isStarted:
		info.State = enumspb.PENDING_ACTIVITY_STATE_STARTED
	case a.pause != nil:
		info.State = enumspb.PENDING_ACTIVITY_STATE_PAUSED
	case a.scheduledAt.After(at):
		info.NextAttemptScheduleTime = timestamppb.New(a.scheduledAt)
		info.CurrentRetryInterval = durationpb.New(a.scheduledAt.Sub(a.lastCompletedAt))
	}
	if a.pause != nil {
		info.Paused = true
		info.PauseInfo = &workflowpb.PendingActivityInfo_PauseInfo{
			PauseTime: timestamppb.New(a.pause.at),
			PausedBy: &workflowpb.PendingActivityInfo_PauseInfo_Manual_{
				Manual: &workflowpb.PendingActivityInfo_PauseInfo_Manual{
					Identity: a.pause.identity, Reason: a.pause.reason,
				},
			},
		}
	}
	return info
}
