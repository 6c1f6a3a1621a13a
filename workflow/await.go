package workflow

import (
	"time"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

// AwaitOptions are the options of [AwaitWithOptions].
type AwaitOptions struct {
	// Timeout after which the wait ends without the condition.
	Timeout time.Duration
	// TimerOptions are those of the timer that measures it.
	TimerOptions TimerOptions
}

// Await blocks until condition returns true. The condition is checked whenever
// another coroutine has got somewhere, so it must depend on nothing but the
// state of the workflow and change nothing. A canceled ctx ends the wait with
// a canceled error.
func Await(ctx Context, condition func() bool) error {
	return coroutineOf(ctx).run.outbound.Await(ctx, condition)
}

func (rootOutbound) Await(ctx Context, condition func() bool) error {
	me := coroutineOf(ctx)
	for !condition() {
		if ctx.Err() != nil {
			me.Advance()
			return temporal.NewCanceledError("Await context canceled")
		}
		me.Poll("blocked on Await")
	}
	me.Advance()
	return nil
}

// AwaitWithTimeout is [Await] that gives up after timeout, with ok=false. The
// timeout is a durable timer.
func AwaitWithTimeout(
	ctx Context, timeout time.Duration, condition func() bool,
) (ok bool, err error) {
	return coroutineOf(ctx).run.outbound.AwaitWithTimeout(ctx, timeout, condition)
}

func (o rootOutbound) AwaitWithTimeout(
	ctx Context, timeout time.Duration, condition func() bool,
) (ok bool, err error) {
	return o.awaitWith(ctx, "AwaitWithTimeout", AwaitOptions{
		Timeout:      timeout,
		TimerOptions: TimerOptions{Summary: awaitSummary},
	}, condition)
}

// AwaitWithOptions is [AwaitWithTimeout] with options for its timer.
//
// The timer starts even if the condition already holds, and the condition is
// looked at after the others have had their turn: that is the order that
// histories of current releases of the Go SDK have. Histories of releases that
// had another order are replayed in theirs.
func AwaitWithOptions(
	ctx Context, options AwaitOptions, condition func() bool,
) (ok bool, err error) {
	return coroutineOf(ctx).run.outbound.AwaitWithOptions(ctx, options, condition)
}

func (o rootOutbound) AwaitWithOptions(
	ctx Context, options AwaitOptions, condition func() bool,
) (ok bool, err error) {
	return o.awaitWith(ctx, "AwaitWithOptions", options, condition)
}

func (rootOutbound) awaitWith(
	ctx Context, what string, options AwaitOptions, condition func() bool,
) (ok bool, err error) {
	me := coroutineOf(ctx)
	e := me.run.env
	timerCtx, stopTimer := ctx, func() {}
	if e.InForce(env.CancelAwaitTimerOnCondition) {
		if condition() {
			me.Advance()
			return true, nil
		}
		timerCtx, stopTimer = WithCancel(ctx)
	}
	timer := NewTimerWithOptions(timerCtx, options.Timeout, options.TimerOptions)
	holds := e.ReplaysOfficialBefore(1, 40) && condition()
	for ; !holds; holds = condition() {
		if ctx.Err() != nil {
			me.Advance()
			return false, temporal.NewCanceledError(what + " context canceled")
		}
		if timer.IsReady() {
			me.Advance()
			return false, nil
		}
		me.Poll("blocked on AwaitWithTimeout")
	}
	stopTimer()
	me.Advance()
	return true, nil
}
