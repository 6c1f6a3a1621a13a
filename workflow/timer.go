package workflow

import (
	"time"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

// TimerOptions are the options of [NewTimerWithOptions].
type TimerOptions struct {
	// Summary is one line that people see beside the timer.
	Summary string
}

// NewTimer returns a future that is ready after d, measured by the server: it
// survives restarts. A d of zero or less is ready at once and leaves no trace
// in history. Canceling ctx makes the future fail with [ErrCanceled].
func NewTimer(ctx Context, d time.Duration) Future {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.NewTimer(ctx, d)
}

func (o rootOutbound) NewTimer(ctx Context, d time.Duration) Future {
	return o.NewTimerWithOptions(ctx, d, TimerOptions{})
}

// NewTimerWithOptions is [NewTimer] with options.
func NewTimerWithOptions(ctx Context, d time.Duration, options TimerOptions) Future {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.NewTimerWithOptions(ctx, d, options)
}

func (o rootOutbound) NewTimerWithOptions(ctx Context, d time.Duration, options TimerOptions) Future {
	r := o.run
	c := &timerCall{}
	c.run = r
	if d <= 0 {
		c.settle(true, nil)
		return &c.future
	}
	c.pending.Ends = c
	r.env.StartTimer(d, r.metadata(options.Summary), &c.pending)
	c.cancellation.watch(ctx, c)
	return &c.future
}

// timerCall is a timer that runs: all that it needs is one allocation.
type timerCall struct {
	future
	pending      env.Pending
	cancellation cancelWatch
}

// End implements [env.Ender].
func (c *timerCall) End(*commonpb.Payloads, *failurepb.Failure) {
	c.cancellation.forget()
	if !c.ready { // else it was canceled
		c.settle(nil, nil)
	}
}

func (c *timerCall) canceled() {
	if !c.ready {
		c.run.env.CancelTimer(&c.pending)
		c.settle(nil, ErrCanceled)
	}
}

// The summaries of timers that the runtime makes.
const (
	sleepSummary = "Sleep"
	awaitSummary = "AwaitWithTimeout"
)

// Sleep blocks for d, measured by the server. It returns [ErrCanceled] if ctx
// is canceled meanwhile. A d of zero or less returns at once.
func Sleep(ctx Context, d time.Duration) error {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.Sleep(ctx, d)
}

func (rootOutbound) Sleep(ctx Context, d time.Duration) error {
	return NewTimerWithOptions(ctx, d, TimerOptions{Summary: sleepSummary}).Get(ctx, nil)
}

// metadata carries what people are to read beside a command.
func (r *run) metadata(summary string) *sdkpb.UserMetadata {
	if summary == "" {
		return nil
	}
	if m, ok := r.summaries[summary]; ok {
		return m
	}
	p, err := r.env.DataConverter.ToPayload(summary)
	if err != nil {
		r.log().Warn("Summary left out: it cannot be encoded", "Error", err)
		return nil
	}
	m := &sdkpb.UserMetadata{Summary: p}
	if summary == sleepSummary || summary == awaitSummary {
		if r.summaries == nil {
			r.summaries = make(map[string]*sdkpb.UserMetadata)
		}
		r.summaries[summary] = m // most timers have one of these: they share it
	}
	return m
}
