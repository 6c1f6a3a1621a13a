package worker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/interceptor"
	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
)

// Nap is an activity that takes its time and heeds its context.
func Nap(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		if !errors.Is(context.Cause(ctx), activity.ErrWorkerShutdown) {
			return fmt.Errorf("cause is %w", context.Cause(ctx))
		}
		return ctx.Err()
	}
}

// Near runs Nap as a local activity, for so many seconds.
func Near(ctx workflow.Context, seconds int) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Hour})
	return workflow.ExecuteLocalActivity(ctx, Nap, time.Duration(seconds)*time.Second).Get(ctx, nil)
}

// answers are the answers to workflow tasks.
func (f *frontend) answers() []*workflowservice.RespondWorkflowTaskCompletedRequest {
	all, _ := arrivals[*workflowservice.RespondWorkflowTaskCompletedRequest](f)
	return all
}

// nearOneAtATime checks that a second local activity begins when the first has ended.
func (f *frontend) nearOneAtATime(t *testing.T, w *worker.Worker) {
	t.Helper()
	f.workflowTasks <- firstTask("Near", "1", 3)
	f.workflowTasks <- firstTask("Near", "2", 3)
	pass(2 * time.Second)
	if s := w.Stats().LocalActivitySlots; s.Used != 1 || s.Waiting != 1 {
		t.Errorf("slots %+v", s)
	}
	pass(2 * time.Second)
	if all := f.answers(); len(all) != 1 {
		t.Errorf("%d tasks have been answered after 4s", len(all))
	}
	pass(3 * time.Second)
	if all := f.answers(); len(all) != 2 {
		t.Errorf("%d tasks have been answered after 7s", len(all))
	}
	if s := w.Stats(); s.LocalActivitySlots.Issued != 0 || s.LocalActivities != 2 || s.LocalActivitiesFailed != 0 {
		t.Errorf("stats %+v", s)
	}
}

func testMaxConcurrentLocalActivities(t *testing.T, f *frontend) {
	w := f.start(t, worker.Options{Workflows: []any{Near}, MaxConcurrentLocalActivities: 1})
	f.nearOneAtATime(t, w)
}

func testLocalActivitySlots(t *testing.T, f *frontend) {
	w := f.start(t, worker.Options{
		Workflows: []any{Near}, Parts: worker.Parts{LocalActivitySlots: fixed(t, 1)},
	})
	f.nearOneAtATime(t, w)
}

// names has an activity that tells what it finds in its context.
type names struct{ name string }

// Tell returns what an activity can know of itself.
func (n *names) Tell(ctx context.Context, more map[string]string) (string, error) {
	i := activity.GetInfo(ctx)
	more["seen"] = "yes"
	return fmt.Sprint(n.name, " ", i.IsLocalActivity, " ", i.ActivityType.Name, " ", i.ActivityID, " ", i.Attempt, " ",
		i.WorkflowExecution.RunID, " ", i.WorkflowType.Name, " ", i.Namespace, " ", i.TaskQueue, " ", i.RetryPolicy != nil), nil
}

// A local activity by method, by name and by function; only the second must be registered.
func TestLocalActivities(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		var nobody *names
		var got []string
		seen := new(usage)
		o := worker.Options{
			Activities: []any{&names{"registered"}},
			Parts:      worker.Parts{LocalActivitySlots: fixed(t, 10, seen)},
		}
		w := f.worker(t, o)
		err := w.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
			ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
			shared := map[string]string{}
			for _, a := range []any{nobody.Tell, "Tell", func(context.Context, map[string]string) (string, error) {
				return "function", errors.New("fails")
			}, "Unknown"} {
				var s string
				short := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
					StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: time.Second / 2,
				})
				err := workflow.ExecuteLocalActivity(short, a, shared).Get(ctx, &s)
				got = append(got, fmt.Sprint(s, err))
			}
			got = append(got, shared["seen"])
			return nil
		}, workflow.RegisterOptions{Name: "Tells"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.workflowTasks <- firstTask("Tells", "run")
		pass(5 * time.Second)
		want := []string{
			"registered true Tell 1 1 run Tells default orders true<nil>",
			"registered true Tell 2 1 run Tells default orders true<nil>",
			"fails",
			"local activity Unknown is not registered by the worker: unable to find activityType=Unknown. Supported types: [Tell]",
			"yes",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if s := w.Stats(); s.LocalActivities != 3 || s.LocalActivitiesFailed != 1 {
			t.Errorf("%d local activities, of which %d failed", s.LocalActivities, s.LocalActivitiesFailed)
		}
		for i := range seen.used {
			seen.used[i].ID = 0
		}
		if want := (slots.Used{
			Request: slots.Request{Kind: "local-activity", Queue: taskQueue, TaskType: "Tell"},
			Task:    slots.Task{Type: "Tell", ID: "2"},
		}); len(seen.used) != 3 || seen.used[1] != want {
			t.Errorf("used %+v", seen.used)
		}
		stop(t, w)
	})
}

