package replay

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/workflow"
)

// A Result is what became of one replay.
type Result struct {
	// Source is the name of the history.
	Source string
	// Execution and WorkflowType say which run it was, as far as it is known.
	Execution    workflow.Execution
	WorkflowType string
	// Outcome of the replay.
	Outcome Outcome
	// Err says why, if it is not Same.
	Err error
	// Events is how long the history is.
	Events int
	// Tasks is how many workflow tasks were replayed and found the same.
	Tasks int
	// Took is how long loading and replaying took.
	Took time.Duration

	completed bool
	value     *commonpb.Payloads // what the workflow returned
}

// String is a line about the replay, and more if it differs.
func (r Result) String() string {
	line := fmt.Sprintf("%-12s  %s", r.Outcome, cmp.Or(r.Source, r.Execution.ID))
	if r.WorkflowType != "" {
		line += fmt.Sprintf("  %s, %d events, %d tasks, %v",
			r.WorkflowType, r.Events, r.Tasks, r.Took.Round(time.Microsecond))
	}
	if r.Err != nil {
		line += "\n    " + strings.ReplaceAll(r.Err.Error(), "\n", "\n    ")
	}
	return line
}

// A Report is what became of many replays.
type Report struct {
	// Results in the order of the sources.
	Results []Result
	// Took is how long all of them took together.
	Took time.Duration
}

// Count returns how many had this outcome.
func (r Report) Count(o Outcome) (n int) {
	for _, result := range r.Results {
		if result.Outcome == o {
			n++
		}
	}
	return n
}

// Events returns how many events all histories have together.
func (r Report) Events() (n int) {
	for _, result := range r.Results {
		n += result.Events
	}
	return n
}

// Err returns the errors of all that are not the same, or nil.
func (r Report) Err() error {
	var errs []error
	for _, result := range r.Results {
		if result.Err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", cmp.Or(result.Source, result.Execution.ID), result.Err))
		}
	}
	return errors.Join(errs...)
}

// String has a line for each history that is not the same, and one for all.
func (r Report) String() string {
	var b strings.Builder
	for _, result := range r.Results {
		if result.Outcome != Same {
			b.WriteString(result.String() + "\n")
		}
	}
	return b.String() + r.Summary() + "\n"
}

// Summary is a line about all histories.
func (r Report) Summary() string {
	return fmt.Sprintf("%d histories, %d events in %v: %d same, %d differ, %d not replayed",
		len(r.Results), r.Events(), r.Took.Round(time.Millisecond),
		r.Count(Same), r.Count(Differs), r.Count(NotReplayed))
}
