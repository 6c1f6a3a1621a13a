package service

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// A LeftoverError is something that a test has left behind in a service.
type LeftoverError struct {
	// What it is: "open run", "task", "query", "poll", "timer" or "alarm".
	What string
	// Detail says which one.
	Detail string
}

// Error implements error.
func (l *LeftoverError) Error() string { return "left behind: " + l.What + " " + l.Detail }

// Leftovers tells what is left in the service when a test is over: runs that are
// open, tasks and queries that nobody has taken, polls that wait, and timers that
// belong to nothing. Polls are fair while workers run; stop those before. The
// error joins one [LeftoverError] for each; it is nil if nothing is left.
func (s *Service) Leftovers() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*LeftoverError
	add := func(what, format string, args ...any) {
		found = append(found, &LeftoverError{what, fmt.Sprintf(format, args...)})
	}
	for _, r := range s.runs {
		if r.running() {
			add("open run", "%s of workflow %s: next alarm at %v", r.id, r.workflowID, r.nextAlarm())
			continue
		}
		if r.alarm.index >= 0 {
			add("alarm", "of the closed run %s of workflow %s, at %v", r.id, r.workflowID, r.alarm.at)
		}
		if len(r.after) > 0 || r.task.pending() {
			add("task", "of the closed run %s of workflow %s", r.id, r.workflowID)
		}
	}
	for k, q := range s.queues {
		for _, o := range q.tasks {
			if o.wanted() {
				add("task", "of workflow %s on %s %s", o.run.workflowID, k.kind, k.name)
			}
		}
		if n := len(q.pollers); n > 0 {
			add("poll", "%d of %s %s", n, k.kind, k.name)
		}
	}
	for _, q := range s.queries {
		add("query", "%s to workflow %s", q.input.GetQueryType(), q.run.workflowID)
	}
	slices.SortFunc(found, func(a, b *LeftoverError) int {
		return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Detail, b.Detail))
	})
	errs := make([]error, len(found))
	for i, l := range found {
		errs[i] = l
	}
	return errors.Join(errs...)
}

// wanted reports whether the task would be given to a poll.
func (o offer) wanted() bool {
	switch {
	case !o.run.running():
		return false
	case o.scheduled == 0:
		return o.run.task.stamp == o.stamp && !o.run.task.inFlight()
	default:
		a := o.run.activities[o.scheduled]
		return a != nil && !a.isStarted && a.stamp == o.stamp
	}
}
