package workflow

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A ChildWorkflowFuture is the result of a child workflow.
type ChildWorkflowFuture interface {
	Future
	// GetChildWorkflowExecution returns a future of the child's [Execution] that
	// is ready once the child was started, or could not be.
	GetChildWorkflowExecution() Future
	// SignalChildWorkflow blocks until the child was started and then signals
	// it. The future is ready when the server has passed the signal on; if the
	// child could not be started it is that of GetChildWorkflowExecution.
	SignalChildWorkflow(ctx Context, signalName string, data any) Future
}

// childFuture implements ChildWorkflowFuture.
type childFuture struct {
	end       *future
	execution *future
}

func (f *childFuture) future() *future                     { return f.end }
func (f *childFuture) Get(ctx Context, valuePtr any) error { return f.end.Get(ctx, valuePtr) }
func (f *childFuture) IsReady() bool                       { return f.end.IsReady() }
func (f *childFuture) GetChildWorkflowExecution() Future   { return f.execution }

func (f *childFuture) SignalChildWorkflow(ctx Context, signalName string, data any) Future {
	r := runOf(ctx)
	r.mustMutate()
	var child Execution
	if f.execution.Get(ctx, &child) != nil {
		return f.execution
	}
	return r.outbound.SignalChildWorkflow(r.withHeader(ctx), child.ID, signalName, data)
}

// settle is for what went wrong before there was a child.
func (f *childFuture) settle(err error) ChildWorkflowFuture {
	f.execution.settle(nil, err)
	f.end.settle(nil, err)
	return f
}

// ExecuteChildWorkflow starts a child workflow: a function that is registered,
// or the name of a workflow type that any worker on its task queue has. The
// options are those of ctx, see [WithChildOptions].
//
// The future's error is a [*temporal.ChildWorkflowExecutionError] around the
// reason. Canceling ctx asks the child to cancel itself, as soon as it was
// started, and the future then waits for how the child ends. If ctx is canceled
// already no child is started. What becomes of the child when this workflow
// ends first is up to its ParentClosePolicy: a workflow that leaves a child
// behind must have waited for GetChildWorkflowExecution, or the child may never
// be started.
func ExecuteChildWorkflow(ctx Context, childWorkflow any, args ...any) ChildWorkflowFuture {
	r := runOf(ctx)
	r.mustMutate()
	name, err := r.env.WorkflowName(childWorkflow)
	if err != nil {
		mistake("child workflow: %v", err)
	}
	return r.outbound.ExecuteChildWorkflow(r.withHeader(ctx), name, args...)
}

func (o rootOutbound) ExecuteChildWorkflow(
	ctx Context, childWorkflowType string, args ...any,
) ChildWorkflowFuture {
	r := o.run
	f := &childFuture{end: &future{run: r}, execution: &future{run: r}}
	if err := ctx.Err(); err != nil {
		return f.settle(err)
	}
	options := GetChildWorkflowOptions(ctx)
	if options.WorkflowID == "" {
		options.WorkflowID = r.env.SeedRunID + "_" + r.env.PeekName()
	}
	by := r.convertersFor(ctx, options.Namespace, options.WorkflowID)
	f.end.convert = by.data
	input, err := r.env.Encode(f.end.convert, args...)
	if err != nil {
		return f.settle(fmt.Errorf("child workflow %s: arguments cannot be encoded: %w", childWorkflowType, err))
	}
	header, err := r.header(ctx)
	if err != nil {
		return f.settle(err)
	}
	attr, meta, err := r.childCommand(&options, childWorkflowType)
	if err == nil && r.env.HasChild(options.WorkflowID) {
		err = &temporal.ChildWorkflowExecutionAlreadyStartedError{}
	}
	if err != nil {
		if r.env.TryUse(env.ChildErrorExecution) {
			f.execution.settle(nil, &temporal.ChildWorkflowExecutionAlreadyStartedError{})
		}
		f.end.settle(nil, err)
		return f
	}
	attr.Input, attr.Header = input, header
	r.startChild(ctx, f, attr, meta, by.failures)
	return f
}

// startChild makes the command and says what is to happen when it is answered.
func (r *run) startChild(
	ctx Context, f *childFuture,
	attr *commandpb.StartChildWorkflowExecutionCommandAttributes, meta *sdkpb.UserMetadata,
	failures converter.FailureConverter,
) {
	id := attr.GetWorkflowId()
	forget := func() {}
	var cancel func()
	cancel = r.env.StartChild(attr, meta,
		func(runID string, failure *failurepb.Failure) {
			if failure != nil {
				err := startError(failures.FailureToError(failure))
				f.end.settle(nil, err)
				f.execution.settle(nil, err)
				return
			}
			// Only a child that was started can be canceled: a cancellation that
			// came before has waited for it.
			forget = onCancel(ctx, func() {
				if !f.end.ready {
					cancel()
				}
			})
			f.execution.settle(Execution{ID: id, RunID: runID}, nil)
		},
		func(result *commonpb.Payloads, failure *failurepb.Failure) {
			forget()
			if failure != nil {
				f.end.settle(nil, failures.FailureToError(failure))
				return
			}
			f.end.settle(result, nil)
		})
}

