package poller

import (
	"errors"
	"fmt"
	"time"
)

// Defaults of [AutoOptions].
const (
	DefaultAutoMin     = 1
	DefaultAutoInitial = 5
	DefaultAutoMax     = 100
)

// autoWindow is the span over which tasks are counted to tell whether more polls brought more.
const autoWindow = 100 * time.Millisecond

// AutoOptions are the options of [Auto]. The zero value of each field is its default.
type AutoOptions struct {
	// Min is the least number of polls. Default 1.
	Min int
	// Initial is the number of polls to begin with. Default 5, but within Min and Max.
	Initial int
	// Max is the greatest number of polls. Default 100, but not below Min.
	Max int
	// ServerDecides says that the other side is known to make suggestions
	// ([Feedback.HasDecision]), so that an empty or a failed poll may lower the number before the
	// first suggestion was seen. Without suggestions nothing would ever raise it again.
	ServerDecides bool
}

// Auto is a [Scaler] that follows the suggestions of the other side.
//
//   - A negative suggestion is followed. A positive one is followed if the last window of 100 ms
//     brought at least 1.1 times the tasks of the one before (0 after 0 counts), and no poll is
//     waiting for a ticket: more polls would only wait for tickets too.
//   - An empty poll without a suggestion takes one poll away.
//   - A throttled poll halves the number, any other failure takes one away.
//
// The last two need suggestions to be seen before, or announced by AutoOptions.ServerDecides.
// It keeps no clock: windows are reckoned from the times of the events, so an idle poller costs
// nothing. Make one with [NewAuto], and one for each poller.
type Auto struct {
	opts   AutoOptions
	target int

	decided   bool      // suggestions are to be expected
	mayGrow   bool      // the windows do not speak against it
	window    time.Time // begin of the present window
	now, last int       // tasks in the present window and in the one before
}

// NewAuto returns a scaler, or an error that names each option that is wrong.
func NewAuto(opts AutoOptions) (*Auto, error) {
	opts.Min = or(opts.Min, DefaultAutoMin)
	opts.Max = or(opts.Max, max(DefaultAutoMax, opts.Min))
	opts.Initial = or(opts.Initial, min(opts.Max, max(opts.Min, DefaultAutoInitial)))
	var errs []error
	if opts.Min < 1 {
		errs = append(errs, fmt.Errorf("poller: AutoOptions.Min is %d: give 1 or more", opts.Min))
	}
	if opts.Max < opts.Min || opts.Max > MaxTarget {
		errs = append(errs, fmt.Errorf("poller: AutoOptions.Max is %d: give %d (Min) to %d",
			opts.Max, opts.Min, MaxTarget))
	}
	if opts.Initial < opts.Min || opts.Initial > opts.Max {
		errs = append(errs, fmt.Errorf("poller: AutoOptions.Initial is %d: give %d to %d (Min to Max)",
			opts.Initial, opts.Min, opts.Max))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Auto{opts: opts, target: opts.Initial}, nil
}

// Next implements [Scaler].
func (a *Auto) Next(e Event) int {
	if e.Kind == Started {
		a.target, a.decided, a.mayGrow = a.opts.Initial, a.opts.ServerDecides, true
		a.window, a.now, a.last = e.Now, 0, 0
		return a.target
	}
	a.turn(e.Now)
	if e.Kind == Polled {
		a.polled(e)
	}
	return a.target
}

// turn moves on to the window that now is in.
func (a *Auto) turn(now time.Time) {
	if now.Before(a.window) { // the clock was set back
		a.window = now
	}
	for range 3 { // after three turns both counts are zero and nothing changes any more
		if now.Sub(a.window) < autoWindow {
			return
		}
		a.mayGrow = a.now >= int(1.1*float64(a.last))
		a.last, a.now = a.now, 0
		a.window = a.window.Add(autoWindow)
	}
	if gap := now.Sub(a.window); gap >= autoWindow {
		a.window = a.window.Add(gap.Truncate(autoWindow))
	}
}

func (a *Auto) polled(e Event) {
	if e.Outcome == GotTask {
		a.now++
	}
	switch {
	case e.Outcome == Failed && a.decided && e.Class == Throttled:
		a.set(a.target / 2)
	case e.Outcome == Failed && a.decided:
		a.set(a.target - 1)
	case e.Outcome == Failed:
	case e.Feedback.HasDecision:
		a.decided = true
		if d := e.Feedback.Delta; d < 0 || (a.mayGrow && e.Admitting == 0) {
			a.set(a.target + min(MaxTarget, max(-MaxTarget, d)))
		}
	case e.Outcome == GotNothing && a.decided:
		a.set(a.target - 1)
	}
}

func (a *Auto) set(target int) { a.target = min(a.opts.Max, max(a.opts.Min, target)) }
