package workflow

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/temporal"
)

// A ContinueAsNewError ends a run that returns it, anywhere in the chain of its
// error: a new run goes on under the same workflow id, with a fresh history.
// [NewContinueAsNewError] makes one.
type ContinueAsNewError struct {
	// WorkflowType of the new run.
	WorkflowType *Type
	// Input of the new run.
	Input *commonpb.Payloads
	// Header of the new run.
	Header *commonpb.Header
	// TaskQueueName of the new run.
	TaskQueueName string
	// WorkflowRunTimeout bounds the new run; zero is the server's default.
	WorkflowRunTimeout time.Duration
	// WorkflowTaskTimeout bounds the workflow tasks of the new run; zero is the
	// server's default.
	WorkflowTaskTimeout time.Duration
	// BackoffStartInterval is how long the first workflow task of the new run waits.
	BackoffStartInterval time.Duration
	// VersioningIntent says which build takes the new run, for task queues that
	// are versioned by build id.
	VersioningIntent temporal.VersioningIntent
	// InitialVersioningBehavior says which version of a worker deployment takes
	// the new run.
	InitialVersioningBehavior ContinueAsNewVersioningBehavior
	// RetryPolicy of the new run; nil is that of this one.
	RetryPolicy *temporal.RetryPolicy
}

// Error implements error with a fixed text.
func (*ContinueAsNewError) Error() string { return "continue as new" }

// ContinueAsNewErrorOptions are the options of [NewContinueAsNewErrorWithOptions].
type ContinueAsNewErrorOptions struct {
	// RetryPolicy of the new run; default: that of this one.
	RetryPolicy *temporal.RetryPolicy
	// BackoffStartInterval is how long the first workflow task of the new run waits.
	BackoffStartInterval time.Duration
	// InitialVersioningBehavior says which version of a worker deployment takes
	// the new run.
	InitialVersioningBehavior ContinueAsNewVersioningBehavior
}

// ContinueAsNewVersioningBehavior says which version of a worker deployment a
// run starts on that continues another. An override of the workflow's version
// goes before all of them.
type ContinueAsNewVersioningBehavior int

const (
	// ContinueAsNewVersioningBehaviorUnspecified keeps a pinned workflow on its
	// version, and starts any other on the current one.
	ContinueAsNewVersioningBehaviorUnspecified = iota
	// ContinueAsNewVersioningBehaviorAutoUpgrade starts on the version that new
	// workflows start on.
	ContinueAsNewVersioningBehaviorAutoUpgrade
	// ContinueAsNewVersioningBehaviorUseRampingVersion starts on the version that
	// is being ramped up; if there is none, on the current one.
	ContinueAsNewVersioningBehaviorUseRampingVersion
)

// ContinueAsNewSuggestedReason says why the server would like a new run.
type ContinueAsNewSuggestedReason int

const (
	// ContinueAsNewSuggestedReasonUnspecified is a reason that is not known.
	ContinueAsNewSuggestedReasonUnspecified = iota
	// ContinueAsNewSuggestedReasonHistorySizeTooLarge is the size of the history.
	ContinueAsNewSuggestedReasonHistorySizeTooLarge
	// ContinueAsNewSuggestedReasonTooManyHistoryEvents is the number of events.
	ContinueAsNewSuggestedReasonTooManyHistoryEvents
	// ContinueAsNewSuggestedReasonTooManyUpdates is the number of updates.
	ContinueAsNewSuggestedReasonTooManyUpdates
)

// NewContinueAsNewError returns an error for a workflow to return, so that a
// new run of wfn (a workflow function, or the name of a workflow type) takes
// over with these arguments. Task queue and timeouts are those of the run, or
// what [WithWorkflowTaskQueue], [WithWorkflowRunTimeout] and
// [WithWorkflowTaskTimeout] have set on ctx; mind that a context from
// [WithChildOptions] has the child's. Memo and search attributes go along, and
// so does all that the server keeps with a workflow.
//
// Arguments that do not fit wfn, or cannot be encoded, are a mistake in the
// workflow's code and panic.
func NewContinueAsNewError(ctx Context, wfn any, args ...any) error {
	r := runOf(ctx)
	return r.outbound.NewContinueAsNewError(r.withHeader(ctx), wfn, args...)
}

