package realserver_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	sdkactivity "go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// The same mistakes are made on a worker of ours and on one of the SDK's. What
// the two tell the server about them must be the same.

func panics(workflow.Context) error       { panic("the spring broke") }
func sdkPanics(sdkworkflow.Context) error { panic("the spring broke") }

func takesNumber(_ workflow.Context, n int) (int, error)       { return n, nil }
func sdkTakesNumber(_ sdkworkflow.Context, n int) (int, error) { return n, nil }

func callsActivity(ctx workflow.Context, name string, arg any) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	return workflow.ExecuteActivity(ctx, name, arg).Get(ctx, nil)
}

func sdkCallsActivity(ctx sdkworkflow.Context, name string, arg any) error {
	ctx = sdkworkflow.WithActivityOptions(ctx, sdkworkflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &sdktemporal.RetryPolicy{MaximumAttempts: 1},
	})
	return sdkworkflow.ExecuteActivity(ctx, name, arg).Get(ctx, nil)
}

func fine(workflow.Context) (string, error)       { return "fine", nil }
func sdkFine(sdkworkflow.Context) (string, error) { return "fine", nil }

func panicsActivity(context.Context, any) error { panic("the pawl slipped") }

func numberActivity(_ context.Context, n int) (int, error) { return n, nil }

