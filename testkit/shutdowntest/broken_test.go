package shutdowntest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mainspring-go/mainspring/shutdown"
)

// A flaw is what a broken coordinator does wrong.
type flaw string

const (
	none             flaw = ""
	allStagesAtOnce  flaw = "runs all stages at once"
	backwards        flaw = "runs the stages backwards"
	oneByOne         flaw = "stops the members one by one"
	waitsForNobody   flaw = "waits for the timeout of an empty stage"
	omitsEmpty       flaw = "leaves empty stages out of the report"
	noDeadline       flaw = "gives members no deadline"
	oneDeadline      flaw = "counts all timeouts from the shutdown's begin"
	zeroIsNone       flaw = "takes no timeout for no time"
	waitsForIgnorer  flaw = "waits for a member that ignores its deadline"
	namesNobody      flaw = "leaves the abandoned out of the report"
	noLinger         flaw = "abandons at the deadline itself"
	canceledDrained  flaw = "takes a return after the deadline for drained"
	canceledFailed   flaw = "takes an error after the deadline for a failure"
	cutsOnce         flaw = "is hurried only by the first caller that leaves"
	lateCounts       flaw = "lets a late return change the report"
	stopsAtFailure   flaw = "ends the shutdown at the first failure"
	losesError       flaw = "loses a member's error"
	swallowsPanic    flaw = "takes a panic for a success"
	waitsForExited   flaw = "waits for a goroutine that has ended"
	runsAgain        flaw = "runs the stages for every caller"
	emptySecond      flaw = "gives the second caller an empty report"
	keepsImpatient   flaw = "keeps a caller whose context has ended"
	abortsImpatient  flaw = "ends the shutdown with its caller's context"
	ignoresImpatient flaw = "gives the stage its time though the caller has left"
	cutsAll          flaw = "cuts all stages when a caller leaves"
	lastFatalWins    flaw = "takes the last error for the cause"
	forgetsFatals    flaw = "forgets further errors"
	fatalStops       flaw = "begins the shutdown at Fatal"
	fatalIsSilent    flaw = "leaves Triggered open at Fatal"
	shutdownIsSilent flaw = "leaves Triggered open at Shutdown"
	acceptsUnknown   flaw = "accepts members of unknown stages"
	acceptsTwins     flaw = "accepts two members of one name"
	acceptsLate      flaw = "accepts members of a stage that has begun"
	refusesEarly     flaw = "refuses members once the shutdown has begun"
	doneTooEarly     flaw = "closes Done when the last stage begins"
	losesCrowd       flaw = "forgets the last member of a large stage"
)

// broken is a simple coordinator with a flaw.
type broken struct {
	flaw      flaw
	triggered chan struct{}
	done      chan struct{}

	mu     sync.Mutex
	stages []*brokenStage
	report shutdown.Report
	began  bool
	ended  bool
	cut    chan struct{} // closed when a caller leaves, and renewed
	hurry  bool          // a caller has left
}

type brokenStage struct {
	shutdown.Stage
	begun bool
	names []string
	stops []func(context.Context) error
}

func newBroken(f flaw, stages []shutdown.Stage) *broken {
	b := &broken{
		flaw: f, triggered: make(chan struct{}), done: make(chan struct{}), cut: make(chan struct{}),
	}
	for _, s := range stages {
		b.stages = append(b.stages, &brokenStage{Stage: s})
	}
	return b
}

func (b *broken) Triggered() <-chan struct{} { return b.triggered }

func (b *broken) Add(stage, name string, stop func(context.Context) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.stages, func(s *brokenStage) bool { return s.Name == stage })
	switch {
	case i < 0 && b.flaw == acceptsUnknown:
		return nil
	case i < 0 || name == "" || stop == nil:
		return errors.New("bad member")
	case slices.Contains(b.stages[i].names, name) && b.flaw != acceptsTwins:
		return errors.New("two members of one name")
	case b.stages[i].begun && b.flaw != acceptsLate, b.began && b.flaw == refusesEarly:
		return shutdown.ErrStageBegun
	}
	b.stages[i].names = append(b.stages[i].names, name)
	b.stages[i].stops = append(b.stages[i].stops, stop)
	return nil
}

