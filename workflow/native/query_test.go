package native_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdkpb "go.temporal.io/api/sdk/v1"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// asked has a query for everything that can go right or wrong.
func asked(ctx workflow.Context) error {
	state := "started"
	f, settable := workflow.NewFuture(ctx)
	_, cancel := workflow.WithCancel(ctx)
	c := workflow.NewBufferedChannel(ctx, 1)
	c.SendAsync("kept")
	handlers := map[string]any{
		"state":   func() (string, error) { return state, nil },
		"echo":    func(a string, n int) (string, error) { return fmt.Sprint(a, n), nil },
		"nothing": func() (*int, error) { return nil, nil },
		"error":   func() (int, error) { return 0, errors.New("no answer") },
		"panic":   func() (int, error) { panic("boom") },
		"bad":     func() (any, error) { return func() {}, nil },
		"length":  func() (int, error) { return workflow.GetInfo(ctx).GetCurrentHistoryLength(), nil },
		"sleep":   func() (int, error) { return 0, workflow.Sleep(ctx, time.Second) },
		"get":     func() (int, error) { return 0, f.Get(ctx, nil) },
		"go":      func() (int, error) { workflow.Go(ctx, func(workflow.Context) {}); return 0, nil },
		"set":     func() (int, error) { settable.SetValue(1); return 0, nil },
		"take":    func() (int, error) { c.ReceiveAsync(nil); return 0, nil },
		"send":    func() (int, error) { c.SendAsync(1); return 0, nil },
		"close":   func() (int, error) { c.Close(); return 0, nil },
		"cancel":  func() (int, error) { cancel(); return 0, nil },
		"signal":  func() (int, error) { workflow.GetSignalChannel(ctx, "s"); return 0, nil },
		"execute": func() (int, error) { workflow.ExecuteActivity(options(ctx), "a"); return 0, nil },
	}
	for name, h := range handlers {
		if err := workflow.SetQueryHandler(ctx, name, h); err != nil {
			return err
		}
	}
	workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
	state = "signaled"
	if err := workflow.Sleep(ctx, time.Hour); err != nil {
		return err
	}
	state = "done"
	return nil
}

func TestQueries(t *testing.T) {
	l := start(t, asked)
	l.does()
	for _, tt := range []struct {
		name string
		args []any
		want any
	}{
		{"state", nil, "started"},
		{"echo", []any{"x", 7}, "x7"},
		{"echo", []any{"x"}, "x0"},
		{"length", nil, 3.},
	} {
		if got := decode[any](t, l.ask(tt.name, tt.args...).Result); got != tt.want {
			t.Errorf("%s(%v) is %v, want %v", tt.name, tt.args, got, tt.want)
		}
	}
	if a := l.ask("nothing"); a.Error != "" || len(a.Result.GetPayloads()) != 1 || decode[any](t, a.Result) != nil {
		t.Errorf("got %v, want a null", a)
	}
	const misuse = "query handler panic: query handler must not use temporal context"
	for name, want := range map[string]string{
		"error": "no answer", "panic": "query handler panic: boom, stack trace: ", "bad": "",
		"sleep": misuse, "get": misuse, "go": misuse, "set": misuse, "take": misuse, "send": misuse,
		"close": misuse, "cancel": misuse, "signal": misuse, "execute": misuse,
		"unknown": "unknown queryType unknown. KnownQueryTypes=[__stack_trace __open_sessions __temporal_workflow_metadata bad ",
	} {
		a := l.ask(name)
		if a.Error == "" || !strings.Contains(a.Error, want) || a.Result != nil {
			t.Errorf("%s: got result %v and error %q, want %q", name, a.Result, a.Error, want)
		}
		if a.Failure.GetMessage() != a.Error {
			t.Errorf("%s: failure says %q, error %q", name, a.Failure.GetMessage(), a.Error)
		}
	}
	if a := l.ask("echo", 7); !strings.Contains(a.Error, "unable to decode the input for queryType: echo, with error: ") {
		t.Errorf("got %q for an argument of a wrong type", a.Error)
	}
	l.Signal("s")
	a := l.task(func(t *machine.Task) {
		t.Queries = []runner.Query{{ID: "1", Type: "state"}, {ID: "2", Type: "unknown"}}
	})
	checkCommands(t, a.Commands, "StartTimer 9 1h0m0s")
	if len(a.Answers) != 2 || a.Answers[0].ID != "1" || a.Answers[1].Error == "" ||
		decode[string](t, a.Answers[0].Result) != "signaled" {
		t.Errorf("got answers %v, want those of state and unknown", a.Answers)
	}
	l.FireTimer("9")
	a = l.task(func(t *machine.Task) { t.Queries = []runner.Query{{ID: "1", Type: "state"}} })
	if !a.Closed || decode[string](t, a.Answers[0].Result) != "done" {
		t.Errorf("got %v, want the last task to answer queries after the workflow has returned", a.Answers)
	}
}

