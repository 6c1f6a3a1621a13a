package worker_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"

	"github.com/mainspring-go/mainspring/activity"
	activitytask "github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/core/worker"
)

// stopLater begins to stop a worker; the channel says how long it took.
func stopLater(t *testing.T, w *worker.Worker) <-chan time.Duration {
	t.Helper()
	took := make(chan time.Duration, 1)
	ctx, began := eventually(t), time.Now()
	go func() {
		if err := w.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		took <- time.Since(began)
	}()
	synctest.Wait()
	return took
}

// Sleep is an activity that takes its time, whatever it is told.
func Sleep(_ context.Context, d time.Duration) (string, error) {
	time.Sleep(d)
	return "slept", nil
}

func TestTasksInHandAreAnswered(t *testing.T) {
	for _, drains := range []bool{false, true} {
		in(t, func(t *testing.T, f *frontend) {
			f.drains = drains
			o := both()
			o.Activities = append(o.Activities, Sleep)
			o.GracefulShutdownTimeout = time.Minute
			o.WorkflowRunner = newSlowRunner(5 * time.Second)
			w := f.start(t, o)
			f.activityTasks <- activityTask("Sleep", 1, 20*time.Second)
			f.workflowTasks <- firstTask("Greet", "run", "world")
			synctest.Wait()
			if took := <-stopLater(t, w); took != 20*time.Second {
				t.Errorf("drains %v: took %v", drains, took)
			}
			only[*workflowservice.RespondActivityTaskCompletedRequest](t, f)
			only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
			if n := len(f.activityTasks) + f.polling(activities) + f.polling(normal); n > 0 {
				t.Errorf("drains %v: %d polls or tasks left", drains, n)
			}
		})
	}
}

// A server that ends the polls itself may still put tasks into them. They must be run.
func TestTasksOfTheLastPollsAreAnswered(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.drains = true
		f.shutdown = func(context.Context) error {
			f.activityTasks <- activityTask("Echo", 1, "late")
			f.workflowTasks <- firstTask("Greet", "run", "late")
			f.stickyTasks <- signaledTask("unknown")
			time.Sleep(time.Second)
			return nil
		}
		o := both()
		o.GracefulShutdownTimeout = time.Minute
		if took := stop(t, f.start(t, o)); took != time.Second {
			t.Errorf("took %v", took)
		}
		only[*workflowservice.RespondActivityTaskCompletedRequest](t, f)
		if all, _ := arrivals[*workflowservice.RespondWorkflowTaskCompletedRequest](f); len(all) != 2 {
			t.Errorf("%d workflow tasks answered", len(all))
		}
	})
}

func TestGracefulShutdownTimeout(t *testing.T) {
	for _, c := range []struct {
		name     string
		grace    time.Duration
		shutdown func(context.Context) error
		took     time.Duration
	}{
		{"default", 0, nil, 0},
		{"some", 7 * time.Second, nil, 7 * time.Second},
		{
			// The time counts from the stop, not from when the server was told of it.
			"server is silent", 3 * time.Second,
			func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 10 * time.Second,
		},
		{
			"default, server is silent", 0,
			func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 10 * time.Second,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				f.shutdown = c.shutdown
				o := both()
				o.GracefulShutdownTimeout = c.grace
				w := f.start(t, o)
				f.activityTasks <- activityTask("Obey", 1)
				pass(time.Minute)
				began := time.Now()
				if took := <-stopLater(t, w); took != c.took {
					t.Errorf("took %v", took)
				}
				failed, at := arrivals[*workflowservice.RespondActivityTaskFailedRequest](f)
				if len(failed) != 1 || failed[0].GetFailure().GetApplicationFailureInfo().GetType() !=
					activitytask.WorkerShutdownErrorType {
					t.Fatalf("failures %v", failed)
				}
				if ended := at[0].Sub(began); ended != c.grace {
					t.Errorf("canceled after %v", ended)
				}
			})
		})
	}
}

// Whoever cannot wait for the grace period has the activities canceled, not left alone.
func TestImpatienceCancelsActivities(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.start(t, worker.Options{Activities: []any{Obey}, GracefulShutdownTimeout: 30 * time.Minute})
		f.activityTasks <- activityTask("Obey", 1)
		pass(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if err := w.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v", err)
		}
		if err := w.Wait(eventually(t)); err != nil {
			t.Errorf("Wait: %v", err)
		}
		if took := time.Since(began); took > 61*time.Second {
			t.Errorf("took %v", took)
		}
		only[*workflowservice.RespondActivityTaskFailedRequest](t, f)
	})
}

