package service

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Time says which clock a service lives by. Workflows see it, and so do timers,
// timeouts and the stamps of events. Polls, waits and the deadlines of calls are
// always those of package time.
type Time int

const (
	// TimePasses is the clock of package time; in a bubble of testing/synctest it
	// is the bubble's.
	TimePasses Time = iota
	// TimeSkips passes too, but when nothing can happen any more it jumps to the
	// next thing that is due. See [Service.Hold] for what keeps it from that.
	TimeSkips
	// TimeByHand stands still, but for [Service.Advance] and [Service.Jump]. It
	// begins an hour ahead of the clock of package time, so that the deadlines of
	// activities, which workers take by that, do not lie in the past.
	TimeByHand
)

// aheadByHand is how far ahead a clock by hand begins.
const aheadByHand = time.Hour

// clock is the time of a service. The service's lock guards it.
type clock struct {
	kind  Time
	ahead time.Duration // of package time, if it passes
	stood time.Time     // the time, if it stands
	holds int           // that keep it from skipping
	calls int           // in progress, other than those that only wait
	quiet chan struct{} // closed and replaced when it may have become quiet
	later *time.Timer   // looks again whether it is, once polls are not to be expected
}

func newClock(kind Time) clock {
	return clock{
		kind: kind, quiet: make(chan struct{}),
		stood: time.Now().Add(aheadByHand).Round(0).UTC(),
	}
}

// now is without the reading of the monotonic clock: it goes into messages and
// must be what comes out of them.
func (c *clock) now() time.Time {
	if c.kind == TimeByHand {
		return c.stood
	}
	return time.Now().Add(c.ahead).Round(0).UTC()
}

// move changes the time.
func (c *clock) move(d time.Duration) {
	c.ahead += d
	c.stood = c.stood.Add(d)
}

// until is how long a timer for the time must run, and whether one will do: time
// that stands does not come by itself.
func (c *clock) until(at time.Time) (time.Duration, bool) {
	d := at.Sub(c.now())
	return d, c.kind != TimeByHand || d <= 0
}

// Now is the time of the service.
func (s *Service) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

func (s *Service) now() time.Time { return s.clock.now() }

// Hold keeps a clock that skips from doing so until release is called, which may
// be done more than once: it then only passes. With other clocks it does nothing.
//
// Even if it is not held, the clock does not skip while something is going on:
//
//   - a workflow task or an activity of an open run has begun and is not
//     answered, be it by a worker that works on it, by one that has died, or by
//     someone who will report the end of the activity by its id;
//   - a task has begun to wait for a worker, or a worker has asked for tasks of
//     that queue, within the last two seconds (see [Options.Patience]);
//   - a query waits for its answer, or an update to be accepted, as long as its
//     client does;
//   - any other call is in progress, in a [Hook] too. Polls for tasks, and calls
//     that wait for events or for the end of an update, do not count.
//
// What happens outside the service it cannot know of. It does not wait for a test
// that is about to do something: hold the clock meanwhile. What a worker times by
// itself takes real time: local activities and their retries (the workflow task
// that has them is not answered, so nothing is skipped), pauses between
// heartbeats, and pauses before it polls again after an error or for a limit;
// if those are longer than the patience, time may skip while tasks wait.
func (s *Service) Hold() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock.holds++
	released := false
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if released {
			return
		}
		released = true
		s.clock.holds--
		s.skip()
	}
}

var errPasses = errors.New("service: Advance: time passes by itself: use the option Time to have it " +
	"skip or stand, or Jump")

// Advance lets time go on in order, if it skips or stands. It waits until nothing
// is going on (see [Service.Hold]), goes on to the next thing that is due within
// d, lets it happen, and so on; at last it goes on to the end of d. When it
// returns, all that was due has happened, and workers have done what follows of
// it, each thing at its time. Meanwhile the clock does not skip; to do something
// at a certain time, hold it, advance, and release it afterwards.
//
// An activity that does not end, and anything else that goes on, is waited for
// until ctx is done; the error then says what it was, and time stands where it
// has come to. Use [Service.Jump] to pass over it. Calls of Advance take effect
// one after the other only if they are made so.
func (s *Service) Advance(ctx context.Context, d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("service: Advance: %v is negative: use Jump to set a clock back", d)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clock.kind == TimePasses {
		return errPasses
	}
	s.clock.holds++
	defer func() {
		s.clock.holds--
		s.skip()
	}()
	end := s.now().Add(d)
	for {
		if err := s.settled(ctx); err != nil {
			return fmt.Errorf("service: Advance: %v before the end: %w", end.Sub(s.now()), err)
		}
		at, ok := s.alarms.first()
		due := ok && !at.After(end)
		if !due {
			at = end
		}
		s.clock.move(max(0, at.Sub(s.now())))
		if !due {
			s.alarms.next = time.Time{}
			s.alarms.arm()
			return nil
		}
		s.ringDue()
	}
}

