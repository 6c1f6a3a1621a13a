package outcomes

import (
	"slices"
	"time"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
)

// A Kind is what an attempt of an activity does.
type Kind string

// The kinds that end the activity with a result.
const (
	// OK returns a result.
	OK Kind = "ok"
	// Nothing returns neither a result nor an error.
	Nothing Kind = "nothing"
	// AsyncToken and AsyncID leave the result to somebody who has the task token or
	// the activity's id.
	AsyncToken Kind = "async by token"
	AsyncID    Kind = "async by id"
)

// The kinds that fail and may be tried again.
const (
	// Failure returns an application error with details.
	Failure Kind = "failure"
	// Wrapped returns an error of Go around an application error.
	Wrapped Kind = "wrapped"
	// Plain returns what errors.New returns.
	Plain Kind = "plain"
	// Benign returns an error that is nobody's fault.
	Benign Kind = "benign"
	// Delayed returns an error that says when to try again.
	Delayed Kind = "delayed"
	// Foreign returns an error of a kind that is the server's to make: a timeout.
	Foreign Kind = "foreign"
	// Unasked says that it was canceled, which nobody has asked for.
	Unasked Kind = "unasked"
	// Panic panics.
	Panic Kind = "panic"
	// Goexit ends its goroutine.
	Goexit Kind = "goexit"
	// Unencodable returns a result that no converter takes.
	Unencodable Kind = "unencodable"
	// FailToken and FailID leave it to somebody else, who fails it.
	FailToken Kind = "async failure by token"
	FailID    Kind = "async failure by id"
	// Unknown calls a type that nobody has registered: all attempts are like that.
	Unknown Kind = "unknown"
	// Mistyped calls an activity with an argument that it cannot take: all attempts
	// are like that.
	Mistyped Kind = "mistyped"
)

// The kinds that fail and are never tried again.
const (
	// Fatal returns an error that forbids it, with a cause.
	Fatal Kind = "fatal"
	// Forbidden returns one of a type that the retry policy forbids.
	Forbidden Kind = "forbidden"
	// Oversized returns a result that is larger than [MaxResult].
	Oversized Kind = "oversized"
)

// The kinds that time out.
const (
	// Overrun stays until its time is up, and says so.
	Overrun Kind = "overrun"
	// Late stays until its time is up and then returns a result that nobody wants.
	Late Kind = "late"
	// Silent sends a heartbeat, and no other until it is told to stop.
	Silent Kind = "silent"
	// Revived sends heartbeats so far apart that one of them finds it gone.
	Revived Kind = "revived"
)

// The kinds that ask their workflow to cancel them. None is tried again.
const (
	// Cancel follows.
	Cancel Kind = "cancel"
	// CancelDetails follows and leaves details.
	CancelDetails Kind = "cancel with details"
	// Ignore returns a result all the same.
	Ignore Kind = "cancel ignored"
	// Spoil fails instead.
	Spoil Kind = "cancel spoilt"
	// AsyncCancel leaves it to somebody else, who follows.
	AsyncCancel Kind = "async cancel"
	// Backoff fails and is canceled while it waits for its next attempt.
	Backoff Kind = "canceled in backoff"
)

// What the plans count on.
const (
	// MaxResult is the largest result that a worker of plans may send, in bytes.
	MaxResult = 32 << 10
	// ShortTimeout is the timeout of attempts that are to reach it.
	ShortTimeout = time.Second
	// LongTimeout is the timeout of those that are not.
	LongTimeout = 10 * time.Minute
	// HeartbeatPause is the pause between heartbeats of a worker of plans.
	HeartbeatPause = 200 * time.Millisecond
	// forbiddenType is what retry policies forbid.
	forbiddenType = "Forbidden"
	// retryDelay and backoffDelay are what failures ask for.
	retryDelay   = 30 * time.Millisecond
	backoffDelay = time.Hour
)

// A Step is one attempt.
type Step struct {
	Do Kind
	// Beats is how many heartbeats it sends before that.
	Beats int `json:",omitempty"`
}

// A Plan says what one activity does. The last step is also that of all attempts
// that come after it.
type Plan struct {
	// Key is unique, and the activity's id.
	Key string
	// Attempts bounds the attempts; 0 is no bound.
	Attempts int32
	Steps    []Step
}

// Step is what the attempt, counted from 1, does.
func (p Plan) Step(attempt int) Step { return p.Steps[min(attempt, len(p.Steps))-1] }

// Last is the attempt that ends the activity, if none is late.
func (p Plan) Last() int {
	for n := 1; ; n++ {
		if p.Step(n).Do.ends() || n == int(p.Attempts) {
			return n
		}
	}
}

// any reports whether a step is of one of the kinds.
func (p Plan) any(kinds ...Kind) bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return slices.Contains(kinds, s.Do) })
}

// short reports whether load may make an attempt late.
func (p Plan) short() bool { return p.any(Overrun, Late, Silent, Revived) }

// asks reports whether an attempt of the kind asks for its cancellation.
func (k Kind) asks() bool {
	switch k {
	case Cancel, CancelDetails, Ignore, Spoil, AsyncCancel, Backoff:
		return true
	default:
		return false
	}
}

// ends reports whether no attempt follows.
func (k Kind) ends() bool {
	switch k {
	case OK, Nothing, AsyncToken, AsyncID, Fatal, Forbidden, Oversized:
		return true
	default:
		return k.asks()
	}
}

// options are those of the activity.
func (p Plan) options() workflow.ActivityOptions {
	o := workflow.ActivityOptions{
		ActivityID: p.Key, StartToCloseTimeout: LongTimeout, WaitForCancellation: true,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 10 * time.Millisecond, BackoffCoefficient: 1, MaximumAttempts: p.Attempts,
			NonRetryableErrorTypes: []string{forbiddenType},
		},
	}
	switch {
	case p.any(Overrun, Late):
		o.StartToCloseTimeout = ShortTimeout
	case p.any(Silent, Revived):
		o.HeartbeatTimeout = ShortTimeout
	}
	return o
}

// call is the type that is called, and its argument.
func (p Plan) call() (name string, argument any) {
	switch p.Steps[0].Do {
	case Unknown:
		return "Nobody", p
	case Mistyped:
		return "Count", "many"
	default:
		return "Act", p
	}
}
