package service

import (
	"context"
	"slices"
	"strings"

	activitypb "go.temporal.io/api/activity/v1"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

const textMaskAndRestore = "Both UpdateMask and RestoreOriginal are provided"

// UpdateActivityOptions changes options of activities that have not ended. An
// attempt that a worker has keeps those that it was given.
func (v *server) UpdateActivityOptions(
	_ context.Context, req *workflowservice.UpdateActivityOptionsRequest,
) (*workflowservice.UpdateActivityOptionsResponse, error) {
	c := choice{id: req.GetId(), kind: req.GetType(), all: req.GetMatchAll(), none: req.GetActivity() == nil}
	if err := checkPriority(req.GetActivityOptions().GetPriority()); err != nil && !c.none {
		return nil, err
	}
	response := &workflowservice.UpdateActivityOptionsResponse{}
	err := v.s.operate(req.GetNamespace(), req.GetExecution(), c, func(r *run, a *activity) error {
		options, err := a.newOptions(req)
		if err != nil {
			return err
		}
		r.setOptions(a, options)
		response.ActivityOptions = options
		return nil
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// newOptions are the options that the request gives the activity.
func (a *activity) newOptions(req *workflowservice.UpdateActivityOptionsRequest) (*activitypb.ActivityOptions, error) {
	paths := req.GetUpdateMask().GetPaths()
	if req.GetRestoreOriginal() {
		if len(paths) > 0 {
			return nil, invalid(textMaskAndRestore)
		}
		options := optionsOf(a.original())
		options.RetryPolicy = a.original().GetRetryPolicy()
		return options, nil
	}
	switch {
	case req.GetActivityOptions() == nil:
		return nil, invalid("ActivityOptions are not provided")
	case req.GetUpdateMask() == nil:
		return nil, invalid("UpdateMask is not provided")
	}
	options := optionsOf(a.attributes)
	if err := merge(options, req.GetActivityOptions(), req.GetUpdateMask()); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(p, "retry_policy.") }) {
		if err := checkRetry(options.GetRetryPolicy()); err != nil {
			return nil, err
		}
	}
	// The timeouts must fit each other, as when the activity was scheduled.
	command := &commandpb.ScheduleActivityTaskCommandAttributes{
		ActivityId: a.attributes.GetActivityId(), ActivityType: a.attributes.GetActivityType(),
		TaskQueue:              options.GetTaskQueue(),
		ScheduleToCloseTimeout: options.GetScheduleToCloseTimeout(),
		ScheduleToStartTimeout: options.GetScheduleToStartTimeout(),
		StartToCloseTimeout:    options.GetStartToCloseTimeout(),
		HeartbeatTimeout:       options.GetHeartbeatTimeout(),
	}
	if err := normalizeActivity(command, nil); err != nil {
		return nil, err
	}
	options.ScheduleToCloseTimeout = command.GetScheduleToCloseTimeout()
	options.ScheduleToStartTimeout = command.GetScheduleToStartTimeout()
	options.StartToCloseTimeout = command.GetStartToCloseTimeout()
	options.HeartbeatTimeout = command.GetHeartbeatTimeout()
	return options, nil
}

func optionsOf(a *historypb.ActivityTaskScheduledEventAttributes) *activitypb.ActivityOptions {
	policy, priority := a.GetRetryPolicy(), a.GetPriority()
	options := &activitypb.ActivityOptions{
		TaskQueue:              &taskqueuepb.TaskQueue{Name: a.GetTaskQueue().GetName()},
		ScheduleToCloseTimeout: a.GetScheduleToCloseTimeout(),
		ScheduleToStartTimeout: a.GetScheduleToStartTimeout(),
		StartToCloseTimeout:    a.GetStartToCloseTimeout(),
		HeartbeatTimeout:       a.GetHeartbeatTimeout(),
		RetryPolicy: &commonpb.RetryPolicy{
			InitialInterval: policy.GetInitialInterval(), MaximumInterval: policy.GetMaximumInterval(),
			BackoffCoefficient: policy.GetBackoffCoefficient(), MaximumAttempts: policy.GetMaximumAttempts(),
		},
	}
	if priority != nil {
		options.Priority, _ = proto.Clone(priority).(*commonpb.Priority)
	}
	return options
}

// setOptions gives the activity the options. If it waits, its next attempt is
// reckoned anew.
func (r *run) setOptions(a *activity, o *activitypb.ActivityOptions) {
	changed, _ := proto.Clone(a.attributes).(*historypb.ActivityTaskScheduledEventAttributes)
	changed.TaskQueue.Name = o.GetTaskQueue().GetName()
	changed.ScheduleToCloseTimeout = o.GetScheduleToCloseTimeout()
	changed.ScheduleToStartTimeout = o.GetScheduleToStartTimeout()
	changed.StartToCloseTimeout = o.GetStartToCloseTimeout()
	changed.HeartbeatTimeout = o.GetHeartbeatTimeout()
	changed.Priority = o.GetPriority()
	changed.RetryPolicy = &commonpb.RetryPolicy{
		InitialInterval:    o.GetRetryPolicy().GetInitialInterval(),
		MaximumInterval:    o.GetRetryPolicy().GetMaximumInterval(),
		BackoffCoefficient: o.GetRetryPolicy().GetBackoffCoefficient(),
		MaximumAttempts:    o.GetRetryPolicy().GetMaximumAttempts(),
		// Which failures are final cannot be changed.
		NonRetryableErrorTypes: a.original().GetRetryPolicy().GetNonRetryableErrorTypes(),
	}
	a.attributes = changed
	a.recall()
	if !a.waits() {
		return
	}
	at := a.scheduledAt
	if a.attempt > 1 {
		interval, most := backoff(changed.GetRetryPolicy(), a.attempt), changed.GetRetryPolicy().GetMaximumInterval().AsDuration()
		if most != 0 && (interval <= 0 || interval > most) {
			interval = most
		}
		if interval > 0 {
			at = a.lastCompletedAt.Add(interval)
		}
	}
	a.again(at)
}

// option is one of the options that a mask may name.
type option struct {
	path string
	// part is what of the options must be there, if any must.
	part  string
	there func(*activitypb.ActivityOptions) bool
	set   func(into, from *activitypb.ActivityOptions)
}

func hasQueue(o *activitypb.ActivityOptions) bool    { return o.GetTaskQueue() != nil }
func hasPriority(o *activitypb.ActivityOptions) bool { return o.GetPriority() != nil }
func hasRetry(o *activitypb.ActivityOptions) bool    { return o.GetRetryPolicy() != nil }

// options are in the order in which the server looks at them.
func options() []option {
	type all = activitypb.ActivityOptions
	priority := func(set func(into, from *commonpb.Priority)) func(into, from *all) {
		return func(into, from *all) {
			if into.Priority == nil {
				into.Priority = &commonpb.Priority{}
			}
			set(into.GetPriority(), from.GetPriority())
		}
	}
	retry := func(set func(into, from *commonpb.RetryPolicy)) func(into, from *all) {
		return func(into, from *all) { set(into.GetRetryPolicy(), from.GetRetryPolicy()) }
	}
	return []option{
		{"task_queue.name", "TaskQueue", hasQueue, func(i, f *all) { i.TaskQueue.Name = f.GetTaskQueue().GetName() }},
		{path: "schedule_to_close_timeout", set: func(i, f *all) { i.ScheduleToCloseTimeout = f.GetScheduleToCloseTimeout() }},
		{path: "schedule_to_start_timeout", set: func(i, f *all) { i.ScheduleToStartTimeout = f.GetScheduleToStartTimeout() }},
		{path: "start_to_close_timeout", set: func(i, f *all) { i.StartToCloseTimeout = f.GetStartToCloseTimeout() }},
		{path: "heartbeat_timeout", set: func(i, f *all) { i.HeartbeatTimeout = f.GetHeartbeatTimeout() }},
		{path: "priority", set: func(i, f *all) { i.Priority = f.GetPriority() }},
		{"priority.priority_key", "Priority", hasPriority, priority(func(i, f *commonpb.Priority) {
			i.PriorityKey = f.GetPriorityKey()
		})},
		{"priority.fairness_key", "Priority", hasPriority, priority(func(i, f *commonpb.Priority) {
			i.FairnessKey = f.GetFairnessKey()
		})},
		{"priority.fairness_weight", "Priority", hasPriority, priority(func(i, f *commonpb.Priority) {
			i.FairnessWeight = f.GetFairnessWeight()
		})},
		{"retry_policy", "RetryPolicy", hasRetry, func(i, f *all) { i.RetryPolicy = f.GetRetryPolicy() }},
		{"retry_policy.initial_interval", "RetryPolicy", hasRetry, retry(func(i, f *commonpb.RetryPolicy) {
			i.InitialInterval = f.GetInitialInterval()
		})},
		{"retry_policy.backoff_coefficient", "RetryPolicy", hasRetry, retry(func(i, f *commonpb.RetryPolicy) {
			i.BackoffCoefficient = f.GetBackoffCoefficient()
		})},
		{"retry_policy.maximum_interval", "RetryPolicy", hasRetry, retry(func(i, f *commonpb.RetryPolicy) {
			i.MaximumInterval = f.GetMaximumInterval()
		})},
		{"retry_policy.maximum_attempts", "RetryPolicy", hasRetry, retry(func(i, f *commonpb.RetryPolicy) {
			i.MaximumAttempts = f.GetMaximumAttempts()
		})},
	}
}

// merge takes over what the mask names. What it does not know it leaves out.
func merge(into, from *activitypb.ActivityOptions, mask *fieldmaskpb.FieldMask) error {
	for _, o := range options() {
		if !slices.Contains(mask.GetPaths(), o.path) {
			continue
		}
		if o.there != nil && !o.there(from) {
			return invalid("%s is not provided", o.part)
		}
		o.set(into, from)
	}
	return nil
}