func (o rootOutbound) NewContinueAsNewError(ctx Context, wfn any, args ...any) error {
	r := o.run
	name, err := r.env.WorkflowName(wfn)
	if err == nil {
		err = fits(wfn, args)
	}
	if err != nil {
		mistake("continue as new: %v", err)
	}
	input, err := r.env.Encode(converterOf(ctx), args...)
	if err != nil {
		mistake("continue as new: arguments cannot be encoded: %v", err)
	}
	header, err := r.header(ctx)
	if err != nil {
		return err
	}
	next := GetChildWorkflowOptions(ctx)
	return &ContinueAsNewError{
		WorkflowType:        &Type{Name: name},
		Input:               input,
		Header:              header,
		TaskQueueName:       next.TaskQueue,
		WorkflowRunTimeout:  next.WorkflowRunTimeout,
		WorkflowTaskTimeout: next.WorkflowTaskTimeout,
		VersioningIntent:    next.VersioningIntent,
	}
}

// NewContinueAsNewErrorWithOptions is [NewContinueAsNewError] with options.
func NewContinueAsNewErrorWithOptions(
	ctx Context, options ContinueAsNewErrorOptions, wfn any, args ...any,
) error {
	err := NewContinueAsNewError(ctx, wfn, args...)
	if again, ok := errors.AsType[*ContinueAsNewError](err); ok {
		if options.RetryPolicy != nil {
			again.RetryPolicy = options.RetryPolicy
		}
		again.BackoffStartInterval = options.BackoffStartInterval
		again.InitialVersioningBehavior = options.InitialVersioningBehavior
	}
	return err
}

// IsContinueAsNewError reports whether err has a [*ContinueAsNewError] in its
// chain.
func IsContinueAsNewError(err error) bool {
	_, ok := errors.AsType[*ContinueAsNewError](err)
	return ok
}

// fits checks arguments against a workflow function; a name tells nothing.
func fits(wfn any, args []any) error {
	t := reflect.TypeOf(wfn)
	if t.Kind() != reflect.Func {
		return nil
	}
	first := 0
	if t.NumIn() > 0 && t.In(0) == contextType() {
		first = 1
	}
	if want := t.NumIn() - first; want != len(args) {
		return fmt.Errorf("expected %d args for function: %s but found %d", want, functionName(wfn), len(args))
	}
	for i, arg := range args {
		have, want := reflect.TypeOf(arg), t.In(first+i)
		if have != nil && !have.AssignableTo(want) {
			return fmt.Errorf("cannot assign function argument: %d from type: %s to type: %s",
				first+i+1, have, want)
		}
	}
	return nil
}

// ContinueCommand is the command that ends the run for the error that its
// function has returned. An error that nobody can continue with is a mistake in
// the workflow's code.
func (b *Binding) ContinueCommand(e *ContinueAsNewError) *commandpb.Command {
	if e.WorkflowType == nil {
		mistake("continue as new: the error has no WorkflowType: make it with NewContinueAsNewError")
	}
	behavior := enumspb.ContinueAsNewVersioningBehavior(e.InitialVersioningBehavior)
	if _, known := enumspb.ContinueAsNewVersioningBehavior_name[int32(behavior)]; !known {
		mistake("continue as new: unknown versioning behavior: InitialVersioningBehavior is %d", behavior)
	}
	r := b.run
	policy := e.RetryPolicy
	if policy == nil {
		policy = r.info.RetryPolicy
	}
	attr := &commandpb.ContinueAsNewWorkflowExecutionCommandAttributes{
		WorkflowType:              &commonpb.WorkflowType{Name: e.WorkflowType.Name},
		TaskQueue:                 &taskqueuepb.TaskQueue{Name: e.TaskQueueName, Kind: enumspb.TASK_QUEUE_KIND_NORMAL},
		Input:                     e.Input,
		WorkflowRunTimeout:        durationpb.New(e.WorkflowRunTimeout),
		WorkflowTaskTimeout:       durationpb.New(e.WorkflowTaskTimeout),
		Header:                    e.Header,
		Memo:                      r.info.Memo,
		SearchAttributes:          withoutUnset(r.env.Info.SearchAttributes),
		RetryPolicy:               temporal.RetryPolicyToProto(policy),
		InheritBuildId:            r.inheritsBuild(e.VersioningIntent, e.TaskQueueName), //nolint:staticcheck // for task queues that are versioned by build id
		InitialVersioningBehavior: behavior,
	}
	if e.BackoffStartInterval != 0 {
		attr.BackoffStartInterval = durationpb.New(e.BackoffStartInterval)
	}
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_ContinueAsNewWorkflowExecutionCommandAttributes{
			ContinueAsNewWorkflowExecutionCommandAttributes: attr,
		},
	}
}
