package runnertest_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/temporalproto"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/testkit/runnertest"
	"github.com/mainspring-go/mainspring/testkit/service"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// Echo is the activity of the stories.
func Echo(_ context.Context, n int) (int, error) { return n, nil }

// Story is a workflow whose tasks record, wait for and answer all sorts of
// things; unsteady makes it do something else when it is live.
func story(unsteady func(ctx workflow.Context) bool) func(ctx workflow.Context) (int, error) {
	return func(ctx workflow.Context) (int, error) {
		sum := 0
		err := workflow.SetUpdateHandler(ctx, "add", func(ctx workflow.Context, n int) (int, error) {
			sum += n
			return sum, workflow.Sleep(ctx, time.Minute)
		})
		if err != nil {
			return 0, err
		}
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		for i := range 4 {
			var n int
			if err := workflow.ExecuteActivity(ctx, "Echo", i).Get(ctx, &n); err != nil {
				return 0, err
			}
			if unsteady != nil && unsteady(ctx) {
				sum += 1000
			}
			sum += n
		}
		var chosen int
		if err := workflow.SideEffect(ctx, func(workflow.Context) any { return 7 }).Get(&chosen); err != nil {
			return 0, err
		}
		sum += chosen + int(workflow.GetVersion(ctx, "change", workflow.DefaultVersion, 2))
		var signal int
		workflow.GetSignalChannel(ctx, "go").Receive(ctx, &signal)
		if err := workflow.ExecuteActivity(ctx, "Echo", sum).Get(ctx, nil); err != nil {
			return 0, err
		}
		return sum + signal, workflow.Sleep(ctx, time.Hour)
	}
}

