package activity

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Running knows the attempts that run now, so that a stop that waits for them can name them. Give
// one to all that run activities of a worker: see Options.Running of packages task and local. The
// zero value is ready, a nil pointer keeps nothing, and all methods are safe for concurrent use. An
// attempt costs a lock and no allocation.
type Running struct {
	mu       sync.Mutex
	attempts map[*Info]time.Time // since when
}

// Begin adds an attempt that began at the given time. What info points to must not change until End.
func (r *Running) Begin(info *Info, at time.Time) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.attempts == nil {
		r.attempts = make(map[*Info]time.Time)
	}
	r.attempts[info] = at
}

// End takes an attempt out, by the pointer that Begin was given.
func (r *Running) End(info *Info) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.attempts, info)
}

// A RunningAttempt is an attempt that runs, or has run and is being reported.
type RunningAttempt struct {
	// Info describes it.
	Info Info
	// Since is when it began, on this machine's clock.
	Since time.Time
}

// String names the attempt as logs want it.
func (a RunningAttempt) String() string {
	kind := "activity"
	if a.Info.IsLocalActivity {
		kind = "local activity"
	}
	caller := ""
	if a.Info.IsWorkflowActivity() {
		caller = fmt.Sprintf(" of workflow %q (run %s)",
			a.Info.WorkflowExecution.ID, a.Info.WorkflowExecution.RunID)
	}
	return fmt.Sprintf("%s %s (id %s, attempt %d)%s, since %s, %v ago", kind, a.Info.ActivityType.Name,
		a.Info.ActivityID, a.Info.Attempt, caller, a.Since.UTC().Format(time.RFC3339),
		time.Since(a.Since).Round(time.Millisecond))
}

// List returns the attempts that run now, those that began first first.
func (r *Running) List() []RunningAttempt {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	all := make([]RunningAttempt, 0, len(r.attempts))
	for info, since := range r.attempts {
		all = append(all, RunningAttempt{*info, since})
	}
	r.mu.Unlock()
	slices.SortFunc(all, func(a, b RunningAttempt) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return strings.Compare(a.Info.ActivityID, b.Info.ActivityID)
	})
	return all
}

// Lines returns the attempts of List as text.
func (r *Running) Lines() []string {
	var lines []string
	for _, a := range r.List() {
		lines = append(lines, a.String())
	}
	return lines
}
