package poller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Defaults of [Options] and [Backoff].
const (
	DefaultPolls           = 5
	DefaultFatalAfter      = 60 * time.Second
	DefaultRetryFatalEvery = 10 * time.Second
	DefaultEmptyPause      = 100 * time.Millisecond

	DefaultBackoffInitial   = 200 * time.Millisecond
	DefaultBackoffThrottled = time.Second
	DefaultBackoffMax       = 10 * time.Second
	DefaultBackoffFactor    = 2.0
	DefaultBackoffJitter    = 0.2
)

// Options says what a [Poller] polls, with what, and how. Source, Admit and Handle are required;
// the zero value of everything else is a sound default.
type Options[T any, K Ticket] struct {
	// Name is used in logs, errors and events. Default "poller".
	Name string
	// Source is polled.
	Source Source[T]
	// Admit gives each poll its ticket before it is sent; [Unlimited] if there is no limit.
	Admit Admission[K]
	// Handle is called once for each task, on a goroutine that may have polled it and will poll
	// again: it may take as long as it wants. It owns the ticket. Its context carries the values
	// of Run's context but is never cancelled.
	Handle func(ctx context.Context, task T, ticket K)

	// Scaler says how many polls to keep. Default Fixed(DefaultPolls).
	Scaler Scaler
	// ScaleEvery is how often the scaler gets a [Ticked] event. Default 0: never, which is right
	// for the scalers of this package.
	ScaleEvery time.Duration

	// Classify says what an error means. It sees errors of the source, [*AdmissionError] and
	// [*PanicError]. Default: every error is [Retry].
	Classify func(error) Class
	// Backoff is how long to wait after an error.
	Backoff Backoff
	// FatalAfter is how long an error of class [Fatal] is tolerated, counted from the first one
	// after the last good round trip. Default 60 s; negative: not at all.
	FatalAfter time.Duration
	// RetryFatalEvery is the wait after an error of class [Fatal]. Default 10 s.
	RetryFatalEvery time.Duration
	// EmptyPause is the least time between two polls of which the first came back empty, on each
	// of the seats that the scaler grants. It keeps a source that answers "nothing" at once from
	// being asked in a busy loop, and never delays after a real long poll. Default 100 ms;
	// negative: none.
	EmptyPause time.Duration

	// MaxTasks is how many tasks to take; then the poller stops and Run returns nil. Never is one
	// more taken: towards the end there are no more polls in flight than tasks to take. Default 0:
	// no bound.
	MaxTasks int
	// IdleTimeout stops the poller when it has been idle for so long ([Status.IdleSince]), and Run
	// returns nil. Default 0: never.
	IdleTimeout time.Duration
	// StopWhenIdle stops the poller, and Run returns nil, when a whole round of polls comes back
	// empty: as many in a row as are wanted, each sent after the last task came, the last handler
	// ended and the last error passed. Default: it goes on.
	StopWhenIdle bool
	// IdleStop says what becomes of the polls in flight when IdleTimeout or StopWhenIdle stops the
	// poller; a task that they still bring is handled. Default Complete: Run returns when the last
	// of them has ended by itself.
	IdleStop StopMode

	// Observers are told what happens; see [Observer].
	Observers []Observer
	// Logger gets failures, recoveries and panics. Default: nothing is logged.
	Logger *slog.Logger
}

// Backoff is the wait after failed polls: Initial, growing by Factor with each failure in a row,
// up to Max, each varied by Jitter. All polls of a poller share it, and polls that fail together
// count once. A good round trip resets it. The zero value of each field is its default.
type Backoff struct {
	// Initial is the first wait. Default 200 ms.
	Initial time.Duration
	// Throttled is the first wait after an error of class [Throttled]; the longer of the two
	// waits holds. Default 1 s.
	Throttled time.Duration
	// Factor is the growth, at least 1. Default 2.
	Factor float64
	// Max is the longest wait, before the jitter. Default 10 s.
	Max time.Duration
	// Jitter is the share by which a wait is made shorter or longer at random, below 1.
	// Default 0.2; negative: none.
	Jitter float64
}