// An activity that takes no notice of its cancellation is waited for, however long it takes.
func TestStubbornActivityIsWaitedFor(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.start(t, worker.Options{Activities: []any{Sleep}})
		f.activityTasks <- activityTask("Sleep", 1, 50*time.Minute)
		synctest.Wait()
		if took := <-stopLater(t, w); took != 50*time.Minute {
			t.Errorf("took %v", took)
		}
		only[*workflowservice.RespondActivityTaskCompletedRequest](t, f)
	})
}

func TestActivitiesSeeTheStopBeforeTheyAreCanceled(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.drains = true
		w := f.worker(t, worker.Options{GracefulShutdownTimeout: time.Hour})
		err := w.RegisterActivityWithOptions(func(ctx context.Context) error {
			<-activity.GetWorkerStopChannel(ctx)
			return ctx.Err()
		}, named("watch"))
		if err := errors.Join(err, w.Start(t.Context())); err != nil {
			t.Fatal(err)
		}
		f.activityTasks <- activityTask("watch", 1)
		pass(time.Minute)
		if took := stop(t, w); took != 0 {
			t.Errorf("took %v", took)
		}
		only[*workflowservice.RespondActivityTaskCompletedRequest](t, f)
	})
}

// Where polls are cut short, a task that is on its way is lost: within the grace period those of a
// busy queue may bring it first.
func TestPollsMayBringWhatIsOnItsWayOnOldServers(t *testing.T) {
	for name, c := range map[string]struct {
		grace, call time.Duration // and how long the server takes to hear of the stop
		late        int           // tasks that come during the stop, every 30 ms
		want        time.Duration
		answered    int
	}{
		"no grace":         {want: 0},
		"nothing comes":    {grace: time.Hour, want: 50 * time.Millisecond},
		"two more":         {grace: time.Hour, late: 2, want: 110 * time.Millisecond, answered: 2},
		"little grace":     {grace: 45 * time.Millisecond, late: 2, want: 45 * time.Millisecond, answered: 1},
		"a far server":     {grace: time.Hour, call: 10 * time.Millisecond, late: 2, want: 260 * time.Millisecond, answered: 2},
		"a distant server": {grace: time.Hour, call: 90 * time.Millisecond, late: 2, want: time.Second, answered: 2},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				f.shutdown = func(context.Context) error { time.Sleep(c.call); return nil }
				o := both()
				o.GracefulShutdownTimeout = c.grace
				o.MaxCachedWorkflows = new(0) // so that the server is told once
				w := f.start(t, o)
				f.activityTasks <- activityTask("Echo", 0, "in time")
				synctest.Wait()
				for i := range c.late {
					time.AfterFunc(time.Duration(i+1)*30*time.Millisecond, func() {
						f.activityTasks <- activityTask("Echo", i+1, "on its way")
					})
				}
				if got := <-stopLater(t, w); got != c.want {
					t.Errorf("took %v, want %v", got, c.want)
				}
				synctest.Wait()
				if all, _ := arrivals[*workflowservice.RespondActivityTaskCompletedRequest](f); len(all) != 1+c.answered {
					t.Errorf("%d activities were answered, want %d", len(all), 1+c.answered)
				}
				if n := f.polling(normal) + f.polling(activities); n > 0 {
					t.Errorf("%d polls left", n)
				}
			})
		})
	}
}

// Where nothing has come for a while, nothing is waited for.
func TestPollsOfAnIdleWorkerAreCutShortAtOnceOnOldServers(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		o := both()
		o.GracefulShutdownTimeout = time.Hour
		w := f.start(t, o)
		f.activityTasks <- activityTask("Echo", 0, "in time")
		pass(time.Second)
		if took := stop(t, w); took != 0 {
			t.Errorf("took %v", took)
		}
	})
}

func TestPollsInFlightAreCutShortOnOldServers(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.shutdown = func(context.Context) error { return refused(codes.Unimplemented) }
		w := f.start(t, both())
		pass(time.Second)
		if took := stop(t, w); took != 0 {
			t.Errorf("took %v", took)
		}
		synctest.Wait()
		if n := f.polling(normal) + f.polling(stickyKind) + f.polling(activities); n > 0 {
			t.Errorf("%d polls left", n)
		}
	})
}
