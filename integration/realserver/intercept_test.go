package realserver_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	sdkinterceptor "go.temporal.io/sdk/interceptor"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/integration/embedded"
	"github.com/mainspring-go/mainspring/integration/realserver/spy"
	"github.com/mainspring-go/mainspring/integration/realserver/spy/calls"
	"github.com/mainspring-go/mainspring/integration/realserver/spy/sdk"
	"github.com/mainspring-go/mainspring/interceptor"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/replay"
)

// tenantClient is a client of the SDK that propagates tenants.
func tenantClient(t *testing.T) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: server.Address(), Namespace: embedded.DefaultNamespace,
		Logger:             slog.New(slog.DiscardHandler),
		ContextPropagators: []sdkworkflow.ContextPropagator{sdk.Tenants{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// spyOurs and spyTheirs run a worker of each side with the interceptor and the
// propagator.
func spyOurs(t *testing.T, queue string, seen *calls.Counter) {
	t.Helper()
	startWorker(t, dial(t), queue, worker.Options{
		Workflows: []any{spy.Parent, spy.Child}, Activities: []any{spy.Tenant}, Logger: quiet(),
		Interceptors:       []interceptor.WorkerInterceptor{&spy.Interceptor{Calls: seen}},
		ContextPropagators: []workflow.ContextPropagator{spy.Tenants{}},
	})
}

func spyTheirs(t *testing.T, queue string, seen *calls.Counter) {
	t.Helper()
	w := sdkworker.New(tenantClient(t), queue, sdkworker.Options{
		DeadlockDetectionTimeout: patience,
		Interceptors:             []sdkinterceptor.WorkerInterceptor{&sdk.Interceptor{Calls: seen}},
	})
	w.RegisterWorkflow(sdk.Parent)
	w.RegisterWorkflow(sdk.Child)
	w.RegisterActivity(sdk.Tenant)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

// seenOf is what was seen of one story.
type seenOf struct {
	Result  string
	Headers []string
	Calls   map[string]int
}

// The same story, told to a worker of the SDK and to one of ours: the headers in
// its histories, the calls that interceptors saw and whom everything ran for.
func TestInterceptorsAndPropagatorsAreAsWithTheSDK(t *testing.T) {
	t.Parallel()
	ours, theirs := tellSpies(t, "ours", spyOurs), tellSpies(t, "theirs", spyTheirs)
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Errorf("seen (-with the SDK +with us):\n%s", diff)
	}
	if want := "run other, activity other, local activity other, "; !strings.HasPrefix(ours.Result, want) {
		t.Errorf("the workflow said %q, want it to begin with %q", ours.Result, want)
	}
}

func tellSpies(t *testing.T, side string, run func(*testing.T, string, *calls.Counter)) seenOf {
	t.Helper()
	var seen calls.Counter
	queue := taskQueue(t) + "-" + side
	run(t, queue, &seen)
	c := tenantClient(t)
	ctx := sdk.WithTenant(t.Context(), "acme")
	first, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: queue, ID: queue}, "Parent", true)
	if err != nil {
		t.Fatal(err)
	}
	visit(t, c, queue)
	end := func() {
		t.Helper()
		if err := c.SignalWorkflow(ctx, queue, "", "end", nil); err != nil {
			t.Fatal(err)
		}
	}
	end()
	awaitEvent(t, c, first, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW)
	var result string
	h := history(t, c, first)
	end()
	if err := c.GetWorkflow(ctx, queue, "").Get(ctx, &result); err != nil {
		t.Fatal(err)
	}
	replaySpies(t, queue, first.GetRunID(), h)
	out := seenOf{Result: result, Calls: seen.Counts()}
	for _, e := range h.GetEvents() {
		out.Headers = append(out.Headers, headersOf(e)...)
	}
	second := history(t, c, c.GetWorkflow(ctx, queue, ""))
	out.Headers = append(out.Headers, headersOf(second.GetEvents()[0])...)
	slices.Sort(out.Headers) // when the visitor comes is not the same every time
	return out
}

// visit asks and updates, for somebody else.
func visit(t *testing.T, c client.Client, id string) {
	t.Helper()
	ctx := sdk.WithTenant(t.Context(), "visitor")
	u, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: id, UpdateName: "update", WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := u.Get(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.QueryWorkflow(ctx, id, "", "q"); err != nil {
		t.Fatal(err)
	}
}

// replaySpies replays a history on both sides.
func replaySpies(t *testing.T, id, runID string, h *historypb.History) {
	t.Helper()
	theirs, err := sdkworker.NewWorkflowReplayerWithOptions(sdkworker.WorkflowReplayerOptions{
		ContextPropagators: []sdkworkflow.ContextPropagator{sdk.Tenants{}},
		Interceptors:       []sdkinterceptor.WorkerInterceptor{&sdk.Interceptor{Calls: &calls.Counter{}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	theirs.RegisterWorkflow(sdk.Parent)
	err = theirs.ReplayWorkflowHistoryWithOptions(nil, h, sdkworker.ReplayWorkflowHistoryOptions{
		OriginalExecution: sdkworkflow.Execution{ID: id, RunID: runID},
	})
	if err != nil {
		t.Errorf("the SDK's replayer: %v", err)
	}
	ours, err := replay.NewWorkflowReplayerWithOptions(replay.WorkflowReplayerOptions{
		ContextPropagators: []workflow.ContextPropagator{spy.Tenants{}},
		Interceptors:       interceptor.Workflows([]interceptor.WorkerInterceptor{&spy.Interceptor{Calls: &calls.Counter{}}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := ours.RegisterWorkflow(spy.Parent); err != nil {
		t.Fatal(err)
	}
	err = ours.ReplayWorkflowHistoryWithOptions(nil, h, replay.ReplayWorkflowHistoryOptions{
		OriginalExecution: workflow.Execution{ID: id, RunID: runID},
	})
	if err != nil {
		t.Errorf("our replayer: %v", err)
	}
}

// headersOf are the headers in an event, wherever they are.
func headersOf(e *historypb.HistoryEvent) []string {
	var all []string
	var walk func(m protoreflect.Message)
	walk = func(m protoreflect.Message) {
		if h, ok := m.Interface().(*commonpb.Header); ok {
			var fields []string
			for _, key := range slices.Sorted(maps.Keys(h.GetFields())) {
				fields = append(fields, key+"="+string(h.GetFields()[key].GetData()))
			}
			all = append(all, fmt.Sprint(e.GetEventType(), fields))
			return
		}
		m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			if f.Kind() == protoreflect.MessageKind && !f.IsList() && !f.IsMap() {
				walk(v.Message())
			}
			return true
		})
	}
	walk(proto.Message(e).ProtoReflect())
	return all
}

// The spies differ in their imports only.
func TestSpiesAreTwins(t *testing.T) {
	var texts [2]string
	for i, path := range []string{"spy/spy.go", "spy/sdk/spy.go"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := bytes.Cut(text, []byte("\n)\n"))
		texts[i] = string(rest)
	}
	if diff := cmp.Diff(texts[0], texts[1]); diff != "" {
		t.Errorf("spy/sdk/spy.go is not spy/spy.go with other imports:\n%s", diff)
	}
}