// A query of a run that has to be rebuilt sees what came after its last task,
// and one of a closed or terminated run sees its end.
func TestQueriesOfRebuiltRuns(t *testing.T) {
	l := start(t, asked)
	l.does()
	l.Signal("s")
	d := l.replay()
	if got := decode[string](t, l.query(d, "state").Result); got != "signaled" {
		t.Errorf("state is %q, want what the signal made of it", got)
	}
	if got := decode[int](t, l.query(d, "length").Result); got != 3 {
		t.Errorf("history length is %d, want that of the last task, 3", got)
	}
	l.does("StartTimer 9 1h0m0s")
	l.Task()
	l.Terminate()
	if got := decode[string](t, l.query(l.replay(), "state").Result); got != "signaled" {
		t.Errorf("state of the terminated run is %q", got)
	}

	l = start(t, asked)
	l.Signal("s")
	l.does("StartTimer 6 1h0m0s")
	l.FireTimer("6")
	l.does("CompleteWorkflow")
	if got := decode[string](t, l.query(l.replay(), "state").Result); got != "done" {
		t.Errorf("state of the closed run is %q", got)
	}
}

func TestStackTraceQuery(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		workflow.GoNamed(ctx, "helper", func(ctx workflow.Context) {
			workflow.NewNamedChannel(ctx, "mine").Receive(ctx, nil)
		})
		workflow.Go(ctx, func(ctx workflow.Context) {
			_ = workflow.Await(ctx, func() bool { return false })
		})
		return workflow.Sleep(ctx, time.Hour)
	})
	l.does("StartTimer 5 1h0m0s")
	stacks := strings.Split(decode[string](t, l.ask("__stack_trace").Result), "\n\n")
	want := []string{"root [blocked on Future.Get]", "helper [blocked on mine.Receive]", "3 [blocked on Await]"}
	if len(stacks) != len(want) {
		t.Fatalf("got %d stacks, want %d:\n%q", len(stacks), len(want), stacks)
	}
	for i, s := range stacks {
		if !strings.HasPrefix(s, "coroutine "+want[i]+":\n") || !strings.Contains(s, "query_test.go") {
			t.Errorf("stack %d does not show coroutine %s in this file:\n%s", i, want[i], s)
		}
	}
	l.FireTimer("5")
	l.does("CompleteWorkflow")
}

func TestMetadataQuery(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		workflow.SetCurrentDetails(ctx, "**busy**")
		if workflow.GetCurrentDetails(ctx) == "" {
			return errors.New("details lost")
		}
		workflow.GetSignalChannelWithOptions(ctx, "s2", workflow.SignalChannelOptions{Description: "second"})
		workflow.GetSignalChannel(ctx, "s1")
		workflow.GetSignalChannel(ctx, "s2")
		return errors.Join(
			workflow.SetQueryHandlerWithOptions(ctx, "q", func() (int, error) { return 0, nil },
				workflow.QueryHandlerOptions{Description: "a query"}),
			workflow.SetUpdateHandlerWithOptions(ctx, "u", func(workflow.Context) error { return nil },
				workflow.UpdateHandlerOptions{Description: "an update"}),
			workflow.Sleep(ctx, time.Hour))
	})
	l.Signal("never asked for")
	l.does("StartTimer 6 1h0m0s")
	got := decode[*sdkpb.WorkflowMetadata](t, l.ask("__temporal_workflow_metadata").Result)
	define := func(name, description string) *sdkpb.WorkflowInteractionDefinition {
		return &sdkpb.WorkflowInteractionDefinition{Name: name, Description: description}
	}
	want := &sdkpb.WorkflowMetadata{
		CurrentDetails: "**busy**",
		Definition: &sdkpb.WorkflowDefinition{
			Type: "wf",
			QueryDefinitions: []*sdkpb.WorkflowInteractionDefinition{
				define("__open_sessions", "Open sessions on the workflow"),
				define("__stack_trace", "Current stack trace"),
				define("__temporal_workflow_metadata", "Metadata about the workflow"),
				define("q", "a query"),
			},
			SignalDefinitions: []*sdkpb.WorkflowInteractionDefinition{define("s1", ""), define("s2", "second")},
			UpdateDefinitions: []*sdkpb.WorkflowInteractionDefinition{define("u", "an update")},
		},
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestQueryHandlersAreChecked(t *testing.T) {
	for name, handler := range map[string]any{
		"no function": 7, "no result": func() error { return nil }, "no error": func() (int, int) { return 0, 0 },
		"__reserved": func() (int, error) { return 0, nil },
	} {
		l := start(t, func(ctx workflow.Context) error { return workflow.SetQueryHandler(ctx, name, handler) })
		if a := l.task(); a.Commands[0].GetFailWorkflowExecutionCommandAttributes() == nil {
			t.Errorf("%s: handler %T was taken", name, handler)
		}
	}
}
