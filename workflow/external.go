package workflow

import (
	"errors"
	"fmt"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

// errNoWorkflowID is the error of what names no workflow.
var errNoWorkflowID = errors.New("workflowId is not set")

// SignalExternalWorkflow signals another workflow; an empty run id is the
// current run. The future is ready when the server has passed the signal on;
// its error is a [*temporal.UnknownExternalWorkflowExecutionError] if there is
// no such workflow. Canceling ctx does not take the signal back.
func SignalExternalWorkflow(ctx Context, workflowID, runID, signalName string, arg any) Future {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.SignalExternalWorkflow(r.withHeader(ctx), workflowID, runID, signalName, arg)
}

func (o rootOutbound) SignalExternalWorkflow(ctx Context, workflowID, runID, signalName string, arg any) Future {
	return o.run.signalExternal(ctx, target{workflowID: workflowID, runID: runID}, signalName, arg)
}

func (o rootOutbound) SignalChildWorkflow(ctx Context, workflowID, signalName string, arg any) Future {
	return o.run.signalExternal(ctx, target{workflowID: workflowID, child: true}, signalName, arg)
}

// target is the workflow that something is sent to.
type target struct {
	workflowID, runID string
	child             bool // it must be a child of this one
}

func (r *run) signalExternal(ctx Context, to target, signalName string, arg any) Future {
	f := &future{run: r}
	if to.workflowID == "" {
		f.settle(nil, errNoWorkflowID)
		return f
	}
	namespace := GetChildWorkflowOptions(ctx).Namespace
	input, err := r.env.Encode(r.convertersFor(ctx, namespace, to.workflowID).data, arg)
	if err != nil {
		f.settle(nil, fmt.Errorf("signal %s: its argument cannot be encoded: %w", signalName, err))
		return f
	}
	header, err := r.header(ctx)
	if err != nil {
		f.settle(nil, err)
		return f
	}
	r.env.SignalExternal(&commandpb.SignalExternalWorkflowExecutionCommandAttributes{
		Namespace:         namespace, //nolint:staticcheck // histories of the official SDK have it
		Execution:         &commonpb.WorkflowExecution{WorkflowId: to.workflowID, RunId: to.runID},
		SignalName:        signalName,
		Input:             input,
		Header:            header,
		ChildWorkflowOnly: to.child,
	}, f.answered())
	return f
}

// RequestCancelExternalWorkflow asks another workflow to cancel itself; an
// empty run id is the current run. The future is ready when the server has
// passed the request on, not when the workflow has ended; its error is a
// [*temporal.UnknownExternalWorkflowExecutionError] if there is no such
// workflow.
func RequestCancelExternalWorkflow(ctx Context, workflowID, runID string) Future {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.RequestCancelExternalWorkflow(ctx, workflowID, runID)
}

func (o rootOutbound) RequestCancelExternalWorkflow(ctx Context, workflowID, runID string) Future {
	r := o.run
	f := &future{run: r}
	if workflowID == "" {
		f.settle(nil, errNoWorkflowID)
		return f
	}
	r.env.CancelExternal(&commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes{
		Namespace:  GetChildWorkflowOptions(ctx).Namespace, //nolint:staticcheck // histories of the official SDK have it
		WorkflowId: workflowID,
		RunId:      runID,
	}, f.answered())
	return f
}

// answered settles f with the server's answer to something sent elsewhere.
func (f *future) answered() env.Resolved {
	return func(_ *commonpb.Payloads, failure *failurepb.Failure) {
		if failure != nil {
			f.settle(nil, refusal(failure))
			return
		}
		f.settle(nil, nil)
	}
}
