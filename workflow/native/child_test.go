package native_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
)

// named gives a child the id "c".
func named(ctx workflow.Context) workflow.Context { return workflow.WithWorkflowID(ctx, "c") }

func TestChildRuns(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		child := workflow.ExecuteChildWorkflow(ctx, "Child", 7)
		var run workflow.Execution
		if err := child.GetChildWorkflowExecution().Get(ctx, &run); err != nil {
			return "", err
		}
		if err := workflow.Sleep(ctx, time.Minute); err != nil {
			return "", err
		}
		var result string
		err := child.Get(ctx, &result)
		return run.ID + " as " + run.RunID + ": " + result, err
	})
	l.does("StartChildWorkflow original-run_5 Child 7")
	l.StartChild("original-run_5")
	l.does("StartTimer 10 1m0s")
	l.CompleteChild("original-run_5", "done")
	l.FireTimer("10")
	l.does(`CompleteWorkflow "original-run_5 as run of original-run_5: done"`)
}

// errorText tells errors apart as workflow code does.
func errorText(err error) string {
	var child *temporal.ChildWorkflowExecutionError
	if !errors.As(err, &child) {
		return fmt.Sprintf("%T %v", err, err)
	}
	var app *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	cause := fmt.Sprintf("%T %v", errors.Unwrap(child), errors.Unwrap(child))
	switch {
	case errors.As(err, &app):
		cause = "application " + app.Type()
	case errors.As(err, &timeout):
		cause = timeout.Message() + " " + timeout.TimeoutType().String()
	}
	return fmt.Sprintf("%s %s %s %s %d %d %s: %s", child.Namespace(), child.WorkflowID(), child.RunID(),
		child.WorkflowType(), child.InitiatedEventID(), child.StartedEventID(), child.RetryState(), cause)
}

func TestChildErrors(t *testing.T) {
	wf := func(ctx workflow.Context) (string, error) {
		child := workflow.ExecuteChildWorkflow(named(ctx), "Child")
		startErr := child.GetChildWorkflowExecution().Get(ctx, nil)
		err := child.Get(ctx, nil)
		if startErr != nil && errorText(err) != errorText(startErr) {
			return "", fmt.Errorf("start: %w, end: %w", startErr, err)
		}
		return errorText(err), nil
	}
	for _, tt := range []struct {
		end  func(*live)
		want string
	}{
		{func(l *live) { l.FailChild("c", failure()) }, "5 6 RetryPolicyNotSet: application Broken"},
		{func(l *live) { l.CancelChild("c") }, "5 6 NonRetryableFailure: *temporal.CanceledError canceled"},
		{func(l *live) { l.TimeOutChild("c") }, "5 6 Timeout: Child workflow timeout StartToClose"},
		{func(l *live) { l.TerminateChild("c") }, "5 6 NonRetryableFailure: *temporal.TerminatedError terminated"},
	} {
		l := start(t, wf)
		l.does("StartChildWorkflow c Child")
		l.StartChild("c")
		tt.end(l)
		l.does(`CompleteWorkflow "ns c run of c Child ` + tt.want + `"`)
	}
	for _, tt := range []struct {
		cause enumspb.StartChildWorkflowExecutionFailedCause
		want  string
	}{
		{
			enumspb.START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS,
			"*temporal.ChildWorkflowExecutionAlreadyStartedError child workflow execution already started",
		},
		{
			enumspb.START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_NAMESPACE_NOT_FOUND,
			"*temporal.NamespaceNotFoundError namespace not found",
		},
		{
			enumspb.START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_INVALID_VERSIONING_OVERRIDE,
			"*temporal.InvalidVersioningOverrideError invalid versioning override",
		},
		{77, "*errors.errorString unable to start child workflow for unknown cause: 77"},
	} {
		l := start(t, wf)
		l.does("StartChildWorkflow c Child")
		l.FailChildStart("c", tt.cause)
		l.does(`CompleteWorkflow "ns c  Child 5 0 NonRetryableFailure: ` + tt.want + `"`)
	}
}

