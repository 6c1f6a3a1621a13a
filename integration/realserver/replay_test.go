package realserver_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/replay"
	replayserver "github.com/mainspring-go/mainspring/workflow/replay/server"
)

// What ran on the SDK's worker is fetched from the server and replayed here.
func TestReplayerFetchesWhatTheSDKRan(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	run := start(t, c, queue, "mixed", nil)
	stop := theirsOn(t, queue, 0)
	awaitLog(t, c, run, "sum 3")
	updateSlow(t, c, run, 5)
	signal(t, c, run, "one")
	awaitLog(t, c, run, "signal one")

	r := worker.NewWorkflowReplayer()
	if err := r.RegisterWorkflow(mixed); err != nil {
		t.Fatal(err)
	}
	service := replayserver.Of(c.WorkflowService())
	latest := workflow.Execution{ID: run.GetID()}
	if err := r.ReplayWorkflowExecution(t.Context(), service, nil, "default", latest); err != nil {
		t.Errorf("while it runs: %v", err)
	}
	signal(t, c, run, "stop")
	var want, got string
	if err := run.Get(t.Context(), &want); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := r.ReplayWorkflowExecution(t.Context(), service, nil, "default", latest); err != nil {
		t.Errorf("when it has ended: %v", err)
	}
	if err := r.GetWorkflowResult(run.GetID(), &got); err != nil || got != want {
		t.Errorf("the replay came to %q, %v, and the run to %q", got, err, want)
	}

	report := found(t, r, fmt.Sprintf("WorkflowId = '%s'", run.GetID()))
	if report.Count(replay.Same) != 1 || report.Results[0].Execution.RunID != run.GetRunID() {
		t.Errorf("the query has found\n%v", report)
	}
	other := worker.NewWorkflowReplayer()
	if err := other.RegisterWorkflowWithOptions(func(ctx workflow.Context) (string, error) {
		return "", workflow.Sleep(ctx, time.Hour)
	}, workflow.RegisterOptions{Name: "mixed"}); err != nil {
		t.Fatal(err)
	}
	report = found(t, other, fmt.Sprintf("WorkflowId = '%s'", run.GetID()))
	if report.Count(replay.Differs) != 1 || !strings.Contains(report.String(), "TMPRL1100") {
		t.Errorf("other code:\n%v", report)
	}
	theirs := sdkworker.NewWorkflowReplayer()
	theirs.RegisterWorkflowWithOptions(sdkMixed, sdkworkflow.RegisterOptions{Name: "mixed"})
	if err := theirs.ReplayWorkflowHistory(nil, history(t, c, run)); err != nil {
		t.Errorf("the SDK's replayer: %v", err)
	}
}

// found replays what a query finds, once it finds something: visibility lags.
func found(t *testing.T, r *replay.WorkflowReplayer, query string) replay.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	connection := sdkClient(t).WorkflowService()
	for ctx.Err() == nil {
		sources := slices.Collect(replayserver.Query(ctx, connection, "default", query))
		if len(sources) == 0 {
			continue
		}
		report, err := r.ReplayAll(ctx, slices.Values(sources), replay.AllOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	t.Fatalf("nothing is found for %s", query)
	return replay.Report{}
}
