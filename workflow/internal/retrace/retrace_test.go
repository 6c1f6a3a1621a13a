package retrace_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/internal/retrace"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

type definition = func(workflow.Context) error

func instance(t *testing.T, fn definition) runner.Instance {
	t.Helper()
	r := native.New(native.Options{})
	if err := r.Prepare(runner.Definition{Type: "wf", Func: fn}); err != nil {
		t.Fatal(err)
	}
	i, err := r.NewInstance(runner.Details{WorkflowType: "wf", RunID: "run"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	return i
}

// broken is the history of a run of before up to its second task, and the error
// of replaying it with after.
func broken(t *testing.T, before, after definition) (*histories.History, *machine.NondeterminismError) {
	t.Helper()
	h := histories.Start("wf")
	d := &histories.Driver{Instance: instance(t, before)}
	for _, signal := range []string{"", "one", "two"} {
		if signal != "" {
			h.Signal(signal)
		}
		h.Task()
		a, err := d.Sticky(h)
		if err != nil {
			t.Fatal(err)
		}
		h.Complete(a)
	}
	h.Signal("three")
	h.Task()
	d = &histories.Driver{Instance: instance(t, after)}
	_, err := d.Full(h)
	nd, ok := errors.AsType[*machine.NondeterminismError](err)
	if !ok {
		t.Fatalf("got %v, want a NondeterminismError", err)
	}
	return h, nd
}

// explain replays the history once more, in pages of two events.
func explain(t *testing.T, h *histories.History, code definition, nd *machine.NondeterminismError) {
	t.Helper()
	events := h.Since(0)
	retrace.Explain(t.Context(), instance(t, code),
		machine.Task{PreviousStartedID: h.Previous, StartedID: h.Started},
		func(context.Context) ([]*historypb.HistoryEvent, bool, error) {
			page := events[:min(2, len(events))]
			events = events[len(page):]
			return page, len(events) == 0, nil
		}, nd)
}

// afterSignal waits for the first signal, does what step does and sleeps.
func afterSignal(step definition) definition {
	return func(ctx workflow.Context) error {
		workflow.GetSignalChannel(ctx, "one").Receive(ctx, nil)
		if err := step(ctx); err != nil {
			return err
		}
		return workflow.Sleep(ctx, time.Hour)
	}
}

func nothing(workflow.Context) error { return nil }

func sleepAMinute(ctx workflow.Context) error { return workflow.Sleep(ctx, time.Minute) }

func callAnActivity(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	return workflow.ExecuteActivity(ctx, "A").Get(ctx, nil)
}

func TestTheStackOfACommand(t *testing.T) {
	after := afterSignal(callAnActivity)
	h, nd := broken(t, afterSignal(sleepAMinute), after)
	explain(t, h, after, nd)
	if nd.Change != machine.Replaced {
		t.Errorf("got %q, want %q", nd.Change, machine.Replaced)
	}
	lines := strings.Split(nd.Stack, "\n")
	for i, want := range []string{
		"workflow.ExecuteActivity(...)", "/workflow/activity.go:",
		"retrace_test.callAnActivity(...)", "/retrace_test.go:",
		"afterSignal.func1(...)", "/retrace_test.go:",
	} {
		if i >= len(lines) || !strings.Contains(lines[i], want) {
			t.Fatalf("line %d is not %s:\n%s", i+1, want, nd.Stack)
		}
	}
	if len(lines) != 6 {
		t.Errorf("the stack shows more than the workflow's code:\n%s", nd.Stack)
	}
}

func TestTheStacksOfCodeThatWaits(t *testing.T) {
	after := afterSignal(func(ctx workflow.Context) error {
		workflow.GetSignalChannel(ctx, "never").Receive(ctx, nil)
		return nil
	})
	h, nd := broken(t, afterSignal(nothing), after)
	explain(t, h, after, nd)
	if nd.Command != "" || nd.Change != machine.Removed || !strings.HasPrefix(nd.Stack, "coroutine root [") ||
		!strings.Contains(nd.Stack, "TestTheStacksOfCodeThatWaits.func1") {
		t.Errorf("got %+v with stack\n%s", nd, nd.Stack)
	}
}

func TestCodeThatIsNotDeterministic(t *testing.T) {
	for name, second := range map[string]definition{
		"does what history has": sleepAMinute,
		"does nothing":          nothing,
		"panics":                func(workflow.Context) error { panic("now") },
	} {
		h, nd := broken(t, afterSignal(sleepAMinute), afterSignal(callAnActivity))
		explain(t, h, afterSignal(second), nd)
		if nd.Change != machine.Unstable || nd.Stack != "" {
			t.Errorf("%s: got %q with stack %q, want %q", name, nd.Change, nd.Stack, machine.Unstable)
		}
	}
	// Code that goes on is not run beyond the point of the error.
	h, nd := broken(t, afterSignal(sleepAMinute), afterSignal(callAnActivity))
	explain(t, h, func(ctx workflow.Context) error {
		workflow.GetSignalChannel(ctx, "one").Receive(ctx, nil)
		if err := workflow.NewTimer(ctx, time.Minute).Get(ctx, nil); err != nil {
			return err
		}
		workflow.GetSignalChannel(ctx, "two").Receive(ctx, nil)
		t.Error("the second replay ran on")
		return nil
	}, nd)
}

func TestHistoryThatCannotBeHadAgain(t *testing.T) {
	h, nd := broken(t, afterSignal(sleepAMinute), afterSignal(callAnActivity))
	was := *nd
	task := machine.Task{PreviousStartedID: h.Previous, StartedID: h.Started}
	for name, pages := range map[string]retrace.Pages{
		"error": func(context.Context) ([]*historypb.HistoryEvent, bool, error) {
			return nil, false, errors.New("gone")
		},
		"damaged": func(context.Context) ([]*historypb.HistoryEvent, bool, error) { return h.Events[3:], true, nil },
	} {
		retrace.Explain(t.Context(), instance(t, nothing), task, pages, nd)
		if nd.Change != was.Change || nd.Stack != "" {
			t.Errorf("%s: got %q, want the error to stay as it was", name, nd.Change)
		}
	}
	// Nothing is replayed for an error that no code was compared for.
	retrace.Explain(t.Context(), nil, task, nil, &machine.NondeterminismError{Detail: "x"})
}
