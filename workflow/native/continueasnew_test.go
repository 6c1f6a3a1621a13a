package native_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/native"
)

func counter(_ workflow.Context, _ int, _ string) error { return nil }

func TestContinueAsNewCarriesOn(t *testing.T) {
	for _, tt := range []struct {
		name string
		fail func(workflow.Context) error
		want string
	}{
		{
			"as it was",
			func(ctx workflow.Context) error { return workflow.NewContinueAsNewError(ctx, counter, 8, "x") },
			`"workflowType":{"name":"counter"},"taskQueue":{"name":"tasks","kind":"TASK_QUEUE_KIND_NORMAL"},` +
				`"workflowRunTimeout":"3600s","workflowTaskTimeout":"10s","retryPolicy":{"initialInterval":"1s",` +
				`"maximumInterval":"0s","maximumAttempts":5},"inheritBuildId":true,` +
				`"input":{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"OA=="},` +
				`{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"Ingi"}]}`,
		},
		{
			"changed",
			func(ctx workflow.Context) error {
				ctx = workflow.WithWorkflowRunTimeout(workflow.WithWorkflowTaskTimeout(ctx, time.Second), time.Minute)
				ctx = workflow.WithWorkflowTaskQueue(ctx, "elsewhere")
				err := workflow.NewContinueAsNewErrorWithOptions(ctx, workflow.ContinueAsNewErrorOptions{
					RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 2}, BackoffStartInterval: time.Minute,
					InitialVersioningBehavior: workflow.ContinueAsNewVersioningBehaviorAutoUpgrade,
				}, "Other")
				return fmt.Errorf("wrapped: %w", err)
			},
			`"workflowType":{"name":"Other"},"taskQueue":{"name":"elsewhere","kind":"TASK_QUEUE_KIND_NORMAL"},` +
				`"workflowRunTimeout":"60s","workflowTaskTimeout":"1s","retryPolicy":{"initialInterval":"0s",` +
				`"maximumInterval":"0s","maximumAttempts":2},"backoffStartInterval":"60s",` +
				`"initialVersioningBehavior":"CONTINUE_AS_NEW_VERSIONING_BEHAVIOR_AUTO_UPGRADE"`,
		},
		{
			"with the options of children",
			func(ctx workflow.Context) error {
				ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
					RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 9},
				})
				return workflow.NewContinueAsNewError(ctx, "Other")
			},
			`"workflowType":{"name":"Other"},"taskQueue":{"name":"tasks","kind":"TASK_QUEUE_KIND_NORMAL"},` +
				`"workflowRunTimeout":"0s","workflowTaskTimeout":"0s","retryPolicy":{"initialInterval":"1s",` +
				`"maximumInterval":"0s","maximumAttempts":5},"inheritBuildId":true`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := start(t, func(ctx workflow.Context) (string, error) {
				workflow.NewTimer(ctx, time.Hour) // what else was asked for goes out too
				return "dropped", tt.fail(ctx)
			})
			s := l.Events[0].GetWorkflowExecutionStartedEventAttributes()
			s.WorkflowRunTimeout = durationpb.New(time.Hour)
			s.RetryPolicy = &commonpb.RetryPolicy{
				InitialInterval: durationpb.New(time.Second), MaximumInterval: &durationpb.Duration{}, MaximumAttempts: 5,
			}
			s.Memo = &commonpb.Memo{Fields: map[string]*commonpb.Payload{"m": {Data: []byte("1")}}}
			s.SearchAttributes = &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{
				"set":   {Data: []byte("1")},
				"unset": {Metadata: map[string][]byte{"encoding": []byte("binary/null")}},
			}}
			a := l.task()
			if len(a.Commands) != 2 || !a.Closed {
				t.Fatalf("got %s", histories.Describe(a.Commands))
			}
			checkJSON(t, a.Commands[1].GetContinueAsNewWorkflowExecutionCommandAttributes(),
				`{"header":{},"memo":{"fields":{"m":{"data":"MQ=="}}},`+
					`"searchAttributes":{"indexedFields":{"set":{"data":"MQ=="}}},`+tt.want+`}`)
		})
	}
}

func TestContinueAsNewErrors(t *testing.T) {
	for want, again := range map[string]func(workflow.Context) error{
		"expected 2 args for function: counter but found 1": func(ctx workflow.Context) error {
			return workflow.NewContinueAsNewError(ctx, counter, 1)
		},
		"cannot assign function argument: 3 from type: int to type: string": func(ctx workflow.Context) error {
			return workflow.NewContinueAsNewError(ctx, counter, 1, 2)
		},
		"the error has no WorkflowType": func(workflow.Context) error {
			return &workflow.ContinueAsNewError{TaskQueueName: "tasks"}
		},
		"InitialVersioningBehavior is 9": func(ctx workflow.Context) error {
			return workflow.NewContinueAsNewErrorWithOptions(ctx,
				workflow.ContinueAsNewErrorOptions{InitialVersioningBehavior: 9}, "Other")
		},
		"neither a function nor a name": func(ctx workflow.Context) error {
			return workflow.NewContinueAsNewError(ctx, 7)
		},
		"arguments cannot be encoded": func(ctx workflow.Context) error {
			return workflow.NewContinueAsNewError(ctx, "Other", func() {})
		},
	} {
		checkFailure(t, start(t, again).fails(), unhandled, want)
	}
	start(t, func(ctx workflow.Context) error {
		err := workflow.NewContinueAsNewError(ctx, counter, 1, nil) // nil fits anything
		if !workflow.IsContinueAsNewError(fmt.Errorf("wrapped: %w", err)) || workflow.IsContinueAsNewError(errors.New("no")) {
			return errors.New("told wrongly")
		}
		return errors.Join(err, workflow.ErrCanceled) // a cancellation goes first
	}).does("CancelWorkflow")
}

