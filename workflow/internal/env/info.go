package env

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
)

// Info is what is known of the run. It changes only at the start of a task.
type Info struct {
	// Started are the attributes of the first event.
	Started *historypb.WorkflowExecutionStartedEventAttributes
	// StartTime is the time of the first event.
	StartTime time.Time

	HistoryLength          int64
	HistorySize            int64
	ContinueAsNewSuggested bool
	ContinueAsNewReasons   []enumspb.SuggestContinueAsNewReason
}
