package guest

import (
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	updatepb "go.temporal.io/api/update/v1"

	"github.com/mainspring-go/mainspring/sandbox/wire"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// warmType is the type of the workflow that warms, and failing that of the activity that fails.
const (
	warmType = "warm"
	failing  = "failing"
)

// goods are what is not a plain value, so that JSON makes its tables.
type goods struct {
	Name    string
	Numbers []int
}

// warm does once what every run does first: protobuf, package reflect and the converters make
// tables when they first meet a type. A workflow runs from its start to its end, with nothing of
// the program's own: what that keeps in variables must not be there when its runs start.
func warm() {
	// The second time finds in pools what the first left there. What goes wrong
	// leaves runs cold and no more, and a test would say it.
	for range 2 {
		_ = newWarmer().live()
	}
}

// warmer drives a run of the workflow that warms.
type warmer struct {
	run     *run
	started int64
}

func newWarmer() *warmer {
	return &warmer{run: &run{program: New(func(r *Registry) {
		// The registry keeps what is wrong.
		_ = r.RegisterWorkflowWithOptions(warming, workflow.RegisterOptions{Name: warmType})
	}, Options{})}}
}

// live runs the workflow once.
func (w *warmer) live() error {
	first, err := w.task(&wire.Begin{Metrics: true, Details: runner.Details{
		Namespace: warmType, WorkflowID: warmType, RunID: warmType, WorkflowType: warmType,
	}}, runner.Item{EventID: 1, Start: &runner.Start{
		Time: time.Unix(0, 0),
		Attributes: &historypb.WorkflowExecutionStartedEventAttributes{
			WorkflowType: &commonpb.WorkflowType{Name: warmType}, TaskQueue: &taskqueuepb.TaskQueue{Name: warmType},
			Input: payloads(goods{warmType, []int{1}}), Attempt: 1, OriginalExecutionRunId: warmType, FirstExecutionRunId: warmType,
			RetryPolicy: &commonpb.RetryPolicy{MaximumAttempts: 1}, Header: &commonpb.Header{},
		},
	}})
	if err != nil {
		return err
	}
	defer w.run.instance.Close()
	if err := w.locals(first); err != nil {
		return err
	}
	for _, items := range [][]runner.Item{resolutions(first), messages(), {{EventID: 70, Cancel: &runner.Cancel{}}}} {
		c, err := w.task(nil, items...)
		if err != nil {
			return err
		}
		for _, command := range c.Commands {
			if command.GetCommandType() == enumspb.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION {
				return nil
			}
		}
	}
	return errors.New("the workflow that warms did not end")
}

// locals end the local activities that were asked for.
func (w *warmer) locals(c *runner.Completion) error {
	for _, l := range c.Locals {
		now := time.Unix(w.started, 0)
		if _, err := w.serve(&wire.Request{Activation: &runner.Activation{
			Run: true, Time: now, Local: &runner.LocalResult{ID: l.ID, Time: now, Attempt: 1, Result: l.Args},
		}}); err != nil {
			return err
		}
	}
	return nil
}

// resolutions end the activities, the timer and the child that were started.
func resolutions(c *runner.Completion) (items []runner.Item) {
	id := int64(20)
	end := func(r runner.Resolve) {
		id++
		items = append(items, runner.Item{EventID: id, Resolve: &r})
	}
	for _, command := range c.Commands {
		if a := command.GetScheduleActivityTaskCommandAttributes(); a.GetActivityType().GetName() == failing {
			end(runner.Resolve{Kind: runner.Activity, ID: a.GetActivityId(), Failure: failure(a.GetActivityType())})
		} else if a != nil {
			end(runner.Resolve{Kind: runner.Activity, ID: a.GetActivityId(), Result: payloads("result")})
		}
		if t := command.GetStartTimerCommandAttributes(); t != nil {
			end(runner.Resolve{Kind: runner.Timer, ID: t.GetTimerId()})
		}
		if child := command.GetStartChildWorkflowExecutionCommandAttributes(); child != nil {
			end(runner.Resolve{Kind: runner.ChildStart, ID: child.GetWorkflowId(), RunID: warmType})
			end(runner.Resolve{Kind: runner.Child, ID: child.GetWorkflowId(), Result: payloads("result")})
		}
	}
	return items
}

// failure is that of an activity as workflows see it.
func failure(of *commonpb.ActivityType) *failurepb.Failure {
	return &failurepb.Failure{
		Message: "activity error",
		FailureInfo: &failurepb.Failure_ActivityFailureInfo{
			ActivityFailureInfo: &failurepb.ActivityFailureInfo{ActivityType: of, ActivityId: "1"},
		},
		Cause: &failurepb.Failure{
			Message: failing,
			FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
				ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: failing, Details: payloads("details")},
			},
		},
	}
}