// childCommand builds the command of a child workflow, but for its input and
// its header.
func (r *run) childCommand(
	o *ChildWorkflowOptions, name string,
) (*commandpb.StartChildWorkflowExecutionCommandAttributes, *sdkpb.UserMetadata, error) {
	memo, err := r.encodeMemo(o.Memo)
	if err != nil {
		return nil, nil, err
	}
	// A child starts without attributes: there is nothing to unset.
	set := temporal.NewSearchAttributes(o.TypedSearchAttributes.Copy())
	attributes, err := temporal.EncodeSearchAttributes(set)
	if err != nil {
		return nil, nil, err
	}
	meta, err := r.staticMetadata(o)
	if err != nil {
		return nil, nil, err
	}
	attr := &commandpb.StartChildWorkflowExecutionCommandAttributes{
		Namespace:                o.Namespace, //nolint:staticcheck // histories of the official SDK have it
		WorkflowId:               o.WorkflowID,
		WorkflowType:             &commonpb.WorkflowType{Name: name},
		TaskQueue:                &taskqueuepb.TaskQueue{Name: o.TaskQueue, Kind: enumspb.TASK_QUEUE_KIND_NORMAL},
		WorkflowExecutionTimeout: durationpb.New(o.WorkflowExecutionTimeout),
		WorkflowRunTimeout:       durationpb.New(o.WorkflowRunTimeout),
		WorkflowTaskTimeout:      durationpb.New(o.WorkflowTaskTimeout),
		ParentClosePolicy:        o.ParentClosePolicy,
		WorkflowIdReusePolicy:    o.WorkflowIDReusePolicy,
		RetryPolicy:              temporal.RetryPolicyToProto(o.RetryPolicy),
		CronSchedule:             o.CronSchedule,
		Memo:                     memo,
		SearchAttributes:         withoutUnset(attributes),
		InheritBuildId:           r.inheritsBuild(o.VersioningIntent, o.TaskQueue), //nolint:staticcheck // for task queues that are versioned by build id
		Priority:                 temporal.PriorityToProto(o.Priority),
	}
	if o.VersioningOverride != nil {
		attr.VersioningOverride = o.VersioningOverride.overrideProto()
	}
	return attr, meta, nil
}

// staticMetadata carries what people are to read beside a child.
func (r *run) staticMetadata(o *ChildWorkflowOptions) (*sdkpb.UserMetadata, error) {
	if o.StaticSummary == "" && o.StaticDetails == "" {
		return nil, nil //nolint:nilnil // nothing to read is no metadata
	}
	m := &sdkpb.UserMetadata{}
	var err error
	if o.StaticSummary != "" {
		if m.Summary, err = r.env.DataConverter.ToPayload(o.StaticSummary); err != nil {
			return nil, fmt.Errorf("StaticSummary cannot be encoded: %w", err)
		}
	}
	if o.StaticDetails != "" {
		if m.Details, err = r.env.DataConverter.ToPayload(o.StaticDetails); err != nil {
			return nil, fmt.Errorf("StaticDetails cannot be encoded: %w", err)
		}
	}
	return m, nil
}

// encodeMemo encodes a memo that goes to another run.
func (r *run) encodeMemo(memo map[string]any) (*commonpb.Memo, error) {
	users := r.env.TryUse(env.MemoUserConverter) // asked even for no memo: histories show it
	if memo == nil {
		return nil, nil //nolint:nilnil // no memo is none
	}
	fields := make(map[string]*commonpb.Payload, len(memo))
	for _, key := range slices.Sorted(maps.Keys(memo)) {
		p, err := r.memoValue(memo[key], users)
		if err != nil {
			return nil, fmt.Errorf("encode workflow memo error: %q: %w", key, err)
		}
		fields[key] = p
	}
	return &commonpb.Memo{Fields: fields}, nil
}

// memoValue encodes one value: by the user's converter, and if that cannot by
// the one that all share.
func (r *run) memoValue(v any, users bool) (*commonpb.Payload, error) {
	var usersErr error
	if users {
		p, err := r.env.DataConverter.ToPayload(v)
		if err == nil {
			return p, nil
		}
		usersErr = err
	}
	p, err := converter.GetDefaultDataConverter().ToPayload(v)
	if err != nil {
		return nil, cmp.Or(usersErr, err)
	}
	return p, nil
}

// withoutUnset leaves out attributes that are nothing: another run begins
// without them anyway.
func withoutUnset(attributes *commonpb.SearchAttributes) *commonpb.SearchAttributes {
	fields := make(map[string]*commonpb.Payload, len(attributes.GetIndexedFields()))
	for key, p := range attributes.GetIndexedFields() {
		if string(p.GetMetadata()[converter.MetadataEncoding]) != converter.MetadataEncodingNil {
			fields[key] = p
		}
	}
	switch len(fields) {
	case len(attributes.GetIndexedFields()):
		return attributes
	case 0:
		return nil
	default:
		return &commonpb.SearchAttributes{IndexedFields: fields}
	}
}

// startError makes the error of a child that could not be started: its cause is
// one that code can tell by its type.
func startError(err error) error {
	child, ok := errors.AsType[*temporal.ChildWorkflowExecutionError](err)
	if !ok {
		return err
	}
	return temporal.NewChildWorkflowExecutionError(temporal.ChildWorkflowExecutionErrorAttributes{
		Namespace:        child.Namespace(),
		WorkflowID:       child.WorkflowID(),
		RunID:            child.RunID(),
		WorkflowType:     child.WorkflowType(),
		InitiatedEventID: child.InitiatedEventID(),
		StartedEventID:   child.StartedEventID(),
		RetryState:       child.RetryState(),
	}, refusal(child.Failure().GetCause()))
}

// refusal makes the error of something that the server refused.
func refusal(f *failurepb.Failure) error {
	switch f.GetApplicationFailureInfo().GetType() {
	case runner.AlreadyStarted:
		return &temporal.ChildWorkflowExecutionAlreadyStartedError{}
	case runner.NamespaceNotFound:
		return &temporal.NamespaceNotFoundError{}
	case runner.UnknownExternal:
		return &temporal.UnknownExternalWorkflowExecutionError{}
	case runner.InvalidVersioning:
		return &temporal.InvalidVersioningOverrideError{}
	default:
		return errors.New(f.GetMessage())
	}
}