// An id is taken as long as its child is known, and free afterwards.
func TestChildrenOfOneID(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		first := workflow.ExecuteChildWorkflow(named(ctx), "First")
		second := workflow.ExecuteChildWorkflow(named(ctx), "Second")
		for _, err := range []error{
			second.GetChildWorkflowExecution().Get(ctx, nil), second.Get(ctx, nil),
			second.SignalChildWorkflow(ctx, "s", 1).Get(ctx, nil),
		} {
			if _, ok := err.(*temporal.ChildWorkflowExecutionAlreadyStartedError); !ok { //nolint:errorlint // it is not wrapped
				return "", fmt.Errorf("got %w", err)
			}
		}
		if err := first.Get(ctx, nil); err != nil {
			return "", err
		}
		return "", workflow.ExecuteChildWorkflow(named(ctx), "Third").Get(ctx, nil)
	})
	a := l.does("StartChildWorkflow c First")
	if !slices.Contains(a.Flags, 2) || !slices.Contains(a.Flags, 7) {
		t.Errorf("flags %v, want 2 and 7 in them", a.Flags)
	}
	l.StartChild("c")
	l.CompleteChild("c")
	l.does("StartChildWorkflow c Third")
	l.StartChild("c")
	l.CompleteChild("c", "x")
	l.does(`CompleteWorkflow ""`)
}

// Histories from before flag 2 never settle the start of a child that could
// not be asked for.
func TestWithoutTheFlagTheStartOfATwinIsNeverSettled(t *testing.T) {
	settled := false
	l := start(t, func(ctx workflow.Context) error {
		workflow.ExecuteChildWorkflow(named(ctx), "First")
		twin := workflow.ExecuteChildWorkflow(named(ctx), "Twin")
		_ = twin.Get(ctx, nil)
		settled = twin.GetChildWorkflowExecution().IsReady()
		return workflow.Sleep(ctx, time.Hour)
	})
	l.Task()
	a, err := l.Sticky(l.History)
	if err != nil || !settled {
		t.Fatalf("settled %t, error %v", settled, err)
	}
	a.Flags = []uint32{3, 7}
	l.Complete(a)
	l.replay()
	if settled {
		t.Error("the start was settled without the flag")
	}
}

func TestWhatCannotBeSentStartsNoChild(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		var out []string
		add := func(name string, f workflow.ChildWorkflowFuture) {
			out = append(out, fmt.Sprint(name, ": ", f.GetChildWorkflowExecution().Get(ctx, nil), ", ", f.Get(ctx, nil)))
		}
		add("input", workflow.ExecuteChildWorkflow(ctx, "Child", func() {}))
		add("memo", workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx,
			workflow.ChildWorkflowOptions{Memo: map[string]any{"m": func() {}}}), "Child"))
		canceled, cancel := workflow.WithCancel(ctx)
		cancel()
		add("canceled", workflow.ExecuteChildWorkflow(canceled, "Child"))
		return strings.Join(out, "\n"), workflow.Sleep(ctx, time.Second) // the ids are still free
	})
	l.does("StartTimer 5 1s")
	l.FireTimer("5")
	got := decode[string](t, l.task().Commands[0].GetCompleteWorkflowExecutionCommandAttributes().GetResult())
	for i, want := range []string{
		"input: child workflow Child: arguments cannot be encoded",
		"memo: child workflow execution already started, encode workflow memo error",
		"canceled: canceled, canceled",
	} {
		if line := strings.Split(got, "\n")[i]; !strings.HasPrefix(line, want) {
			t.Errorf("got %q, want it to begin with %q", line, want)
		}
	}
}

