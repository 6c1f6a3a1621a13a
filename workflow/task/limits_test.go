package task_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	querypb "go.temporal.io/api/query/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/runner"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// A puppet is a runner whose workflow makes these commands in its first task.
type puppet []*commandpb.Command

func (p puppet) Prepare(runner.Definition) error                     { return nil }
func (p puppet) NewInstance(runner.Details) (runner.Instance, error) { return p, nil }
func (p puppet) Close()                                              {}

func (p puppet) Activate(_ context.Context, a *runner.Activation) *runner.Completion {
	c := &runner.Completion{Commands: p}
	for _, q := range a.Queries {
		c.Answers = append(c.Answers, runner.Answer{ID: q.ID, Result: large(100)})
	}
	return c
}

// large are payloads of that many bytes and a few more.
func large(n int) *commonpb.Payloads {
	return &commonpb.Payloads{Payloads: []*commonpb.Payload{{Data: make([]byte, n)}}}
}

func fields(n int) map[string]*commonpb.Payload {
	return map[string]*commonpb.Payload{"key": {Data: make([]byte, n)}}
}

// carriers make every command that can be too large, with that many bytes in it.
var carriers = map[string]func(n int) *commandpb.Command{
	"input of activity A (id 5)": func(n int) *commandpb.Command {
		return &commandpb.Command{Attributes: &commandpb.Command_ScheduleActivityTaskCommandAttributes{
			ScheduleActivityTaskCommandAttributes: &commandpb.ScheduleActivityTaskCommandAttributes{
				ActivityId: "5", ActivityType: &commonpb.ActivityType{Name: "A"}, Input: large(n),
			},
		}}
	},
	"input of child workflow C (id c)": func(n int) *commandpb.Command { return child(large(n), nil) },
	"memo of child workflow C (id c)": func(n int) *commandpb.Command {
		return child(nil, &commonpb.Memo{Fields: fields(n)})
	},
	"input of signal s to workflow w": func(n int) *commandpb.Command {
		return &commandpb.Command{Attributes: &commandpb.Command_SignalExternalWorkflowExecutionCommandAttributes{
			SignalExternalWorkflowExecutionCommandAttributes: &commandpb.SignalExternalWorkflowExecutionCommandAttributes{
				SignalName: "s", Execution: &commonpb.WorkflowExecution{WorkflowId: "w"}, Input: large(n),
			},
		}}
	},
	"details of marker SideEffect": func(n int) *commandpb.Command {
		return &commandpb.Command{Attributes: &commandpb.Command_RecordMarkerCommandAttributes{
			RecordMarkerCommandAttributes: &commandpb.RecordMarkerCommandAttributes{
				MarkerName: "SideEffect",
				Details:    map[string]*commonpb.Payloads{"a": large(n / 2), "b": large(n - n/2)},
			},
		}}
	},
	"fields of the upserted search attributes": func(n int) *commandpb.Command {
		return &commandpb.Command{Attributes: &commandpb.Command_UpsertWorkflowSearchAttributesCommandAttributes{
			UpsertWorkflowSearchAttributesCommandAttributes: &commandpb.UpsertWorkflowSearchAttributesCommandAttributes{
				SearchAttributes: &commonpb.SearchAttributes{IndexedFields: fields(n)},
			},
		}}
	},
	"fields of the upserted memo": func(n int) *commandpb.Command {
		return &commandpb.Command{Attributes: &commandpb.Command_ModifyWorkflowPropertiesCommandAttributes{
			ModifyWorkflowPropertiesCommandAttributes: &commandpb.ModifyWorkflowPropertiesCommandAttributes{
				UpsertedMemo: &commonpb.Memo{Fields: fields(n)},
			},
		}}
	},
	"result of the workflow": func(n int) *commandpb.Command {
		return &commandpb.Command{Attributes: &commandpb.Command_CompleteWorkflowExecutionCommandAttributes{
			CompleteWorkflowExecutionCommandAttributes: &commandpb.CompleteWorkflowExecutionCommandAttributes{Result: large(n)},
		}}
	},
	"details of the workflow": func(n int) *commandpb.Command {
		return &commandpb.Command{Attributes: &commandpb.Command_CancelWorkflowExecutionCommandAttributes{
			CancelWorkflowExecutionCommandAttributes: &commandpb.CancelWorkflowExecutionCommandAttributes{Details: large(n)},
		}}
	},
	"failure details of the workflow": func(n int) *commandpb.Command {
		return &commandpb.Command{Attributes: &commandpb.Command_FailWorkflowExecutionCommandAttributes{
			FailWorkflowExecutionCommandAttributes: &commandpb.FailWorkflowExecutionCommandAttributes{
				Failure: &failurepb.Failure{Cause: &failurepb.Failure{FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
					ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Details: large(n)},
				}}},
			},
		}}
	},
	"input of the run to continue as new": func(n int) *commandpb.Command {
		return &commandpb.Command{Attributes: &commandpb.Command_ContinueAsNewWorkflowExecutionCommandAttributes{
			ContinueAsNewWorkflowExecutionCommandAttributes: &commandpb.ContinueAsNewWorkflowExecutionCommandAttributes{
				Input: large(n),
			},
		}}
	},
}

