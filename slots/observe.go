package slots

import (
	"fmt"
	"time"
)

// An IssueObserver is told of each permit that is issued.
type IssueObserver interface {
	PermitIssued(e Issued)
}

// A UseObserver is told of each task that a permit is used for, when the task may run.
type UseObserver interface {
	PermitUsed(e Used)
}

// A ReleaseObserver is told of each permit that is released, once.
type ReleaseObserver interface {
	PermitReleased(e Released)
}

// Issued is the event of a permit handed to a caller.
type Issued struct {
	// ID is the same in all events of one permit and never used again for another.
	ID uint64
	// Request is what the caller asked for.
	Request Request
	// Waited is how long the caller was blocked in Reserve; 0 when a permit was free.
	Waited time.Duration
}

// Used is the event of a permit that got a task.
type Used struct {
	// ID is the permit's.
	ID uint64
	// Request is what the permit was reserved for.
	Request Request
	// Task is what it is used for.
	Task Task
	// Held is how long the permit was held in Use before the task could start; next to nothing
	// when it was not, and 0 from suppliers that hold nobody.
	Held time.Duration
}

// Released is the event of a permit given back.
type Released struct {
	// ID is the permit's.
	ID uint64
	// Request is what the permit was reserved for.
	Request Request
	// Task is the last task it was used for; zero when Used is false.
	Task Task
	// Used says why it came back: true after a task, false when none came.
	Used bool
}

// watch is the observers of a supplier, sorted by event once so that no event looks for them.
type watch struct {
	issued   []IssueObserver
	used     []UseObserver
	released []ReleaseObserver
}

// newWatch sorts the observers, each of which must watch at least one event.
func newWatch(observers []any) (watch, error) {
	var w watch
	for i, o := range observers {
		issued, isIssued := o.(IssueObserver)
		used, isUsed := o.(UseObserver)
		released, isReleased := o.(ReleaseObserver)
		if isIssued {
			w.issued = append(w.issued, issued)
		}
		if isUsed {
			w.used = append(w.used, used)
		}
		if isReleased {
			w.released = append(w.released, released)
		}
		if !isIssued && !isUsed && !isReleased {
			return watch{}, &OptionError{
				Field: fmt.Sprintf("Observers[%d]", i),
				Value: fmt.Sprintf("a %T", o),
				Fix:   "give a value with one of the methods of IssueObserver, UseObserver, ReleaseObserver",
			}
		}
	}
	return w, nil
}

func (w *watch) tellIssued(e Issued) {
	for _, o := range w.issued {
		o.PermitIssued(e)
	}
}

func (w *watch) tellUsed(e Used) {
	for _, o := range w.used {
		o.PermitUsed(e)
	}
}

func (w *watch) tellReleased(e Released) {
	for _, o := range w.released {
		o.PermitReleased(e)
	}
}
