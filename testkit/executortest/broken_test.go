package executortest_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/log"
)

// flaw is one thing that is wrong with an executor.
type flaw string

const (
	none             flaw = "nothing"
	tellsFree        flaw = "Capacity is what is free"
	dropsResult      flaw = "drops the result"
	keepsErrorText   flaw = "keeps the text of an error only"
	hidesPending     flaw = "makes another error of ErrResultPending"
	acceptsBadInput  flaw = "takes input that does not decode for none"
	losesInfo        flaw = "GetInfo is empty"
	losesDeadline    flaw = "ctx has no deadline"
	dropsHeartbeats  flaw = "drops heartbeats"
	losesDetails     flaw = "heartbeat details are not there"
	losesWorkerStop  flaw = "the worker's stop is not seen"
	losesEnd         flaw = "the end of ctx is not seen"
	losesCause       flaw = "the cause of ctx's end is not seen"
	leavesEarly      flaw = "Execute returns when ctx ends"
	runsTwice        flaw = "runs a call again, later"
	oneTooFew        flaw = "has one place less than Capacity"
	mixesUp          flaw = "gives a call the result of the one before"
	losesStack       flaw = "a panic has no stack"
	panicCostsPlace  flaw = "a panic costs a place"
	exitCostsPlace   flaw = "runtime.Goexit costs a place"
	exitIsSuccess    flaw = "runtime.Goexit is a result"
	healthWaits      flaw = "Health waits for a place"
	alwaysIll        flaw = "Health is never nil"
	oneTooMany       flaw = "has one place more than Capacity"
	lastComeFirst    flaw = "runs the last in the queue first"
	waitsOn          flaw = "waits on when ctx ends"
	hidesCause       flaw = "who gives up is not told ctx's cause"
	ghost            flaw = "a call that gave up takes a place"
	runsGivenUp      flaw = "a call that gave up is run"
	hidesBreak       flaw = "Health is nil although it is broken"
	recovers         flaw = "Health is nil again after a while"
	runsBroken       flaw = "runs calls although it is broken"
	strandsWaiters   flaw = "calls that wait stay so when it breaks"
	reencodesErrors  flaw = "sends errors through a converter"
	ownConverter     flaw = "encodes with a converter of its own"
	skipsMiddleware  flaw = "leaves the middleware out"
	losesHeader      flaw = "leaves the header out"
	ownLogger        flaw = "GetLogger is another one"
	leavesGoroutines flaw = "leaves goroutines behind"
)

var (
	errBroken = errors.New("executor is closed")
	errExit   = errors.New("the activity ended its goroutine")
)

// broken is an executor with one flaw. It is plain on purpose: without a flaw it passes the suite.
type broken struct {
	flaw flaw
	size int

	mu      sync.Mutex
	free    int
	waiting []*waiter
	closed  time.Time
	last    *commonpb.Payloads
}

type waiter struct {
	turn chan struct{} // closed when there is a place, or none ever will be
	err  error
}

func newBroken(f flaw, size int) *broken {
	b := &broken{flaw: f, size: size, free: size}
	switch f {
	case oneTooMany:
		b.free++
	case oneTooFew:
		b.free--
	}
	return b
}

func (b *broken) Capacity() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.flaw == tellsFree {
		return b.free
	}
	return b.size
}

func (b *broken) Health() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.flaw == healthWaits && b.free == 0 {
		b.mu.Unlock()
		time.Sleep(time.Millisecond)
		b.mu.Lock()
	}
	switch {
	case b.flaw == alwaysIll:
		return errBroken
	case b.closed.IsZero(), b.flaw == hidesBreak, b.flaw == recovers && time.Since(b.closed) > time.Minute:
		return nil
	}
	return errBroken
}

func (b *broken) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed.IsZero() {
		b.closed = time.Now()
	}
	if b.flaw == strandsWaiters {
		return
	}
	for _, w := range b.waiting {
		w.err = errBroken
		close(w.turn)
	}
	b.waiting = nil
}

// enter waits for a place.
func (b *broken) enter(ctx context.Context) error {
	b.mu.Lock()
	if !b.closed.IsZero() && b.flaw != runsBroken {
		b.mu.Unlock()
		return errBroken
	}
	if b.free > 0 {
		b.free--
		b.mu.Unlock()
		return nil
	}
	w := &waiter{turn: make(chan struct{})}
	b.waiting = append(b.waiting, w)
	b.mu.Unlock()
	done := ctx.Done()
	if b.flaw == waitsOn {
		done = nil
	}
	select {
	case <-w.turn:
		return w.err
	case <-done:
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, w); i >= 0 && b.flaw != ghost {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
	if b.flaw == hidesCause {
		return ctx.Err()
	}
	return context.Cause(ctx)
}

func (b *broken) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free++
	if len(b.waiting) == 0 {
		return
	}
	next := 0
	if b.flaw == lastComeFirst {
		next = len(b.waiting) - 1
	}
	w := b.waiting[next]
	b.waiting = slices.Delete(b.waiting, next, next+1)
	b.free--
	close(w.turn)
}

