package pollertest_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

const longPoll = time.Minute

// A flaw is what is wrong with a shelf.
type flaw string

const (
	sound            flaw = ""
	deaf             flaw = "ignores the context"
	losesOnCancel    flaw = "takes a task, then sees that the context ended, and drops it"
	losesOnDeadCtx   flaw = "takes a task for a context that had ended before"
	unflagged        flaw = "does not flag an empty poll"
	emptyIsError     flaw = "makes an error of an empty poll"
	hasty            flaw = "says Empty at once"
	taskAndError     flaw = "returns a task with an error"
	taskAndEmpty     flaw = "returns a task with Empty"
	twice            flaw = "returns each task twice"
	ghost            flaw = "leaves a reader behind that takes the next task"
	wakesAll         flaw = "ends all polls for one task"
	late             flaw = "sees only tasks that were there when the poll began"
	forgets          flaw = "drops every tenth task"
	sharesTask       flaw = "gives one task to polls at the same time"
	silentDecision   flaw = "gives a Delta without HasDecision"
	negativeBacklog  flaw = "reports a negative backlog"
	zeroTaskOnCancel flaw = "returns a zero task without an error on cancel"
	panics           flaw = "panics"
)

// A shelf is a source over a list, with a flaw.
type shelf struct {
	flaw    flaw
	mu      sync.Mutex
	tasks   []int
	changed chan struct{} // closed and replaced at each Put
	taken   int
	last    int
	ghosts  int
}

func newShelf(f flaw) *shelf { return &shelf{flaw: f, changed: make(chan struct{})} }

