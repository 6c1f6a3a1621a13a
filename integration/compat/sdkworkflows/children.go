// Code generated from ../workflows/children.go by mktwin; DO NOT EDIT.

package sdkworkflows

import (
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Child ends in the way that it is told, when it is told to go on. It obeys a
// cancellation unless it is stubborn.
func Child(ctx workflow.Context, how string) (string, error) {
	s := workflow.NewSelector(ctx).
		AddReceive(workflow.GetSignalChannel(ctx, "go on"), func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, nil) })
	if how != "stubborn" {
		s.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	}
	s.Select(ctx)
	switch {
	case ctx.Err() != nil && how != "stubborn":
		free, _ := workflow.NewDisconnectedContext(ctx)
		if err := workflow.Sleep(free, time.Second); err != nil { // while its parent hears that it was told
			return "", err
		}
		return "", temporal.NewCanceledError("as told")
	case how == "fail":
		return "", temporal.NewApplicationError("broken", "Broken", "detail")
	case how == "continue":
		return "", workflow.NewContinueAsNewError(ctx, Child, "obedient")
	default:
		return "ended " + how, nil
	}
}

// childOf is the id of a child that cases know.
func childOf(ctx workflow.Context, name string) string {
	return workflow.GetInfo(ctx).WorkflowExecution.ID + "-" + name
}

// ended notes how a child has ended.
func (d *diary) ended(ctx workflow.Context, name string, child workflow.ChildWorkflowFuture) {
	var result string
	err := child.Get(ctx, &result)
	d.blame(name+" "+result, err)
}

// blame notes the kinds of an error; unlike its text they have no ids.
func (d *diary) blame(what string, err error) {
	d.note("%s: %t", what, err == nil)
	for ; err != nil; err = errors.Unwrap(err) {
		d.note("  %s", kind(err))
	}
}

// Children has children that end in every way, one after the other.
func Children(ctx workflow.Context, hows []string) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	for _, how := range hows {
		ctx := workflow.WithWorkflowID(ctx, childOf(ctx, how))
		if how == "timeout" {
			ctx = workflow.WithWorkflowRunTimeout(ctx, 2*time.Second)
		}
		child := workflow.ExecuteChildWorkflow(ctx, Child, how)
		var run workflow.Execution
		err := child.GetChildWorkflowExecution().Get(ctx, &run)
		d.note("%s: %t %t %v", how, run.ID == childOf(ctx, how), run.RunID == "", err)
		d.ended(ctx, how, child)
	}
	return d.lines, nil
}

// Described tells what it was started with.
func Described(ctx workflow.Context, key string) ([]string, error) {
	d := &diary{}
	i := workflow.GetInfo(ctx)
	d.note("%s of %s, %v %v %v", i.WorkflowType.Name, i.ParentWorkflowNamespace,
		i.WorkflowExecutionTimeout, i.WorkflowRunTimeout, i.WorkflowTaskTimeout)
	d.note("parent %t, root %t, attempt %d, cron %q, retries %v, priority %d", i.ParentWorkflowExecution != nil,
		i.RootWorkflowExecution != nil, i.Attempt, i.CronSchedule, i.RetryPolicy, i.Priority.PriorityKey)
	d.note("memo %s", i.Memo.GetFields()[key].GetData())
	color, ok := workflow.GetTypedSearchAttributes(ctx).GetKeyword(temporal.NewSearchAttributeKeyKeyword("Color"))
	d.note("color %s %t", color, ok)
	workflow.GetSignalChannel(ctx, "go on").Receive(ctx, nil)
	return d.lines, nil
}

// ChildOptions starts children with all options and with none.
func ChildOptions(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	size := temporal.NewSearchAttributeKeyInt64("Size")
	for _, o := range []workflow.ChildWorkflowOptions{
		{
			WorkflowID: childOf(ctx, "full"), WorkflowExecutionTimeout: time.Hour,
			WorkflowRunTimeout: 30 * time.Minute, WorkflowTaskTimeout: 5 * time.Second,
			WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
			ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
			RetryPolicy:           &temporal.RetryPolicy{InitialInterval: time.Second, MaximumAttempts: 2},
			Memo:                  map[string]any{"m": map[string]int{"x": 1}},
			TypedSearchAttributes: temporal.NewSearchAttributes(
				temporal.NewSearchAttributeKeyKeyword("Color").ValueSet("red"), size.ValueSet(5)),
			StaticSummary: "a summary", StaticDetails: "details", Priority: temporal.Priority{PriorityKey: 2},
		},
		{WorkflowID: childOf(ctx, "bare")},
	} {
		ctx := workflow.WithChildOptions(ctx, o)
		var lines []string
		err := workflow.ExecuteChildWorkflow(ctx, "Described", "m").Get(ctx, &lines)
		d.note("%q %v", lines, err)
	}
	// Without options it is as its parent, and is named after it.
	child := workflow.ExecuteChildWorkflow(ctx, Described, "m")
	var run workflow.Execution
	if err := child.GetChildWorkflowExecution().Get(ctx, &run); err != nil {
		return nil, err
	}
	if err := child.SignalChildWorkflow(ctx, "go on", nil).Get(ctx, nil); err != nil {
		return nil, err
	}
	if err := workflow.Sleep(ctx, time.Second); err != nil { // while it ends
		return nil, err
	}
	var lines []string
	d.note("%v %q", child.Get(ctx, &lines), lines)
	return d.lines, nil
}

