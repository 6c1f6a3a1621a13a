package worker_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"

	activitytask "github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/slots"
)

// perKey returns a supplier that runs one task of each key at once.
func perKey(t *testing.T, key func(slots.Request, slots.Task) string) *slots.Keyed {
	t.Helper()
	s, err := slots.NewKeyed(slots.KeyedOptions{Limit: 10, PerKey: 1, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A limit for each tenant goes by the fairness key that the activity was scheduled with.
func TestActivitiesAreLimitedPerFairnessKey(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		perTenant := perKey(t, func(_ slots.Request, k slots.Task) string { return k.Group })
		f.start(t, worker.Options{
			Activities: []any{Sleep}, Parts: worker.Parts{ActivitySlots: perTenant},
		})
		for i, tenant := range []string{"a", "a", "b", ""} {
			task := activityTask("Sleep", i+1, time.Minute)
			if tenant != "" {
				task.Priority = &commonpb.Priority{FairnessKey: tenant}
			}
			f.activityTasks <- task
			synctest.Wait()
		}
		if a, b := perTenant.KeyStats("a"), perTenant.KeyStats("b"); a.Used != 1 || a.Held != 1 || b.Used != 1 {
			t.Errorf("a %+v, b %+v", a, b)
		}
		pass(time.Minute)
		if got, want := f.completedTokens(), []string{"Sleep1", "Sleep3", "Sleep4"}; !sameTokens(got, want) {
			t.Errorf("after a minute %v have run, want %v", got, want)
		}
		pass(time.Minute)
		if got, want := f.completedTokens(), []string{"Sleep1", "Sleep2", "Sleep3", "Sleep4"}; !sameTokens(got, want) {
			t.Errorf("after two minutes %v have run, want %v", got, want)
		}
	})
}

func sameTokens(got, want []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(got)), want)
}

// An activity that waits for leave to run does not get it by the stop: when those that run are
// canceled it is handed back without having been started.
func TestStopEndsTheHoldOfAnActivity(t *testing.T) {
	for _, grace := range []time.Duration{0, time.Minute} {
		in(t, func(t *testing.T, f *frontend) {
			var started atomic.Int32
			supplier := perKey(t, func(_ slots.Request, k slots.Task) string { return k.Type })
			w := f.worker(t, worker.Options{
				GracefulShutdownTimeout: grace, Parts: worker.Parts{ActivitySlots: supplier},
			})
			stubborn := func(context.Context) error {
				started.Add(1)
				time.Sleep(time.Hour)
				return nil
			}
			if err := w.RegisterActivityWithOptions(stubborn, named("stubborn")); err != nil {
				t.Fatal(err)
			}
			if err := w.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			f.activityTasks <- activityTask("stubborn", 1)
			synctest.Wait()
			f.activityTasks <- activityTask("stubborn", 2)
			pass(time.Second)
			if n := supplier.Stats().Held; n != 1 {
				t.Fatalf("%d tasks are held", n)
			}
			began := time.Now()
			if took := <-stopLater(t, w); took > time.Hour {
				t.Errorf("the stop took %v", took)
			}
			failed, at := arrivals[*workflowservice.RespondActivityTaskFailedRequest](f)
			if len(failed) != 1 || string(failed[0].GetTaskToken()) != "stubborn2" ||
				failed[0].GetFailure().GetApplicationFailureInfo().GetType() != activitytask.WorkerShutdownErrorType ||
				failed[0].GetFailure().GetApplicationFailureInfo().GetNonRetryable() {
				t.Fatalf("failures %v", failed)
			}
			if ended := at[0].Sub(began); ended != grace {
				t.Errorf("the hold ended %v after the stop, want %v", ended, grace)
			}
			if n := started.Load(); n != 1 {
				t.Errorf("%d activities were started", n)
			}
			if s := supplier.Stats(); s.Issued != 0 || s.Held != 0 {
				t.Errorf("slots %+v", s)
			}
		})
	}
}

// A workflow task that waits for leave to run is answered when the worker stops, however long the
// one takes that it waits for.
func TestStopEndsTheHoldOfAWorkflowTask(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		supplier := perKey(t, func(_ slots.Request, k slots.Task) string { return k.Type })
		w := f.start(t, worker.Options{
			Workflows: []any{Greet}, WorkflowRunner: newSlowRunner(time.Minute), MaxCachedWorkflows: new(0),
			Parts: worker.Parts{WorkflowSlots: supplier},
		})
		f.workflowTasks <- firstTask("Greet", "1", "world")
		synctest.Wait()
		f.workflowTasks <- firstTask("Greet", "2", "world")
		pass(time.Second)
		if n := supplier.Stats().Held; n != 1 {
			t.Fatalf("%d tasks are held", n)
		}
		if took := <-stopLater(t, w); took != time.Minute {
			t.Errorf("took %v: the tasks did not run side by side", took)
		}
		if all, _ := arrivals[*workflowservice.RespondWorkflowTaskCompletedRequest](f); len(all) != 2 {
			t.Errorf("%d answers", len(all))
		}
	})
}
