package service

import (
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/types/known/durationpb"
)

type continueAttributes = commandpb.ContinueAsNewWorkflowExecutionCommandAttributes

// continueAsNew ends the run and starts the next one of the chain.
func (c *completion) continueAsNew(a *continueAttributes) *historypb.HistoryEvent {
	const bad = enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_CONTINUE_AS_NEW_ATTRIBUTES
	if !c.closes() {
		return nil
	}
	r := c.r
	types, err := r.s.attributeTypes(r.namespace, a.GetSearchAttributes())
	if err != nil {
		return c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES, err)
	}
	if err := r.normalizeContinue(a); err != nil {
		return c.refuse(bad, err)
	}
	if err := setTypes(a.GetSearchAttributes(), types); err != nil {
		return c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES, invalid(
			"invalid SearchAttributes on ContinueAsNewWorkflowExecutionCommand: %v. WorkflowType=%s TaskQueue=%s",
			err, a.GetWorkflowType().GetName(), a.GetTaskQueue()))
	}
	//nolint:staticcheck // older workers ask for it
	if a.GetInheritBuildId() && a.GetTaskQueue().GetName() != r.started.GetTaskQueue().GetName() {
		return c.refuse(bad, serviceerror.NewInvalidArgument(
			"ContinueAsNew with UseCompatibleVersion cannot run on different task queue."))
	}
	a.Memo, a.SearchAttributes = given(a.GetMemo()), givenAttributes(a.GetSearchAttributes())
	n := r.afterContinue(a)
	e := r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW)
	//nolint:staticcheck // older workers ask for it
	e.Attributes = &historypb.HistoryEvent_WorkflowExecutionContinuedAsNewEventAttributes{
		WorkflowExecutionContinuedAsNewEventAttributes: &historypb.WorkflowExecutionContinuedAsNewEventAttributes{
			NewExecutionRunId: n.id(), WorkflowTaskCompletedEventId: c.completed.GetEventId(),
			WorkflowType: a.GetWorkflowType(), TaskQueue: a.GetTaskQueue(),
			Input: a.GetInput(), Header: a.GetHeader(),
			WorkflowRunTimeout: a.GetWorkflowRunTimeout(), WorkflowTaskTimeout: a.GetWorkflowTaskTimeout(),
			BackoffStartInterval: a.GetBackoffStartInterval(), Initiator: a.GetInitiator(),
			Failure: a.GetFailure(), LastCompletionResult: a.GetLastCompletionResult(),
			Memo: a.GetMemo(), SearchAttributes: a.GetSearchAttributes(), InheritBuildId: a.GetInheritBuildId(),
		},
	}
	r.end(enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW, e)
	r.follow(n)
	return e
}

// afterContinue is the run that the command asks for. It takes its queue, type
// and timeouts from this run unless the command has others, and nothing else.
func (r *run) afterContinue(a *continueAttributes) next {
	started := &historypb.WorkflowExecutionStartedEventAttributes{
		WorkflowType:       a.GetWorkflowType(),
		TaskQueue:          &taskqueuepb.TaskQueue{Name: a.GetTaskQueue().GetName(), Kind: enumspb.TASK_QUEUE_KIND_NORMAL},
		Input:              a.GetInput(),
		Header:             a.GetHeader(),
		WorkflowRunTimeout: a.GetWorkflowRunTimeout(), WorkflowTaskTimeout: a.GetWorkflowTaskTimeout(),
		RetryPolicy: a.GetRetryPolicy(), CronSchedule: a.GetCronSchedule(),
		Memo: a.GetMemo(), SearchAttributes: a.GetSearchAttributes(), Priority: r.started.GetPriority(),
		LastCompletionResult: a.GetLastCompletionResult(), ContinuedFailure: a.GetFailure(),
		Initiator: a.GetInitiator(), Attempt: 1,
	}
	switch a.GetInitiator() {
	case enumspb.CONTINUE_AS_NEW_INITIATOR_UNSPECIFIED:
		started.Initiator = enumspb.CONTINUE_AS_NEW_INITIATOR_WORKFLOW
	case enumspb.CONTINUE_AS_NEW_INITIATOR_RETRY:
		started.Attempt = r.started.GetAttempt() + 1
	default:
	}
	r.inheritVersion(started, a.GetInitialVersioningBehavior())
	if started.GetInheritedPinnedVersion() != nil {
		started.DeclinedTargetVersionUpgrade = r.versioning.declines()
	}
	return r.inherit(started, a.GetBackoffStartInterval())
}

// normalizeContinue validates the command and fills in what it leaves open.
func (r *run) normalizeContinue(a *continueAttributes) error {
	if a == nil {
		return invalid("ContinueAsNewWorkflowExecutionCommandAttributes is not set on ContinueAsNewWorkflowExecutionCommand.")
	}
	if a.GetWorkflowType().GetName() == "" {
		a.WorkflowType = &commonpb.WorkflowType{Name: r.started.GetWorkflowType().GetName()}
	}
	kind := a.GetWorkflowType().GetName()
	if len(kind) > maxID {
		return invalid("WorkflowType on ContinueAsNewWorkflowExecutionCommand exceeds length limit. "+
			"WorkflowType=%s Length=%d Limit=%d", kind, len(kind), maxID)
	}
	if a.GetTaskQueue().GetName() == "" {
		a.TaskQueue = r.normalQueue()
	}
	if err := checkQueue(a.GetTaskQueue()); err != nil {
		return invalid("error validating ContinueAsNewWorkflowExecutionCommand TaskQueue: %v. WorkflowType=%s TaskQueue=%s",
			err, kind, a.GetTaskQueue())
	}
	for _, d := range []struct {
		name  string
		value *durationpb.Duration
	}{
		{"WorkflowRunTimeout", a.GetWorkflowRunTimeout()},
		{"WorkflowTaskTimeout", a.GetWorkflowTaskTimeout()},
		{"BackoffStartInterval", a.GetBackoffStartInterval()},
	} {
		if d.value.AsDuration() < 0 {
			return invalid("Invalid %s on ContinueAsNewWorkflowExecutionCommand: %v. WorkflowType=%s TaskQueue=%s",
				d.name, errNegative, kind, a.GetTaskQueue())
		}
	}
	r.continueTimeouts(a)
	if a.RetryPolicy != nil {
		if err := normalizeRetry(a.RetryPolicy); err != nil {
			return invalid("invalid WorkflowRetryPolicy on ContinueAsNewWorkflowExecutionCommand: %v. WorkflowType=%s TaskQueue=%s",
				err, kind, a.GetTaskQueue())
		}
	}
	return nil
}

// continueTimeouts fills in the timeouts and makes none longer than the one
// around it.
func (r *run) continueTimeouts(a *continueAttributes) {
	either := func(d, other *durationpb.Duration) time.Duration {
		if d.AsDuration() == 0 {
			return other.AsDuration()
		}
		return d.AsDuration()
	}
	run := runTimeout(either(a.GetWorkflowRunTimeout(), r.started.GetWorkflowRunTimeout()),
		r.started.GetWorkflowExecutionTimeout().AsDuration())
	task := taskTimeout(either(a.GetWorkflowTaskTimeout(), r.started.GetWorkflowTaskTimeout()), run)
	a.WorkflowRunTimeout, a.WorkflowTaskTimeout = durationpb.New(run), durationpb.New(task)
}