// TestChildIsCanceled goes through the moments at which a cancellation can come.
func TestChildIsCanceled(t *testing.T) {
	wf := func(ctx workflow.Context) (string, error) {
		child := workflow.ExecuteChildWorkflow(named(ctx), "Child")
		free, _ := workflow.NewDisconnectedContext(ctx)
		startErr := child.GetChildWorkflowExecution().Get(free, nil)
		workflow.NewTimer(free, time.Hour) // shows how the ids go on
		err := child.Get(free, nil)
		again := workflow.ExecuteChildWorkflow(named(free), "Again")
		return fmt.Sprint(startErr == nil, ", ", err, ", ", again.IsReady()), workflow.Sleep(free, time.Minute)
	}
	const request = "RequestCancelExternalWorkflow child c"
	t.Run("before it was started", func(t *testing.T) {
		l := start(t, wf)
		l.does("StartChildWorkflow c Child")
		l.RequestCancel() // 6
		l.does()          // tasks are 7, 8, 9
		l.StartChild("c") // 10; the task is 11, 12, 13
		l.does(request, "StartTimer 15 1h0m0s")
		l.Deliver(14)
		l.CancelChild("c")
		l.does("StartChildWorkflow c Again", "StartTimer 22 1m0s")
		l.FireTimer("22")
		l.does(`CompleteWorkflow "true, child workflow execution error (type: Child, workflowID: c, ` +
			`runID: run of c, initiatedEventID: 5, startedEventID: 10): canceled, false"`)
	})
	started := func(t *testing.T) *live {
		t.Helper()
		l := start(t, wf)
		l.does("StartChildWorkflow c Child")
		l.StartChild("c")
		l.does("StartTimer 10 1h0m0s")
		return l
	}
	t.Run("with its start", func(t *testing.T) {
		l := start(t, wf)
		l.does("StartChildWorkflow c Child")
		l.StartChild("c")
		l.RequestCancel()
		l.does(request, "StartTimer 12 1h0m0s")
	})
	t.Run("the end comes before the answer", func(t *testing.T) {
		l := started(t)
		l.RequestCancel() // 11
		l.does(request)   // 15
		l.CancelChild("c")
		// The id is taken until the answer is there.
		l.does("StartTimer 20 1m0s")
		l.Deliver(15)
		l.FireTimer("20")
		l.does(`CompleteWorkflow "true, child workflow execution error (type: Child, workflowID: c, ` +
			`runID: run of c, initiatedEventID: 5, startedEventID: 6): canceled, true"`)
	})
	t.Run("the answer is no", func(t *testing.T) {
		l := started(t)
		l.RequestCancel()
		l.does(request)
		l.CompleteChild("c")
		l.Refuse(15, histories.NoSuchWorkflow)
		l.does("StartChildWorkflow c Again", "StartTimer 22 1m0s")
	})
	t.Run("the answer is no and it goes on", func(t *testing.T) {
		l := started(t)
		l.RequestCancel()
		l.does(request)
		l.Refuse(15, histories.NoSuchNamespace)
		l.CompleteChild("c")
		l.does("StartChildWorkflow c Again", "StartTimer 22 1m0s")
	})
	t.Run("it ends in the same event phase", func(t *testing.T) {
		l := started(t)
		l.RequestCancel()
		l.CompleteChild("c")
		l.does("StartChildWorkflow c Again", "StartTimer 17 1m0s")
	})
	t.Run("it is canceled by others", func(t *testing.T) {
		l := started(t)
		l.CancelChild("c")
		l.does("StartChildWorkflow c Again", "StartTimer 16 1m0s")
	})
	t.Run("after its start failed", func(t *testing.T) {
		l := start(t, wf)
		l.does("StartChildWorkflow c Child")
		l.RequestCancel()
		l.FailChildStart("c", enumspb.START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS)
		l.does("StartTimer 11 1h0m0s", "StartChildWorkflow c Again", "StartTimer 13 1m0s")
	})
}

// A cancellation in a coroutine takes its place among the other commands.
func TestChildCanceledByCode(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		of, cancel := workflow.WithCancel(ctx)
		child := workflow.ExecuteChildWorkflow(of, "Child")
		if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return err
		}
		workflow.NewTimer(ctx, time.Hour)
		cancel()
		workflow.NewTimer(ctx, 2*time.Hour)
		return child.Get(ctx, nil)
	})
	l.does("StartChildWorkflow original-run_5 Child")
	l.StartChild("original-run_5")
	l.does("StartTimer 10 1h0m0s", "RequestCancelExternalWorkflow child original-run_5", "StartTimer 12 2h0m0s")
	l.Deliver(11)
	l.CancelChild("original-run_5")
	l.does("CancelWorkflow")
}

