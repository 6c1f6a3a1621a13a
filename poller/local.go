package poller

import (
	"errors"
	"fmt"
	"time"
)

// DefaultLocalQuick is the default of [LocalOptions]' Quick.
const DefaultLocalQuick = 50 * time.Millisecond

// What [Local] goes by.
const (
	localWindow   = 100 * time.Millisecond // a short window, if it has enough polls
	localEnough   = 10                     // polls that are enough
	localPatience = time.Second            // a long window; a short one of fewer polls
	localLong     = 4                      // so many times Quick is a long wait
	localHaste    = time.Second            // throttled polls halve the number no more often
	localCalm     = 10 * time.Second       // no growth for so long after a throttled poll
	localHunger   = time.Millisecond       // a ticket that takes so long was waited for

	localMaxTrip    = 500 * time.Millisecond // a steady wait above it is no round trip
	localTripPolls  = 8                      // of more polls the waits are always steady
	localTrialEvery = time.Minute            // the least time between trials; doubles if one fails
	localTrialRare  = time.Hour              // but not beyond this
)

// LocalOptions are the options of [Local]. The zero value of each field is its default.
type LocalOptions struct {
	// Min is the least number of polls. Default 1.
	Min int
	// Initial is the number of polls to begin with. Default 5, but within Min and Max.
	Initial int
	// Max is the greatest number of polls. Default 100, but not below Min.
	Max int
	// Quick is within what time a poll is answered if its task was waiting for it. The more, the
	// more polls are kept: without a backlog about as many as tasks come in that time. A round
	// trip that takes longer, up to half a second, is found out; if Max is too low to try more
	// polls, or round trips take longer still, set Quick to half as much again as they take.
	// Default 50 ms.
	Quick time.Duration
}

// Local is a [Scaler] that needs no suggestions of the other side. It judges by how long polls
// wait for their tasks: in no time, if there is a backlog. It looks at rounds of polls.
//
//   - It adds a poll, or a quarter of them, after each round of at least 100 ms and ten polls, or
//     one second, in which nine of ten polls brought a task within Quick, as in the one before,
//     none failed, and fewer than one in four had waited a millisecond or more for a ticket. If
//     the waits are no longer than before the last step, the next one is twice that, up to as many
//     polls again: so a backlog is met in about a second.
//   - It takes away half of the polls after a round of at least a second in which three of four
//     polls waited four times as long as Quick or more, and one poll if three of four waited so
//     long or came back empty.
//   - It goes to Min after a round in which every poll waited so long and came back empty.
//   - In between it stays, which is why it settles.
//
// If the waits of up to eight polls are longer than Quick, but steady, they are round trips to a
// distant backlog or tasks that come at a steady rate. To tell which, it tries twice the polls
// for a moment: round trips stay as long, and the next rounds are judged by their length; waits
// for tasks double, and the next trial comes a minute later, then two, and so on.
//
// A throttled poll halves the number, but once a second at most, and stops growth for 10 s.
// It keeps no clock: rounds are reckoned from the times of the events, so an idle poller costs
// nothing. Make one with [NewLocal], and one for each poller.
type Local struct {
	opts      LocalOptions
	target    int
	quick     time.Duration // LocalOptions.Quick, or more if round trips are longer
	throttled time.Time     // when a throttled poll last made it smaller
	changed   time.Time     // polls sent before tell nothing about the present target
	prompt    bool          // the last short round said so
	step      int           // by how much that made it grow
	before    time.Duration // the mean wait in it
	short     round         // tells whether to grow
	long      round         // tells whether to shrink
	trial     trial
	latest    time.Time // event; those of polls that end together may come in any order
}

// A trial is what became of the attempts to find out about round trips.
type trial struct {
	from  int           // the target before the one that is going on; zero if there is none
	wait  time.Duration // the mean before it
	ended time.Time     // when the last one ended
	every time.Duration // the next one begins no sooner after it
}

// A round is what some polls have told, at least as many as are wanted.
type round struct {
	first       time.Time // end of the first poll
	polls       int
	tasks       int
	quick       int // brought a task at once
	slow        int // waited long, with or without a task in the end
	empties     int
	slowEmpties int // both
	starved     int // had waited for a ticket
	failed      bool

	shortest, sum time.Duration // of the waits for tasks
}

// NewLocal returns a scaler, or an error that names each option that is wrong.
func NewLocal(opts LocalOptions) (*Local, error) {
	var err error
	opts.Min, opts.Initial, opts.Max, err = bounds("LocalOptions", opts.Min, opts.Initial, opts.Max)
	opts.Quick = or(opts.Quick, DefaultLocalQuick)
	if opts.Quick < 0 || opts.Quick > time.Hour {
		err = errors.Join(err, fmt.Errorf(
			"poller: LocalOptions.Quick is %s: give a positive time up to an hour", opts.Quick))
	}
	if err != nil {
		return nil, err
	}
	return &Local{opts: opts, target: opts.Initial, quick: opts.Quick}, nil
}