// ChildRefused asks for children whose ids are taken.
func ChildRefused(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	start := func(what string, o workflow.ChildWorkflowOptions) {
		ctx := workflow.WithChildOptions(ctx, o)
		child := workflow.ExecuteChildWorkflow(ctx, Child, "obedient")
		d.blame(what+" start", child.GetChildWorkflowExecution().Get(ctx, nil))
		d.blame(what+" signal", child.SignalChildWorkflow(ctx, "go on", nil).Get(ctx, nil))
		d.blame(what, child.Get(ctx, nil))
	}
	start("its own id", workflow.ChildWorkflowOptions{WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID})
	first := workflow.ExecuteChildWorkflow(workflow.WithWorkflowID(ctx, childOf(ctx, "c")), Child, "obedient")
	start("the id of a child", workflow.ChildWorkflowOptions{WorkflowID: childOf(ctx, "c")})
	d.ended(ctx, "first", first)
	start("an id for once", workflow.ChildWorkflowOptions{
		WorkflowID: childOf(ctx, "c"), WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
	})
	again := workflow.ExecuteChildWorkflow(workflow.WithWorkflowID(ctx, childOf(ctx, "c")), Child, "obedient")
	d.ended(ctx, "again", again)
	return d.lines, nil
}

// ChildCanceled has a child canceled at a moment.
func ChildCanceled(ctx workflow.Context, when, how string) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	of, cancel := workflow.WithCancel(workflow.WithWorkflowID(ctx, childOf(ctx, "c")))
	free, _ := workflow.NewDisconnectedContext(ctx)
	if when == "before" {
		cancel()
	}
	child := workflow.ExecuteChildWorkflow(of, Child, how)
	if when == "at once" {
		cancel()
	}
	d.failure("start", child.GetChildWorkflowExecution().Get(free, nil))
	switch when {
	case "with others":
		timer := workflow.NewTimer(of, time.Hour)
		var a *Acts
		activity := workflow.ExecuteActivity(workflow.WithWaitForCancellation(brief(of), true), a.Elsewhere)
		workflow.GetSignalChannel(ctx, "go on").Receive(ctx, nil)
		workflow.NewTimer(free, time.Hour)
		cancel()
		d.failure("timer", timer.Get(free, nil))
		d.blame("activity", activity.Get(free, nil))
	case "later":
		workflow.GetSignalChannel(ctx, "go on").Receive(ctx, nil)
		workflow.NewTimer(free, time.Hour)
		cancel()
		workflow.NewTimer(free, 2*time.Hour)
	case "after":
		d.ended(free, "child", child)
		cancel()
	}
	d.ended(free, "child", child)
	d.note("done %v", ctx.Err())
	return d.lines, workflow.Sleep(free, time.Second)
}

// ParentClose ends before its child does.
func ParentClose(ctx workflow.Context, policy int32) (string, error) {
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: childOf(ctx, "c"), ParentClosePolicy: enumspb.ParentClosePolicy(policy),
	})
	child := workflow.ExecuteChildWorkflow(ctx, Child, "obedient")
	if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
		return "", err
	}
	workflow.GetSignalChannel(ctx, "go on").Receive(ctx, nil)
	return fmt.Sprint("left it ", child.IsReady()), nil
}

// Others signals and cancels other workflows, those that are there and those
// that are not.
func Others(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: childOf(ctx, "c"), ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
	})
	child := workflow.ExecuteChildWorkflow(ctx, Child, "continue")
	signaled := child.SignalChildWorkflow(ctx, "unheard", []string{"a", "b"})
	d.failure("signal to a child", signaled.Get(ctx, nil))
	var run workflow.Execution
	if err := child.GetChildWorkflowExecution().Get(ctx, &run); err != nil {
		return nil, err
	}
	d.failure("signal", workflow.SignalExternalWorkflow(ctx, run.ID, run.RunID, "unheard", 7).Get(ctx, nil))
	d.failure("signal to the current run", workflow.SignalExternalWorkflow(ctx, run.ID, "", "unheard", nil).Get(ctx, nil))
	one := workflow.SignalExternalWorkflow(ctx, "nobody", "", "s", 1)
	d.failure("signal to nobody", one.Get(ctx, nil))
	d.failure("cancel nobody", workflow.RequestCancelExternalWorkflow(ctx, "nobody", "").Get(ctx, nil))
	d.failure("signal without an id", workflow.SignalExternalWorkflow(ctx, "", "", "s", 1).Get(ctx, nil))
	d.failure("cancel without an id", workflow.RequestCancelExternalWorkflow(ctx, "", "").Get(ctx, nil))
	of, stop := workflow.WithCancel(ctx)
	late := workflow.SignalExternalWorkflow(of, run.ID, "", "unheard", "late")
	stop()
	d.failure("signal of a canceled context", late.Get(ctx, nil))
	d.failure("cancel", workflow.RequestCancelExternalWorkflow(ctx, run.ID, run.RunID).Get(ctx, nil))
	d.ended(ctx, "child", child)
	d.failure("signal to one that has ended", workflow.SignalExternalWorkflow(ctx, run.ID, "", "s", 1).Get(ctx, nil))
	return d.lines, nil
}