func TestChildCommand(t *testing.T) {
	key := temporal.NewSearchAttributeKeyKeyword("Colour")
	gone := temporal.NewSearchAttributeKeyInt64("Gone")
	l := start(t, func(ctx workflow.Context) error {
		workflow.ExecuteChildWorkflow(ctx, "Plain")
		ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			Namespace: "other", WorkflowID: "c", TaskQueue: "children",
			WorkflowExecutionTimeout: 3 * time.Hour, WorkflowRunTimeout: 2 * time.Hour,
			WorkflowTaskTimeout: time.Second, WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
			RetryPolicy:  &temporal.RetryPolicy{MaximumAttempts: 3},
			CronSchedule: "* * * * *", Memo: map[string]any{"m": 1},
			TypedSearchAttributes: temporal.NewSearchAttributes(key.ValueSet("red"), gone.ValueUnset()),
			ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
			StaticSummary:         "sum", StaticDetails: "det", Priority: temporal.Priority{PriorityKey: 2},
		})
		workflow.ExecuteChildWorkflow(ctx, "Full")
		ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			VersioningIntent: temporal.VersioningIntentInheritBuildID,
		})
		workflow.ExecuteChildWorkflow(ctx, "Replaced")
		ctx = workflow.WithWorkflowRunTimeout(workflow.WithWorkflowTaskTimeout(ctx, time.Second), time.Minute)
		ctx = workflow.WithWorkflowPriority(workflow.WithWorkflowNamespace(ctx, "third"), temporal.Priority{PriorityKey: 1})
		ctx = workflow.WithWorkflowVersioningIntent(workflow.WithWorkflowTaskQueue(ctx, "tasks"),
			temporal.VersioningIntentUseAssignmentRules)
		workflow.ExecuteChildWorkflow(ctx, "Changed")
		for _, override := range []workflow.VersioningOverride{
			&workflow.PinnedVersioningOverride{
				Version: workflow.WorkerDeploymentVersion{DeploymentName: "d", BuildID: "b"},
			},
			&workflow.AutoUpgradeVersioningOverride{},
			&workflow.OneTimeVersioningOverride{
				TargetVersion: workflow.WorkerDeploymentVersion{DeploymentName: "d", BuildID: "b"},
			},
		} {
			workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx,
				workflow.ChildWorkflowOptions{VersioningOverride: override}), "Overridden")
		}
		return workflow.Sleep(ctx, time.Second)
	})
	a := l.task()
	for i, want := range []string{
		`{"pinned":{"behavior":"PINNED_OVERRIDE_BEHAVIOR_PINNED","version":{"deploymentName":"d","buildId":"b"}}}`,
		`{"autoUpgrade":true}`,
		`{"oneTime":{"targetDeploymentVersion":{"deploymentName":"d","buildId":"b"}}}`,
	} {
		checkJSON(t, a.Commands[4+i].GetStartChildWorkflowExecutionCommandAttributes().GetVersioningOverride(), want)
	}
	for i, want := range []string{
		`{"namespace":"ns","workflowId":"original-run_5","workflowType":{"name":"Plain"},` +
			`"taskQueue":{"name":"tasks","kind":"TASK_QUEUE_KIND_NORMAL"},"workflowExecutionTimeout":"0s",` +
			`"workflowRunTimeout":"0s","workflowTaskTimeout":"10s","header":{},"inheritBuildId":true}`,
		`{"namespace":"other","workflowId":"c","workflowType":{"name":"Full"},` +
			`"taskQueue":{"name":"children","kind":"TASK_QUEUE_KIND_NORMAL"},"workflowExecutionTimeout":"10800s",` +
			`"workflowRunTimeout":"7200s","workflowTaskTimeout":"1s","parentClosePolicy":"PARENT_CLOSE_POLICY_ABANDON",` +
			`"workflowIdReusePolicy":"WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE",` +
			`"retryPolicy":{"initialInterval":"0s","maximumInterval":"0s","maximumAttempts":3},` +
			`"cronSchedule":"* * * * *","header":{},` +
			`"memo":{"fields":{"m":{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"MQ=="}}},` +
			`"searchAttributes":{"indexedFields":{"Colour":{"metadata":{"encoding":"anNvbi9wbGFpbg==",` +
			`"type":"S2V5d29yZA=="},"data":"InJlZCI="}}},"priority":{"priorityKey":2}}`,
		`{"namespace":"other","workflowId":"original-run_7","workflowType":{"name":"Replaced"},` +
			`"taskQueue":{"name":"children","kind":"TASK_QUEUE_KIND_NORMAL"},"workflowExecutionTimeout":"0s",` +
			`"workflowRunTimeout":"0s","workflowTaskTimeout":"0s","header":{},"inheritBuildId":true}`,
		`{"namespace":"third","workflowId":"original-run_8","workflowType":{"name":"Changed"},` +
			`"taskQueue":{"name":"tasks","kind":"TASK_QUEUE_KIND_NORMAL"},"workflowExecutionTimeout":"0s",` +
			`"workflowRunTimeout":"60s","workflowTaskTimeout":"1s","header":{},"priority":{"priorityKey":1}}`,
	} {
		checkJSON(t, a.Commands[i].GetStartChildWorkflowExecutionCommandAttributes(), want)
	}
	checkJSON(t, a.Commands[1].GetUserMetadata(), `{"summary":{"metadata":{"encoding":"anNvbi9wbGFpbg=="},`+
		`"data":"InN1bSI="},"details":{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"ImRldCI="}}`)
}