// Next implements [Scaler].
func (l *Local) Next(e Event) int {
	switch e.Kind {
	case Started:
		*l = Local{opts: l.opts, target: l.opts.Initial, quick: l.opts.Quick}
	case Polled:
		l.polled(e)
	case Ticked:
	}
	return l.target
}

func (l *Local) polled(e Event) {
	if e.Now.Before(l.latest.Add(-localPatience)) { // the clock was set back
		l.prompt, l.short, l.long, l.trial = false, round{}, round{}, trial{}
		l.throttled, l.changed = time.Time{}, time.Time{}
	}
	l.latest = e.Now
	if e.Outcome == Failed {
		l.short.failed = true
		if e.Class == Throttled && e.Now.Sub(l.throttled) >= localHaste {
			l.throttled = e.Now
			l.shrink(l.target/2, e.Now)
			l.trial.from = 0
		}
		return
	}
	if e.Now.Add(-e.Latency).Before(l.changed) {
		return
	}
	l.short.add(e, l.quick)
	l.long.add(e, l.quick)
	l.judge(e.Now)
}

// add counts a poll that ended well.
func (r *round) add(e Event, quick time.Duration) {
	if r.polls == 0 {
		r.first = e.Now
	}
	r.polls++
	wait := min(time.Hour, max(0, e.Latency))
	long := wait >= localLong*quick
	if long {
		r.slow++
	}
	if e.Waited >= localHunger {
		r.starved++
	}
	if e.Outcome == GotNothing {
		r.empties++
		if long {
			r.slowEmpties++
		}
		return
	}
	if wait <= quick {
		r.quick++
	}
	if r.tasks == 0 || wait < r.shortest {
		r.shortest = wait
	}
	r.tasks++
	r.sum += wait
}

// judge looks at the rounds that have told enough.
//
// Polls that waited long may end in a bunch because many tasks came at last. Then the next polls
// tell, which is why a round takes time; but not if its polls brought nothing at all.
func (l *Local) judge(now time.Time) {
	if w := &l.short; w.polls >= l.target && (now.Sub(w.first) >= localPatience ||
		w.polls >= localEnough && now.Sub(w.first) >= localWindow) {
		l.judgeShort(now)
		l.short = round{}
	}
	w := &l.long
	if w.polls < l.target {
		return
	}
	long := now.Sub(w.first) >= localPatience
	switch {
	case w.slowEmpties == w.polls:
		l.shrink(l.opts.Min, now)
	case !long || l.trial.from > 0:
		return
	case 4*w.slow >= 3*w.polls:
		l.shrink(l.target-max(1, l.target/2), now)
	case 4*(w.slow+w.empties-w.slowEmpties) >= 3*w.polls:
		l.shrink(l.target-1, now)
	}
	l.long = round{}
}

func (l *Local) judgeShort(now time.Time) {
	w := &l.short
	if l.trial.from > 0 {
		l.conclude(now)
		return
	}
	if w.tasks > 0 { // no round trip is longer than the shortest wait
		l.quick = max(l.opts.Quick, min(l.quick, 2*w.shortest))
	}
	again := l.prompt
	l.prompt = 10*w.quick >= 9*w.polls
	step := 0
	switch {
	case w.failed || 4*w.starved >= w.polls || now.Sub(l.throttled) < localCalm:
	case l.prompt && !again: // once is chance
	case l.prompt:
		step = max(1, l.target/4)
		if l.step > 0 && w.wait() <= l.before*11/10 {
			step = max(step, min(2*l.step, l.target))
		}
		l.target = l.bounded(l.target + step)
		l.long = round{}
	case l.doubtful(now):
		l.trial.from, l.trial.wait = l.target, w.wait()
		l.target = l.bounded(2 * l.target)
		l.changed, l.long = now, round{}
	}
	l.step, l.before = step, w.wait()
}

// doubtful reports whether the waits may be round trips, and a trial is due.
func (l *Local) doubtful(now time.Time) bool {
	w := &l.short
	return w.tasks == w.polls && w.tasks >= localEnough &&
		w.wait() <= localMaxTrip && w.shortest >= w.wait()*7/10 &&
		l.target <= min(localTripPolls, l.opts.Max*2/3) && now.Sub(l.trial.ended) >= l.trial.every
}

// conclude ends a trial with the round that it brought.
func (l *Local) conclude(now time.Time) {
	w := &l.short
	if w.tasks == w.polls && w.wait() <= l.trial.wait*13/10 {
		l.quick = w.wait() * 3 / 2
		l.trial = trial{}
		return
	}
	l.shrink(l.trial.from, now)
	l.trial.from, l.trial.ended = 0, now
	l.trial.every = min(localTrialRare, max(localTrialEvery, 2*l.trial.every))
}

// shrink goes down to target. What polls tell that were sent before has no meaning any more.
func (l *Local) shrink(target int, now time.Time) {
	if target = l.bounded(target); target < l.target {
		l.target, l.changed = target, now
		l.short, l.long = round{}, round{}
	}
}

func (l *Local) bounded(target int) int { return min(l.opts.Max, max(l.opts.Min, target)) }

// wait returns the mean wait for a task.
func (r *round) wait() time.Duration { return r.sum / time.Duration(max(1, r.tasks)) }