type outcome struct {
	result *commonpb.Payloads
	err    error
	exited bool
}

func (b *broken) Execute(ctx context.Context, call *activity.Call) (*commonpb.Payloads, error) {
	if err := b.enter(ctx); err != nil {
		if b.flaw == runsGivenUp && !errors.Is(err, errBroken) {
			go func() { _, _ = call.Run(context.WithoutCancel(ctx)) }()
		}
		return nil, err
	}
	if b.flaw == leavesGoroutines {
		go time.Sleep(48 * time.Hour)
	}
	over := make(chan outcome, 1)
	go func() {
		o := outcome{err: errExit, exited: true}
		defer func() {
			if (b.flaw != panicCostsPlace || !temporal.IsPanicError(o.err)) && (b.flaw != exitCostsPlace || !o.exited) {
				b.leave()
			}
			over <- o
		}()
		o.result, o.err = b.run(ctx, *call)
		o.exited = false
	}()
	if b.flaw == leavesEarly {
		select {
		case o := <-over:
			return b.spoil(o)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return b.spoil(<-over)
}

// run runs a call in the context that the flaw leaves of its own.
func (b *broken) run(ctx context.Context, call activity.Call) (*commonpb.Payloads, error) {
	out, _ := activity.OutboundFrom(ctx)
	whole := ctx
	ctx = activity.WithOutbound(ctx, lossy{out, b.flaw})
	switch b.flaw {
	case losesEnd:
		ctx = context.WithoutCancel(ctx)
	case losesDeadline:
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(context.WithoutCancel(ctx))
		defer context.AfterFunc(whole, func() { cancel(context.Cause(whole)) })()
	case losesCause:
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(context.WithoutCancel(ctx))
		defer context.AfterFunc(whole, cancel)()
		if at, ok := whole.Deadline(); ok {
			var stop context.CancelFunc
			ctx, stop = context.WithDeadline(ctx, at)
			defer stop()
		}
	case ownConverter:
		call.DataConverter = nil
	case skipsMiddleware:
		call.Invoke = nil
	case losesHeader:
		call.Header = nil
	case runsTwice:
		go func() {
			time.Sleep(time.Minute)
			_, _ = call.Run(context.WithoutCancel(whole))
		}()
	}
	return call.Run(ctx)
}

// spoil changes what comes back.
func (b *broken) spoil(o outcome) (*commonpb.Payloads, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	last := b.last
	b.last = o.result
	p, panicked := errors.AsType[*temporal.PanicError](o.err)
	switch {
	case b.flaw == dropsResult:
		return nil, o.err
	case b.flaw == mixesUp && last != nil:
		return last, o.err
	case b.flaw == exitIsSuccess && o.exited:
		return nil, nil //nolint:nilnil // that is the flaw
	case b.flaw == acceptsBadInput && o.err != nil && strings.Contains(o.err.Error(), "decode"):
		return nil, nil //nolint:nilnil // that is the flaw
	case b.flaw == hidesPending && errors.Is(o.err, activity.ErrResultPending),
		b.flaw == keepsErrorText && o.err != nil:
		return o.result, errors.New(o.err.Error())
	case b.flaw == losesStack && panicked:
		return nil, temporal.NewPanicError(p.Error(), "")
	case b.flaw == reencodesErrors && o.err != nil && !panicked && !errors.Is(o.err, activity.ErrResultPending):
		fc := temporal.GetDefaultFailureConverter()
		return o.result, fc.FailureToError(fc.ErrorToFailure(o.err))
	}
	return o.result, o.err
}

// lossy is an activity's context with something missing.
type lossy struct {
	activity.Outbound

	flaw flaw
}

func (l lossy) GetInfo(ctx context.Context) activity.Info {
	if l.flaw == losesInfo {
		return activity.Info{}
	}
	return l.Outbound.GetInfo(ctx)
}

func (l lossy) GetLogger(ctx context.Context) log.Logger {
	if l.flaw == ownLogger {
		return slog.New(slog.DiscardHandler)
	}
	return l.Outbound.GetLogger(ctx)
}

func (l lossy) GetWorkerStopChannel(ctx context.Context) <-chan struct{} {
	if l.flaw == losesWorkerStop {
		return nil
	}
	return l.Outbound.GetWorkerStopChannel(ctx)
}

func (l lossy) RecordHeartbeat(ctx context.Context, details ...any) {
	if l.flaw != dropsHeartbeats {
		l.Outbound.RecordHeartbeat(ctx, details...)
	}
}

func (l lossy) HasHeartbeatDetails(ctx context.Context) bool {
	return l.flaw != losesDetails && l.Outbound.HasHeartbeatDetails(ctx)
}