func TestChildOptionsAreACopy(t *testing.T) {
	start(t, func(ctx workflow.Context) error {
		policy := &temporal.RetryPolicy{MaximumAttempts: 3}
		given := workflow.ChildWorkflowOptions{RetryPolicy: policy, Memo: map[string]any{"m": 1}}
		ctx = workflow.WithChildOptions(ctx, given)
		policy.MaximumAttempts = 4
		workflow.GetChildWorkflowOptions(ctx).Memo["m"] = 2
		got := workflow.GetChildWorkflowOptions(ctx)
		if got.RetryPolicy.MaximumAttempts != 3 || got.Memo["m"] != 1 || got.Namespace != "ns" || got.TaskQueue != "tasks" {
			return fmt.Errorf("got %+v", got)
		}
		return nil
	}).does("CompleteWorkflow")
}

func aChild(workflow.Context) error { return nil }

func TestChildrenAreNamedByFunctions(t *testing.T) {
	start(t, func(ctx workflow.Context) error {
		workflow.ExecuteChildWorkflow(ctx, aChild)
		return nil
	}).does("StartChildWorkflow original-run_5 aChild", "CompleteWorkflow")
	failed := start(t, func(ctx workflow.Context) error {
		workflow.ExecuteChildWorkflow(ctx, 7)
		return nil
	}).fails()
	checkFailure(t, failed, unhandled, "neither a function nor a name")
	failed = start(t, func(ctx workflow.Context) error {
		workflow.WithWorkflowTaskQueue(ctx, "")
		return nil
	}).fails()
	checkFailure(t, failed, unhandled, "empty task queue name")
}

// checkJSON compares a message with its JSON.
func checkJSON(t *testing.T, got proto.Message, want string) {
	t.Helper()
	expected := got.ProtoReflect().New().Interface()
	if err := protojson.Unmarshal([]byte(want), expected); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expected, got, protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestChildrenInSelectors(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		child := workflow.ExecuteChildWorkflow(named(ctx), "Child")
		var got string
		s := workflow.NewSelector(ctx).
			AddFuture(child.GetChildWorkflowExecution(), func(workflow.Future) { got += "started " }).
			AddFuture(child, func(f workflow.Future) { got += fmt.Sprint("ended ", f.IsReady(), f.Get(ctx, nil) == nil) })
		s.Select(ctx)
		s.Select(ctx)
		return got, nil
	})
	l.does("StartChildWorkflow c Child")
	l.StartChild("c")
	l.does()
	l.CompleteChild("c")
	l.does(`CompleteWorkflow "started ended true true"`)
}
