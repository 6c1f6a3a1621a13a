package poller

import (
	"fmt"
	"time"
)

// An Observer implements one or more of [PollObserver], [TargetObserver], [StateObserver] and
// [PanicObserver]. Observers are called on the goroutines that poll, from several at once and
// without any lock held: they must return promptly. Their panics are not contained.
type Observer any

// A PollObserver is told of each poll that ended.
type PollObserver interface {
	// ObservePoll is called after the poll was counted and, if it brought no task, after its
	// ticket was returned; before the task is handled.
	ObservePoll(e PollEvent)
}

// A TargetObserver is told of each change of the number of polls to keep.
type TargetObserver interface {
	// ObserveTarget is called after the change. Calls of changes that follow closely may overtake
	// each other.
	ObserveTarget(e TargetEvent)
}

// A StateObserver is told of each change of the poller's state.
type StateObserver interface {
	// ObserveState is called after the change. Calls of changes that follow closely may overtake
	// each other.
	ObserveState(e StateEvent)
}

// A PanicObserver is told of each panic that the poller contained.
type PanicObserver interface {
	// ObservePanic is called after the panic was counted.
	ObservePanic(e PanicEvent)
}

// Outcome is how a poll ended.
type Outcome int

// The outcomes of a poll.
const (
	// GotTask: it brought a task.
	GotTask Outcome = iota
	// GotNothing: it ended without a task.
	GotNothing
	// Failed: it ended with an error, or panicked.
	Failed
	// Interrupted: it ended without a task after the poller had cancelled it.
	Interrupted
)

// String returns the outcome in lower case.
func (o Outcome) String() string {
	switch o {
	case GotTask:
		return "task"
	case GotNothing:
		return "empty"
	case Failed:
		return "failed"
	case Interrupted:
		return "interrupted"
	default:
		return fmt.Sprintf("outcome(%d)", int(o))
	}
}

// A PollEvent describes a poll that ended.
type PollEvent struct {
	// Poller is the name of the poller.
	Poller string
	// Outcome tells how it ended.
	Outcome Outcome
	// Started is when the poll was sent; Latency how long it took.
	Started time.Time
	Latency time.Duration
	// Waited is how long it took to get the ticket before.
	Waited time.Duration
	// Err and Class are set if Outcome is [Failed].
	Err   error
	Class Class
	// Feedback is what the poll told; zero after an error.
	Feedback Feedback
}

// A TargetEvent describes a change of the number of polls to keep.
type TargetEvent struct {
	// Poller is the name of the poller.
	Poller string
	// From and To are the numbers before and after.
	From, To int
}

// A StateEvent describes a change of state.
type StateEvent struct {
	// Poller is the name of the poller.
	Poller string
	// State is the state after the change.
	State State
}

// A PanicEvent describes a panic that was contained.
type PanicEvent struct {
	// Poller is the name of the poller.
	Poller string
	// Err tells where, what and the stack.
	Err *PanicError
}

// watchers holds the observers by event, sorted once so that a poll pays for no type switch.
type watchers struct {
	poll   []PollObserver
	target []TargetObserver
	state  []StateObserver
	panics []PanicObserver
}

func newWatchers(list []Observer) (watchers, error) {
	var w watchers
	for i, o := range list {
		known := false
		if v, ok := o.(PollObserver); ok {
			w.poll, known = append(w.poll, v), true
		}
		if v, ok := o.(TargetObserver); ok {
			w.target, known = append(w.target, v), true
		}
		if v, ok := o.(StateObserver); ok {
			w.state, known = append(w.state, v), true
		}
		if v, ok := o.(PanicObserver); ok {
			w.panics, known = append(w.panics, v), true
		}
		if !known {
			return watchers{}, fmt.Errorf("poller: Options.Observers[%d] is a %T, "+
				"which implements no observer interface of this package: implement one, or drop it",
				i, o)
		}
	}
	return w, nil
}

func (w *watchers) polled(e *PollEvent) {
	for _, o := range w.poll {
		o.ObservePoll(*e)
	}
}

func (w *watchers) retargeted(name string, from, to int) {
	if from == to {
		return
	}
	for _, o := range w.target {
		o.ObserveTarget(TargetEvent{Poller: name, From: from, To: to})
	}
}

func (w *watchers) entered(name string, s State) {
	for _, o := range w.state {
		o.ObserveState(StateEvent{Poller: name, State: s})
	}
}

func (w *watchers) panicked(name string, err *PanicError) {
	for _, o := range w.panics {
		o.ObservePanic(PanicEvent{Poller: name, Err: err})
	}
}