// A stop gives local activities the grace period; then they are canceled, and
// the task goes to another worker with what there is.
func TestLocalActivitiesAndTheStop(t *testing.T) {
	for _, tt := range []struct {
		name    string
		grace   time.Duration
		seconds int
		took    time.Duration
		handed  bool
	}{
		{"no grace", 0, 60, 0, true},
		{"ends in time", 10 * time.Second, 4, 3 * time.Second, false},
		{"does not", 5 * time.Second, 60, 5 * time.Second, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				w := f.start(t, worker.Options{Workflows: []any{Near}, GracefulShutdownTimeout: tt.grace})
				f.workflowTasks <- firstTask("Near", "run", tt.seconds)
				pass(time.Second)
				if took := stop(t, w); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				answer := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
				if answer.GetForceCreateNewWorkflowTask() != tt.handed || answer.GetReturnNewWorkflowTask() == tt.handed ||
					(answer.GetStickyAttributes() == nil) != tt.handed {
					t.Errorf("got %v", answer)
				}
			})
		})
	}
}

// A function that does not heed its context holds its slot, and the stop, until it returns.
func TestDeafLocalActivities(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.worker(t, worker.Options{Parts: worker.Parts{LocalActivitySlots: fixed(t, 1)}})
		err := w.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
			ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{ScheduleToCloseTimeout: 2 * time.Second})
			return workflow.ExecuteLocalActivity(ctx, func() error { time.Sleep(time.Minute); return nil }).Get(ctx, nil)
		}, workflow.RegisterOptions{Name: "Deaf"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.workflowTasks <- firstTask("Deaf", "run")
		pass(3 * time.Second)
		only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f) // the workflow knows
		if s := w.Stats(); s.LocalActivitySlots.Used != 1 || s.LocalActivitiesFailed != 1 {
			t.Errorf("stats %+v", s)
		}
		if took := stop(t, w); took != 57*time.Second {
			t.Errorf("the stop took %v", took)
		}
	})
}

// flaky is a supplier that fails at first.
type flaky struct {
	slots.Supplier
	mu    sync.Mutex
	fails int
}

func (s *flaky) Reserve(ctx context.Context, r slots.Request) (slots.Permit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails > 0 {
		s.fails--
		return slots.Permit{}, errors.New("not now")
	}
	return s.Supplier.Reserve(ctx, r)
}

// A supplier that fails makes local activities wait, not fail.
func TestLocalActivitiesOutliveTheirSupplier(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.start(t, worker.Options{
			Workflows: []any{Near}, Parts: worker.Parts{LocalActivitySlots: &flaky{Supplier: fixed(t, 1), fails: 3}},
		})
		f.workflowTasks <- firstTask("Near", "run", 1)
		pass(3900 * time.Millisecond)
		if all := f.answers(); len(all) != 0 {
			t.Fatal("the task has been answered")
		}
		pass(200 * time.Millisecond)
		if all := f.answers(); len(all) != 1 || w.Stats().LocalActivitiesFailed != 0 {
			t.Errorf("%d answers, stats %+v", len(all), w.Stats())
		}
	})
}

