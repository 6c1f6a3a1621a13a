package replay_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/replay"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

func TestThreeLines(t *testing.T) {
	path := write(t, t.TempDir(), "order.json", record(t, 3))

	r := replay.NewWorkflowReplayer()
	_ = r.RegisterWorkflow(Order)
	err := r.ReplayWorkflowHistoryFromJSONFile(nil, path)
	if err != nil {
		t.Fatal(err)
	}
	var result string
	if err := r.GetWorkflowResult("", &result); err != nil || result != "charged for seven" {
		t.Errorf("the result is %q, %v", result, err)
	}
	if err := r.GetWorkflowResult("other", &result); err == nil || err.Error() != "workflow result not found" {
		t.Errorf("the result of a run that was not replayed: %v", err)
	}
}

// Of a history that ends early the tasks that it completed are compared.
func TestEveryLength(t *testing.T) {
	whole := record(t, 3)
	for n := 3; n <= len(whole.Events); n++ {
		err := replayerOf(t, Order).ReplayWorkflowHistory(nil, &historypb.History{Events: whole.Events[:n]})
		// What a task caused comes with its completion: less is no history.
		torn := whole.Events[n-1].GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
		if (err != nil) != torn {
			t.Errorf("the first %d events: %v", n, err)
		}
	}
}

func TestPartial(t *testing.T) {
	path := write(t, t.TempDir(), "order.json", record(t, 3))
	// The timer is started by event 11; what differs comes later.
	r := replayerOf(t, func(ctx workflow.Context, id string) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		if err := workflow.ExecuteActivity(ctx, Charge, id).Get(ctx, nil); err != nil {
			return err
		}
		return errors.Join(workflow.Sleep(ctx, time.Hour), workflow.Sleep(ctx, time.Hour))
	})
	if err := r.ReplayPartialWorkflowHistoryFromJSONFile(nil, path, 14); err != nil {
		t.Errorf("up to where they are the same: %v", err)
	}
	if err := r.ReplayPartialWorkflowHistoryFromJSONFile(nil, path, 0); err == nil {
		t.Error("the whole history replayed, want a difference")
	}
}

func TestDiffers(t *testing.T) {
	failing := func(workflow.Context, string) error { return errors.New("no") }
	for _, tt := range []struct {
		name string
		fn   any
		task int64
		want string
	}{
		{"another command", Reversed, 3, "history event is ActivityTaskScheduled (EventId: 5"},
		{"an early end", failing, 3, "history event is ActivityTaskScheduled (EventId: 5"},
		{"a panic", func(workflow.Context, string) error { panic("ouch") }, 3, "ouch"},
		{"another end", func(ctx workflow.Context, id string) error {
			_, err := Order(ctx, id)
			return errors.Join(err, errors.New("no"))
		}, 14, "history event is WorkflowExecutionCompleted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := replayerOf(t, tt.fn).ReplayWorkflowHistory(nil, protoOf(record(t, 3)))
			e, ok := errors.AsType[*replay.Error](err)
			if !ok || e.Outcome != replay.Differs || e.StartedEventID != tt.task ||
				!strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %#v: %v, want one at task %d with %q", e, err, tt.task, tt.want)
			}
			found, machines := errors.AsType[*machine.NondeterminismError](err)
			// No code makes the command that ends a run.
			made := strings.HasSuffix(tt.name, "command")
			if machines && strings.Contains(found.Stack, "replay_test.Reversed") != made {
				t.Errorf("the code that made it is\n%s", found.Stack)
			}
			_, panicked := errors.AsType[*temporal.PanicError](err)
			if machines == panicked {
				t.Errorf("in the chain: difference %t, panic %t, want one of them", machines, panicked)
			}
		})
	}
}

func TestNotReplayed(t *testing.T) {
	whole := record(t, 3)
	gap := histories.Clone(whole.Events)
	gap = append(gap[:5], gap[6:]...)
	unknown := histories.Start("Order", "seven")
	unknown.Task()
	unknown.CompleteTask(nil)
	unknown.Add(enumspb.EVENT_TYPE_UNSPECIFIED, &historypb.HistoryEvent{})
	unknown.Task()
	unknown.CompleteTask(nil)
	untyped := histories.Clone(whole.Events)
	untyped[0].GetWorkflowExecutionStartedEventAttributes().WorkflowType = nil
	odd := histories.Clone(whole.Events)[:3]
	odd = append(odd, &historypb.HistoryEvent{
		EventId: 4, EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
	})
	for _, tt := range []struct {
		name   string
		events []*historypb.HistoryEvent
		want   string
	}{
		{"none", nil, "empty events"},
		{"two", whole.Events[:2], "at least 3 events expected in the history"},
		{"no start", whole.Events[1:], "first event is not WorkflowExecutionStarted but WorkflowTaskScheduled"},
		{"no type", untyped, "corrupted WorkflowExecutionStarted"},
		{"a gap", gap, "missing history events, expectedNextEventID=6 but receivedNextEventID=7"},
		{"a strange event", unknown.Events, "unknown history event: Unspecified (event id 5)"},
		{"an end without a task", odd, "the last event is WorkflowExecutionCompleted (event 4)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// The strange one comes after a task without commands.
			waiting := func(ctx workflow.Context, _ string) error {
				workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
				return nil
			}
			fn := any(Order)
			if tt.name == "a strange event" {
				fn = waiting
			}
			err := replayerOf(t, fn).ReplayWorkflowHistory(nil, &historypb.History{Events: tt.events})
			e, ok := errors.AsType[*replay.Error](err)
			if !ok || e.Outcome != replay.NotReplayed || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %#v: %v, want %q", e, err, tt.want)
			}
		})
	}
}

