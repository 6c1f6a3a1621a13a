package poller

import (
	"errors"
	"fmt"
	"time"
)

// Defaults of [AutoOptions] and [LocalOptions].
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
	// ([Feedback.HasDecision]), so that the rules for them hold before the first one was seen.
	// Without suggestions nothing would ever raise the number again.
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
// Until the first suggestion is seen, unless AutoOptions.ServerDecides announces them, it works as
// [Local] does, and goes on from where that has come to.
// It keeps no clock: windows are reckoned from the times of the events, so an idle poller costs
// nothing. Make one with [NewAuto], and one for each poller.
type Auto struct {
	opts   AutoOptions
	target int
	local  *Local // decides until decided

	decided   bool      // suggestions are to be expected from now on
	mayGrow   bool      // the windows do not speak against it
	window    time.Time // begin of the present window
	now, last int       // tasks in the present window and in the one before
}

// NewAuto returns a scaler, or an error that names each option that is wrong.
func NewAuto(opts AutoOptions) (*Auto, error) {
	var err error
	opts.Min, opts.Initial, opts.Max, err = bounds("AutoOptions", opts.Min, opts.Initial, opts.Max)
	if err != nil {
		return nil, err
	}
	local, err := NewLocal(LocalOptions{Min: opts.Min, Initial: opts.Initial, Max: opts.Max})
	if err != nil {
		return nil, err
	}
	return &Auto{opts: opts, target: opts.Initial, local: local}, nil
}

// bounds fills in the defaults of the bounds that scalers share, and checks them.
func bounds(of string, low, initial, high int) (newLow, newInitial, newHigh int, err error) {
	low = or(low, DefaultAutoMin)
	high = or(high, max(DefaultAutoMax, low))
	initial = or(initial, min(high, max(low, DefaultAutoInitial)))
	var errs []error
	if low < 1 {
		errs = append(errs, fmt.Errorf("poller: %s.Min is %d: give 1 or more", of, low))
	}
	if high < low || high > MaxTarget {
		errs = append(errs, fmt.Errorf("poller: %s.Max is %d: give %d (Min) to %d",
			of, high, low, MaxTarget))
	}
	if initial < low || initial > high {
		errs = append(errs, fmt.Errorf("poller: %s.Initial is %d: give %d to %d (Min to Max)",
			of, initial, low, high))
	}
	return low, initial, high, errors.Join(errs...)
}

// Next implements [Scaler].
func (a *Auto) Next(e Event) int {
	if e.Kind == Started {
		a.target, a.decided, a.mayGrow = a.opts.Initial, a.opts.ServerDecides, true
		a.window, a.now, a.last = e.Now, 0, 0
		a.local.Next(e)
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
	a.decided = a.decided || e.Feedback.HasDecision
	switch {
	case !a.decided:
		a.target = a.local.Next(e)
	case e.Outcome == Failed && e.Class == Throttled:
		a.set(a.target / 2)
	case e.Outcome == Failed:
		a.set(a.target - 1)
	case e.Feedback.HasDecision:
		if d := e.Feedback.Delta; d < 0 || (a.mayGrow && e.Admitting == 0) {
			a.set(a.target + min(MaxTarget, max(-MaxTarget, d)))
		}
	case e.Outcome == GotNothing:
		a.set(a.target - 1)
	}
}

func (a *Auto) set(target int) { a.target = min(a.opts.Max, max(a.opts.Min, target)) }
