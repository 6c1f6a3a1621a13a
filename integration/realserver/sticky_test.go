package realserver_test

import (
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow"
)

// adder sums the numbers it is sent until it is sent zero. Each signal is a
// workflow task of its own.
func adder(ctx workflow.Context) (int, error) {
	sum := 0
	if err := workflow.SetQueryHandler(ctx, "sum", func() (int, error) { return sum, nil }); err != nil {
		return 0, err
	}
	numbers := workflow.GetSignalChannel(ctx, "add")
	for {
		var n int
		numbers.Receive(ctx, &n)
		if n == 0 {
			return sum, nil
		}
		sum += n
		if err := workflow.Sleep(ctx, time.Millisecond); err != nil {
			return 0, err
		}
	}
}

// addTo signals the workflow with 1 to n and waits until each has arrived.
func addTo(t *testing.T, c client.Client, run client.WorkflowRun, n, from int) {
	t.Helper()
	for i := 1; i <= n; i++ {
		if err := c.SignalWorkflow(t.Context(), run.GetID(), "", "add", i); err != nil {
			t.Fatal(err)
		}
		from += i
		awaitSum(t, c, run, from)
	}
}

func awaitSum(t *testing.T, c client.Client, run client.WorkflowRun, want int) {
	t.Helper()
	got := -1
	for deadline := time.Now().Add(patience); got != want; {
		if time.Now().After(deadline) {
			t.Fatalf("the sum is %d, want %d", got, want)
		}
		v, err := c.QueryWorkflow(t.Context(), run.GetID(), "", "sum")
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Get(&got); err != nil {
			t.Fatal(err)
		}
	}
}

func finish(t *testing.T, c client.Client, run client.WorkflowRun, want int) {
	t.Helper()
	if err := c.SignalWorkflow(t.Context(), run.GetID(), "", "add", 0); err != nil {
		t.Fatal(err)
	}
	var got int
	if err := run.Get(t.Context(), &got); err != nil || got != want {
		t.Errorf("the workflow returned %d, %v; want %d", got, err, want)
	}
	if n := countEvents(t, c, run, enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED); n != 0 {
		t.Errorf("%d workflow tasks failed", n)
	}
}

func TestCacheSizes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		cache *int
		hits  bool
	}{
		{"the default keeps runs", nil, true},
		{"zero replays every task", new(0), false},
		{"one for two runs evicts", new(1), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			queue, c := taskQueue(t), sdkClient(t)
			w := startWorker(t, dial(t), queue, worker.Options{
				Workflows: []any{adder}, MaxCachedWorkflows: tt.cache,
			})
			first, second := start(t, c, queue, "adder", nil), start(t, c, queue, "adder", nil)
			addTo(t, c, first, 2, 0)
			addTo(t, c, second, 3, 0)
			addTo(t, c, first, 2, 3)
			finish(t, c, second, 6)
			finish(t, c, first, 6)
			// The client may hear of the end before the worker hears that its answer
			// was taken.
			awaitNoRuns(t, w)
			s := w.Stats()
			if (s.StickyHits > 0) != tt.hits {
				t.Errorf("%d sticky hits, want some: %t", s.StickyHits, tt.hits)
			}
			if s.WorkflowTasksFailed != 0 {
				t.Errorf("%d failed tasks, want none", s.WorkflowTasksFailed)
			}
		})
	}
}

// awaitNoRuns waits until the worker has no run in its cache.
func awaitNoRuns(t *testing.T, w *worker.Worker) {
	t.Helper()
	for deadline := time.Now().Add(patience); w.Stats().Cache.Entries != 0; {
		if time.Now().After(deadline) {
			t.Fatalf("%d runs left in the cache, want none", w.Stats().Cache.Entries)
		}
		time.Sleep(time.Millisecond)
	}
}

// A worker stops, another one goes on where it was.
func TestRunMovesToAnotherWorker(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	options := worker.Options{Workflows: []any{adder}, Logger: quiet()}
	one, err := worker.New(dial(t), queue, options)
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	run := start(t, c, queue, "adder", nil)
	addTo(t, c, run, 3, 0)
	if err := one.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	two := startWorker(t, dial(t), queue, options)
	addTo(t, c, run, 3, 6)
	finish(t, c, run, 12)
	if s := two.Stats(); s.StickyHits == 0 {
		t.Error("the second worker never found the run in its cache")
	}
}

// A query of a workflow that has ended replays it from history.
func TestQueryOfAClosedWorkflow(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	startWorker(t, dial(t), queue, worker.Options{Workflows: []any{adder}})
	run := start(t, c, queue, "adder", nil)
	addTo(t, c, run, 3, 0)
	finish(t, c, run, 6)
	awaitSum(t, c, run, 6)
}