// record runs a story on the service in memory and returns its history.
func record(t *testing.T) *historypb.History {
	t.Helper()
	var h *historypb.History
	synctest.Test(t, func(t *testing.T) {
		s, err := service.New(service.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		w, err := worker.New(s.Direct(), "stories", worker.Options{
			Activities: []any{Echo}, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.RegisterWorkflowWithOptions(story(nil), workflow.RegisterOptions{Name: "Story"}); err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		e := startStory(t, s.Client())
		h = &historypb.History{Events: historyOf(t, s.Client(), e)}
		if err := w.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return h
}

// startStory starts a story, tells it what it waits for, and waits for its end.
func startStory(t *testing.T, c workflowservice.WorkflowServiceClient) *commonpb.WorkflowExecution {
	t.Helper()
	ctx := t.Context()
	started, err := c.StartWorkflowExecution(ctx, &workflowservice.StartWorkflowExecutionRequest{
		Namespace: "default", WorkflowId: "story", RequestId: "r",
		WorkflowType: &commonpb.WorkflowType{Name: "Story"},
		TaskQueue:    &taskqueuepb.TaskQueue{Name: "stories"},
	})
	if err != nil {
		t.Fatal(err)
	}
	e := &commonpb.WorkflowExecution{WorkflowId: "story", RunId: started.GetRunId()}
	for _, id := range []string{"one", "two"} {
		_, err := c.UpdateWorkflowExecution(ctx, &workflowservice.UpdateWorkflowExecutionRequest{
			Namespace: "default", WorkflowExecution: e,
			Request: &updatepb.Request{
				Meta:  &updatepb.Meta{UpdateId: id},
				Input: &updatepb.Input{Name: "add", Args: jsonPayloads("5")},
			},
			WaitPolicy: &updatepb.WaitPolicy{
				LifecycleStage: enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED,
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = c.SignalWorkflowExecution(ctx, &workflowservice.SignalWorkflowExecutionRequest{
		Namespace: "default", WorkflowExecution: e, SignalName: "go", Input: jsonPayloads("3"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func jsonPayloads(json string) *commonpb.Payloads {
	return &commonpb.Payloads{Payloads: []*commonpb.Payload{{
		Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(json),
	}}}
}

// historyOf waits for the end of a run and returns its history.
func historyOf(
	t *testing.T, c workflowservice.WorkflowServiceClient, e *commonpb.WorkflowExecution,
) (events []*historypb.HistoryEvent) {
	t.Helper()
	for token := []byte(nil); ; {
		resp, err := c.GetWorkflowExecutionHistory(t.Context(), &workflowservice.GetWorkflowExecutionHistoryRequest{
			Namespace: "default", Execution: e, NextPageToken: token, WaitNewEvent: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, resp.GetHistory().GetEvents()...)
		if token = resp.GetNextPageToken(); len(token) == 0 {
			return events
		}
	}
}

func cutsOf(t *testing.T, r runner.Runner, unsteady func(workflow.Context) bool) runnertest.Cuts {
	t.Helper()
	if err := r.Prepare(runner.Definition{Type: "Story", Func: story(unsteady)}); err != nil {
		t.Fatal(err)
	}
	return runnertest.Cuts{Runner: r, Seed: 1}
}

func TestCuts(t *testing.T) {
	h := record(t)
	c := cutsOf(t, native.New(native.Options{}), nil)
	cover, err := c.Check(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", cover)
	if cover.Tasks < 8 || cover.Rebuilt != cover.Tasks || cover.Live < 3*cover.Tasks || cover.Replayed == 0 ||
		cover.Pagings < 10 || cover.Foreign != 0 {
		t.Errorf("too little was covered: %+v", cover)
	}
	c.MaxCuts = 3
	if cover, err := c.Check(t.Context(), h); err != nil || cover.Rebuilt != 3 {
		t.Errorf("a sample of three: %+v, %v", cover, err)
	}
	c.ReplayOnly = true
	if cover, err := c.Check(t.Context(), h); err != nil || cover.Rebuilt != 0 || cover.Pagings == 0 {
		t.Errorf("only replays: %+v, %v", cover, err)
	}
}

// Histories of releases that used other flags say nothing about live tasks.
func TestForeignFlags(t *testing.T) {
	h := record(t)
	for _, e := range h.GetEvents() {
		if a := e.GetWorkflowTaskCompletedEventAttributes(); a != nil {
			a.SdkMetadata.LangUsedFlags = append(a.SdkMetadata.LangUsedFlags, 1)
			break
		}
	}
	cover, err := cutsOf(t, native.New(native.Options{}), nil).Check(t.Context(), h)
	if err != nil || cover.Foreign != 1 {
		t.Errorf("got %+v, %v", cover, err)
	}
}

// What differs between runs that were kept and runs that were rebuilt is found.
func TestCutsRejectBroken(t *testing.T) {
	h := record(t)
	calls := 0
	for name, tt := range map[string]struct {
		runner   runner.Runner
		unsteady func(workflow.Context) bool
		want     string
	}{
		"code that asks whether it replays": {
			native.New(native.Options{}), func(ctx workflow.Context) bool { return !workflow.IsReplaying(ctx) },
			"rebuilt at the task of event 3 and kept from there on",
		},
		"code that counts in the process": {
			native.New(native.Options{}), func(workflow.Context) bool { calls++; return calls > 4 },
			"a replay in pages of 1 events: task of event",
		},
		"a runner that forgets signals of live tasks": {&forgetful{Runner: native.New(native.Options{})}, nil, "rebuilt at"},
		"a runner that cannot replay":                 {&refusing{Runner: native.New(native.Options{})}, nil, "a plain replay"},
	} {
		t.Run(name, func(t *testing.T) {
			calls = 0
			_, err := cutsOf(t, tt.runner, tt.unsteady).Check(t.Context(), h)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// forgetful loses the signals that come with live tasks.
type forgetful struct{ runner.Runner }

func (f *forgetful) NewInstance(d runner.Details) (runner.Instance, error) {
	i, err := f.Runner.NewInstance(d)
	return &wrapped{Instance: i, before: func(a *runner.Activation) {
		if !a.Replaying {
			a.Items = slices.DeleteFunc(slices.Clone(a.Items), func(i runner.Item) bool { return i.Signal != nil })
		}
	}}, err
}

// refusing loses all activities.
type refusing struct{ runner.Runner }

func (f *refusing) NewInstance(d runner.Details) (runner.Instance, error) {
	i, err := f.Runner.NewInstance(d)
	return &wrapped{Instance: i, after: func(c *runner.Completion) { c.Commands = nil }}, err
}

// wrapped changes what goes in and comes out.
type wrapped struct {
	runner.Instance
	before func(*runner.Activation)
	after  func(*runner.Completion)
}

func (w *wrapped) Activate(ctx context.Context, a *runner.Activation) *runner.Completion {
	if w.before != nil {
		changed := *a
		w.before(&changed)
		a = &changed
	}
	c := w.Instance.Activate(ctx, a)
	if w.after != nil {
		w.after(c)
	}
	return c
}

func TestBadHistories(t *testing.T) {
	c := cutsOf(t, native.New(native.Options{}), nil)
	h := record(t)
	if _, err := c.Check(t.Context(), &historypb.History{}); err == nil {
		t.Error("no history is fine")
	}
	if _, err := c.Check(t.Context(), &historypb.History{Events: h.Events[:3]}); err == nil {
		t.Error("no task is fine")
	}
	gap := &historypb.History{Events: append(slices.Clone(h.Events[:6]), h.Events[7:]...)}
	if _, err := c.Check(t.Context(), gap); err == nil {
		t.Error("a gap is fine")
	}
	if _, err := (runnertest.Cuts{Runner: native.New(native.Options{})}).Check(t.Context(), h); err == nil {
		t.Error("an unknown type is fine")
	}
}

func TestHistoriesOfDirectory(t *testing.T) {
	text, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(record(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"a.json", "b.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cover := runnertest.TestHistories(t, dir, func(t *testing.T, path string) runnertest.Cuts {
		t.Helper()
		if filepath.Dir(path) != dir {
			t.Errorf("path %s", path)
		}
		return cutsOf(t, native.New(native.Options{}), nil)
	})
	if cover.Tasks < 16 {
		t.Errorf("covered %+v", cover)
	}
}
