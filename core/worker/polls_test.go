package worker_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/core/worker"
)

// wantPolls checks how many polls wait now.
func (f *frontend) wantPolls(t *testing.T, when string, n, s, a int) {
	t.Helper()
	if on, os, oa := f.polling(normal), f.polling(stickyKind), f.polling(activities); on != n || os != s || oa != a {
		t.Errorf("%s: %d normal polls, %d sticky ones and %d for activities, want %d, %d and %d", when, on, os, oa, n, s, a)
	}
}

// fewTasks is a burst of two tasks of each kind.
func (f *frontend) fewTasks() {
	for i := range 2 {
		f.workflowTasks <- firstTask("Greet", "run", "world")
		f.stickyTasks <- signaledTask("unknown")
		f.activityTasks <- activityTask("Echo", i, "x")
	}
	synctest.Wait()
}

// By default there are few polls while nothing comes, and all as soon as more than one task has.
func TestPollsByDefault(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.start(t, both())
		f.wantPolls(t, "at first", 1, 1, 2)
		f.fewTasks()
		f.wantPolls(t, "in a burst", 1, 4, 5)
		pass(longPoll + time.Second)
		f.wantPolls(t, "after a long poll", 1, 1, 2)
		f.fewTasks()
		f.wantPolls(t, "in the next burst", 1, 4, 5)
	})
}

// Without a cache all of them are for the normal queue.
func TestPollsByDefaultWithoutCache(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{Workflows: []any{Greet}, MaxCachedWorkflows: new(0)})
		f.wantPolls(t, "at first", 1, 0, 0)
		for range 2 {
			f.workflowTasks <- firstTask("Greet", "run", "world")
		}
		synctest.Wait()
		f.wantPolls(t, "in a burst", 5, 0, 0)
	})
}

// Numbers that are given are kept, also those of the defaults.
func TestGivenPollsStay(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		o := both()
		o.MaxConcurrentWorkflowTaskPolls = worker.DefaultMaxConcurrentWorkflowTaskPolls
		o.MaxConcurrentActivityTaskPolls = worker.DefaultMaxConcurrentActivityTaskPolls
		f.start(t, o)
		f.wantPolls(t, "at first", 1, 4, 5)
		f.fewTasks()
		pass(10*longPoll + time.Second)
		f.wantPolls(t, "idle", 1, 4, 5)
	})
}