func child(input *commonpb.Payloads, memo *commonpb.Memo) *commandpb.Command {
	return &commandpb.Command{Attributes: &commandpb.Command_StartChildWorkflowExecutionCommandAttributes{
		StartChildWorkflowExecutionCommandAttributes: &commandpb.StartChildWorkflowExecutionCommandAttributes{
			WorkflowId: "c", WorkflowType: &commonpb.WorkflowType{Name: "C"}, Input: input, Memo: memo,
		},
	}}
}

// limited is a bench whose workflow makes these commands, with a log.
func limited(t *testing.T, l task.Limits, commands ...*commandpb.Command) (*bench, *strings.Builder) {
	t.Helper()
	var log strings.Builder
	b := newBench(t, func(workflow.Context) (string, error) { return "", nil }, func(o *task.Options) {
		o.Runner, o.Limits = puppet(commands), l
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	b.Task()
	return b, &log
}

func TestPayloadsThatAreTooLarge(t *testing.T) {
	for what, command := range carriers {
		t.Run(what, func(t *testing.T) {
			kind := "payloads"
			if strings.HasPrefix(what, "memo") {
				kind = "memo"
			}
			limits := task.Limits{PayloadError: 1000, MemoError: 1000, PayloadWarning: 500, MemoWarning: 500}
			b, _ := limited(t, limits, command(1000))
			err := b.handler.Handle(t.Context(), b.full())
			size, ok := errors.AsType[*task.SizeError](err)
			if !ok || size.What != what || size.Size <= 1000 || size.Size > 1050 || size.Limit != 1000 {
				t.Fatalf("got %v, want a SizeError", err)
			}
			want := "[TMPRL1103] Attempted to upload " + kind + " with size that exceeded the error limit. " + what + ": "
			if got := b.failed[0]; got.GetCause() != enumspb.WORKFLOW_TASK_FAILED_CAUSE_PAYLOADS_TOO_LARGE ||
				!strings.HasPrefix(got.GetFailure().GetMessage(), want) {
				t.Errorf("the server was told %v", got)
			}
			b.ended(t, task.Fresh, task.TaskFailed, task.Failed)

			b, log := limited(t, limits, command(800))
			if err := b.handler.Handle(t.Context(), b.full()); err != nil {
				t.Fatal(err)
			}
			if got := log.String(); !strings.Contains(got, "[TMPRL1103] Attempted to upload "+kind+
				" with size that exceeded the warning limit.") || !strings.Contains(got, `What="`+what+`"`) {
				t.Errorf("nobody was warned: %s", got)
			}
			for _, silent := range []task.Limits{
				{},
				{PayloadError: -1, MemoError: -1, PayloadWarning: -1, MemoWarning: -1},
				{PayloadError: 2000, MemoError: 2000, PayloadWarning: 1900, MemoWarning: 1900},
			} {
				b, log = limited(t, silent, command(1000))
				if err := b.handler.Handle(t.Context(), b.full()); err != nil || log.Len() > 0 {
					t.Errorf("limits %+v: got %v and %s", silent, err, log)
				}
			}
		})
	}
}

func TestRequestsThatAreTooLarge(t *testing.T) {
	command := carriers["input of activity A (id 5)"]
	b, _ := limited(t, task.Limits{Request: 10_000}, command(100), command(4000), command(3000), command(3500), command(10))
	err := b.handler.Handle(t.Context(), b.full())
	size, ok := errors.AsType[*task.SizeError](err)
	if !ok || !size.Request || size.Limit != 10_000 || size.Size < 10_600 || size.Size > 11_000 ||
		!strings.Contains(err.Error(), "input of activity A (id 5) (4006 bytes), input of activity A (id 5) (3506 bytes), "+
			"input of activity A (id 5) (3006 bytes), of 5 commands") {
		t.Errorf("got %v, want a SizeError about the request", err)
	}
	if len(b.completed) != 0 || b.failed[0].GetCause() != enumspb.WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE {
		t.Errorf("got %d answers, and the server was told %v", len(b.completed), b.failed[0])
	}
	// A server that takes less than it is known to.
	b, _ = limited(t, task.Limits{}, command(100))
	b.complete = func(*completed) (*response, error) {
		return nil, &serviceerror.ResourceExhausted{Message: "grpc: received message larger than max (9 vs. 4)"}
	}
	if err := b.handler.Handle(t.Context(), b.full()); err == nil ||
		!strings.Contains(err.Error(), "larger than max (9 vs. 4); the largest parts: input of activity A (id 5) (104 bytes)") {
		t.Errorf("got %v, want the names of the largest parts", err)
	}
	for _, l := range []task.Limits{{}, {Request: -1}, {Request: 12_000}} {
		b, _ = limited(t, l, command(4000), command(4000), command(3000))
		if err := b.handler.Handle(t.Context(), b.full()); err != nil {
			t.Errorf("limits %+v: got %v", l, err)
		}
	}
}

func TestQueryResultsThatAreTooLarge(t *testing.T) {
	for _, l := range []task.Limits{{PayloadError: 50}, {Request: 50}} {
		b, _ := limited(t, l)
		if err := b.handler.Handle(t.Context(), b.full(func(p *polled) {
			p.Queries = map[string]*querypb.WorkflowQuery{"q": {QueryType: "x"}}
		})); err != nil && l.Request == 0 {
			t.Fatal(err)
		}
		if l.Request == 0 {
			got := b.completed[0].GetQueryResults()["q"]
			if got.GetResultType() != enumspb.QUERY_RESULT_TYPE_FAILED || got.GetAnswer() != nil ||
				!strings.Contains(got.GetErrorMessage(), "result of a query: 104 bytes, the limit is 50") {
				t.Errorf("the query was answered with %v", got)
			}
		}
		if err := b.handler.Handle(t.Context(), b.ask("x", true)); err != nil {
			t.Fatal(err)
		}
		if got := b.queried[0]; got.GetCompletedType() != enumspb.QUERY_RESULT_TYPE_FAILED || got.GetQueryResult() != nil ||
			!strings.Contains(got.GetErrorMessage(), "result of a query: 104 bytes, the limit is 50") {
			t.Errorf("the query was answered with %v", got)
		}
	}
	// A server that takes less than it is known to.
	b, _ := limited(t, task.Limits{})
	b.query = &serviceerror.ResourceExhausted{Message: "grpc: received message larger than max (9 vs. 4)"}
	_ = b.handler.Handle(t.Context(), b.ask("x", true))
	if len(b.queried) != 2 || b.queried[1].GetCause() != enumspb.WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE ||
		b.queried[1].GetQueryResult() != nil {
		t.Errorf("the server was told %v", b.queried)
	}
}

func TestHistoriesThatGrow(t *testing.T) {
	var log strings.Builder
	b := newBench(t, counting, func(o *task.Options) {
		o.Limits = task.Limits{HistoryLength: 10, HistorySize: 5000}
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	warned := func(size int64) bool {
		t.Helper()
		b.Signal("s", "more")
		b.Task()
		b.Events[len(b.Events)-1] = &historypb.HistoryEvent{
			EventId: b.Started, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED,
			Attributes: &historypb.HistoryEvent_WorkflowTaskStartedEventAttributes{
				WorkflowTaskStartedEventAttributes: &historypb.WorkflowTaskStartedEventAttributes{HistorySizeBytes: size},
			},
		}
		log.Reset()
		p := b.sticky()
		if b.Previous == 0 {
			p = b.full()
		}
		if err := b.handler.Handle(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		got := b.completed[len(b.completed)-1]
		b.CompleteTask(got.GetSdkMetadata())
		b.Command(got.GetCommands(), got.GetMessages())
		return strings.Contains(log.String(), "History of the workflow is large")
	}
	// Events: 4, 9, 14, 19, 24, 29, 34.
	for i, tt := range []struct {
		size int64
		want bool
	}{{10, false}, {10, false}, {10, true}, {10, false}, {10, true}, {19_000, false}, {20_000, true}} {
		if got := warned(tt.size); got != tt.want {
			t.Errorf("task %d with %d bytes: warned %t, want %t: %s", i+1, tt.size, got, tt.want, &log)
		}
	}
}