func (b *broken) Done() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done
}

func (b *broken) Fatal(err error) {
	if err == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trigger(err, b.flaw == fatalIsSilent)
	if b.flaw == fatalStops && !b.began {
		b.began = true
		go b.run(context.Background())
	}
}

// trigger records a cause. It is called with mu locked.
func (b *broken) trigger(cause error, silent bool) {
	switch {
	case b.report.Cause == nil:
		if !silent {
			close(b.triggered)
		}
		b.report.Cause = cause
	case b.flaw == lastFatalWins:
		b.report.Cause = cause
	case b.flaw != forgetsFatals:
		b.report.Fatals = append(b.report.Fatals, cause)
	}
}

func (b *broken) Shutdown(ctx context.Context, cause error) (shutdown.Report, error) {
	b.mu.Lock()
	if cause == nil {
		cause = shutdown.ErrRequested
	}
	if b.report.Cause == nil {
		b.trigger(cause, b.flaw == shutdownIsSilent)
	}
	first := !b.began
	b.began = true
	if b.flaw == runsAgain && b.ended {
		b.done, b.ended = make(chan struct{}), false
		first = true
	}
	done := b.done
	b.mu.Unlock()
	if first {
		base := context.WithoutCancel(ctx)
		if b.flaw == abortsImpatient {
			base = ctx
		}
		go b.run(base)
	}
	left := ctx.Done()
	if b.flaw == keepsImpatient {
		left = nil
	}
	select {
	case <-done:
	case <-left:
		b.leave()
		return shutdown.Report{}, ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.flaw == emptySecond && !first {
		return shutdown.Report{}, nil
	}
	r := b.report
	r.Stages = slices.Clone(r.Stages)
	for i := range r.Stages {
		r.Stages[i].Members = slices.Clone(r.Stages[i].Members)
	}
	return r, r.Err()
}

func (b *broken) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	again := b.hurry
	b.hurry = true
	if b.flaw != ignoresImpatient && (b.flaw != cutsOnce || !again) {
		close(b.cut)
		b.cut = make(chan struct{})
	}
}

func (b *broken) run(base context.Context) {
	b.mu.Lock()
	b.report.Began = time.Now()
	b.report.Stages = nil
	b.mu.Unlock()
	stages := slices.Clone(b.stages)
	if b.flaw == backwards {
		slices.Reverse(stages)
	}
	var wg sync.WaitGroup
	for i, s := range stages {
		index := i
		if b.flaw == abortsImpatient && base.Err() != nil {
			return
		}
		if b.flaw == doneTooEarly && i == len(stages)-1 {
			b.finish()
		}
		b.mu.Lock()
		failed := b.flaw == stopsAtFailure && b.report.Err() != nil
		if b.flaw != omitsEmpty || len(s.stops) > 0 {
			b.report.Stages = append(b.report.Stages,
				shutdown.StageReport{Name: s.Name, Timeout: s.Timeout})
			index = len(b.report.Stages) - 1
		}
		b.mu.Unlock()
		switch {
		case failed:
		case b.flaw == allStagesAtOnce:
			wg.Go(func() { b.stage(base, s, index) })
		case len(s.stops) > 0 || b.flaw != omitsEmpty:
			b.stage(base, s, index)
		}
	}
	wg.Wait()
	b.finish()
}

func (b *broken) finish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended {
		b.ended = true
		b.report.Took = time.Since(b.report.Began)
		close(b.done)
	}
}

