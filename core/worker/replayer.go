package worker

import "github.com/mainspring-go/mainspring/workflow/replay"

// Replaying histories is the subject of package workflow/replay; these are its
// names where users of the official SDK look for them.
type (
	// WorkflowReplayer replays histories.
	WorkflowReplayer = replay.WorkflowReplayer
	// WorkflowReplayerOptions are the options of [NewWorkflowReplayerWithOptions].
	WorkflowReplayerOptions = replay.WorkflowReplayerOptions
	// ReplayWorkflowHistoryOptions are the options of one replay.
	ReplayWorkflowHistoryOptions = replay.ReplayWorkflowHistoryOptions
)

// NewWorkflowReplayer returns a replayer of Go functions with all defaults.
func NewWorkflowReplayer() *WorkflowReplayer { return replay.NewWorkflowReplayer() }

// NewWorkflowReplayerWithOptions returns a replayer, or an error that says
// which options do not go together.
func NewWorkflowReplayerWithOptions(o WorkflowReplayerOptions) (*WorkflowReplayer, error) {
	return replay.NewWorkflowReplayerWithOptions(o)
}