// Local activities get what others get from the worker.
func TestLocalActivitiesAreInterceptedLikeOthers(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		var lines []string
		w := f.worker(t, worker.Options{
			Interceptors:       []interceptor.WorkerInterceptor{&labeling{name: "outer"}, &labeling{name: "inner"}},
			ContextPropagators: []workflow.ContextPropagator{tenants{}},
			MetricsHandler:     ledger{mu: new(sync.Mutex), lines: &lines},
		})
		err := w.RegisterWorkflowWithOptions(func(ctx workflow.Context) (s string, err error) {
			ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Hour})
			if err := workflow.ExecuteLocalActivity(ctx, Count).Get(ctx, nil); err != nil {
				return "", err
			}
			err = workflow.ExecuteLocalActivity(ctx, Tenant).Get(ctx, &s)
			return s, err
		}, workflow.RegisterOptions{Name: "Nearby"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		first := firstTask("Nearby", "run")
		first.GetHistory().GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().Header = &commonpb.Header{
			Fields: map[string]*commonpb.Payload{"tenant": {Data: []byte("acme")}},
		}
		f.workflowTasks <- first
		pass(time.Second)
		commands := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f).GetCommands()
		result := commands[len(commands)-1].GetCompleteWorkflowExecutionCommandAttributes().GetResult()
		if got := string(result.GetPayloads()[0].GetData()); got != `"acme inner outer inner outer"` {
			t.Errorf("got %s", got)
		}
		if len(lines) != 1 || !strings.Contains(lines[0], "activity_type:Count") ||
			!strings.Contains(lines[0], "workflow_type:Nearby") || !strings.Contains(lines[0], "task_queue:orders") {
			t.Errorf("counted %q", lines)
		}
		stop(t, w)
	})
}

// marks is a codec that appends a mark, and what it is told that it converts.
type marks struct{ mark string }

func (m marks) Encode(in []*commonpb.Payload) (out []*commonpb.Payload, err error) {
	for _, p := range in {
		out = append(out, &commonpb.Payload{Metadata: p.GetMetadata(), Data: append(p.GetData(), m.mark...)})
	}
	return out, nil
}

func (m marks) Decode(in []*commonpb.Payload) (out []*commonpb.Payload, err error) {
	for _, p := range in {
		data, ok := strings.CutSuffix(string(p.GetData()), m.mark)
		if !ok {
			return nil, fmt.Errorf("%s has no mark %s", p.GetData(), m.mark)
		}
		out = append(out, &commonpb.Payload{Metadata: p.GetMetadata(), Data: []byte(data)})
	}
	return out, nil
}

func (m marks) WithSerializationContext(about converter.SerializationContext) converter.PayloadCodec {
	if a, ok := about.(converter.ActivitySerializationContext); ok {
		return marks{fmt.Sprintf("%s(%s of %s, local %t)", m.mark, a.ActivityType, a.WorkflowType, a.IsLocal)}
	}
	return m
}

func markedBy(mark string) converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), marks{mark})
}

// Results are encoded with what the workflow decodes them with.
func TestLocalActivitiesEncodeForTheirWorkflows(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		var got []string
		w := f.worker(t, worker.Options{DataConverter: markedBy("~"), Activities: []any{Echo}})
		err := w.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
			ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Hour})
			for _, ctx := range []workflow.Context{ctx, workflow.WithDataConverter(ctx, markedBy("#"))} {
				var s string
				err := workflow.ExecuteLocalActivity(ctx, "Echo", "x").Get(ctx, &s)
				got = append(got, fmt.Sprint(s, err))
			}
			return nil
		}, workflow.RegisterOptions{Name: "Codes"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		first := firstTask("Codes", "run")
		first.GetHistory().GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().Input = nil
		f.workflowTasks <- first
		pass(time.Second)
		if !slices.Equal(got, []string{"x<nil>", "x<nil>"}) {
			t.Errorf("got %q", got)
		}
		for i, want := range []string{`"x"~(Echo of Codes, local true)`, `"x"#(Echo of Codes, local true)`} {
			c := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f).GetCommands()[i]
			details := c.GetRecordMarkerCommandAttributes().GetDetails()
			if data := string(details["result"].GetPayloads()[0].GetData()); data != want {
				t.Errorf("result %d is %s, want %s", i, data, want)
			}
			if data := string(details["data"].GetPayloads()[0].GetData()); !strings.HasSuffix(data, "}~") {
				t.Errorf("marker %d has data %s, want it to be the workflow's own", i, data)
			}
		}
		stop(t, w)
	})
}
