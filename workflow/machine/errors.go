package machine

import (
	"fmt"
	"strings"
)

// code marks all errors that mean the code does not fit the history; people
// search for it.
const code = "[TMPRL1100] "

// A NondeterminismError says that the workflow's code did not do what its
// history says it did. Only EventID and one of Event, Command and Detail are
// always set.
type NondeterminismError struct {
	// EventID is the event at which the two part; zero if history has none there.
	EventID int64
	// Event is what history says; empty if it says nothing.
	Event string
	// Command is what the code did; empty if it did nothing.
	Command string
	// Detail says more where event and command alone do not.
	Detail string

	// Task is the WorkflowTaskStarted event of the task that was replayed.
	Task int64
	// History and Code are all that this task did, as history has it and as the
	// code did it now. They part at index At, which may be the end of either.
	History, Code []Step
	At            int
	// Change is the kind of change to the code that explains the difference best.
	Change Change
	// Versions are those that history has recorded in this task.
	Versions []Version
	// Stack is where in the workflow's code the command was made; where history
	// has something that the code did not do, where its coroutines wait. Empty if
	// that is not known.
	Stack string
}

// A Version is what a call of GetVersion has recorded.
type Version struct {
	EventID  int64
	ChangeID string
}

// Error implements error. The first line says what differs; those that follow
// show where and why.
func (e *NondeterminismError) Error() string {
	if e.Stack == "" {
		return e.Report()
	}
	return e.Report() + "\n  stack:\n    " + strings.ReplaceAll(e.Stack, "\n", "\n    ")
}

// Report is the text of the error without the stack.
func (e *NondeterminismError) Report() string {
	var b strings.Builder
	b.WriteString(code + e.headline())
	if len(e.History)+len(e.Code) > 0 {
		fmt.Fprintf(&b, "\n  in the workflow task that started with event %d:", e.Task)
		steps(&b, "history has", e.History, e.At)
		steps(&b, "the code did", e.Code, e.At)
	}
	if hint := e.Change.Hint(); hint != "" {
		b.WriteString("\n  likely cause: " + hint)
	}
	for _, v := range e.Versions {
		of := ""
		if v.ChangeID != "" {
			of = fmt.Sprintf(" of change %q", v.ChangeID)
		}
		fmt.Fprintf(&b, "\n  event %d records a version%s: if its workflow.GetVersion was removed or changed, "+
			"the code takes another branch now", v.EventID, of)
	}
	return b.String()
}

func (e *NondeterminismError) headline() string {
	switch {
	case e.Detail != "":
		return e.Detail
	case e.Command == "":
		return "nondeterministic workflow: missing replay command for " + e.Event
	case e.Event == "":
		return "nondeterministic workflow: extra replay command for " + e.Command
	default:
		return "nondeterministic workflow: history event is " + e.Event +
			", replay command is " + e.Command
	}
}

// shownSteps is how many steps a report shows on either side of the difference.
const shownSteps = 5

// steps writes those round the one at which history and code part.
func steps(b *strings.Builder, title string, all []Step, at int) {
	b.WriteString("\n    " + title + ":")
	from, to := max(0, at-shownSteps), min(len(all), at+shownSteps+1)
	if from > 0 {
		fmt.Fprintf(b, "\n        (%d more)", from)
	}
	for i := from; i < to; i++ {
		mark := "  "
		if i == at {
			mark = "> "
		}
		b.WriteString("\n      " + mark + all[i].String())
	}
	if at >= len(all) {
		b.WriteString("\n      > nothing")
	}
	if to < len(all) {
		fmt.Fprintf(b, "\n        (%d more)", len(all)-to)
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