func TestReasonsToContinueAsNew(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		i := workflow.GetInfo(ctx)
		before := fmt.Sprint(i.GetContinueAsNewSuggested(), i.GetContinueAsNewSuggestedReasons())
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
		return fmt.Sprint(before, " ", i.GetContinueAsNewSuggested(), i.GetContinueAsNewSuggestedReasons()), nil
	})
	l.does()
	l.Signal("s")
	l.Task()
	a := l.Events[l.Started-1].GetWorkflowTaskStartedEventAttributes()
	a.SuggestContinueAsNew = true
	a.SuggestContinueAsNewReasons = []enumspb.SuggestContinueAsNewReason{
		enumspb.SUGGEST_CONTINUE_AS_NEW_REASON_TOO_MANY_HISTORY_EVENTS,
		enumspb.SUGGEST_CONTINUE_AS_NEW_REASON_TOO_MANY_UPDATES,
	}
	answer, err := l.Sticky(l.History)
	if err != nil {
		t.Fatal(err)
	}
	l.Complete(answer)
	checkCommands(t, answer.Commands, `CompleteWorkflow "false [] true [2 3]"`)
}

func TestTheRunBefore(t *testing.T) {
	wf := func(ctx workflow.Context) (string, error) {
		var last int
		err := workflow.GetLastCompletionResult(ctx, &last)
		return fmt.Sprintf("%t %d, no data: %t, failed: %t", workflow.HasLastCompletionResult(ctx), last,
			errors.Is(err, temporal.ErrNoData), temporal.IsApplicationError(workflow.GetLastError(ctx))), nil
	}
	start(t, wf).does(`CompleteWorkflow "false 0, no data: true, failed: false"`)
	l := start(t, wf)
	s := l.Events[0].GetWorkflowExecutionStartedEventAttributes()
	s.LastCompletionResult, s.ContinuedFailure = histories.Payloads(7), histories.Failed("broken")
	l.does(`CompleteWorkflow "true 7, no data: false, failed: true"`)
}

// What was upserted since the start goes along, and what was unset does not.
func TestContinueAsNewCarriesUpserts(t *testing.T) {
	colour, size := temporal.NewSearchAttributeKeyKeyword("Colour"), temporal.NewSearchAttributeKeyInt64("Size")
	l := start(t, func(ctx workflow.Context) error {
		if err := workflow.UpsertTypedSearchAttributes(ctx, colour.ValueSet("red"), size.ValueUnset()); err != nil {
			return err
		}
		if err := workflow.UpsertMemo(ctx, map[string]any{"kept": 1, "gone": nil}); err != nil {
			return err
		}
		return workflow.NewContinueAsNewError(ctx, "wf")
	})
	s := l.Events[0].GetWorkflowExecutionStartedEventAttributes()
	s.Memo = &commonpb.Memo{Fields: map[string]*commonpb.Payload{"gone": {Data: []byte("1")}}}
	s.SearchAttributes = &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{"Size": {Data: []byte("1")}}}
	a := l.task()
	got := a.Commands[len(a.Commands)-1].GetContinueAsNewWorkflowExecutionCommandAttributes()
	if m := got.GetMemo().GetFields(); len(m) != 1 || string(m["kept"].GetData()) != "1" {
		t.Errorf("got the memo %v", m)
	}
	if f := got.GetSearchAttributes().GetIndexedFields(); len(f) != 1 || string(f["Colour"].GetData()) != `"red"` {
		t.Errorf("got the search attributes %v", f)
	}
}

// A run that continues as new leaves its updates behind as one that ends does.
func TestContinueAsNewSaysWhatItLeavesBehind(t *testing.T) {
	var out strings.Builder
	l := startWith(t, native.Options{Logger: slog.New(slog.NewTextHandler(&out, nil))}, func(ctx workflow.Context) error {
		if err := workflow.SetUpdateHandler(ctx, "u", func(ctx workflow.Context) error {
			return workflow.Sleep(ctx, time.Hour)
		}); err != nil {
			return err
		}
		workflow.GetSignalChannel(ctx, "end").Receive(ctx, nil)
		return workflow.NewContinueAsNewError(ctx, "wf")
	})
	l.task(with(l.Update("id", "u")))
	l.Signal("end")
	l.does("ContinueAsNewWorkflow wf")
	if !strings.Contains(out.String(), "[TMPRL1102]") {
		t.Errorf("the log is %s", out.String())
	}
}
