package shutdown

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxFatals bounds Report.Fatals: a part that fails in a loop must not fill the memory.
const maxFatals = 16

// A Coordinator stops its members stage by stage, once. Make one with New. All methods are safe
// for concurrent use.
type Coordinator struct {
	logger         *slog.Logger
	linger         time.Duration
	remindEvery    time.Duration
	stageObserver  StageObserver
	memberObserver MemberObserver

	triggered chan struct{}
	done      chan struct{}

	// mu is never held while something blocks or while foreign code runs.
	mu       sync.Mutex
	stages   []*stage
	current  *stage // the stage in progress, or the last one that was; nil before the first
	started  bool
	finished bool
	cut      error // an impatience that arrived before the first stage had members to hurry
	cause    error
	broke    bool // the cause is of a Fatal
	fatals   []error
	omitted  int
	began    time.Time
	took     time.Duration
}

// A stage is a Stage with its members and its state, guarded by Coordinator.mu. Once it has begun,
// members is not changed any more.
type stage struct {
	report  StageReport
	members []*member
	begun   bool
	over    bool
	left    int           // members that have not returned
	idle    chan struct{} // closed when left is 0
	cancel  context.CancelCauseFunc
}

// A member is one function that stops something; report is guarded by Coordinator.mu.
type member struct {
	stop   func(context.Context) error
	left   func() []string // nil if it cannot say
	report MemberReport
}

// New returns a coordinator of stages, which run in the order given, or an *OptionError. It may
// have no stage at all: then Shutdown is done at once.
func New(o Options, stages ...Stage) (*Coordinator, error) {
	if err := validate(o, stages); err != nil {
		return nil, err
	}
	c := &Coordinator{
		logger:         o.Logger,
		linger:         o.Linger,
		remindEvery:    o.RemindEvery,
		stageObserver:  o.StageObserver,
		memberObserver: o.MemberObserver,
		triggered:      make(chan struct{}),
		done:           make(chan struct{}),
	}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	if c.linger == 0 {
		c.linger = DefaultLinger
	}
	if c.remindEvery == 0 {
		c.remindEvery = DefaultRemindEvery
	}
	for _, s := range stages {
		c.stages = append(c.stages, &stage{
			report: StageReport{Name: s.Name, Timeout: s.Timeout},
			idle:   make(chan struct{}),
		})
	}
	return c, nil
}

// Add adds a member to a stage. Its stop function is called at most once, when the stage begins,
// on a goroutine of its own; it should return when the part has stopped, and must return soon after
// its context has ended: context.Cause says whether by the deadline or by an impatient caller. The
// context carries the values of the first Shutdown's, but not its deadline. Stop must not wait for
// Shutdown, of which it is a part.
//
// Members may be added until their stage begins, even during a shutdown; after that the error wraps
// ErrStageBegun. An unknown stage, an empty name, a name that the stage already has or a nil stop
// is an *OptionError.
func (c *Coordinator) Add(stage, name string, stop func(ctx context.Context) error) error {
	return c.AddMember(stage, Member{Name: name, Stop: stop})
}

// find returns the stage of that name, or nil. It is called with mu locked.
func (c *Coordinator) find(name string) *stage {
	for _, s := range c.stages {
		if s.report.Name == name {
			return s
		}
	}
	return nil
}

// names returns the names of the stages for an error message.
func (c *Coordinator) names() string {
	var names []string
	for _, s := range c.stages {
		names = append(names, fmt.Sprintf("%q", s.report.Name))
	}
	if len(names) == 0 {
		return "the stages given to New, which had none"
	}
	return strings.Join(names, ", ")
}

// Fatal records that something broke beyond repair, and closes Triggered. It stops nothing by
// itself: whoever runs the program waits for Triggered and calls Shutdown. The first error, be it
// Fatal's or Shutdown's, is the cause; the others are kept in the report as long as the shutdown is
// not done. A nil err does nothing.
func (c *Coordinator) Fatal(err error) {
	if err == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broke = c.broke || c.cause == nil
	c.trigger(err)
}

// trigger records a cause. It is called with mu locked.
func (c *Coordinator) trigger(cause error) {
	switch {
	case c.cause == nil:
		c.cause = cause
		close(c.triggered)
	case c.finished:
	case len(c.fatals) < maxFatals:
		c.fatals = append(c.fatals, cause)
	default:
		c.omitted++
	}
}

// Triggered returns a channel that is closed at the first Fatal or Shutdown.
func (c *Coordinator) Triggered() <-chan struct{} { return c.triggered }

// Done returns a channel that is closed when the shutdown is done and the report final.
func (c *Coordinator) Done() <-chan struct{} { return c.done }

// IsDone reports whether the shutdown is done: whether Done is closed.
func (c *Coordinator) IsDone() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// Cause returns why the shutdown was triggered, or nil if it was not.
func (c *Coordinator) Cause() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// Report returns what is known now, and whether it is final. Members that are stopping are asked
// what they wait for.
func (c *Coordinator) Report() (Report, bool) {
	c.mu.Lock()
	r := Report{
		Cause:         c.cause,
		Fatals:        slices.Clone(c.fatals),
		FatalsOmitted: c.omitted,
		Began:         c.began,
		Took:          c.took,
	}
	if c.started && !c.finished {
		r.Took = time.Since(c.began)
	}
	for _, s := range c.stages {
		r.Stages = append(r.Stages, s.snapshot())
	}
	finished := c.finished
	c.mu.Unlock()
	for i, s := range r.Stages {
		if s.Began.IsZero() {
			break
		}
		for j := range s.Members { // which are final once the stage has begun
			if m := &s.Members[j]; m.Outcome == Pending {
				c.stages[i].members[j].askLeft(m)
			}
		}
	}
	return r, finished
}

// Shutdown runs the stages, unless another call did or does, and waits. Cause says why; nil means
// ErrRequested. When all is done, every caller gets the same report, and an *IncompleteError if a
// member failed or was abandoned.
//
// A caller whose ctx ends stops waiting at once, with the report so far and a *WaitError that wraps
// ctx's and names the members it was waiting for. The shutdown goes on, but the stage in progress
// gets no more time: its members' context ends. Later stages have their full time. So give a ctx
// that says how long you can wait, and not one that has ended already, which takes away the first
// stage's time. To wait without a say, use Done.
func (c *Coordinator) Shutdown(ctx context.Context, cause error) (Report, error) {
	c.start(ctx, cause)
	select {
	case <-c.done:
	case <-ctx.Done():
		if err := c.hurry(contextError(ctx)); err != nil {
			r, _ := c.Report()
			err.Pending = r.pending(err.Stage)
			return r, err
		}
	}
	r, _ := c.Report()
	return r, r.Err()
}

// start begins the shutdown if nobody did.
func (c *Coordinator) start(ctx context.Context, cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case cause == nil && c.cause == nil:
		c.trigger(ErrRequested)
	case cause == nil:
	case c.cause == nil || !errors.Is(c.cause, cause) && !errors.Is(cause, c.cause):
		c.trigger(cause)
	}
	if c.started {
		return
	}
	c.started = true
	c.began = time.Now()
	go c.run(context.WithoutCancel(ctx))
}

// hurry ends the grace of the stage in progress and returns what to tell the caller that stops
// waiting; nil if the shutdown is done after all.
func (c *Coordinator) hurry(why error) *WaitError {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.current
	switch {
	case c.finished:
		return nil
	case s == nil:
		c.cut = why
		return &WaitError{Err: why}
	case !s.over:
		s.hurry(why)
	}
	return &WaitError{Stage: s.report.Name, Err: why}
}