// deadline returns the context of a stage's members.
func (b *broken) deadline(base context.Context, s *brokenStage) (context.Context, func()) {
	began := time.Now()
	switch {
	case b.flaw == noDeadline, s.Timeout == 0 && b.flaw != zeroIsNone:
		return context.WithCancel(base)
	case b.flaw == oneDeadline:
		began = b.report.Began
	}
	return context.WithDeadline(base, began.Add(s.Timeout))
}

func (b *broken) stage(base context.Context, s *brokenStage, index int) {
	b.mu.Lock()
	s.begun = true
	cut := b.cut
	ctx, cancel := b.deadline(base, s)
	defer cancel()
	if b.flaw == cutsAll && b.hurry {
		cancel()
	}
	r := &b.report.Stages[index]
	if b.flaw == allStagesAtOnce {
		r = &shutdown.StageReport{}
	}
	r.Began = time.Now()
	for _, name := range s.names {
		r.Members = append(r.Members, shutdown.MemberReport{Name: name, Outcome: shutdown.Pending})
	}
	stops := slices.Clone(s.stops)
	left := len(stops)
	idle := make(chan struct{})
	b.mu.Unlock()

	returned := func(i int, err error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if m := &r.Members[i]; m.Outcome == shutdown.Pending || b.flaw == lateCounts {
			m.Outcome, m.Err = b.outcome(ctx, err), err
		}
		if left--; left == 0 {
			close(idle)
		}
	}
	var turn sync.WaitGroup
	for i, stop := range stops {
		if b.flaw == losesCrowd && i > 7 {
			returned(i, nil)
			continue
		}
		turn.Go(func() { b.call(ctx, i, stop, returned) })
		if b.flaw == oneByOne {
			turn.Wait()
		}
	}
	if len(stops) == 0 && (b.flaw != waitsForNobody || s.Timeout == 0) {
		close(idle)
	}
	b.await(ctx, cancel, idle, cut, r)
	b.settle(r)
}

// outcome says what became of a member that returned err.
func (b *broken) outcome(ctx context.Context, err error) shutdown.Outcome {
	var exit *exitError
	switch {
	case errors.As(err, &exit):
		return shutdown.Failed
	case ctx.Err() != nil && b.flaw != canceledDrained && (err == nil || b.flaw != canceledFailed):
		return shutdown.Canceled
	case err != nil && b.flaw != losesError:
		return shutdown.Failed
	}
	return shutdown.Drained
}

// exitError is the error of a member that did not return.
type exitError struct{ why any }

func (e *exitError) Error() string { return fmt.Sprint("the member did not return: ", e.why) }

// call runs one member.
func (b *broken) call(
	ctx context.Context, i int, stop func(context.Context) error, returned func(int, error),
) {
	var err error = &exitError{"it ended its goroutine"}
	exited := true
	defer func() {
		if v := recover(); v != nil {
			err, exited = &exitError{v}, false
			if b.flaw == swallowsPanic {
				err = nil
			}
		}
		if !exited || b.flaw != waitsForExited {
			returned(i, err)
		}
	}()
	err = stop(ctx)
	exited = false
}

// await returns when the stage is idle or has to be.
func (b *broken) await(
	ctx context.Context, cancel func(), idle, cut chan struct{}, r *shutdown.StageReport,
) {
	select {
	case <-idle:
		return
	case <-cut:
		b.mu.Lock()
		r.Cut = context.Canceled
		b.mu.Unlock()
		cancel()
	case <-ctx.Done():
	}
	if b.flaw == waitsForIgnorer {
		<-idle
	}
	if b.flaw == noLinger {
		return
	}
	select {
	case <-idle:
	case <-time.After(time.Second / 2):
	}
}

// settle ends a stage's report.
func (b *broken) settle(r *shutdown.StageReport) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r.Took = time.Since(r.Began)
	for i := range r.Members {
		if r.Members[i].Outcome == shutdown.Pending {
			r.Members[i].Outcome = shutdown.Abandoned
			if b.flaw == namesNobody {
				r.Members[i].Outcome = shutdown.Drained
			}
		}
	}
}
