package realserver_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/sticky"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// heldReplays runs workflows as usual, but holds those that are replayed until it is told to let
// go of them.
type heldReplays struct {
	runner.Runner
	free          chan struct{}
	now, most, of atomic.Int64
}

func (r *heldReplays) NewInstance(d runner.Details) (runner.Instance, error) {
	i, err := r.Runner.NewInstance(d)
	return &heldReplay{Instance: i, of: r}, err
}

type heldReplay struct {
	runner.Instance
	of   *heldReplays
	held bool
}

func (i *heldReplay) Activate(ctx context.Context, a *runner.Activation) *runner.Completion {
	if a.Replaying && !i.held {
		i.held = true
		i.of.of.Add(1)
		i.of.most.Store(max(i.of.most.Load(), i.of.now.Add(1)))
		<-i.of.free
		i.of.now.Add(-1)
	}
	return i.Instance.Activate(ctx, a)
}

// A worker comes up with more open runs to rebuild than it has slots: a run that is in its cache
// goes on meanwhile, and then all others do.
func TestRestartDoesNotStarveCachedRuns(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	one, err := worker.New(dial(t), queue, worker.Options{Workflows: []any{adder}, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var runs []client.WorkflowRun
	for range 12 {
		runs = append(runs, start(t, c, queue, "adder", nil))
	}
	for _, run := range runs {
		addTo(t, c, run, 1, 0)
	}
	if err := one.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}

	held := &heldReplays{Runner: native.New(native.Options{}), free: make(chan struct{})}
	release := sync.OnceFunc(func() { close(held.free) })
	two := startWorker(t, dial(t), queue, worker.Options{
		Workflows: []any{adder}, WorkflowRunner: held,
		MaxConcurrentWorkflowTasks: 8, MaxConcurrentReplays: 2,
	})
	t.Cleanup(release) // before the worker is stopped
	hot := start(t, c, queue, "adder", nil)
	addTo(t, c, hot, 1, 0)
	for _, run := range runs {
		if err := c.SignalWorkflow(t.Context(), run.GetID(), "", "add", 2); err != nil {
			t.Fatal(err)
		}
	}
	until(t, func() bool { return held.now.Load() == 2 })
	addTo(t, c, hot, 3, 1)
	if n := held.most.Load(); n != 2 {
		t.Errorf("%d runs were rebuilt at once, want 2", n)
	}
	release()
	for _, run := range runs {
		awaitSum(t, c, run, 3)
		finish(t, c, run, 3)
	}
	finish(t, c, hot, 7)
	if n := held.of.Load(); n < 12 {
		t.Errorf("%d runs were rebuilt, want all 12", n)
	}
	awaitNoRuns(t, two)
}

// The server does not tell the worker that a run was terminated.
func TestTerminatedRunsLeaveTheCache(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	w := startWorker(t, dial(t), queue, worker.Options{
		Workflows: []any{ballast}, CachedWorkflowIdleTimeout: 5 * time.Second,
	})
	var runs []client.WorkflowRun
	for range 5 {
		runs = append(runs, start(t, c, queue, "ballast", []any{[]byte("x")}))
	}
	until(t, func() bool { return w.Stats().WorkflowTasks == 5 })
	for _, run := range runs {
		if err := c.TerminateWorkflow(t.Context(), run.GetID(), "", "for the test"); err != nil {
			t.Fatal(err)
		}
	}
	awaitNoRuns(t, w)
	if n := w.Stats().Cache.Evictions[sticky.ReasonIdle]; n != 5 {
		t.Errorf("%d runs left for being idle, want 5", n)
	}
}

// ballast holds what it was started with until it is told to end.
func ballast(ctx workflow.Context, b []byte) (int, error) {
	workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
	return len(b), nil
}

// The server says how large the histories are by which runs are weighed.
func TestCacheIsBoundedByBytes(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	w := startWorker(t, dial(t), queue, worker.Options{
		Workflows: []any{ballast}, MaxCachedWorkflowBytes: 1 << 20,
	})
	var runs []client.WorkflowRun
	for range 6 {
		runs = append(runs, start(t, c, queue, "ballast", []any{make([]byte, 300<<10)}))
	}
	until(t, func() bool { return w.Stats().WorkflowTasks == 6 })
	if s := w.Stats().Cache; s.Entries != 3 || s.Evictions[sticky.ReasonOverweight] != 3 {
		t.Errorf("cache %+v, want 3 of 6 runs with histories of 400 kB", s)
	}
	for _, run := range runs {
		if err := c.SignalWorkflow(t.Context(), run.GetID(), "", "go", nil); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := run.Get(t.Context(), &n); err != nil || n != 300<<10 {
			t.Errorf("the workflow returned %d, %v", n, err)
		}
	}
}
