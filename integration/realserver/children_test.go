package realserver_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// lend has a helper on another queue do something: the first fails, and the
// second waits to be told.
func lend(ctx workflow.Context, queue string) (string, error) {
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		TaskQueue: queue, WorkflowRunTimeout: time.Minute, Memo: map[string]any{"why": "trust"},
	})
	var details string
	err := workflow.ExecuteChildWorkflow(ctx, "help", "fail").Get(ctx, nil)
	failed, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok || failed.Details(&details) != nil {
		return "", err
	}
	second := workflow.ExecuteChildWorkflow(ctx, "help", "wait")
	if err := second.SignalChildWorkflow(ctx, "word", "please").Get(ctx, nil); err != nil {
		return "", err
	}
	var word string
	if err := second.Get(ctx, &word); err != nil {
		return "", err
	}
	return failed.Message() + " " + details + " " + word, nil
}

// help is what lend asks for.
func help(ctx workflow.Context, how string) (string, error) {
	if how == "fail" {
		return "", temporal.NewNonRetryableApplicationError("no", "Refusal", nil, "not today")
	}
	var word string
	workflow.GetSignalChannel(ctx, "word").Receive(ctx, &word)
	return fmt.Sprintf("%s %s", word, workflow.GetInfo(ctx).Memo.GetFields()["why"].GetData()), nil
}

// sdkLend and sdkHelp are the same with other imports.
func sdkLend(ctx sdkworkflow.Context, queue string) (string, error) {
	ctx = sdkworkflow.WithChildOptions(ctx, sdkworkflow.ChildWorkflowOptions{
		TaskQueue: queue, WorkflowRunTimeout: time.Minute, Memo: map[string]any{"why": "trust"},
	})
	var details string
	err := sdkworkflow.ExecuteChildWorkflow(ctx, "help", "fail").Get(ctx, nil)
	failed, ok := errors.AsType[*sdktemporal.ApplicationError](err)
	if !ok || failed.Details(&details) != nil {
		return "", err
	}
	second := sdkworkflow.ExecuteChildWorkflow(ctx, "help", "wait")
	if err := second.SignalChildWorkflow(ctx, "word", "please").Get(ctx, nil); err != nil {
		return "", err
	}
	var word string
	if err := second.Get(ctx, &word); err != nil {
		return "", err
	}
	return failed.Message() + " " + details + " " + word, nil
}

func sdkHelp(ctx sdkworkflow.Context, how string) (string, error) {
	if how == "fail" {
		return "", sdktemporal.NewNonRetryableApplicationError("no", "Refusal", nil, "not today")
	}
	var word string
	sdkworkflow.GetSignalChannel(ctx, "word").Receive(ctx, &word)
	return fmt.Sprintf("%s %s", word, sdkworkflow.GetInfo(ctx).Memo.GetFields()["why"].GetData()), nil
}

// A parent and its children run on different queues, and on workers of either side.
func TestChildrenOnAnotherQueue(t *testing.T) {
	t.Parallel()
	ours := func(t *testing.T, queue string, w any) {
		t.Helper()
		startWorker(t, dial(t), queue, worker.Options{Workflows: []any{w}})
	}
	theirs := func(t *testing.T, queue, name string, w any) {
		t.Helper()
		sdk := sdkworker.New(sdkClient(t), queue, sdkworker.Options{DeadlockDetectionTimeout: patience})
		sdk.RegisterWorkflowWithOptions(w, sdkworkflow.RegisterOptions{Name: name})
		if err := sdk.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(sdk.Stop)
	}
	for name, workers := range map[string]func(t *testing.T, parents, children string){
		"ours": func(t *testing.T, parents, children string) {
			t.Helper()
			ours(t, parents, lend)
			ours(t, children, help)
		},
		"ours and the SDK's": func(t *testing.T, parents, children string) {
			t.Helper()
			ours(t, parents, lend)
			theirs(t, children, "help", sdkHelp)
		},
		"the SDK's and ours": func(t *testing.T, parents, children string) {
			t.Helper()
			theirs(t, parents, "lend", sdkLend)
			ours(t, children, help)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parents, c := taskQueue(t), sdkClient(t)
			children := parents + "-children"
			workers(t, parents, children)
			run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: parents}, "lend", children)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			if err := run.Get(t.Context(), &got); err != nil {
				t.Fatal(err)
			}
			if want := `no not today please "trust"`; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			replayer := sdkworker.NewWorkflowReplayer()
			replayer.RegisterWorkflowWithOptions(sdkLend, sdkworkflow.RegisterOptions{Name: "lend"})
			if err := replayer.ReplayWorkflowHistory(nil, history(t, c, run)); err != nil {
				t.Errorf("the SDK's replayer: %v", err)
			}
		})
	}
}
