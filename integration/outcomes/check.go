package outcomes

import (
	"encoding/json"
	"fmt"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
)

// Rules say what may happen to attempts beside what their plans say. The zero value:
// nothing.
type Rules struct {
	// Late: an attempt with a short timeout may reach it because the machine is
	// busy. Then another one follows.
	Late bool
	// Lossy: tasks, reports and heartbeats may be lost. Any attempt may time out,
	// or not run at all.
	Lossy bool
}

// A Verdict is what a check has found.
type Verdict struct {
	// Mismatches are in words, one line each. None is what one wants.
	Mismatches []string
	// Ends counts the activities by what their last attempts were to do.
	Ends map[Kind]int
	// Attempts counts all of them, as histories do.
	Attempts int
	// Late counts the activities that the rules have excused.
	Late int
}

// Add adds what another check has found.
func (v *Verdict) Add(other Verdict) {
	v.Mismatches = append(v.Mismatches, other.Mismatches...)
	v.Attempts += other.Attempts
	v.Late += other.Late
	for kind, n := range other.Ends {
		v.Ends[kind] += n
	}
}

// NewVerdict returns one of nothing.
func NewVerdict() Verdict { return Verdict{Ends: make(map[Kind]int)} }

// Check compares the history of a workflow that has called the activities of the
// plans with what they have done.
func Check(plans []Plan, history []*historypb.HistoryEvent, record *Record, rules Rules) Verdict {
	v := NewVerdict()
	tales, strays := tell(history)
	for _, p := range plans {
		c := &checker{Verdict: &v, plan: p, rules: rules, tale: tales[p.Key], runs: record.Runs(p.Key)}
		if !c.loose() {
			for _, m := range record.Mistakes(p.Key) {
				c.wrong("%s", m)
			}
		}
		c.check()
		delete(tales, p.Key)
	}
	for key := range tales {
		strays = append(strays, fmt.Sprintf("%s: no plan has this activity", key))
	}
	v.Mismatches = append(v.Mismatches, strays...)
	return v
}

// tale is what a history says of an activity.
type tale struct {
	scheduled, cancelRequested int
	started                    *historypb.ActivityTaskStartedEventAttributes
	starts                     int
	ends                       []*historypb.HistoryEvent
}

// tell sorts a history by activities.
func tell(history []*historypb.HistoryEvent) (tales map[string]*tale, strays []string) {
	tales = make(map[string]*tale)
	byID := make(map[int64]*tale)
	about := func(e *historypb.HistoryEvent, scheduled int64) *tale {
		if t := byID[scheduled]; t != nil {
			return t
		}
		strays = append(strays, fmt.Sprintf("event %d is about no activity", e.GetEventId()))
		return &tale{}
	}
	end := func(e *historypb.HistoryEvent, scheduled int64) {
		t := about(e, scheduled)
		t.ends = append(t.ends, e)
	}
	for _, e := range history {
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			key := e.GetActivityTaskScheduledEventAttributes().GetActivityId()
			if tales[key] == nil {
				tales[key] = &tale{}
			}
			tales[key].scheduled++
			byID[e.GetEventId()] = tales[key]
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
			a := e.GetActivityTaskStartedEventAttributes()
			t := about(e, a.GetScheduledEventId())
			t.started = a
			t.starts++
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED:
			about(e, e.GetActivityTaskCancelRequestedEventAttributes().GetScheduledEventId()).cancelRequested++
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
			end(e, e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId())
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED:
			end(e, e.GetActivityTaskFailedEventAttributes().GetScheduledEventId())
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
			end(e, e.GetActivityTaskTimedOutEventAttributes().GetScheduledEventId())
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
			end(e, e.GetActivityTaskCanceledEventAttributes().GetScheduledEventId())
		default:
		}
	}
	return tales, strays
}

// checker checks one activity.
type checker struct {
	*Verdict

	plan  Plan
	rules Rules
	tale  *tale
	runs  []Run

	attempt int // the last one
}

func (c *checker) wrong(format string, args ...any) {
	plan, err := json.Marshal(c.plan)
	if err != nil {
		plan = []byte(err.Error())
	}
	c.Mismatches = append(c.Mismatches,
		fmt.Sprintf("%s: %s; the plan: %s", c.plan.Key, fmt.Sprintf(format, args...), plan))
}

// loose reports whether attempts of the activity may be late or lost.
func (c *checker) loose() bool { return c.rules.Lossy || c.rules.Late && c.plan.short() }

func (c *checker) check() {
	t := c.tale
	if t == nil {
		c.wrong("it was never scheduled")
		return
	}
	if t.scheduled != 1 || len(t.ends) != 1 || t.starts > 1 {
		c.wrong("it was scheduled %d times, started %d times and has ended %d times",
			t.scheduled, t.starts, len(t.ends))
		return
	}
	if c.attempt = int(t.started.GetAttempt()); c.attempt == 0 {
		c.attempt = c.canceledInBackoff()
	} else {
		c.started()
	}
	if c.attempt == 0 {
		c.wrong("it has ended without a start: %v", t.ends[0])
		return
	}
	c.Attempts += c.attempt
	c.Ends[c.plan.Step(c.attempt).Do]++
	c.checkCancelRequests()
	c.checkRuns()
}