// settled waits until nothing is going on. It unlocks the service meanwhile.
func (s *Service) settled(ctx context.Context) error {
	for {
		busy, again := s.busy()
		if busy == "" {
			return nil
		}
		var later <-chan time.Time
		if again > 0 {
			later = time.After(again)
		}
		changed := s.clock.quiet
		s.mu.Unlock()
		var err error
		select {
		case <-changed:
		case <-later:
		case <-ctx.Done():
			err = fmt.Errorf("%s is going on: %w", busy, ctx.Err())
		case <-s.closed:
			err = errClosed()
		}
		s.mu.Lock()
		if err != nil {
			return err
		}
	}
}

// Jump sets the clock forward, or back, at once, as a clock may be that was wrong:
// whatever is due then happens at that time, in its order, and workers have had no
// time to do anything in between. Every kind of clock can jump. Set back, the
// stamps of new events are earlier than those before, what is due comes as much
// later, and nothing that has happened is undone.
func (s *Service) Jump(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock.move(d)
	s.alarms.next = time.Time{}
	s.ringDue()
	s.skip()
}

// enter counts a call in, and leave counts it out or lets it wait; what is due may
// then be next.
func (s *Service) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock.calls++
}

func (s *Service) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rest()
}

// rest is leave for one who has the lock.
func (s *Service) rest() {
	s.clock.calls--
	if s.clock.kind == TimePasses {
		return
	}
	close(s.clock.quiet)
	s.clock.quiet = make(chan struct{})
	s.skip()
}

// skip goes on to the next thing that is due if nothing else can happen.
func (s *Service) skip() {
	if s.clock.kind != TimeSkips || s.clock.holds > 0 || s.alarms.stopped {
		return
	}
	at, ok := s.alarms.first()
	if !ok {
		return
	}
	busy, again := s.busy()
	if busy != "" {
		s.lookLater(again)
		return
	}
	s.clock.move(max(0, at.Sub(s.now())))
	s.alarms.next = time.Time{}
	s.alarms.arm() // it rings at once, on a goroutine of its own
}

// lookLater lets skip look again after the time; zero: something will call it.
func (s *Service) lookLater(after time.Duration) {
	switch {
	case after == 0:
	case s.clock.later == nil:
		s.clock.later = time.AfterFunc(after, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.skip()
		})
	default:
		s.clock.later.Reset(after)
	}
}

// busy says what is going on; nothing if all wait for time to pass. If that ends
// by itself, it says when.
func (s *Service) busy() (what string, again time.Duration) {
	if s.clock.calls > 0 {
		return "a call", 0
	}
	for _, a := range s.alarms.heap {
		if a.run == nil {
			continue
		}
		if what := a.run.inWork(); what != "" {
			return what, 0
		}
	}
	for k, q := range s.queues {
		since, waits := q.waitsSince()
		if !waits {
			continue
		}
		if left := s.options.Patience - min(time.Since(since), s.sincePoll(k)); left > 0 {
			return "the wait of a task for a worker of " + k.name, left
		}
	}
	return "", 0
}

// inWork says which task of the run a worker has. Those have alarms.
func (r *run) inWork() string {
	if r.task.inFlight() {
		return "a workflow task of " + r.workflowID
	}
	for _, a := range r.activities {
		if a.isStarted {
			return fmt.Sprintf("activity %s of %s", a.attributes.GetActivityId(), r.workflowID)
		}
	}
	return ""
}

// waitsSince is since when, in real time, the last of the tasks of the queue has
// waited for a poll; false if none does. If there are polls, tasks wait for the
// rate that the queue is limited to.
func (q *queue) waitsSince() (since time.Time, waits bool) {
	if len(q.pollers) > 0 {
		return since, false
	}
	for _, o := range q.tasks {
		if o.since.After(since) && o.wanted() {
			since, waits = o.since, true
		}
	}
	return since, waits
}

// sincePoll is how long nobody has asked for tasks of the queue, of any kind: a
// worker that has just begun may have asked for one kind first.
func (s *Service) sincePoll(k queueKey) time.Duration {
	latest := time.Time{}
	for other, q := range s.queues {
		if other.namespace == k.namespace && other.name == k.name && q.lastPoll.After(latest) {
			latest = q.lastPoll
		}
	}
	return time.Since(latest)
}
