package service

import (
	"context"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// maxReason is how long the reason of a limit may be.
const maxReason = 1000

// DescribeTaskQueue tells who polls a queue, what waits there and how it is limited.
func (v *server) DescribeTaskQueue(
	_ context.Context, req *workflowservice.DescribeTaskQueueRequest,
) (*workflowservice.DescribeTaskQueueResponse, error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	n, err := v.s.space(req.GetNamespace())
	if err != nil {
		return nil, err
	}
	if err := checkQueue(req.GetTaskQueue()); err != nil {
		return nil, err
	}
	//nolint:staticcheck // clients that know nothing else send them
	err = firstUnimplemented("DescribeTaskQueue", []use{
		{"ApiMode", req.GetApiMode() != enumspb.DESCRIBE_TASK_QUEUE_MODE_UNSPECIFIED},
		{"IncludeTaskQueueStatus", req.GetIncludeTaskQueueStatus()},
	})
	if err != nil {
		return nil, err
	}
	kind := req.GetTaskQueueType()
	if kind == enumspb.TASK_QUEUE_TYPE_UNSPECIFIED {
		kind = enumspb.TASK_QUEUE_TYPE_WORKFLOW
	}
	at := time.Now()
	q := v.s.queue(queueKey{n.name, req.GetTaskQueue().GetName(), kind})
	rate, source := q.limit.effective()
	response := &workflowservice.DescribeTaskQueueResponse{
		Pollers: q.recentPollers(at),
		EffectiveRateLimit: &workflowservice.DescribeTaskQueueResponse_EffectiveRateLimit{
			RequestsPerSecond: float32(rate), RateLimitSource: source,
		},
	}
	if req.GetTaskQueue().GetKind() != enumspb.TASK_QUEUE_KIND_STICKY {
		response.VersioningInfo = n.route(q.key).info()
	} else if req.GetReportStats() {
		return nil, invalid("DescribeTaskQueue stats are only supported for the root partition")
	}
	if req.GetReportStats() {
		response.Stats, response.StatsByPriorityKey = q.stats(at), q.statsByPriority(at)
	}
	if req.GetReportConfig() {
		response.Config = q.config
	}
	return response, nil
}

// info is what is told of the route of a queue.
func (t route) info() *taskqueuepb.TaskQueueVersioningInfo {
	//nolint:staticcheck // the server still sends the older names
	info := &taskqueuepb.TaskQueueVersioningInfo{
		CurrentVersion: t.current.text(), CurrentDeploymentVersion: t.current.proto(),
		UpdateTime: timestamppb.New(t.at),
	}
	if t.ramping != (version{}) {
		info.RampingVersionPercentage = t.percentage
		info.RampingDeploymentVersion = t.ramping.proto()
		info.RampingVersion = t.ramping.text() //nolint:staticcheck // the same
	}
	return info
}

// unversionedName stands for workers that say nothing of their deployment.
const unversionedName = "__unversioned__"

// UpdateTaskQueueConfig limits the rate of a queue.
func (v *server) UpdateTaskQueueConfig(
	_ context.Context, req *workflowservice.UpdateTaskQueueConfigRequest,
) (*workflowservice.UpdateTaskQueueConfigResponse, error) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	n, err := v.s.space(req.GetNamespace())
	if err != nil {
		return nil, err
	}
	if err := checkConfig(req); err != nil {
		return nil, err
	}
	q := v.s.queue(queueKey{n.name, req.GetTaskQueue(), req.GetTaskQueueType()})
	if q.config == nil {
		q.config = &taskqueuepb.TaskQueueConfig{}
	}
	if update := req.GetUpdateQueueRateLimit(); update != nil {
		q.config = &taskqueuepb.TaskQueueConfig{QueueRateLimit: &taskqueuepb.RateLimitConfig{
			RateLimit: update.GetRateLimit(),
			Metadata: &taskqueuepb.ConfigMetadata{
				Reason: update.GetReason(), UpdateIdentity: req.GetIdentity(), UpdateTime: timestamppb.New(v.s.now()),
			},
		}}
		q.limit.api = nil
		if l := update.GetRateLimit(); l != nil {
			rate := float64(l.GetRequestsPerSecond())
			q.limit.api = &rate
		}
		q.limit.apply(v.s.now())
		v.s.match(q)
	}
	return &workflowservice.UpdateTaskQueueConfigResponse{Config: q.config}, nil
}

// checkConfig validates the request in the order in which the server does.
func checkConfig(req *workflowservice.UpdateTaskQueueConfigRequest) error {
	update := req.GetUpdateQueueRateLimit()
	switch {
	case update.GetRateLimit() != nil && req.GetTaskQueueType() == enumspb.TASK_QUEUE_TYPE_WORKFLOW:
		return invalid("Setting rate limit on workflow task queues is not allowed.")
	case update.GetRateLimit().GetRequestsPerSecond() < 0:
		return invalid("RequestsPerSecond for UpdateQueueRateLimit rate limit must be non-negative.")
	case update.GetRateLimit() != nil && len(update.GetReason()) > maxReason:
		return invalid("UpdateQueueRateLimit.Reason field too long (max %d characters).", maxReason)
	case len(req.GetIdentity()) > maxID:
		return invalid("Identity field too long (max %d characters).", maxID)
	case strings.HasPrefix(req.GetTaskQueue(), reservedPrefix):
		return invalid("task queue name cannot start with reserved prefix %v", reservedPrefix)
	}
	return firstUnimplemented("UpdateTaskQueueConfig", []use{
		{"UpdateFairnessKeyRateLimitDefault", req.GetUpdateFairnessKeyRateLimitDefault() != nil},
		{"SetFairnessWeightOverrides", len(req.GetSetFairnessWeightOverrides()) > 0},
		{"UnsetFairnessWeightOverrides", len(req.GetUnsetFairnessWeightOverrides()) > 0},
	})
}

// maxRate is the rate that a poll asks for.
func maxRate(m *taskqueuepb.TaskQueueMetadata) *float64 {
	if m.GetMaxTasksPerSecond() == nil {
		return nil
	}
	rate := m.GetMaxTasksPerSecond().GetValue()
	return &rate
}
