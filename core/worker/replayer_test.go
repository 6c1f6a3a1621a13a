package worker_test

import (
	"strings"
	"testing"

	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/core/worker"
)

// Package replay tests what a replayer does; here it has the names of the SDK.
func TestReplayerIsWhereUsersLook(t *testing.T) {
	replayer := worker.NewWorkflowReplayer()
	if err := replayer.RegisterWorkflow(Greet); err != nil {
		t.Fatal(err)
	}
	err := replayer.ReplayWorkflowHistoryWithOptions(nil, &historypb.History{}, worker.ReplayWorkflowHistoryOptions{})
	if err == nil || !strings.Contains(err.Error(), "empty events") {
		t.Errorf("got %v", err)
	}
	names := func(any) (string, error) { return "", nil }
	if _, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{ActivityName: names}); err != nil {
		t.Error(err)
	}
}
