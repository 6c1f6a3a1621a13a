package service_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	querypb "go.temporal.io/api/query/v1"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/testkit/service"
	"github.com/mainspring-go/mainspring/workflow"
)

// overGRPC is a connection in the form that workers take.
type overGRPC struct{ *grpc.ClientConn }

func (c overGRPC) WorkflowService() workflowservice.WorkflowServiceClient {
	return workflowservice.NewWorkflowServiceClient(c)
}

func dialled(t *testing.T, s *service.Service) overGRPC {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///service",
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithContextDialer(s.Dial))
	if err != nil {
		t.Fatal(err)
	}
	return overGRPC{conn}
}

// outside runs the test outside any bubble; at its end nothing may be left in the
// service, and no goroutine of it.
func outside(t *testing.T, o service.Options, test func(r rig)) {
	t.Helper()
	s, err := service.New(o)
	if err != nil {
		t.Fatal(err)
	}
	test(rig{t, s, s.Client()})
	if err := s.Leftovers(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestMonthIsSkipped(t *testing.T) {
	t.Parallel()
	for name, over := range map[string]func(*testing.T, *service.Service) worker.Client{
		"direct": func(_ *testing.T, s *service.Service) worker.Client { return s.Direct() },
		"gRPC": func(t *testing.T, s *service.Service) worker.Client {
			t.Helper()
			conn := dialled(t, s)
			t.Cleanup(func() { _ = conn.Close() })
			return conn
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outside(t, service.Options{Time: service.TimeSkips}, func(r rig) {
				stop := r.workerOver(over(t, r.s), worker.Options{Workflows: []any{Sleepy}, Activities: []any{&shop{}}})
				defer stop()
				began := r.s.Now()
				last := r.end(r.start("sleeper", "Sleepy"))
				if last.GetWorkflowExecutionCompletedEventAttributes() == nil {
					t.Errorf("it ended with %v", last)
				}
				// The retries wait for one hour and for two; the rest is real time.
				took := last.GetEventTime().AsTime().Sub(began) - month - 3*time.Hour
				if took < 0 || took > 30*time.Second {
					t.Errorf("it took %v more than it should", took)
				}
			})
		})
	}
}

// TestNoGoroutineIsLeftOutside looks for what a bubble would find.
func TestNoGoroutineIsLeftOutside(t *testing.T) {
	outside(t, service.Options{Time: service.TimeSkips}, func(r rig) {
		conn := dialled(t, r.s)
		stop := r.workerOver(conn, worker.Options{Workflows: []any{Sleepy}, Activities: []any{&shop{}}})
		r.end(r.start("sleeper", "Sleepy"))
		stop()
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	buffer := make([]byte, 1<<20)
	for range 1000 {
		if !strings.Contains(string(buffer[:runtime.Stack(buffer, true)]), "service.(*") {
			return
		}
		runtime.Gosched() // calls that Close has ended are on their way out
	}
	t.Errorf("goroutines are left:\n%s", buffer[:runtime.Stack(buffer, true)])
}

// hand is a worker by hand.
func (r rig) poll() *workflowservice.PollWorkflowTaskQueueResponse {
	r.t.Helper()
	task, err := r.c.PollWorkflowTaskQueue(r.t.Context(), &workflowservice.PollWorkflowTaskQueueRequest{
		Namespace: service.DefaultNamespace, TaskQueue: queue(),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return task
}

func (r rig) pollActivity() *workflowservice.PollActivityTaskQueueResponse {
	r.t.Helper()
	task, err := r.c.PollActivityTaskQueue(r.t.Context(), &workflowservice.PollActivityTaskQueueRequest{
		Namespace: service.DefaultNamespace, TaskQueue: queue(),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return task
}

func (r rig) respond(task *workflowservice.PollWorkflowTaskQueueResponse, commands ...*commandpb.Command) {
	r.t.Helper()
	_, err := r.c.RespondWorkflowTaskCompleted(r.t.Context(), &workflowservice.RespondWorkflowTaskCompletedRequest{
		Namespace: service.DefaultNamespace, TaskToken: task.GetTaskToken(), Commands: commands,
	})
	if err != nil {
		r.t.Error(err)
	}
}

func timer(d time.Duration) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_START_TIMER,
		Attributes: &commandpb.Command_StartTimerCommandAttributes{
			StartTimerCommandAttributes: &commandpb.StartTimerCommandAttributes{
				TimerId: d.String(), StartToFireTimeout: durationpb.New(d),
			},
		},
	}
}

func anActivity() *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
		Attributes: &commandpb.Command_ScheduleActivityTaskCommandAttributes{
			ScheduleActivityTaskCommandAttributes: &commandpb.ScheduleActivityTaskCommandAttributes{
				ActivityId: "a", ActivityType: &commonpb.ActivityType{Name: "Any"}, TaskQueue: queue(),
				StartToCloseTimeout: durationpb.New(month), RetryPolicy: &commonpb.RetryPolicy{MaximumAttempts: 1},
			},
		},
	}
}

// TestNothingIsSkippedWhile has one run wait for two hours while something goes on
// in another, and looks what time it is then and afterwards.
func TestNothingIsSkippedWhile(t *testing.T) {
	t.Parallel()
	for name, goesOn := range map[string]func(r rig) (end func()){
		"it is held": func(r rig) func() {
			return r.s.Hold()
		},
		"a workflow task is in flight": func(r rig) func() {
			r.start("other", "Any")
			task := r.poll()
			return func() { r.respond(task) }
		},
		"an activity is in flight": func(r rig) func() {
			r.start("other", "Any")
			r.respond(r.poll(), anActivity())
			task := r.pollActivity()
			return func() {
				_, err := r.c.RespondActivityTaskCompleted(r.t.Context(), &workflowservice.RespondActivityTaskCompletedRequest{
					Namespace: service.DefaultNamespace, TaskToken: task.GetTaskToken(),
				})
				if err != nil {
					r.t.Error(err)
				}
				r.respond(r.poll())
			}
		},
		"a worker may be about to poll": func(r rig) func() {
			time.Sleep(time.Minute)
			r.start("other", "Any")
			return func() { time.Sleep(service.DefaultPatience) }
		},
		"a worker has polled lately": func(r rig) func() {
			r.start("other", "Any")
			time.Sleep(time.Minute)
			ctx, cancel := context.WithTimeout(r.t.Context(), 3*time.Second)
			defer cancel()
			_, _ = r.c.PollActivityTaskQueue(ctx, &workflowservice.PollActivityTaskQueueRequest{
				Namespace: service.DefaultNamespace, TaskQueue: queue(),
			})
			return func() { time.Sleep(service.DefaultPatience) }
		},
		"a query waits": func(r rig) func() {
			e := r.start("other", "Any")
			ctx, cancel := context.WithCancel(r.t.Context())
			go func() {
				_, _ = r.c.QueryWorkflow(ctx, &workflowservice.QueryWorkflowRequest{
					Namespace: service.DefaultNamespace, Execution: e, Query: &querypb.WorkflowQuery{QueryType: "what"},
				})
			}()
			time.Sleep(10 * time.Second) // nobody will poll any more
			return cancel
		},
		"an update waits": func(r rig) func() {
			e := r.start("other", "Any")
			ctx, cancel := context.WithCancel(r.t.Context())
			go func() {
				_, _ = r.c.UpdateWorkflowExecution(ctx, &workflowservice.UpdateWorkflowExecutionRequest{
					Namespace: service.DefaultNamespace, WorkflowExecution: e, Request: &updatepb.Request{
						Meta: &updatepb.Meta{UpdateId: "u"}, Input: &updatepb.Input{Name: "say"},
					},
				})
			}()
			time.Sleep(10 * time.Second)
			return cancel
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, err := service.New(service.Options{Time: service.TimeSkips})
				if err != nil {
					t.Fatal(err)
				}
				r := rig{t, s, s.Client()}
				release := s.Hold()
				waits := r.start("waits", "Any")
				r.respond(r.poll(), timer(2*time.Hour))
				end := goesOn(r)
				began := time.Now()
				release()
				synctest.Wait()
				if ahead := s.Now().Sub(began); ahead != 0 {
					t.Errorf("time has skipped %v", ahead)
				}
				end()
				synctest.Wait()
				if ahead := s.Now().Sub(began); ahead < time.Hour {
					t.Errorf("time has only come to %v", ahead)
				}
				if fired := types(r.history(waits)); len(fired) < 6 || fired[5] != "TimerFired" {
					t.Errorf("the timer has not fired: %v", fired)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestReleaseOnce releases one of two holds twice.
func TestReleaseOnce(t *testing.T) {
	t.Parallel()
	in(t, service.Options{Time: service.TimeSkips}, func(r rig) {
		first, second := r.s.Hold(), r.s.Hold()
		e := r.start("w", "Any")
		r.respond(r.poll(), timer(time.Hour))
		first()
		first()
		synctest.Wait()
		if events := r.history(e); len(events) != 5 {
			t.Errorf("time has skipped though it is held: %v", types(events))
		}
		second()
		synctest.Wait()
		if events := r.history(e); len(events) != 7 {
			t.Errorf("time has not skipped: %v", types(events))
		}
		r.terminate(e)
	})
}

func TestTimeByHandGoesFromOneThingToTheNext(t *testing.T) {
	t.Parallel()
	outside(t, service.Options{Time: service.TimeByHand}, func(r rig) {
		stop := r.worker(worker.Options{Workflows: []any{Sleepy}, Activities: []any{&shop{}}})
		defer stop()
		began := r.s.Now()
		e := r.start("sleeper", "Sleepy")
		for range 10 {
			if err := r.s.Advance(t.Context(), 80*time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		if now := r.s.Now(); !now.Equal(began.Add(800 * time.Hour)) {
			t.Errorf("it is %v, not 800 hours after %v", now, began)
		}
		events := r.history(e)
		if len(events) != 16 {
			t.Fatalf("its history: %v", types(events))
		}
		for i, want := range map[int]time.Duration{
			3: 0, 5: month, 8: month, 10: month + 3*time.Hour, 15: month + 3*time.Hour,
		} {
			if at := events[i].GetEventTime().AsTime().Sub(began); at != want {
				t.Errorf("%v at %v, want %v", events[i].GetEventType(), at, want)
			}
		}
	})
}

// Errand has an activity done that the test may hold up.
func Errand(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	return workflow.ExecuteActivity(ctx, "Dawdle").Get(ctx, nil)
}

type dawdler struct{ done chan struct{} }

func (d *dawdler) Dawdle() error {
	<-d.done
	return nil
}

func TestAdvanceWaitsForActivitiesAndJumpDoesNot(t *testing.T) {
	t.Parallel()
	in(t, service.Options{Time: service.TimeByHand}, func(r rig) {
		d := &dawdler{make(chan struct{})}
		stop := r.worker(worker.Options{Workflows: []any{Errand}, Activities: []any{d}})
		defer stop()
		e := r.start("errand", "Errand")
		ctx, cancel := context.WithTimeout(r.t.Context(), time.Second)
		defer cancel()
		err := r.s.Advance(ctx, time.Hour)
		const want = "service: Advance: 1h0m0s before the end: activity 5 of errand is going on: context deadline exceeded"
		if err == nil || err.Error() != want || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Advance said %v", err)
		}
		r.s.Jump(time.Minute) // the attempt times out, and another is to come in a second
		close(d.done)
		if err := r.s.Advance(r.t.Context(), time.Second); err != nil {
			t.Error(err)
		}
		last := r.end(e)
		if last.GetWorkflowExecutionCompletedEventAttributes() == nil {
			t.Errorf("it ended with %v", last)
		}
		started := r.history(e)[5].GetActivityTaskStartedEventAttributes()
		if started.GetAttempt() != 2 || started.GetLastFailure().GetTimeoutFailureInfo() == nil {
			t.Errorf("the attempt that ended: %v", started)
		}
	})
}

// TestJumps sets the clock of a service in a bubble forward and back.
func TestJumps(t *testing.T) {
	t.Parallel()
	in(t, service.Options{}, func(r rig) {
		began := time.Now()
		e := r.start("w", "Any")
		r.respond(r.poll(), timer(time.Hour), timer(2*time.Hour), timer(4*time.Hour))
		r.s.Jump(3 * time.Hour)
		r.s.Jump(-5 * time.Hour)
		if err := r.signal(e); err != nil {
			t.Error(err)
		}
		time.Sleep(5 * time.Hour)
		synctest.Wait()
		if events := r.history(e); len(events) != 11 {
			t.Errorf("before it is time: %v", types(events))
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		events := r.history(e)
		if len(events) != 12 {
			t.Fatalf("its history: %v", types(events))
		}
		for i, want := range map[int]time.Duration{
			7: 3 * time.Hour, 8: 3 * time.Hour, 10: -2 * time.Hour, 11: 4 * time.Hour,
		} {
			if at := events[i].GetEventTime().AsTime().Sub(began); at != want {
				t.Errorf("%v at %v, want %v", events[i].GetEventType(), at, want)
			}
		}
		r.terminate(e)
	})
}

func TestAdvanceRefuses(t *testing.T) {
	t.Parallel()
	in(t, service.Options{}, func(r rig) {
		if err := r.s.Advance(r.t.Context(), time.Hour); err == nil {
			t.Error("it moves time that passes by itself")
		}
	})
	in(t, service.Options{Time: service.TimeByHand}, func(r rig) {
		if err := r.s.Advance(r.t.Context(), -1); err == nil {
			t.Error("it goes back in time")
		}
	})
	if _, err := service.New(service.Options{Time: 7}); err == nil {
		t.Error("there is a clock of no kind")
	}
}

// TestAtAChosenTime holds time that skips to do something in the middle of it.
func TestAtAChosenTime(t *testing.T) {
	t.Parallel()
	outside(t, service.Options{Time: service.TimeSkips}, func(r rig) {
		release := r.s.Hold()
		stop := r.worker(worker.Options{Workflows: []any{Sleepy}, Activities: []any{&shop{}}, Logger: slog.New(slog.DiscardHandler)})
		defer stop()
		e := r.start("sleeper", "Sleepy")
		if err := r.s.Advance(r.t.Context(), 24*time.Hour); err != nil {
			t.Error(err)
		}
		if err := r.signal(e); err != nil {
			t.Error(err)
		}
		release()
		r.end(e)
		events := r.history(e)
		if at := events[5].GetEventTime().AsTime().Sub(events[0].GetEventTime().AsTime()); events[5].
			GetWorkflowExecutionSignaledEventAttributes() == nil || at < 24*time.Hour || at > 25*time.Hour {
			t.Errorf("%v at %v", events[5].GetEventType(), at)
		}
	})
}