// withDefaults returns b with zero fields filled in.
func (b Backoff) withDefaults() Backoff {
	b.Initial = or(b.Initial, DefaultBackoffInitial)
	b.Throttled = or(b.Throttled, DefaultBackoffThrottled)
	b.Factor = or(b.Factor, DefaultBackoffFactor)
	b.Max = or(b.Max, max(DefaultBackoffMax, b.Initial, b.Throttled))
	b.Jitter = max(0, or(b.Jitter, DefaultBackoffJitter))
	return b
}

// validate checks b after withDefaults.
func (b Backoff) validate() error {
	var errs []error
	if b.Initial < 0 {
		errs = append(errs, fmt.Errorf(
			"poller: Options.Backoff.Initial is %s: give a positive time", b.Initial))
	}
	if b.Throttled < 0 {
		errs = append(errs, fmt.Errorf(
			"poller: Options.Backoff.Throttled is %s: give a positive time", b.Throttled))
	}
	if b.Max < max(b.Initial, b.Throttled) {
		errs = append(errs, fmt.Errorf(
			"poller: Options.Backoff.Max is %s, below the first wait (%s, throttled %s): raise it",
			b.Max, b.Initial, b.Throttled))
	}
	if !(b.Factor >= 1) { // so that NaN is refused too
		errs = append(errs, fmt.Errorf(
			"poller: Options.Backoff.Factor is %g: give 1 or more", b.Factor))
	}
	if !(b.Jitter < 1) {
		errs = append(errs, fmt.Errorf(
			"poller: Options.Backoff.Jitter is %g: give less than 1", b.Jitter))
	}
	return errors.Join(errs...)
}

// withDefaults returns o with zero fields filled in.
func (o Options[T, K]) withDefaults() Options[T, K] {
	o.Name = or(o.Name, "poller")
	if o.Scaler == nil {
		o.Scaler = Fixed(DefaultPolls)
	}
	if o.Classify == nil {
		o.Classify = func(error) Class { return Retry }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.FatalAfter = max(0, or(o.FatalAfter, DefaultFatalAfter))
	o.RetryFatalEvery = or(o.RetryFatalEvery, DefaultRetryFatalEvery)
	o.EmptyPause = max(0, or(o.EmptyPause, DefaultEmptyPause))
	o.Backoff = o.Backoff.withDefaults()
	return o
}

// validate checks o after withDefaults.
func (o Options[T, K]) validate() error {
	var errs []error
	if o.Source == nil {
		errs = append(errs, errors.New("poller: Options.Source is nil: give what is to be polled"))
	}
	if o.Admit == nil {
		errs = append(errs, errors.New(
			"poller: Options.Admit is nil: give what hands out tickets, or poller.Unlimited{}"))
	}
	if o.Handle == nil {
		errs = append(errs, errors.New("poller: Options.Handle is nil: tasks need a handler"))
	}
	if o.ScaleEvery < 0 {
		errs = append(errs, fmt.Errorf(
			"poller: Options.ScaleEvery is %s: give a positive time, or 0 for no ticks", o.ScaleEvery))
	}
	if o.RetryFatalEvery < 0 {
		errs = append(errs, fmt.Errorf(
			"poller: Options.RetryFatalEvery is %s: give a positive time", o.RetryFatalEvery))
	}
	if o.MaxTasks < 0 {
		errs = append(errs, fmt.Errorf(
			"poller: Options.MaxTasks is %d: give a positive number, or 0 for no bound", o.MaxTasks))
	}
	if o.IdleTimeout < 0 {
		errs = append(errs, fmt.Errorf(
			"poller: Options.IdleTimeout is %s: give a positive time, or 0 to poll on", o.IdleTimeout))
	}
	if o.IdleStop != Complete && o.IdleTimeout == 0 && !o.StopWhenIdle {
		errs = append(errs, errors.New("poller: Options.IdleStop is set, but nothing stops the poller "+
			"when it is idle: set IdleTimeout or StopWhenIdle too"))
	}
	return errors.Join(append(errs, o.Backoff.validate())...)
}

// or returns v, or def if v is zero.
func or[V comparable](v, def V) V {
	var zero V
	if v == zero {
		return def
	}
	return v
}
