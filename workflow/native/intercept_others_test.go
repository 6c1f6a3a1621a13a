package native_test

import (
	"errors"
	"testing"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/native"
)

func (o *countingOut) ExecuteChildWorkflow(
	ctx workflow.Context, typ string, args ...any,
) workflow.ChildWorkflowFuture {
	o.saw("ExecuteChildWorkflow")
	return o.Next.ExecuteChildWorkflow(ctx, typ, args...)
}

func (o *countingOut) RequestCancelExternalWorkflow(ctx workflow.Context, id, runID string) workflow.Future {
	o.saw("RequestCancelExternalWorkflow")
	return o.Next.RequestCancelExternalWorkflow(ctx, id, runID)
}

func (o *countingOut) SignalExternalWorkflow(
	ctx workflow.Context, id, runID, name string, arg any,
) workflow.Future {
	o.saw("SignalExternalWorkflow")
	return o.Next.SignalExternalWorkflow(ctx, id, runID, name, arg)
}

func (o *countingOut) SignalChildWorkflow(ctx workflow.Context, id, name string, arg any) workflow.Future {
	o.saw("SignalChildWorkflow")
	return o.Next.SignalChildWorkflow(ctx, id, name, arg)
}

func (o *countingOut) NewContinueAsNewError(ctx workflow.Context, wfn any, args ...any) error {
	o.saw("NewContinueAsNewError")
	return o.Next.NewContinueAsNewError(ctx, wfn, args...)
}

func (o *countingOut) HasLastCompletionResult(ctx workflow.Context) bool {
	o.saw("HasLastCompletionResult")
	return o.Next.HasLastCompletionResult(ctx)
}

func (o *countingOut) GetLastCompletionResult(ctx workflow.Context, d ...any) error {
	o.saw("GetLastCompletionResult")
	return o.Next.GetLastCompletionResult(ctx, d...)
}

func (o *countingOut) GetLastError(ctx workflow.Context) error {
	o.saw("GetLastError")
	return o.Next.GetLastError(ctx)
}

// usesOthers calls the functions that concern other runs.
func usesOthers(ctx workflow.Context) error {
	child := workflow.ExecuteChildWorkflow(named(ctx), "Child")
	workflow.SignalExternalWorkflow(ctx, "other", "", "s", 1)
	workflow.RequestCancelExternalWorkflow(ctx, "other", "")
	child.SignalChildWorkflow(ctx, "s", 2)
	if workflow.HasLastCompletionResult(ctx) || workflow.GetLastCompletionResult(ctx) == nil {
		return errors.New("there is a result that nobody left")
	}
	if !workflow.IsContinueAsNewError(workflow.NewContinueAsNewError(ctx, "wf")) {
		return errors.New("no continue-as-new error")
	}
	return workflow.GetLastError(ctx)
}

// What goes to other runs carries the header that interceptors wrote.
func TestHeadersGoToOtherRuns(t *testing.T) {
	var got []string
	l := startWith(t, native.Options{
		Interceptors: []workflow.Interceptor{&tracing{name: "A", to: &got}},
	}, func(ctx workflow.Context) error {
		child := workflow.ExecuteChildWorkflow(named(ctx), "Child")
		workflow.SignalExternalWorkflow(ctx, "other", "", "s", 1)
		child.SignalChildWorkflow(ctx, "s", 2)
		return workflow.NewContinueAsNewError(ctx, "wf")
	})
	commands := l.task().Commands
	l.StartChild("c")
	commands = append(commands, l.task().Commands...)
	if len(commands) != 4 {
		t.Fatalf("got %s", histories.Describe(commands))
	}
	for i, h := range []*commonpb.Header{
		commands[0].GetStartChildWorkflowExecutionCommandAttributes().GetHeader(),
		commands[1].GetSignalExternalWorkflowExecutionCommandAttributes().GetHeader(),
		commands[2].GetSignalExternalWorkflowExecutionCommandAttributes().GetHeader(),
		commands[3].GetContinueAsNewWorkflowExecutionCommandAttributes().GetHeader(),
	} {
		if h.GetFields()["A"] == nil {
			t.Errorf("%s has no header", histories.Describe(commands[i:i+1]))
		}
	}
}