// oursWithMistakes starts a worker of ours.
func oursWithMistakes(t *testing.T) (queue string) {
	t.Helper()
	queue = taskQueue(t) + "-ours"
	w, err := worker.New(dial(t), queue, worker.Options{Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]any{
		"panics": panics, "takesNumber": takesNumber, "callsActivity": callsActivity, "fine": fine,
	} {
		if err := w.RegisterWorkflowWithOptions(f, workflow.RegisterOptions{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	for name, f := range map[string]any{"panicsActivity": panicsActivity, "numberActivity": numberActivity} {
		if err := w.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	run(t, w)
	return queue
}

// theirsWithMistakes starts one of the SDK's.
func theirsWithMistakes(t *testing.T) (queue string) {
	t.Helper()
	queue = taskQueue(t) + "-sdk"
	w := sdkworker.New(sdkClient(t), queue, sdkworker.Options{DeadlockDetectionTimeout: patience})
	for name, f := range map[string]any{
		"panics": sdkPanics, "takesNumber": sdkTakesNumber, "callsActivity": sdkCallsActivity, "fine": sdkFine,
	} {
		w.RegisterWorkflowWithOptions(f, sdkworkflow.RegisterOptions{Name: name})
	}
	for name, f := range map[string]any{"panicsActivity": panicsActivity, "numberActivity": numberActivity} {
		w.RegisterActivityWithOptions(f, sdkactivity.RegisterOptions{Name: name})
	}
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return queue
}

func TestMistakesAreReportedAsTheSDKReportsThem(t *testing.T) {
	t.Parallel()
	ours, theirs := oursWithMistakes(t), theirsWithMistakes(t)
	for _, tt := range []struct {
		name     string
		workflow string
		args     []any
		event    enumspb.EventType
		says     string
	}{
		{
			"a workflow panics", "panics", nil,
			enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED, "the spring broke",
		},
		{
			"an unknown workflow type", "nobody", nil,
			enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED, "unable to find workflow type: nobody",
		},
		{
			"an argument of a workflow that does not decode", "takesNumber",
			[]any{"seven"},
			enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED, "unable to decode the workflow function input",
		},
		{
			"an activity panics", "callsActivity",
			[]any{"panicsActivity", 7},
			enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED, "the pawl slipped",
		},
		{
			"an unknown activity type", "callsActivity",
			[]any{"nobody", 7},
			enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED, "unable to find activityType=nobody",
		},
		{
			"an argument of an activity that does not decode", "callsActivity",
			[]any{"numberActivity", "seven"},
			enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED, "unable to decode the activity function input",
		},
		{
			"a workflow fails with an activity's error", "callsActivity",
			[]any{"panicsActivity", 7},
			enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED, "activity error",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := sdkClient(t)
			got := firstEvent(t, c, ours, tt.event, tt.workflow, tt.args)
			want := firstEvent(t, c, theirs, tt.event, tt.workflow, tt.args)
			if diff := gocmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("ours differs from the SDK's (-sdk +ours):\n%s", diff)
			}
			if !strings.Contains(got.Failure.GetMessage(), tt.says) {
				t.Errorf("the failure says %q, want %q", got.Failure.GetMessage(), tt.says)
			}
			// The worker has survived it.
			run := start(t, c, ours, "fine", nil)
			var result string
			if err := run.Get(t.Context(), &result); err != nil || result != "fine" {
				t.Errorf("after the mistake a workflow gave %q, %v; want fine", result, err)
			}
		})
	}
}

// told is what the server was told about a mistake, without what differs from
// worker to worker.
type told struct {
	Cause   enumspb.WorkflowTaskFailedCause
	Retry   enumspb.RetryState
	Failure *failurepb.Failure
}

// firstEvent runs a workflow until its history has an event of the type. A server that is busy may
// lose a task that it hands out, and keeps what comes after its timeout out of history: then
// another run is to tell.
func firstEvent(
	t *testing.T, c client.Client, queue string, typ enumspb.EventType, workflow string, args []any,
) told {
	t.Helper()
	for range 3 {
		e, lost := eventOf(t, c, start(t, c, queue, workflow, args), typ)
		if !lost {
			return toldBy(e)
		}
		t.Logf("a workflow task of %s on %s was lost: once more", workflow, queue)
	}
	t.Fatalf("three times in a row the first workflow task of %s on %s timed out", workflow, queue)
	return told{}
}

// eventOf waits for the first event of the type in the history of a run, which it ends then, and
// says whether a workflow task timed out before.
func eventOf(
	t *testing.T, c client.Client, run client.WorkflowRun, typ enumspb.EventType,
) (e *historypb.HistoryEvent, lost bool) {
	t.Helper()
	defer func() {
		_ = c.TerminateWorkflow(context.WithoutCancel(t.Context()), run.GetID(), run.GetRunID(), "seen")
	}()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var seen []enumspb.EventType
	it := c.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), true,
		enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		e, err := it.Next()
		if err != nil {
			t.Fatalf("waiting for %v, after %v: %v", typ, seen, err)
		}
		switch e.GetEventType() {
		case typ:
			return e, false
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
			return nil, true
		default:
			seen = append(seen, e.GetEventType())
		}
	}
	t.Fatalf("the history has no %v, but %v", typ, seen)
	return nil, false
}

func start(t *testing.T, c client.Client, queue, workflow string, args []any) client.WorkflowRun {
	t.Helper()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, workflow, args...)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func toldBy(e *historypb.HistoryEvent) told {
	w := e.GetWorkflowTaskFailedEventAttributes()
	a := e.GetActivityTaskFailedEventAttributes()
	x := e.GetWorkflowExecutionFailedEventAttributes()
	f := told{
		Cause:   w.GetCause(),
		Retry:   max(a.GetRetryState(), x.GetRetryState()),
		Failure: cmp.Or(w.GetFailure(), a.GetFailure(), x.GetFailure()),
	}
	for failure := f.Failure; failure != nil; failure = failure.GetCause() {
		failure.Source = ""
		if failure.GetStackTrace() != "" {
			failure.StackTrace = "has one"
		}
		failure.Message = sortedTypes(failure.GetMessage())
		if info := failure.GetActivityFailureInfo(); info != nil {
			info.Identity = ""
		}
	}
	return f
}

// sortedTypes sorts the list of known types in a message, which the SDK makes
// in random order.
func sortedTypes(message string) string {
	head, list, ok := strings.Cut(message, "upported types: [")
	if !ok {
		return message
	}
	list, tail, _ := strings.Cut(list, "]")
	names := strings.Split(list, ", ")
	slices.Sort(names)
	return head + "upported types: [" + strings.Join(names, ", ") + "]" + tail
}
