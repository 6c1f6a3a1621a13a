package verify

import (
	"fmt"
	"strings"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A DifferenceError says that a workflow did not do the same when it was run
// again from its beginning.
type DifferenceError struct {
	// Details say which run it is.
	Details runner.Details
	// StartedEventID is the WorkflowTaskStarted event of the workflow task.
	StartedEventID int64
	// First is what the code did first, and Again what it did when it was run
	// again; empty for nothing.
	First, Again string
	// Field is where in the two the first difference is; empty if they are
	// different things.
	Field string
	// Stack is where in the code Again was done or, if that is nothing, where its
	// coroutines wait; empty if the runner cannot tell.
	Stack string
}

// Error implements error.
func (e *DifferenceError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "workflow %s is not deterministic: run again from its beginning, "+
		"the workflow task that started with event %d does something else",
		e.Details.WorkflowType, e.StartedEventID)
	fmt.Fprintf(&b, "\n  first: %s\n  again: %s", orNothing(e.First), orNothing(e.Again))
	if e.Field != "" {
		fmt.Fprintf(&b, "\n  they differ in %s", e.Field)
	}
	b.WriteString("\n  likely cause: time.Now, math/rand, ranging over a map, a goroutine, a Go channel or a " +
		"variable of the package: use workflow.Now, workflow.SideEffect, workflow.DeterministicKeys, workflow.Go " +
		"and workflow.NewChannel")
	if e.Stack != "" {
		b.WriteString("\n  stack:\n    " + strings.ReplaceAll(e.Stack, "\n", "\n    "))
	}
	return b.String()
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}
