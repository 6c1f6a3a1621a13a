package worker_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/sticky"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// slowReplays runs workflows as usual, but takes its time for what has happened already.
type slowReplays struct {
	runner.Runner
	takes time.Duration
}

func newSlowReplays(takes time.Duration) *slowReplays {
	return &slowReplays{native.New(native.Options{}), takes}
}

func (r *slowReplays) NewInstance(d runner.Details) (runner.Instance, error) {
	i, err := r.Runner.NewInstance(d)
	return slowReplay{i, r.takes}, err
}

type slowReplay struct {
	runner.Instance
	takes time.Duration
}

func (i slowReplay) Activate(ctx context.Context, a *runner.Activation) *runner.Completion {
	if a.Replaying {
		time.Sleep(i.takes)
	}
	return i.Instance.Activate(ctx, a)
}

// coldTask is the second task of a run that no worker has.
func coldTask(run string) *workflowservice.PollWorkflowTaskQueueResponse {
	task := signaledTask(run)
	task.History = signaledHistory(1)
	return task
}

// answered are the tokens of the workflow tasks that were answered.
func (f *frontend) answered() (tokens []string) {
	all, _ := arrivals[*workflowservice.RespondWorkflowTaskCompletedRequest](f)
	for _, req := range all {
		tokens = append(tokens, string(req.GetTaskToken()))
	}
	return tokens
}

// After a restart everything has to be rebuilt: what is in the cache goes on meanwhile.
func testMaxConcurrentReplays(t *testing.T, f *frontend) {
	w := f.start(t, worker.Options{
		Workflows: []any{Await}, WorkflowRunner: newSlowReplays(time.Minute),
		MaxConcurrentWorkflowTasks: 8, MaxConcurrentReplays: 2,
	})
	f.workflowTasks <- firstTask("Await", "hot")
	pass(time.Second)
	for i := range 10 {
		f.workflowTasks <- coldTask(fmt.Sprint("cold ", i))
	}
	pass(time.Second)
	if waiting, s := len(f.workflowTasks), w.Stats().WorkflowSlots; waiting != 8 || s.Used != 2 {
		t.Errorf("%d cold tasks wait, slots %+v", waiting, s)
	}
	f.stickyTasks <- signaledTask("hot")
	pass(time.Second)
	if got := strings.Join(f.answered(), " "); got != "hot/1 hot/2" {
		t.Errorf("answered: %s", got)
	}
	pass(5 * time.Minute)
	if n := len(f.answered()); n != 12 {
		t.Errorf("%d tasks answered, want all 12", n)
	}
}

// More runs are open than the cache has room for, so that there is always some to be rebuilt, though
// there are slots: new work is begun all the same.
func TestNewWorkIsBegunWhileRunsOfTheStickyQueueAreRebuilt(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{
			Workflows: []any{Await}, WorkflowRunner: newSlowReplays(time.Second),
			MaxConcurrentWorkflowTasks: 8, MaxConcurrentReplays: 2,
		})
		for i := range 100 { // four at any time
			f.stickyTasks <- signaledTask(fmt.Sprint("evicted ", i))
			if i%10 == 5 {
				f.workflowTasks <- firstTask("Await", fmt.Sprint("new ", i))
			}
			pass(time.Second / 4)
		}
		if n := len(f.workflowTasks); n > 0 {
			t.Errorf("%d of 10 tasks of the normal queue wait", n)
		}
	})
}

// One slot must not stay free for new work that has to wait for the replays anyway.
func TestReplaysLeaveTheOtherSlotToTheStickyQueue(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{
			Workflows: []any{Await}, WorkflowRunner: newSlowReplays(time.Minute),
			MaxConcurrentWorkflowTasks: 2,
		})
		for i := range 3 {
			f.workflowTasks <- firstTask("Await", fmt.Sprint("hot ", i))
		}
		pass(time.Second)
		f.workflowTasks <- coldTask("cold")
		pass(time.Second)
		for i := range 3 {
			f.stickyTasks <- signaledTask(fmt.Sprint("hot ", i))
		}
		pass(time.Second)
		if n := len(f.answered()); n != 6 {
			t.Errorf("%d tasks answered during the replay, want 6: %v", n, f.answered())
		}
		pass(time.Minute)
		if n := len(f.answered()); n != 7 {
			t.Errorf("%d tasks answered, want 7: %v", n, f.answered())
		}
	})
}

