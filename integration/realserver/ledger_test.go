package realserver_test

import (
	"slices"
	"sync"
	"testing"

	"go.temporal.io/sdk/client"
)

// A ledger keeps what workers tell, by activity.
type ledger struct {
	mu        sync.Mutex
	accounts  map[int]*account
	confirmed int // results
}

// account is what is known of an activity.
type account struct {
	starts            []line // in the order of the attempts
	sent, confirmed   []mark // heartbeats
	handed, delivered []mark // results that were sent, and those that were confirmed
}

func newLedger() *ledger { return &ledger{accounts: make(map[int]*account)} }

func (l *ledger) take(one line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.of(one.Mark.Activity)
	switch {
	case one.What == "started":
		a.starts = append(a.starts, one)
	case one.Result && one.What == "sent":
		a.handed = append(a.handed, one.Mark)
	case one.Result:
		a.delivered = append(a.delivered, one.Mark)
		l.confirmed++
	case one.What == "sent":
		a.sent = append(a.sent, one.Mark)
	default:
		a.confirmed = append(a.confirmed, one.Mark)
	}
}

// of returns an account. The caller holds the lock.
func (l *ledger) of(activity int) *account {
	a := l.accounts[activity]
	if a == nil {
		a = &account{}
		l.accounts[activity] = a
	}
	return a
}

// beating counts the activities that run on a worker and have had a heartbeat
// confirmed there.
func (l *ledger) beating(worker int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, a := range l.accounts {
		if k := len(a.confirmed); k > 0 && a.confirmed[k-1].Worker == worker {
			n++
		}
	}
	return n
}

// reported counts the results that were confirmed.
func (l *ledger) reported() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.confirmed
}

// late counts the attempts that followed another one on the same worker.
func (l *ledger) late() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, a := range l.accounts {
		n += a.late()
	}
	return n
}

// late counts the attempts that followed another one on the same worker, for which
// only load can be a reason.
func (a *account) late() int {
	n := 0
	for i := 1; i < len(a.starts); i++ {
		if a.starts[i].Mark.Worker == a.starts[i-1].Mark.Worker {
			n++
		}
	}
	return n
}

// newest is the newest of the marks of attempts before this one.
func newest(marks []mark, attempt int) (out mark) {
	for _, m := range marks {
		if m.Attempt < attempt && out.before(m) {
			out = m
		}
	}
	return out
}

// compareWithPending asks the server what it has of each activity, right after a
// kill: at least what the worker knows to be confirmed, at most what it has sent.
func (l *ledger) compareWithPending(t *testing.T, c client.Client, run client.WorkflowRun) {
	t.Helper()
	d, err := c.DescribeWorkflowExecution(t.Context(), run.GetID(), run.GetRunID())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(d.GetPendingActivities()); n != climbing {
		t.Errorf("%d activities are pending after a kill, want all %d", n, climbing)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range d.GetPendingActivities() {
		has := readMark(p.GetHeartbeatDetails())
		a := l.of(has.Activity)
		least, most := newest(a.confirmed, 1<<30), newest(a.sent, 1<<30)
		if has.before(least) || most.before(has) {
			t.Errorf("after a kill the server has %+v, want from %+v to %+v", has, least, most)
		}
	}
}

// checkClimb compares the attempts of an activity with each other, and with its end.
func (l *ledger) checkClimb(t *testing.T, activity int, end completion) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.of(activity)
	slices.SortStableFunc(a.starts, func(x, y line) int { return x.Mark.Attempt - y.Mark.Attempt })
	for i, start := range a.starts {
		if start.Mark.Attempt != i+1 {
			t.Errorf("activity %d: start %d is that of attempt %d", activity, i+1, start.Mark.Attempt)
		}
		least, most := newest(a.confirmed, start.Mark.Attempt), newest(a.sent, start.Mark.Attempt)
		if start.Found.before(least) || most.before(start.Found) {
			t.Errorf("activity %d: attempt %d found %+v, want from %+v, which was confirmed, to %+v, which was sent",
				activity, start.Mark.Attempt, start.Found, least, most)
		}
	}
	if want := kills + 1 + a.late(); len(a.starts) != want {
		t.Errorf("activity %d: %d attempts ran, want one for each of %d workers and %d for load",
			activity, len(a.starts), kills+1, a.late())
	}
	if end.attempt != len(a.starts) || end.mark.Attempt != end.attempt || end.mark.Worker != kills+1 {
		t.Errorf("activity %d: history has attempt %d with the result %+v, want %d on worker %d",
			activity, end.attempt, end.mark, len(a.starts), kills+1)
	}
	if want := "activity Heartbeat timeout"; end.failure != want {
		t.Errorf("activity %d: the attempt before failed with %q, want %q", activity, end.failure, want)
	}
	if !slices.Contains(a.delivered, end.mark) {
		t.Errorf("activity %d: history has %+v, confirmed was %+v", activity, end.mark, a.delivered)
	}
}

// checkDelivery compares the result of an activity in history with those that were
// sent and confirmed.
func (l *ledger) checkDelivery(t *testing.T, activity int, end completion) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.of(activity)
	if len(a.delivered) > 1 || len(a.delivered) == 1 && a.delivered[0] != end.mark {
		t.Errorf("activity %d: the results %+v were confirmed, history has %+v", activity, a.delivered, end.mark)
	}
	if end.mark.Attempt != end.attempt || !slices.Contains(a.handed, end.mark) {
		t.Errorf("activity %d: history has attempt %d with the result %+v, sent were %+v",
			activity, end.attempt, end.mark, a.handed)
	}
	ran := make(map[int]int)
	for _, start := range a.starts {
		ran[start.Mark.Attempt]++
	}
	if ran[end.attempt] != 1 {
		t.Errorf("activity %d: attempt %d ran %d times, want once", activity, end.attempt, ran[end.attempt])
	}
	for attempt, n := range ran {
		if n > 1 || attempt > end.attempt {
			t.Errorf("activity %d: attempt %d ran %d times, the last in history is %d", activity, attempt, n, end.attempt)
		}
	}
}
