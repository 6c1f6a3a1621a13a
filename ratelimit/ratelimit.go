package ratelimit

import (
	"context"
	"fmt"
)

// A Limiter hands out tokens, each the right to start one task. Its methods are safe for
// concurrent use.
type Limiter interface {
	// Reserve waits for a token and returns it, first come, first served. When ctx ends first the
	// error matches both ctx.Err() and context.Cause(ctx), and no token was taken; a Limiter may
	// return context.DeadlineExceeded early when it knows that no token can come before ctx's
	// deadline. A ctx that has ended already gets the error even when a token is there. The caller
	// must spend or refund the token.
	Reserve(ctx context.Context) (Token, error)
}

// A TryLimiter is a Limiter that can also be asked without waiting, as for work that is already in
// sight and need not start here, such as eager activities.
type TryLimiter interface {
	Limiter
	// TryReserve returns a token if one is there for the taking. It never blocks and never
	// overtakes a caller that waits in Reserve.
	TryReserve() (Token, bool)
}

// An Adjuster is a Limiter whose rate can change while it is in use.
type Adjuster interface {
	// SetLimit sets the rate in tokens per second. Callers that wait feel it at once.
	SetLimit(perSecond float64) error
}

// A Lifter is a Limiter whose limit can be lifted while it is in use: from then on a token is there
// for whoever asks. If it is also an Adjuster, SetLimit puts the limit back, and tokens that are held
// by then stay good.
type Lifter interface {
	// Lift lifts the limit. Callers that wait feel it at once.
	Lift()
}

// SetRate sets the rate of a limiter that is an [Adjuster]; 0 lifts the limit of one that is a
// [Lifter].
func SetRate(l Limiter, perSecond float64) error {
	if lifter, ok := l.(Lifter); ok && perSecond == 0 {
		lifter.Lift()
		return nil
	}
	if adjuster, ok := l.(Adjuster); ok {
		return adjuster.SetLimit(perSecond)
	}
	return fmt.Errorf("ratelimit: the rate of a %T cannot be set, it is no ratelimit.Adjuster: set it where it was made", l)
}

// A Reporter is a Limiter that can say how its tokens stand.
type Reporter interface {
	// Stats returns one consistent snapshot. It does not block.
	Stats() Stats
}

// Stats is a consistent snapshot of a limiter: Available + Held <= Burst, unless more were held when
// the burst became so small.
type Stats struct {
	// PerSecond is the rate, in tokens a second; 0 while the limit is lifted.
	PerSecond float64
	// Burst is how many tokens may be spent at once; 0 while the limit is lifted.
	Burst int
	// Available is how many tokens are there to be taken, fractions included.
	Available float64
	// Held is how many tokens are out and not settled.
	Held int
	// Waiting is the number of callers blocked in Reserve.
	Waiting int
	// Spent and Refunded count the tokens settled so far.
	Spent, Refunded uint64
	// DoubleSettles counts calls of Spend and Refund on tokens that were settled already. A
	// deferred Refund after a Spend is one of these and does no harm.
	DoubleSettles uint64
}

// A Token is the right to start one task. Whoever reserved it, or was handed it, settles it: either
// spends or refunds it. The first to do so counts; later calls do nothing and report false.
//
// Copies are the same token: settling one settles all. The zero Token is no token; its methods do
// nothing and report false. Methods do not block and are safe for concurrent use.
type Token struct {
	holder Holder
	id     uint64
}

// A Holder keeps the accounts of the tokens of a Limiter. It is for implementors: users call the
// methods of [Token]. A Holder never gives the same id to two tokens, so that a token that has been
// settled cannot touch a later one. Its methods are safe for concurrent use and do not block.
type Holder interface {
	// Spend does the work of [Token.Spend].
	Spend(id uint64) bool
	// Refund does the work of [Token.Refund].
	Refund(id uint64) bool
}

// NewToken returns the token that h knows as id. It is for implementors of [Limiter].
func NewToken(h Holder, id uint64) Token { return Token{holder: h, id: id} }

// Spend says that a task starts on this token, and reports whether the token was still to be
// settled. Call it when the task starts: this is the moment the limit is about.
func (t Token) Spend() bool { return t.holder != nil && t.holder.Spend(t.id) }

// Refund gives the token back unspent, for the next caller to take at once, and reports whether
// the token was still to be settled.
func (t Token) Refund() bool { return t.holder != nil && t.holder.Refund(t.id) }

// An OptionError says that an option has a value that cannot work.
type OptionError struct {
	// Field is the name of the option.
	Field string
	// Value is the value it had.
	Value any
	// Fix says which values work.
	Fix string
}

// Error implements error.
func (e *OptionError) Error() string {
	return fmt.Sprintf("ratelimit: %s is %v: %s", e.Field, e.Value, e.Fix)
}

// ended returns the error of a Reserve whose ctx ended. It matches ctx.Err() and the ctx's cause.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || cause == err { //nolint:errorlint // the very same value adds nothing to the text
		return fmt.Errorf("ratelimit: no token: %w", err)
	}
	return fmt.Errorf("ratelimit: no token: %w: %w", err, cause)
}
