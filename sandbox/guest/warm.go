package guest

import (
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	updatepb "go.temporal.io/api/update/v1"

	"github.com/mainspring-go/mainspring/sandbox/wire"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// warmType is the type of the workflow that warms.
const warmType = "warm"

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
			Input: payloads("input"), Attempt: 1, OriginalExecutionRunId: warmType, FirstExecutionRunId: warmType,
			RetryPolicy: &commonpb.RetryPolicy{MaximumAttempts: 1}, Header: &commonpb.Header{},
		},
	}})
	if err != nil {
		return err
	}
	defer w.run.instance.Close()
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

// resolutions end the activity and the timer that were started.
func resolutions(c *runner.Completion) (items []runner.Item) {
	for _, command := range c.Commands {
		if a := command.GetScheduleActivityTaskCommandAttributes(); a != nil {
			items = append(items, runner.Item{EventID: 21, Resolve: &runner.Resolve{
				Kind: runner.Activity, ID: a.GetActivityId(), Result: payloads("result"),
			}})
		}
		if t := command.GetStartTimerCommandAttributes(); t != nil {
			items = append(items, runner.Item{EventID: 22, Resolve: &runner.Resolve{Kind: runner.Timer, ID: t.GetTimerId()}})
		}
	}
	return items
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
	request, err := wire.AppendRequest(nil, &wire.Request{Begin: begin, Activation: &runner.Activation{
		Run: true, StartedID: w.started, Time: time.Unix(w.started, 0), HistoryLength: w.started, Items: items,
		Queries: []runner.Query{{ID: "q", Type: "query"}},
	}})
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
func warming(ctx workflow.Context, input string) (string, error) {
	sum := 0
	err := workflow.SetUpdateHandler(ctx, "update", func(_ workflow.Context, n int) (int, error) { sum += n; return sum, nil })
	if err != nil {
		return "", err
	}
	if err := workflow.SetQueryHandler(ctx, "query", func() (string, error) { return input, nil }); err != nil {
		return "", err
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	done, timer := workflow.ExecuteActivity(ctx, warmType, input), workflow.NewTimer(ctx, time.Minute)
	workflow.ExecuteChildWorkflow(ctx, warmType, input)
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
	if err == nil {
		err = workflow.Sleep(ctx, time.Hour) // it is canceled before
	}
	return fmt.Sprint(result, version), err
}