// messages are what comes from outside.
func messages() []runner.Item {
	return []runner.Item{
		{EventID: 31, Signal: &runner.Signal{Name: "signal", Input: payloads("sent"), Header: &commonpb.Header{}}},
		{Update: &runner.Update{Instance: "u", MessageID: "u/request", SequencingID: 31, Request: &updatepb.Request{
			Meta: &updatepb.Meta{UpdateId: "u"}, Input: &updatepb.Input{Name: "update", Args: payloads(1)},
		}}},
	}
}

// task has the run serve a request as the host sends it.
func (w *warmer) task(begin *wire.Begin, items ...runner.Item) (*runner.Completion, error) {
	w.started += 20
	return w.serve(&wire.Request{Begin: begin, Activation: &runner.Activation{
		Run: true, StartedID: w.started, Time: time.Unix(w.started, 0), HistoryLength: w.started, Items: items,
		Queries: []runner.Query{{ID: "q", Type: "query"}},
	}})
}

func (w *warmer) serve(r *wire.Request) (*runner.Completion, error) {
	request, err := wire.AppendRequest(nil, r)
	if err != nil {
		return nil, err
	}
	answer, err := wire.ParseAnswer(w.run.serve(request))
	switch {
	case err != nil:
		return nil, err
	case answer.Completion == nil:
		return nil, errors.New(answer.Error)
	case answer.Completion.Failure != nil:
		return nil, errors.New(answer.Completion.Failure.Failure.GetMessage())
	}
	return answer.Completion, nil
}

func payloads(args ...any) *commonpb.Payloads {
	p, _ := converter.GetDefaultDataConverter().ToPayloads(args...) // it is text and numbers
	return p
}

// warming is the workflow that warms.
func warming(ctx workflow.Context, input goods) (string, error) {
	sum := 0
	err := workflow.SetUpdateHandler(ctx, "update", func(_ workflow.Context, n int) (int, error) { sum += n; return sum, nil })
	if err != nil {
		return "", err
	}
	if err := workflow.SetQueryHandler(ctx, "query", func() (goods, error) { return input, nil }); err != nil {
		return "", err
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	done, timer := workflow.ExecuteActivity(ctx, warmType, input), workflow.NewTimer(ctx, time.Minute)
	failed, child := workflow.ExecuteActivity(ctx, failing), workflow.ExecuteChildWorkflow(ctx, warmType, input)
	local := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx,
		workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute}), warmType, input)
	workflow.Go(ctx, func(ctx workflow.Context) {
		var s string
		workflow.GetSignalChannel(ctx, "signal").Receive(ctx, &s)
		workflow.GetLogger(ctx).Info("warming", "signal", s)
	})
	version := workflow.GetVersion(ctx, "change", workflow.DefaultVersion, 1)
	var n int
	err = workflow.SideEffect(ctx, func(workflow.Context) any { return 1 }).Get(&n)
	if err != nil {
		return "", err
	}
	var result string
	s := workflow.NewSelector(ctx).
		AddFuture(done, func(f workflow.Future) { err = f.Get(ctx, &result) }).
		AddFuture(timer, func(workflow.Future) {})
	s.Select(ctx)
	s.Select(ctx)
	var text string
	if err == nil {
		err = errors.Join(child.Get(ctx, &text), local.Get(ctx, &input))
	}
	if _, ok := errors.AsType[*temporal.ApplicationError](failed.Get(ctx, nil)); !ok {
		return "", errors.New("the activity that fails did not")
	}
	if err == nil {
		err = workflow.Sleep(ctx, time.Hour) // it is canceled before
	}
	return fmt.Sprint(result, version), err
}
