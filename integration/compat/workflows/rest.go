package workflows

import (
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
)

// Info writes down what a workflow is told of itself.
func Info(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	i := workflow.GetInfo(ctx)
	d.note("as its queue %t %s", i.WorkflowExecution.ID == i.TaskQueueName, i.WorkflowType.Name)
	d.note("first %t original %t", i.FirstRunID == i.WorkflowExecution.RunID, i.OriginalRunID == i.WorkflowExecution.RunID)
	d.note("%v %v %v", i.WorkflowExecutionTimeout, i.WorkflowRunTimeout, i.WorkflowTaskTimeout)
	d.note("%s attempt %d cron %q continued %q", i.Namespace, i.Attempt, i.CronSchedule, i.ContinuedExecutionRunID)
	d.note("parent %t root %t", i.ParentWorkflowExecution != nil, i.RootWorkflowExecution != nil)
	d.note("priority %d", i.Priority.PriorityKey)
	d.note("history %d, continue %t", i.GetCurrentHistoryLength(), i.GetContinueAsNewSuggested())
	var color string
	d.failure("memo", converter.GetDefaultDataConverter().FromPayload(i.Memo.GetFields()["color"], &color))
	d.note("%s", color)
	for range 2 {
		wait(ctx)
		d.note("history %d, grows %t", i.GetCurrentHistoryLength(), i.GetCurrentHistorySize() > 0)
	}
	d.note("replaying changes nothing: %t", workflow.IsReplaying(ctx) || !workflow.IsReplaying(ctx))
	workflow.GetLogger(ctx).Info("all is told", "lines", len(d.lines))
	return d.lines, nil
}

// Values takes and returns values of every encoding.
func Values(
	ctx workflow.Context, s string, n int, b []byte, p *Point, m map[string]int, x *commonpb.WorkflowExecution,
) (map[string]any, error) {
	var a *Acts
	ctx = brief(ctx)
	var raw converter.RawValue
	if err := workflow.ExecuteActivity(ctx, a.Echo, s).Get(ctx, &raw); err != nil {
		return nil, err
	}
	var again string
	if err := workflow.ExecuteActivity(ctx, a.Echo, raw).Get(ctx, &again); err != nil {
		return nil, err
	}
	var back []byte
	if err := workflow.ExecuteActivity(ctx, a.Bytes, b).Get(ctx, &back); err != nil {
		return nil, err
	}
	return map[string]any{
		"s": again, "n": n, "b": back, "p": p, "m": m["one"], "x": x.GetWorkflowId(),
		"raw": string(raw.Payload().GetData()),
	}, nil
}

// Steps takes many tasks: an activity, a timer and a signal again and again.
func Steps(ctx workflow.Context, rounds int) (int, error) {
	d, err := open(ctx)
	if err != nil {
		return 0, err
	}
	ctx = brief(ctx)
	var a *Acts
	sum := 0
	for i := range rounds {
		var s string
		if err := workflow.ExecuteActivity(ctx, a.Echo, fmt.Sprint(i)).Get(ctx, &s); err != nil {
			return 0, err
		}
		if err := workflow.Sleep(ctx, time.Millisecond); err != nil {
			return 0, err
		}
		d.note("round %s", s)
		var n int
		workflow.GetSignalChannel(ctx, "add").Receive(ctx, &n)
		sum += n
	}
	return sum, nil
}

// key is that of a value in a context.
type key struct{}

// Contexts passes values and cancellation down.
func Contexts(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	outer, cancel := workflow.WithCancel(workflow.WithValue(ctx, key{}, "outer"))
	inner := workflow.WithValue(outer, key{}, "inner")
	apart, end := workflow.NewDisconnectedContext(inner)
	d.note("%v %v %v %v", ctx.Value(key{}), outer.Value(key{}), inner.Value(key{}), apart.Value(key{}))
	_, has := ctx.Deadline()
	d.note("deadline %t", has)
	wg := workflow.NewWaitGroup(ctx)
	for _, c := range []workflow.Context{outer, inner, apart} {
		wg.Go(c, func(ctx workflow.Context) {
			d.note("%v done %t", ctx.Value(key{}), ctx.Done().Receive(ctx, nil))
			d.failure("because", ctx.Err())
		})
	}
	d.failure("sleep", workflow.Sleep(inner, 10*time.Millisecond))
	cancel()
	d.failure("sleep apart", workflow.Sleep(apart, 10*time.Millisecond))
	end()
	wg.Wait(ctx)
	return d.lines, nil
}
