package poller

import (
	"errors"
	"fmt"
	"time"
)

// State is where a poller is in its life.
type State int

// The states of a poller.
const (
	// StateNew: Run was not called yet.
	StateNew State = iota
	// StateRunning: it polls.
	StateRunning
	// StatePaused: it runs but starts no poll.
	StatePaused
	// StateStopping: it starts no poll any more; some are still in flight.
	StateStopping
	// StateStopped: no poll is in flight and none will be. Handlers may still run.
	StateStopped
)

// String returns the state in lower case.
func (s State) String() string {
	switch s {
	case StateNew:
		return "new"
	case StateRunning:
		return "running"
	case StatePaused:
		return "paused"
	case StateStopping:
		return "stopping"
	case StateStopped:
		return "stopped"
	default:
		return fmt.Sprintf("state(%d)", int(s))
	}
}

// Status is a snapshot of a poller: everything in it was true at one moment.
type Status struct {
	// Name is [Options.Name].
	Name string
	// State is where the poller is in its life.
	State State

	// Target is how many polls are wanted; InFlight how many are out; Admitting how many more
	// wait for a ticket; BackingOff how many more wait after a failure or a hasty empty answer.
	Target, InFlight, Admitting, BackingOff int
	// Handling counts the handlers that run.
	Handling int
	// Expecting counts the places of tasks that are to come another way: see [Poller.Expect].
	Expecting int

	// Polls counts the polls that ended; of these Tasks brought a task, Empties did not, Failures
	// ended with an error. Polls that the poller cut short count in Polls alone.
	Polls, Tasks, Empties, Failures uint64
	// Unpolled counts the tasks that came another way than by a poll.
	Unpolled uint64
	// Panics counts the panics that were contained.
	Panics uint64

	// LastGood is when a poll last ended without an error; zero if none did.
	LastGood time.Time
	// LastTask is when a poll last brought a task; zero if none did.
	LastTask time.Time
	// SilentSince is since when polls are out, or failing, without one good round trip; zero if
	// no answer is being waited for. See [Status.Check].
	SilentSince time.Time
	// IdleSince is since when polls are out and find nothing while no handler runs; zero while there
	// is work, and while nobody can tell: polling fails, is paused, or has no ticket. Who runs
	// several pollers that make work for each other is idle when all of them are.
	IdleSince time.Time
	// LastError is the latest error of a poll or an admission, LastErrorAt its time. They stay
	// after a recovery.
	LastError   error
	LastErrorAt time.Time
	// FailingSince is when the first error after the last good round trip came; zero if the
	// latest round trip was good.
	FailingSince time.Time
	// RetryAt is when polling goes on; zero unless the poller backs off.
	RetryAt time.Time
}

// ErrNotLive is what the errors of [Status.Check] match.
var ErrNotLive = errors.New("poller: not live")

// Check is the liveness of the poller: nil if it is sound. It returns an error that matches
// [ErrNotLive], and the last error of a poll if there is one, if the poller does not run, or if
// polls went unanswered for longer than within. Choose within well above the duration of an
// empty long poll.
// A poller that is paused, or that has no ticket to poll with, is sound: whoever holds the
// tickets can tell more.
func (s Status) Check(now time.Time, within time.Duration) error {
	switch s.State {
	case StateNew, StateStopping, StateStopped:
		return fmt.Errorf("%w: poller %q is %s", ErrNotLive, s.Name, s.State)
	case StatePaused:
		return nil
	case StateRunning:
	}
	if s.SilentSince.IsZero() || now.Sub(s.SilentSince) <= within {
		return nil
	}
	silent := now.Sub(s.SilentSince).Round(time.Millisecond)
	if s.FailingSince.IsZero() {
		return fmt.Errorf("%w: poller %q had no answer for %s (limit %s)",
			ErrNotLive, s.Name, silent, within)
	}
	return fmt.Errorf("%w: poller %q had no good round trip for %s (limit %s): %w",
		ErrNotLive, s.Name, silent, within, s.LastError)
}
