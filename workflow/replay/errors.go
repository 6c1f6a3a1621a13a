package replay

import (
	"fmt"

	"github.com/mainspring-go/mainspring/workflow"
)

// An Outcome is what became of a replay.
type Outcome string

// Outcomes of replays.
const (
	// Same: the code does what history says.
	Same Outcome = "same"
	// Differs: the code does something else, or fails.
	Differs Outcome = "differs"
	// NotReplayed: there was nothing to compare, because the history could not be
	// had or read, or because its workflow type is not registered.
	NotReplayed Outcome = "not replayed"
)

// An Error says why a history could not be replayed, or how the code differs
// from it. In its chain are, where they apply, the machines' NondeterminismError
// or HistoryError, the runner's UnknownTypeError, and what the code failed with,
// such as a temporal.PanicError with its stack.
type Error struct {
	// Outcome is Differs or NotReplayed.
	Outcome Outcome
	// Execution is the run, as far as it is known.
	Execution workflow.Execution
	// WorkflowType is its type, as far as it is known.
	WorkflowType string
	// StartedEventID is the WorkflowTaskStarted event of the task at which the
	// replay ended; zero if there was none.
	StartedEventID int64
	// Err is the cause.
	Err error
}

// Error implements error.
func (e *Error) Error() string {
	what := "replay"
	if e.WorkflowType != "" {
		what += " of " + e.WorkflowType
	}
	if e.StartedEventID != 0 {
		what += fmt.Sprintf(", task of event %d", e.StartedEventID)
	}
	return what + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