func TestUnknownType(t *testing.T) {
	r := replay.NewWorkflowReplayer()
	err := r.ReplayWorkflowHistory(nil, protoOf(record(t, 3)))
	e, ok := errors.AsType[*replay.Error](err)
	if _, unknown := errors.AsType[*runner.UnknownTypeError](err); !ok || !unknown || e.Outcome != replay.NotReplayed {
		t.Errorf("got %v, want an unknown type", err)
	}
}

func TestBadRegistrationIsNotMissed(t *testing.T) {
	r := replayerOf(t, Order)
	if err := r.RegisterWorkflow("Order"); err == nil {
		t.Error("a string was registered as a workflow")
	}
	err := r.ReplayWorkflowHistory(nil, protoOf(record(t, 3)))
	if _, ok := errors.AsType[*workflow.RegistrationError](err); !ok {
		t.Errorf("got %v, want the registration's error again", err)
	}
}

func TestIDs(t *testing.T) {
	var seen workflow.Execution
	r := replayerOf(t, func(ctx workflow.Context, id string) (string, error) {
		seen = workflow.GetInfo(ctx).WorkflowExecution
		return Order(ctx, id)
	})
	h := record(t, 3)
	first := h.Events[0].GetWorkflowExecutionStartedEventAttributes()
	replayed := func(given workflow.Execution) workflow.Execution {
		t.Helper()
		err := r.ReplayWorkflowHistoryWithOptions(nil, protoOf(h),
			replay.ReplayWorkflowHistoryOptions{OriginalExecution: given})
		if err != nil {
			t.Fatal(err)
		}
		return seen
	}
	given := workflow.Execution{ID: "mine", RunID: "run"}
	if got := replayed(given); got != given {
		t.Errorf("the run is %v, want the one that was given", got)
	}
	if err := r.GetWorkflowResult("mine", new(string)); err != nil {
		t.Error(err)
	}
	if err := r.GetWorkflowResult("", new(string)); err == nil {
		t.Error("there is a result of a run without id")
	}
	if got, want := replayed(workflow.Execution{}), (workflow.Execution{ID: "ReplayId", RunID: "original-run"}); got != want {
		t.Errorf("the run is %v, want %v", got, want)
	}
	first.WorkflowId, first.OriginalExecutionRunId = "recorded", ""
	if got := replayed(workflow.Execution{}); got.ID != "recorded" || !strings.HasPrefix(got.RunID, "replay-") {
		t.Errorf("the run is %v, want the recorded workflow id and a run id made up", got)
	}
}

func TestLoggerHears(t *testing.T) {
	var out bytes.Buffer
	err := replayerOf(t, Reversed).ReplayWorkflowHistory(slog.New(slog.NewTextHandler(&out, nil)), protoOf(record(t, 3)))
	if err == nil || !strings.Contains(out.String(), "Outcome=differs") || !strings.Contains(out.String(), "TMPRL1100") {
		t.Errorf("logged %q for %v", out.String(), err)
	}
}

func TestOptions(t *testing.T) {
	names := func(any) (string, error) { return "Charge", nil }
	_, err := replay.NewWorkflowReplayerWithOptions(replay.WorkflowReplayerOptions{
		ActivityName: names, Runner: native.New(native.Options{}),
	})
	if err == nil || !strings.Contains(err.Error(), "are for the runner that is made by default") {
		t.Errorf("got %v", err)
	}
	renamed := func(any) (string, error) { return "Renamed", nil }
	r, err := replay.NewWorkflowReplayerWithOptions(replay.WorkflowReplayerOptions{ActivityName: renamed})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.RegisterWorkflow(Order); err != nil {
		t.Fatal(err)
	}
	if err := r.ReplayWorkflowHistory(nil, protoOf(record(t, 3))); err == nil ||
		!strings.Contains(err.Error(), "Renamed") {
		t.Errorf("got %v, want the name that was resolved", err)
	}
	if err := replayerOf(t, func(ctx workflow.Context, _ string) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 1})
		return workflow.ExecuteActivity(ctx, 7).Get(ctx, nil)
	}).ReplayWorkflowHistory(nil, protoOf(record(t, 3))); err == nil {
		t.Error("7 is an activity")
	}
}

// A runner that the user gave runs what is registered.
func TestOwnRunner(t *testing.T) {
	own := &refusing{}
	r, err := replay.NewWorkflowReplayerWithOptions(replay.WorkflowReplayerOptions{Runner: own})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.RegisterWorkflow(Order); err == nil || own.prepared != "Order" {
		t.Errorf("got %v after %q was prepared", err, own.prepared)
	}
}

type refusing struct {
	runner.Runner
	prepared string
}

func (r *refusing) Prepare(d runner.Definition) error {
	r.prepared = d.Type
	return errors.New("not that one")
}