// canceledInBackoff checks the end of an activity that has no start, and returns how
// many attempts it has had.
func (c *checker) canceledInBackoff() int {
	end := c.tale.ends[0]
	if end.GetActivityTaskCanceledEventAttributes() == nil {
		return 0
	}
	if !c.rules.Lossy {
		last := c.plan.Last()
		if c.plan.Step(last).Do != Backoff {
			return 0
		}
		// A busy server hands a task out twice, and so begins the next attempt early.
		if ran := len(c.runs); c.rules.Late && ran > last {
			c.Late++
			return ran
		}
		return last
	}
	if len(c.runs) == 0 || !c.plan.Step(c.runs[len(c.runs)-1].Attempt).Do.asks() {
		return 0
	}
	return c.runs[len(c.runs)-1].Attempt
}

// started checks the start of the last attempt, and the end.
func (c *checker) started() {
	n, last := c.attempt, c.plan.Last()
	before := c.tale.started.GetLastFailure()
	excused := c.loose() && late(before)
	switch {
	case n < last, n > last && !excused:
		c.wrong("attempt %d is the last, want %d; before it: %v", n, last, before)
	case n > last:
		c.Late++
	}
	if n == 1 && before != nil {
		c.wrong("the first attempt is told of an earlier one: %v", before)
	}
	if n > 1 && !excused && !c.failedLike(n-1, before) {
		c.wrong("attempt %d is said to have failed with %v, want %v", n-1, before,
			wantedOf(c.plan.Step(n-1).Do, c.plan.Key, n-1).failure)
	}
	c.checkEnd()
}

// failedLike reports whether that is the failure of an attempt. Who fails an activity
// by its id does not say which attempt is meant.
func (c *checker) failedLike(attempt int, f *failurepb.Failure) bool {
	for n := attempt; n > 0; n-- {
		if kind := c.plan.Step(n).Do; n == attempt || c.loose() && kind == FailID {
			if wantedOf(kind, c.plan.Key, n).fits(f) {
				return true
			}
		}
	}
	return false
}

// checkCancelRequests checks that a cancellation was requested if that was asked for.
func (c *checker) checkCancelRequests() {
	want, got := 0, c.tale.cancelRequested
	if c.plan.Step(c.plan.Last()).Do.asks() {
		want = 1
	}
	if got > want || got < want && !c.rules.Lossy {
		c.wrong("its cancellation was requested %d times, want %d", got, want)
	}
}

// checkRuns compares the attempts that the history knows with those that ran.
func (c *checker) checkRuns() {
	counts := make([]int, c.attempt+1)
	for _, run := range c.runs {
		if run.Attempt < 1 || run.Attempt > c.attempt {
			c.wrong("attempt %d ran, the last that the history knows is %d", run.Attempt, c.attempt)
			continue
		}
		counts[run.Attempt]++
		c.checkRun(run)
	}
	want := 1
	if c.plan.any(Unknown, Mistyped) {
		want = 0
	}
	for attempt, n := range counts[1:] {
		// A task that takes too long on its way to the worker is lost, too.
		if n > want || n < want && !c.loose() {
			c.wrong("attempt %d ran %d times, want %d", attempt+1, n, want)
		}
	}
}

// checkRun checks what an attempt has seen.
func (c *checker) checkRun(run Run) {
	if possible := c.details(run.Attempt); !slices.Contains(possible, run.Found) {
		c.wrong("attempt %d found the heartbeat details %d, want one of %v", run.Attempt, run.Found, possible)
	}
	kind := c.plan.Step(run.Attempt).Do
	if !c.loose() && !causeFits(kind, run.Cause) {
		c.wrong("attempt %d (%s) was told to stop because of: %v", run.Attempt, kind, run.Cause)
	}
	if run.Unheard && kind != Revived && !c.rules.Late && !c.rules.Lossy {
		c.wrong("a heartbeat of attempt %d failed", run.Attempt)
	}
}

// details are the heartbeat details that the server may have after the attempts before
// this one: the newest that was sent, and older ones where that may not have arrived.
func (c *checker) details(attempt int) []int {
	var out []int
	for n := attempt - 1; n > 0; n-- {
		beats := c.plan.Step(n).Beats
		if beats == 0 {
			continue
		}
		out = append(out, detail(n, beats))
		if !c.loose() && !c.unheard(n) {
			return out
		}
		for i := 1; i < beats; i++ {
			out = append(out, detail(n, i))
		}
	}
	return append(out, 0)
}

// unheard reports whether heartbeats of an attempt may not have arrived for load.
func (c *checker) unheard(attempt int) bool {
	return c.rules.Late && slices.ContainsFunc(c.runs, func(r Run) bool {
		return r.Attempt == attempt && r.Unheard
	})
}
