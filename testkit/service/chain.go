package service

import (
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// A chain is a row of runs of one workflow, each started because the one before
// it has ended: by itself (continue-as-new), by its retry policy or by its cron
// schedule. All share the first run's id, the parent, and the time at which the
// execution expires.

// minChainInterval is the least time from the start of a run to that of the next
// in its chain; the next one's first workflow task waits for the rest.
const minChainInterval = time.Second

// next is a run that is to follow; the zero value is none.
type next struct {
	spec spec
	set  bool
}

// id is that of the run; empty if none follows.
func (n next) id() string { return n.spec.id }

// follow starts the next run once the operation is committed, if there is one.
func (r *run) follow(n next) {
	if n.set {
		r.continuing = true
		r.after = append(r.after, func() { r.s.begin(r.namespace, n.spec) })
	}
}

// afterCompletion is the run that the cron schedule makes follow a success.
func (r *run) afterCompletion(result *commonpb.Payloads) next {
	pause, due := r.cronPause()
	if !due {
		return next{}
	}
	a := r.repeated(enumspb.CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE)
	a.LastCompletionResult = result
	return r.inherit(a, durationpb.New(pause))
}

// afterFailure is the run that the retry policy or else the cron schedule makes
// follow a failure, and what comes of the retry policy.
func (r *run) afterFailure(f *failurepb.Failure) (next, enumspb.RetryState) {
	pause, state := r.retryPause(f)
	if state == enumspb.RETRY_STATE_IN_PROGRESS {
		a := r.repeated(enumspb.CONTINUE_AS_NEW_INITIATOR_RETRY)
		a.Attempt = r.started.GetAttempt() + 1
		a.LastCompletionResult, a.ContinuedFailure = nil, f
		return r.inherit(a, durationpb.New(pause)), state
	}
	pause, due := r.cronPause()
	if !due {
		return next{}, state
	}
	a := r.repeated(enumspb.CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE)
	a.ContinuedFailure = f
	return r.inherit(a, durationpb.New(pause)), state
}

// afterTimeout is the run that follows one whose time is over.
func (r *run) afterTimeout() (next, enumspb.RetryState) {
	if at := r.started.GetWorkflowExecutionExpirationTime(); at != nil && !at.AsTime().After(r.s.now()) {
		return next{}, enumspb.RETRY_STATE_TIMEOUT
	}
	n, state := r.afterFailure(timeoutFailure("workflow timeout", enumspb.TIMEOUT_TYPE_START_TO_CLOSE))
	if n.set {
		n.spec.attributes.LastCompletionResult = r.started.GetLastCompletionResult()
	}
	return n, state
}

func (r *run) retryPause(f *failurepb.Failure) (time.Duration, enumspb.RetryState) {
	if r.started.GetRetryPolicy() == nil {
		return 0, enumspb.RETRY_STATE_RETRY_POLICY_NOT_SET
	}
	a := attempt{
		policy: r.started.GetRetryPolicy(), number: r.started.GetAttempt(), failure: f, at: r.s.now(),
	}
	if last := r.started.GetWorkflowExecutionExpirationTime(); last != nil {
		a.last = last.AsTime()
	}
	return a.next()
}

// repeated is the start of a run that does the same once more.
func (r *run) repeated(by enumspb.ContinueAsNewInitiator) *historypb.WorkflowExecutionStartedEventAttributes {
	s := r.started
	a := &historypb.WorkflowExecutionStartedEventAttributes{
		WorkflowType: s.GetWorkflowType(), TaskQueue: r.normalQueue(), Input: s.GetInput(), Header: s.GetHeader(),
		WorkflowRunTimeout: s.GetWorkflowRunTimeout(), WorkflowTaskTimeout: s.GetWorkflowTaskTimeout(),
		RetryPolicy: s.GetRetryPolicy(), CronSchedule: s.GetCronSchedule(),
		Memo: s.GetMemo(), SearchAttributes: s.GetSearchAttributes(), Priority: s.GetPriority(),
		LastCompletionResult: s.GetLastCompletionResult(), Initiator: by,
	}
	r.keepVersion(a)
	return a
}

// inherit completes the start of the next run with what all runs of a chain
// share, and with the pause before its first workflow task.
func (r *run) inherit(a *historypb.WorkflowExecutionStartedEventAttributes, pause *durationpb.Duration) next {
	s := r.started
	a.WorkflowId = r.workflowID
	a.WorkflowExecutionTimeout = s.GetWorkflowExecutionTimeout()
	a.WorkflowExecutionExpirationTime = s.GetWorkflowExecutionExpirationTime()
	a.ContinuedExecutionRunId, a.FirstExecutionRunId = r.id, s.GetFirstExecutionRunId()
	a.ParentWorkflowNamespace, a.ParentWorkflowNamespaceId = s.GetParentWorkflowNamespace(), s.GetParentWorkflowNamespaceId()
	a.ParentWorkflowExecution, a.RootWorkflowExecution = s.GetParentWorkflowExecution(), s.GetRootWorkflowExecution()
	a.ParentInitiatedEventId, a.ParentInitiatedEventVersion = s.GetParentInitiatedEventId(), s.GetParentInitiatedEventVersion()
	a.FirstWorkflowTaskBackoff, a.PrevAutoResetPoints = r.chainPause(pause), r.resetPoints()
	a, _ = proto.Clone(a).(*historypb.WorkflowExecutionStartedEventAttributes)
	return next{set: true, spec: spec{
		attributes: a, id: r.s.newID(), at: r.s.now(), links: r.events[0].GetLinks(),
	}}
}

// chainPause is the pause, or a longer one if the runs would follow too fast.
func (r *run) chainPause(pause *durationpb.Duration) *durationpb.Duration {
	at := r.s.now()
	age := at.Sub(r.startTime)
	if d := at.Sub(r.executionTime()); d >= 0 {
		age = d
	}
	if age+pause.AsDuration() < minChainInterval {
		return durationpb.New(minChainInterval - age)
	}
	return pause
}
