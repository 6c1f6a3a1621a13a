package machine

import "fmt"

// code marks all errors that mean the code does not fit the history; people
// search for it.
const code = "[TMPRL1100] "

// A NondeterminismError says that the workflow's code did not do what its
// history says it did.
type NondeterminismError struct {
	// EventID is the event at which the two part; zero if history has none there.
	EventID int64
	// Event is what history says; empty if it says nothing.
	Event string
	// Command is what the code did; empty if it did nothing.
	Command string
	// Detail says more where event and command alone do not.
	Detail string
}

// Error implements error.
func (e *NondeterminismError) Error() string {
	switch {
	case e.Detail != "":
		return code + e.Detail
	case e.Command == "":
		return code + "nondeterministic workflow: missing replay command for " + e.Event
	case e.Event == "":
		return code + "nondeterministic workflow: extra replay command for " + e.Command
	default:
		return code + "nondeterministic workflow: history event is " + e.Event +
			", replay command is " + e.Command
	}
}

// A HistoryError says that what was fed is not the history that the task needs.
type HistoryError struct {
	// Reason in words.
	Reason string
}

// Error implements error.
func (e *HistoryError) Error() string { return e.Reason }

func malformed(format string, args ...any) error {
	return &HistoryError{Reason: fmt.Sprintf(format, args...)}
}
