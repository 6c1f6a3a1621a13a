package poller

import "time"

// A Scaler says how many polls to keep. A scaler belongs to one poller, which calls it from one
// goroutine at a time and while it holds its own lock: Next must return promptly and must not
// call the poller.
type Scaler interface {
	// Next takes one event and returns the wanted number of polls. The first event is [Started];
	// another Started makes it begin anew.
	// A result below 1 counts as 1 (to poll nothing is what [Poller.Pause] is for), one above
	// [MaxTarget] as MaxTarget. Polls above the target are left to end by themselves.
	// It needs no clock of its own: Event.Now is the time.
	Next(e Event) int
}

// MaxTarget bounds what a [Scaler] may ask for.
const MaxTarget = 10_000

// EventKind says what an [Event] is about.
type EventKind int

// The kinds of events.
const (
	// Started comes first, once.
	Started EventKind = iota
	// Polled comes after each poll, unless the poller itself cut it short.
	Polled
	// Ticked comes every [Options.ScaleEvery], if that is set.
	Ticked
)

// An Event is one input of a [Scaler].
type Event struct {
	// Kind says which of the other fields count.
	Kind EventKind
	// Now is the time of the event.
	Now time.Time
	// Outcome tells how the poll ended ([Polled] only); never [Interrupted].
	Outcome Outcome
	// Class is the class of the error if Outcome is [Failed].
	Class Class
	// Feedback is what the poll told; zero if Outcome is [Failed].
	Feedback Feedback
	// Latency is how long the poll took, and Waited how long it had waited for its ticket before.
	Latency, Waited time.Duration
	// Target is the present target; InFlight counts the polls that are out, without the one
	// that just ended; Admitting counts those that wait for a ticket.
	Target, InFlight, Admitting int
}

// Fixed is a [Scaler] that keeps the same number of polls, at least 1.
type Fixed int

// Next returns f.
func (f Fixed) Next(Event) int { return int(f) }
