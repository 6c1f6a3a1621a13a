package realserver_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
)

// What the tests of killed workers run.
const (
	// climbing is how many activities run when a worker is killed.
	climbing = 200
	// kills is how many workers are, one after the other.
	kills = 3
)

// TestKilledWhileHeartbeating kills worker after worker while all activities send
// heartbeats. Each goes on elsewhere with the newest details that the server has
// confirmed, or newer ones, and ends once.
func TestKilledWhileHeartbeating(t *testing.T) {
	t.Parallel()
	random := newRandom(t)
	// A machine that is too busy for so many heartbeats has more time for them.
	for timeout := 6 * time.Second; ; timeout *= 2 {
		if killClimbers(t, random, timeout) {
			return
		}
		if timeout > time.Minute {
			t.Fatalf("with a timeout of %v heartbeats still come too late", timeout)
		}
	}
}

// killClimbers is the story with a heartbeat timeout. It gives up and returns false if
// not all activities come to send heartbeats.
func killClimbers(t *testing.T, random *rand.Rand, timeout time.Duration) bool {
	t.Helper()
	c, l := sdkClient(t), newLedger()
	queue := taskQueue(t) + timeout.String()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue},
		"Climb", climbing, timeout)
	if err != nil {
		t.Fatal(err)
	}
	v := startVictim(t, l, part{Queue: queue, Worker: 1})
	for n := 1; n <= kills; n++ {
		if !holds(t, 6*timeout, func() bool { return l.beating(n) == climbing }) {
			t.Logf("with a timeout of %v, %d of %d activities send heartbeats", timeout, l.beating(n), climbing)
			v.kill(t)
			if err := c.TerminateWorkflow(t.Context(), run.GetID(), run.GetRunID(), ""); err != nil {
				t.Fatal(err)
			}
			return false
		}
		// Some have sent a second one by then, and some are about to.
		pause(t, time.Duration(random.Int64N(int64(timeout*4/5))))
		next := v
		if n < kills {
			next = startVictim(t, l, part{Queue: queue, Worker: n + 1})
		}
		v.kill(t)
		l.compareWithPending(t, c, run)
		v = next
	}
	survive(t, l, queue)
	var got int
	if err := run.Get(t.Context(), &got); err != nil || got != climbing {
		t.Fatalf("the workflow counts %d, want %d: %v", got, climbing, err)
	}
	ends := completions(t, c, run)
	for i := range climbing {
		l.checkClimb(t, i, ends[i])
	}
	t.Logf("attempts beyond one for each worker, for load: %d", l.late())
	return true
}

// TestKilledWhileReporting kills worker after worker while results are on their way.
// Whatever the server has confirmed is in the history, each activity has one result
// there, and it is that of the attempt that the history names.
func TestKilledWhileReporting(t *testing.T) {
	t.Parallel()
	random := newRandom(t)
	queue, c, l := taskQueue(t), sdkClient(t), newLedger()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		TaskQueue: queue, WorkflowTaskTimeout: 2 * time.Second,
	}, "Deliver", climbing)
	if err != nil {
		t.Fatal(err)
	}
	v := startVictim(t, l, part{Queue: queue, Worker: 1, Slots: 20})
	for n := 1; n <= kills; n++ {
		enough := l.reported() + 10 + random.IntN(30)
		if !holds(t, 2*patience, func() bool { return l.reported() >= enough }) {
			t.Fatalf("%d results were reported, want %d", l.reported(), enough)
		}
		next := v
		if n < kills {
			next = startVictim(t, l, part{Queue: queue, Worker: n + 1, Slots: 20})
		}
		v.kill(t)
		v = next
	}
	survive(t, l, queue)
	var got int
	if err := run.Get(t.Context(), &got); err != nil || got != climbing {
		t.Fatalf("the workflow counts %d, want %d: %v", got, climbing, err)
	}
	ends := completions(t, c, run)
	for i := range climbing {
		l.checkDelivery(t, i, ends[i])
	}
}

// survive runs the last worker, in this process, until the test ends.
func survive(t *testing.T, l *ledger, queue string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	last := &laborer{tell: l.take, worker: kills + 1, survivor: true}
	done := make(chan error, 1)
	go func() { done <- last.serve(ctx, server.Address(), queue, 0) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the survivor: %v", err)
		}
	})
}

// newRandom is seeded anew each time; the seed is logged.
func newRandom(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // any number will do
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // no secret
}

// holds waits for a while until the condition holds.
func holds(t *testing.T, patience time.Duration, is func() bool) bool {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); pause(t, 10*time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// pause lets some time pass.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	<-ctx.Done()
}

// completion is how an activity ended in history.
type completion struct {
	attempt int
	failure string // that of the attempt before
	mark    mark
}

// completions reads how the activities of a workflow have ended. Each must have ended
// once, with a result.
func completions(t *testing.T, c client.Client, run client.WorkflowRun) map[int]completion {
	t.Helper()
	out := make(map[int]completion)
	starts := make(map[int64]*historypb.ActivityTaskStartedEventAttributes)
	scheduled := 0
	for _, e := range history(t, c, run).GetEvents() {
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			scheduled++
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
			a := e.GetActivityTaskStartedEventAttributes()
			starts[a.GetScheduledEventId()] = a
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
			a := e.GetActivityTaskCompletedEventAttributes()
			started := starts[a.GetScheduledEventId()]
			if started == nil {
				t.Fatalf("an activity has ended without a start, or twice: %v", e)
			}
			delete(starts, a.GetScheduledEventId())
			m := readMark(a.GetResult())
			if _, twice := out[m.Activity]; twice {
				t.Errorf("activity %d has completed twice", m.Activity)
			}
			out[m.Activity] = completion{
				int(started.GetAttempt()), started.GetLastFailure().GetMessage(), m,
			}
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED, enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
			enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
			t.Errorf("an activity has not completed: %v", e)
		}
	}
	if scheduled != climbing || len(out) != climbing {
		t.Errorf("%d activities were scheduled and %d completed, want %d", scheduled, len(out), climbing)
	}
	return out
}
