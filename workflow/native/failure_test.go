package native_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

const (
	nonDeterministic = enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR
	unhandled        = enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE
)

func failure() *failurepb.Failure { return histories.Failed("broken") }

func checkFailure(t *testing.T, got *runner.TaskFailure, cause enumspb.WorkflowTaskFailedCause, message string) {
	t.Helper()
	if got.Cause != cause || !strings.Contains(got.Failure.GetMessage(), message) {
		t.Errorf("task failed with cause %v and %q, want %v and %q in it",
			got.Cause, got.Failure.GetMessage(), cause, message)
	}
}

func TestWhatFailsATask(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fn      func(workflow.Context) error
		message string
	}{
		{"panic", func(workflow.Context) error { panic("boom") }, "boom"},
		{"panic with an error", func(workflow.Context) error { panic(errors.New("bang")) }, "bang"},
		{"in another coroutine", func(ctx workflow.Context) error {
			workflow.Go(ctx, func(workflow.Context) { panic("aside") })
			return workflow.Sleep(ctx, time.Hour)
		}, "aside"},
		{"index out of range", func(workflow.Context) error {
			few := make([]error, 2)
			return few[len(few)]
		}, "index out of range"},
		{"future decided twice", func(ctx workflow.Context) error {
			_, s := workflow.NewFuture(ctx)
			s.SetValue(1)
			s.SetValue(2)
			return nil
		}, "already set"},
		{"send on a closed channel", func(ctx workflow.Context) error {
			c := workflow.NewChannel(ctx)
			c.Close()
			c.Send(ctx, 1)
			return nil
		}, "Closed channel"},
		{"get without a pointer", func(ctx workflow.Context) error {
			f, s := workflow.NewFuture(ctx)
			s.SetValue(1)
			return f.Get(ctx, 7)
		}, "valuePtr parameter is not a pointer"},
		{"get into a wrong type", func(ctx workflow.Context) error {
			f, s := workflow.NewFuture(ctx)
			s.SetValue(1)
			return f.Get(ctx, new(string))
		}, "cannot assign a value of type int"},
		{"unlock of an unlocked mutex", func(ctx workflow.Context) error {
			workflow.NewMutex(ctx).Unlock()
			return nil
		}, "unlocked mutex"},
		{"release of nothing", func(ctx workflow.Context) error {
			workflow.NewSemaphore(ctx, 1).Release(1)
			return nil
		}, "released more than held"},
		{"wait group below zero", func(ctx workflow.Context) error {
			workflow.NewWaitGroup(ctx).Done()
			return nil
		}, "negative WaitGroup counter"},
		{"reserved signal", func(ctx workflow.Context) error {
			workflow.GetSignalChannel(ctx, "__temporal_x")
			return nil
		}, "__temporal_ is a reserved prefix"},
		{"blocking on the context of another coroutine", func(ctx workflow.Context) error {
			workflow.Go(ctx, func(workflow.Context) {
				_ = workflow.Sleep(ctx, time.Hour)
			})
			return workflow.Sleep(ctx, time.Hour)
		}, "trying to block on coroutine which is already blocked"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := start(t, tt.fn)
			got := l.fails()
			checkFailure(t, got, unhandled, tt.message)
			info := got.Failure.GetApplicationFailureInfo()
			if info.GetType() != "PanicError" || !strings.Contains(got.Failure.GetStackTrace(), "failure_test.go") {
				t.Errorf("got a failure of type %q with stack\n%s\nwant a PanicError from this file",
					info.GetType(), got.Failure.GetStackTrace())
			}
			again := l.Instance.Activate(t.Context(), &runner.Activation{})
			checkFailure(t, again.Failure, unhandled, "must be rebuilt")
		})
	}
}

func TestPanicsInTheEventPhaseFailTheTask(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		if c, ok := workflow.GetSignalChannel(ctx, "s").(workflow.Channel); ok {
			c.Close()
		}
		return workflow.Sleep(ctx, time.Hour)
	})
	l.does("StartTimer 5 1h0m0s")
	l.Signal("s")
	checkFailure(t, l.fails(), unhandled, "Closed channel")
}

func TestARunIsStartedOnce(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error { return workflow.Sleep(ctx, time.Hour) })
	l.does("StartTimer 5 1h0m0s")
	c := l.Instance.Activate(t.Context(), &runner.Activation{Items: []runner.Item{{Start: &runner.Start{}}}})
	if c.Failure == nil {
		t.Fatal("a run was started twice")
	}
	checkFailure(t, c.Failure, unhandled, "started twice")
	l.failed = true
}

