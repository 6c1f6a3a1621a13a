package env

import (
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
)

// Info is what is known of the run. It changes at the start of a
// task, and with upserts.
type Info struct {
	// Started are the attributes of the first event, until the workflow function is
	// called.
	Started *historypb.WorkflowExecutionStartedEventAttributes
	// StartTime is the time of the first event.
	StartTime time.Time
	// Attempt counts from 1 and grows with each retry of the workflow.
	Attempt                int32
	ContinueAsNewSuggested bool
	TargetVersionChanged   bool

	// SearchAttributes and Memo are those of the start with all upserts since. They
	// are replaced, never changed.
	SearchAttributes *commonpb.SearchAttributes
	Memo             *commonpb.Memo

	HistoryLength        int64
	HistorySize          int64
	ContinueAsNewReasons []enumspb.SuggestContinueAsNewReason
	// BuildID is the build that runs the current task, or has run it.
	BuildID string
	// BinaryChecksum is what old histories have in its place.
	BinaryChecksum string
}
