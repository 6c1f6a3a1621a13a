package compat

import (
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/integration/compat/sdkworkflows"
	"github.com/mainspring-go/mainspring/integration/compat/workflows"
	"github.com/mainspring-go/mainspring/interceptor"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/replay"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// ReplayOnSDK replays a history with the replayer of the SDK.
func ReplayOnSDK(h *historypb.History) error {
	r, err := sdkworker.NewWorkflowReplayerWithOptions(sdkworker.WorkflowReplayerOptions{
		Interceptors: sdkworkflows.Interceptors(), ContextPropagators: sdkworkflows.Propagators(),
	})
	if err != nil {
		return err
	}
	for _, f := range sdkworkflows.Workflows() {
		r.RegisterWorkflow(f)
	}
	r.RegisterDynamicWorkflow(sdkworkflows.Anything, sdkworkflow.DynamicRegisterOptions{})
	started := h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	return r.ReplayWorkflowHistoryWithOptions(log.NewStructuredLogger(quiet()), h, sdkworker.ReplayWorkflowHistoryOptions{
		OriginalExecution: sdkworkflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()},
	})
}

// A Replayer replays histories on ours.
type Replayer struct {
	// Runner runs the workflows.
	Runner   runner.Runner
	replayer *replay.WorkflowReplayer
}

// NewReplayer returns a replayer that knows all workflows.
func NewReplayer() (*Replayer, error) {
	activities := activity.NewRegistry()
	for _, a := range workflows.Activities() {
		if err := activities.RegisterActivity(a); err != nil {
			return nil, err
		}
	}
	return NewReplayerOn(native.New(native.Options{
		Logger: quiet(), ActivityName: activities.Name,
		Interceptors:             interceptor.Workflows(workflows.Interceptors()),
		ContextPropagators:       workflows.Propagators(),
		DeadlockDetectionTimeout: -1, // a busy machine keeps coroutines waiting
	}))
}

// NewReplayerOn is NewReplayer with a runner that has all workflows or takes them as functions.
func NewReplayerOn(run runner.Runner) (*Replayer, error) {
	r, err := replay.NewWorkflowReplayerWithOptions(replay.WorkflowReplayerOptions{Runner: run})
	if err != nil {
		return nil, err
	}
	for _, f := range workflows.Workflows() {
		if err := r.RegisterWorkflow(f); err != nil {
			return nil, err
		}
	}
	if err := r.RegisterDynamicWorkflow(workflows.Anything, workflow.DynamicRegisterOptions{}); err != nil {
		return nil, err
	}
	return &Replayer{run, r}, nil
}

// Replay replays a history from its beginning to its end.
func (r *Replayer) Replay(h *historypb.History) error {
	return r.replayer.ReplayWorkflowHistory(nil, h)
}