func TestGoexitFailsTheTask(t *testing.T) {
	closed := false
	l := start(t, func(ctx workflow.Context) error {
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer func() { closed = true }()
			_ = workflow.Sleep(ctx, time.Hour)
		})
		_ = workflow.Sleep(ctx, time.Minute)
		runtime.Goexit()
		return nil
	})
	l.task()
	l.FireTimer("5")
	checkFailure(t, l.fails(), unhandled, "runtime.Goexit")
	l.Instance.Close()
	if !closed {
		t.Error("another coroutine was not ended by Close")
	}
}

func TestUnknownFlagsDoNotFit(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error { return workflow.Sleep(ctx, time.Hour) })
	l.Task()
	l.CompleteTask(&sdkpb.WorkflowTaskCompletedMetadata{LangUsedFlags: []uint32{3, 10}})
	l.Signal("more")
	checkFailure(t, l.fails(), nonDeterministic, "unknown SDK flag: 10")
}

func TestSignalsWithoutRoomFailTheTask(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error { return workflow.Sleep(ctx, time.Hour) })
	for range 100_001 {
		l.Signal("many")
	}
	checkFailure(t, l.fails(), unhandled, "exceeded channel buffer size for signal: many")
}

func TestActivationsBeforeTheStart(t *testing.T) {
	l := start(t, func(workflow.Context) error { return nil })
	l.failed = true
	for _, a := range []*runner.Activation{
		{}, {Run: true}, {Items: []runner.Item{{Cancel: &runner.Cancel{}}}}, {Queries: []runner.Query{{ID: "q"}}},
	} {
		c := l.instance().Activate(t.Context(), a)
		if c.Failure == nil {
			t.Fatalf("activation %+v was taken", a)
		}
		checkFailure(t, c.Failure, unhandled, "must start it")
	}
}

func TestPrepareRefuses(t *testing.T) {
	r := native.New(native.Options{})
	for _, fn := range []any{
		nil, 7, (func(workflow.Context) error)(nil), func() error { return nil },
		func(workflow.Context) {}, func(workflow.Context) int { return 0 },
		func(workflow.Context) (int, int, error) { return 0, 0, nil },
		func(workflow.Context, ...int) error { return nil },
	} {
		if err := r.Prepare(runner.Definition{Type: "wf", Func: fn}); err == nil {
			t.Errorf("%T was taken for a workflow", fn)
		}
	}
	_, err := r.NewInstance(runner.Details{WorkflowType: "wf"})
	if unknown, ok := errors.AsType[*runner.UnknownTypeError](err); !ok || unknown.Type != "wf" {
		t.Errorf("got %v, want wf to be unknown", err)
	}
}

type soldOutError struct{ item string }

func (e *soldOutError) Error() string { return "out of " + e.item }

// Panics that the user would rather have end the workflow.
func TestPanicsThatEndTheWorkflow(t *testing.T) {
	options := native.Options{FailWorkflow: func(workflowType string, err error) bool {
		_, sold := errors.AsType[*soldOutError](err)
		_, panicked := errors.AsType[*temporal.PanicError](err)
		return workflowType == "wf" && (sold || temporal.IsCanceledError(err) || panicked && err.Error() == "give up")
	}}
	fail := func(v any) func(workflow.Context) error {
		return func(ctx workflow.Context) error {
			workflow.Go(ctx, func(ctx workflow.Context) {
				_ = workflow.Sleep(ctx, time.Second)
				panic(v)
			})
			return workflow.Sleep(ctx, time.Hour)
		}
	}
	for _, tt := range []struct {
		value any
		want  string
		typ   string
	}{
		{fmt.Errorf("order: %w", &soldOutError{"tea"}), "FailWorkflow: order: out of tea", "wrapError"},
		{temporal.NewCanceledError(), "CancelWorkflow", ""},
		{"give up", "FailWorkflow: give up", "PanicError"},
	} {
		l := startWith(t, options, fail(tt.value))
		l.does("StartTimer 5 1h0m0s", "StartTimer 6 1s")
		l.FireTimer("6")
		a := l.does(tt.want) // and it replays
		f := a.Commands[0].GetFailWorkflowExecutionCommandAttributes().GetFailure()
		if got := f.GetApplicationFailureInfo().GetType(); got != tt.typ {
			t.Errorf("%s has type %q, want %q", tt.want, got, tt.typ)
		}
	}
	l := startWith(t, options, fail("another"))
	l.task()
	l.FireTimer("6")
	checkFailure(t, l.fails(), unhandled, "another")
}