func (s *shelf) Put(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flaw == ghost && s.ghosts > 0 {
		s.ghosts--
		return
	}
	s.tasks = append(s.tasks, id)
	if s.flaw == twice {
		s.tasks = append(s.tasks, id)
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// take returns a task if there is one, and else what to wait for.
func (s *shelf) take() (id int, ok bool, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tasks) == 0 {
		return 0, false, s.changed
	}
	id = s.tasks[0]
	s.tasks = s.tasks[1:]
	s.taken++
	if s.flaw == forgets && s.taken%10 == 0 {
		return 0, false, s.changed
	}
	if s.flaw == sharesTask && s.taken%2 == 0 {
		return s.last, true, nil
	}
	s.last = id
	return id, true, nil
}

func (s *shelf) Poll(ctx context.Context) (int, poller.Feedback, error) {
	if s.flaw == panics {
		panic("not today")
	}
	if ctx.Err() != nil && s.flaw != deaf {
		if s.flaw == losesOnDeadCtx {
			s.take()
		}
		return 0, poller.Feedback{}, ctx.Err()
	}
	timer := time.NewTimer(longPoll)
	defer timer.Stop()
	ended := ctx.Done()
	if s.flaw == deaf {
		ended = nil
	}
	for {
		id, ok, changed := s.take()
		if ok {
			return s.give(ctx, id)
		}
		if s.flaw == late {
			changed = nil
		}
		if s.flaw == hasty {
			return 0, poller.Feedback{Empty: true}, nil
		}
		select {
		case <-changed:
			if s.flaw == wakesAll {
				if id, ok, _ := s.take(); ok {
					return id, poller.Feedback{}, nil
				}
				return 0, poller.Feedback{Empty: true}, nil
			}
		case <-timer.C:
			return s.nothing()
		case <-ended:
			return s.cancelled(ctx)
		}
	}
}

func (s *shelf) give(ctx context.Context, id int) (int, poller.Feedback, error) {
	fb := poller.Feedback{}
	switch s.flaw {
	case losesOnCancel:
		if ctx.Err() != nil {
			return 0, fb, ctx.Err()
		}
	case taskAndError:
		return id, fb, errors.New("by the way")
	case taskAndEmpty:
		fb.Empty = true
	case silentDecision:
		fb.Delta = 1
	case negativeBacklog:
		fb.Backlog = -1
	default:
	}
	return id, fb, nil
}

func (s *shelf) nothing() (int, poller.Feedback, error) {
	switch s.flaw {
	case unflagged:
		return 0, poller.Feedback{}, nil
	case emptyIsError:
		return 0, poller.Feedback{Empty: true}, errors.New("nothing there")
	default:
		return 0, poller.Feedback{Empty: true}, nil
	}
}

func (s *shelf) cancelled(ctx context.Context) (int, poller.Feedback, error) {
	switch s.flaw {
	case zeroTaskOnCancel:
		return 0, poller.Feedback{}, nil
	case ghost:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ghosts++
	default:
	}
	return 0, poller.Feedback{}, ctx.Err()
}

// What is wrong with a counter.
const (
	oneTooMany     flaw = "gives one ticket too many"
	neverBack      flaw = "takes no ticket back"
	countsTwice    flaw = "counts a second Return"
	deafAdmit      flaw = "waits on when the context ends"
	nilOnCancel    flaw = "gives a ticket when the context ends"
	leaksOnGiveUp  flaw = "keeps the ticket of one who gave up"
	leaksOnRace    flaw = "loses a ticket that meets the end of the context"
	refusesAtLimit flaw = "refuses instead of waiting"
)

// A counter is an admission with a flaw.
type counter struct {
	flaw flaw
	free chan struct{}
}

func newCounter(f flaw, limit int) *counter {
	if f == oneTooMany {
		limit++
	}
	c := &counter{flaw: f, free: make(chan struct{}, limit+1_000)}
	for range limit {
		c.free <- struct{}{}
	}
	return c
}

type ticket struct {
	c    *counter
	once sync.Once
}

func (k *ticket) Return() {
	switch k.c.flaw {
	case neverBack:
	case countsTwice:
		k.c.free <- struct{}{}
	default:
		k.once.Do(func() { k.c.free <- struct{}{} })
	}
}

func (c *counter) Admit(ctx context.Context) (*ticket, error) {
	ended := ctx.Done()
	if c.flaw == deafAdmit {
		ended = nil
	}
	if c.flaw == refusesAtLimit && len(c.free) == 0 {
		return nil, errors.New("sold out")
	}
	select {
	case <-c.free:
		if c.flaw == leaksOnRace && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return &ticket{c: c}, nil
	case <-ended:
	case <-time.After(90 * time.Minute): // so that the deaf one ends with its bubble
	}
	switch c.flaw {
	case nilOnCancel:
		return &ticket{c: c}, nil
	case leaksOnGiveUp:
		go func() {
			select {
			case <-c.free:
			case <-time.After(time.Minute):
			}
		}()
	default:
	}
	return nil, context.Cause(ctx)
}

// What is wrong with a scaler.
const (
	startsAtZero  flaw = "starts at zero"
	fallsThrough  flaw = "falls below its minimum"
	noCeiling     flaw = "rises above its maximum"
	overflows     flaw = "adds what it is told, and overflows"
	ownClock      flaw = "asks its own clock"
	tickPanics    flaw = "panics at a time that goes back"
	clockOverflow flaw = "divides by the time that has passed"
	remembers     flaw = "goes on where it was when it is started again"
	neverSinks    flaw = "does not sink by empty polls"
	sinksOnce     flaw = "sinks by empty polls until it saw a task"
	neverGrows    flaw = "does not grow past where it began"
	growsOnce     flaw = "does not grow again after it was idle"
)

// A dial is a scaler between 2 and 20, with a flaw.
type dial struct {
	flaw   flaw
	target int
	at     time.Time
	low    bool // was at its minimum
	saw    bool // a task
}

func (d *dial) Next(e poller.Event) int {
	if e.Kind == poller.Started {
		if d.flaw != remembers || d.target == 0 {
			d.target = 5
		}
		d.at, d.low, d.saw = e.Now, false, false
		if d.flaw == startsAtZero {
			return 0
		}
		return d.target
	}
	delta := max(-poller.MaxTarget, min(poller.MaxTarget, e.Feedback.Delta))
	lo, hi := 2, 20
	d.saw = d.saw || e.Outcome == poller.GotTask
	if e.Outcome == poller.GotNothing && !e.Feedback.HasDecision && d.flaw != neverSinks &&
		(d.flaw != sinksOnce || !d.saw) {
		delta = -1
	}
	switch d.flaw {
	case fallsThrough:
		lo = 1
	case noCeiling:
		hi = 21
	case overflows:
		if d.target += e.Feedback.Delta; d.target > 20 {
			d.target = 20
		} else if d.target > -1_000_000 && d.target < 2 {
			d.target = 2
		}
		return d.target
	case ownClock:
		if time.Now().Minute() >= 30 {
			delta = 0
		}
	case tickPanics:
		if e.Now.Before(d.at) {
			panic("time goes backwards")
		}
	case clockOverflow:
		if e.Kind == poller.Polled {
			_ = delta / int(e.Now.Sub(d.at))
		}
	default:
	}
	d.low = d.low || d.target == 2
	if d.flaw == growsOnce && d.low {
		hi = 2
	}
	if d.flaw == neverGrows {
		hi = 5
	}
	d.at = e.Now
	d.target = max(lo, min(hi, d.target+delta))
	return d.target
}