// heavy is the first task of a run with a history of so many bytes.
func heavy(run string, bytes int64) *workflowservice.PollWorkflowTaskQueueResponse {
	task := firstTask("Await", run)
	events := task.GetHistory().GetEvents()
	events[2].GetWorkflowTaskStartedEventAttributes().HistorySizeBytes = bytes
	return task
}

func testMaxCachedWorkflowBytes(t *testing.T, f *frontend) {
	w := f.start(t, worker.Options{Workflows: []any{Await}, MaxCachedWorkflowBytes: 3 << 20})
	for i := range 5 {
		f.workflowTasks <- heavy(fmt.Sprint(i), 1<<20)
		pass(time.Second)
	}
	s := w.Stats().Cache
	if s.Entries != 2 || s.Evictions[sticky.ReasonOverweight] != 3 {
		t.Errorf("cache %+v", s)
	}
}

func testCachedWorkflowIdleTimeout(t *testing.T, f *frontend) {
	w := f.start(t, worker.Options{Workflows: []any{Await}, CachedWorkflowIdleTimeout: time.Minute})
	f.workflowTasks <- firstTask("Await", "terminated while it waits")
	pass(59 * time.Second)
	if s := w.Stats().Cache; s.Entries != 1 {
		t.Errorf("cache %+v", s)
	}
	pass(2 * time.Second)
	if s := w.Stats().Cache; s.Entries != 0 || s.Evictions[sticky.ReasonIdle] != 1 {
		t.Errorf("cache %+v", s)
	}
}

func TestIdleRunsLeaveAfterAnHourByDefault(t *testing.T) {
	for name, c := range map[string]struct {
		timeout time.Duration
		left    int
	}{"default": {0, 0}, "never": {-1, 1}} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				w := f.start(t, worker.Options{Workflows: []any{Await}, CachedWorkflowIdleTimeout: c.timeout})
				f.workflowTasks <- firstTask("Await", "run")
				pass(worker.DefaultCachedWorkflowIdleTimeout - time.Second)
				if n := w.Stats().Cache.Entries; n != 1 {
					t.Errorf("%d runs before the hour is over", n)
				}
				pass(time.Minute)
				if n := w.Stats().Cache.Entries; n != c.left {
					t.Errorf("%d runs after the hour, want %d", n, c.left)
				}
			})
		})
	}
}

// Two workers share what their caches may take, and nothing else.
func testCacheBudget(t *testing.T, f *frontend) {
	budget, err := sticky.NewBudget(sticky.BudgetOptions{MaxEntries: 3})
	if err != nil {
		t.Fatal(err)
	}
	o := worker.Options{Workflows: []any{Await}, Parts: worker.Parts{CacheBudget: budget}}
	one, two := f.start(t, o), f.start(t, o)
	for i := range 8 {
		f.workflowTasks <- firstTask("Await", fmt.Sprint(i))
		pass(time.Second)
	}
	a, b := one.Stats().Cache, two.Stats().Cache
	if a.Entries+b.Entries != 3 || a.Evictions[sticky.ReasonBudget]+b.Evictions[sticky.ReasonBudget] != 5 {
		t.Errorf("caches %+v and %+v", a, b)
	}
	stop(t, one)
	if s := budget.Stats(); s.Entries != b.Entries {
		t.Errorf("after one worker has stopped the budget has %d runs, want %d", s.Entries, b.Entries)
	}
}

// Hold keeps what it was sent.
func Hold(ctx workflow.Context, ballast []byte) (int, error) {
	workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
	return len(ballast), nil
}

// liveHeap is how many bytes of the heap are in use.
func liveHeap() int {
	for range 4 { // pools let go of what they have in two steps, finalizers in others
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// What runs hold is free when the worker has stopped, though the worker is still there.
func TestStopGivesTheMemoryBack(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.worker(t, worker.Options{Workflows: []any{Hold}})
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		const runs, each = 16, 1 << 20
		before := liveHeap()
		for i := range runs {
			f.workflowTasks <- firstTask("Hold", fmt.Sprint(i), make([]byte, each))
			pass(time.Second)
		}
		if n := w.Stats().Cache.Entries; n != runs {
			t.Fatalf("%d runs cached", n)
		}
		if grown := liveHeap() - before; grown < runs*each {
			t.Errorf("%d runs of 1 MiB take %d bytes: they do not hold what they were sent", runs, grown)
		}
		stop(t, w)
		f.forget()
		pass(time.Second) // what the connection still has to do
		if grown := liveHeap() - before; grown > each {
			t.Errorf("%d bytes are left after the stop", grown)
		}
		runtime.KeepAlive(w)
	})
}
