package frontend

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
)

func pollRequest() *workflowservice.PollActivityTaskQueueRequest {
	return &workflowservice.PollActivityTaskQueueRequest{
		TaskQueue: &taskqueuepb.TaskQueue{Name: TaskQueue}, WorkerInstanceKey: "worker",
	}
}

// Polls that begin together end without a task, spread over a minute; one that follows takes all of
// it.
func TestPollsEndWithoutATask(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := New()
		const n = 8
		took := make(chan time.Duration, n)
		poll := func() {
			began := time.Now()
			task, err := f.PollActivityTaskQueue(t.Context(), pollRequest())
			if err != nil || len(task.GetTaskToken()) > 0 {
				t.Errorf("got %v, %v, want an empty task", task, err)
			}
			took <- time.Since(began)
		}
		for range n {
			go poll()
		}
		synctest.Wait()
		if o, err := f.HandOut(t.Context(), Order{Work: Nothing}); err != nil || o.Polls != n {
			t.Errorf("got %+v, %v, want %d polls", o, err, n)
		}
		var all []time.Duration
		for range n {
			all = append(all, <-took)
		}
		for quarter := range time.Duration(4) {
			in := func(d time.Duration) bool { return d/(PollTime/4) == quarter }
			if ended := len(slices.DeleteFunc(slices.Clone(all), func(d time.Duration) bool { return !in(d) })); ended < 1 || ended > 3 {
				t.Errorf("%d of %d polls ended in quarter %d of the minute: %v", ended, n, quarter, all)
			}
		}
		if poll(); true {
			if d := <-took; d != PollTime {
				t.Errorf("a later poll took %v, want %v", d, PollTime)
			}
		}
		if o, err := f.HandOut(t.Context(), Order{Work: Nothing}); err != nil || o.Handed+o.Polls != 0 {
			t.Errorf("empty tasks are counted: %+v, %v", o, err)
		}
	})
}

func TestShutdownWorkerEndsPollsOnlyIfItIsToDoSo(t *testing.T) {
	t.Parallel()
	for _, drains := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := New()
			f.polls.drains = drains
			ns, err := f.DescribeNamespace(t.Context(), nil)
			if got := ns.GetNamespaceInfo().GetCapabilities().GetWorkerPollCompleteOnShutdown(); err != nil || got != drains {
				t.Errorf("it tells %t, %v, want %t", got, err, drains)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() {
				_, err := f.PollActivityTaskQueue(ctx, pollRequest())
				ended <- err
			}()
			synctest.Wait()
			for _, worker := range []string{"another", "worker", "worker"} {
				req := &workflowservice.ShutdownWorkerRequest{WorkerInstanceKey: worker}
				if _, err := f.ShutdownWorker(t.Context(), req); err != nil {
					t.Error(err)
				}
				synctest.Wait()
				if over := len(ended) > 0; over != (drains && worker == "worker") {
					t.Errorf("drains %t: after %q was shut down, over: %t", drains, worker, over)
				}
			}
			cancel()
			if err := <-ended; (err == nil) != drains {
				t.Errorf("drains %t: the poll ended with %v", drains, err)
			}
		})
	}
}

func TestActivitiesAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := New()
		o, err := f.HandOut(t.Context(), Order{Work: Slow, Units: 2, Leave: true})
		if err != nil || o.Handed != 0 {
			t.Fatalf("left at once with %+v, %v", o, err)
		}
		task, err := f.PollActivityTaskQueue(t.Context(), pollRequest())
		if err != nil || task.GetActivityType().GetName() != SlowActivity {
			t.Fatalf("got %v, %v", task, err)
		}
		check := func(want Outcome) {
			t.Helper()
			if o, err := f.HandOut(t.Context(), Order{Work: Nothing}); err != nil || o != want {
				t.Errorf("got %+v, %v, want %+v", o, err, want)
			}
		}
		check(Outcome{Handed: 1})
		_, err = f.RespondActivityTaskCompleted(t.Context(), &workflowservice.RespondActivityTaskCompletedRequest{
			TaskToken: task.GetTaskToken(), Result: &commonpb.Payloads{Payloads: task.GetInput().GetPayloads()},
		})
		if err != nil {
			t.Error(err)
		}
		check(Outcome{Handed: 1, Completed: 1})
	})
}
