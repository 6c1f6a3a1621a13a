package native_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

func locally(ctx workflow.Context) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
}

func canceledFailure() *failurepb.Failure {
	return &failurepb.Failure{Message: "canceled", FailureInfo: &failurepb.Failure_CanceledFailureInfo{}}
}

// ends makes the local activities of a live run end as told, in that order;
// after that its tasks end with heartbeats.
func (l *live) ends(results ...*runner.LocalResult) {
	l.Local = func(*histories.Locals) *runner.LocalResult {
		if len(results) == 0 {
			return nil
		}
		r := results[0]
		results = results[1:]
		return r
	}
}

// at is a time of a live run.
func at(second float64) time.Time {
	return histories.Epoch().Add(time.Duration(second * float64(time.Second)))
}

func result(id string, second float64, value any) *runner.LocalResult {
	return &runner.LocalResult{ID: id, Time: at(second), Attempt: 1, Result: histories.Payloads(value)}
}

// mark is the description of the marker of a local activity that was tried once.
func mark(id, activity string, second float64, more string) string {
	return fmt.Sprintf(`RecordMarker LocalActivity data={"ActivityID":"%s","ActivityType":"%s",`+
		`"ReplayTime":"%s","Attempt":1,"Backoff":0}%s`, id, activity, at(second).Format(time.RFC3339Nano), more)
}

func TestLocalActivitiesTakePlaceInOneTask(t *testing.T) {
	l := start(t, func(ctx workflow.Context) (string, error) {
		ctx = locally(ctx)
		began := workflow.Now(ctx)
		var a, b int
		first, second := workflow.ExecuteLocalActivity(ctx, "a"), workflow.ExecuteLocalActivity(ctx, "b")
		if err := second.Get(ctx, &b); err != nil {
			return "", err
		}
		workflow.NewTimer(ctx, time.Hour)
		if err := first.Get(ctx, &a); err != nil {
			return "", err
		}
		return fmt.Sprintf("%d %d after %v", a, b, workflow.Now(ctx).Sub(began)), nil
	})
	l.ends(result("2", 2.5, 22), result("1", 3.25, 11))
	l.does(
		mark("2", "b", 2.5, " result=22"),
		"StartTimer 6 1h0m0s",
		mark("1", "a", 3.25, " result=11"),
		`CompleteWorkflow "11 22 after 1.25s"`,
	)
}

// Ids are event ids: they go on over the steps of a task and begin anew with a
// heartbeat.
func TestHeartbeatsAreTasksOfTheirOwn(t *testing.T) {
	var times []time.Duration
	l := start(t, func(ctx workflow.Context) error {
		workflow.Go(ctx, func(ctx workflow.Context) {
			for {
				_ = workflow.Await(ctx, func() bool { return true })
				workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
				times = append(times, workflow.Now(ctx).Sub(histories.Epoch()))
				workflow.NewTimer(ctx, time.Hour)
			}
		})
		one, two := workflow.ExecuteLocalActivity(locally(ctx), "a"), workflow.ExecuteLocalActivity(locally(ctx), "b")
		if err := one.Get(ctx, nil); err != nil {
			return err
		}
		workflow.NewTimer(ctx, time.Minute)
		return two.Get(ctx, nil)
	})
	heartbeat := func(a machine.Answer, want bool) {
		t.Helper()
		if a.Heartbeat != want {
			t.Errorf("heartbeat is %v, want %v", a.Heartbeat, want)
		}
	}
	heartbeat(l.does(), true)
	l.Signal("s")
	heartbeat(l.does("StartTimer 9 1h0m0s"), true)
	heartbeat(l.does(), true)
	l.ends(result("1", 16, 1))
	l.Signal("s")
	heartbeat(l.does("StartTimer 17 1h0m0s", mark("1", "a", 16, " result=1"), "StartTimer 19 1m0s"), true)
	l.ends(result("2", 30, 2))
	heartbeat(l.does(mark("2", "b", 30, " result=2"), "CompleteWorkflow"), false)
	if len(times) != 2 {
		t.Errorf("got signals at %v", times)
	}
}

// A wait that is long is the server's: the next attempt is a request of its own.
func TestLongWaitsAreTimers(t *testing.T) {
	var attempts []int32
	l := start(t, func(ctx workflow.Context) error {
		return workflow.ExecuteLocalActivity(locally(ctx), "a").Get(ctx, nil)
	})
	l.Seen = func(_ *runner.Activation, c *runner.Completion) {
		for _, r := range c.Locals {
			attempts = append(attempts, r.Attempt)
			if r.Scheduled != at(2) {
				t.Errorf("attempt %d says the activity was scheduled at %v, want %v", r.Attempt, r.Scheduled, at(2))
			}
		}
	}
	failed := func(id string, attempt int32) *runner.LocalResult {
		return &runner.LocalResult{
			ID: id, Time: at(2.5), Attempt: attempt, Backoff: time.Minute, Failure: histories.Failed("again"),
		}
	}
	l.ends(failed("1", 3))
	l.does(strings.NewReplacer(`"Attempt":1`, `"Attempt":3`, `"Backoff":0`, `"Backoff":60000000000`).
		Replace(mark("1", "a", 2.5, "")), "StartTimer 6 1m0s")
	l.FireTimer("6")
	l.ends(result("2", 10, 2))
	l.does(mark("2", "a", 10, " result=2"), "CompleteWorkflow")
	if !slices.Equal(attempts, []int32{1, 4}) {
		t.Errorf("got attempts %v, want 1 and 4", attempts)
	}
}

func TestLocalActivitiesFail(t *testing.T) {
	for name, tt := range map[string]struct {
		result *runner.LocalResult
		want   string
	}{
		"failure":               {&runner.LocalResult{ID: "1", Failure: histories.Failed("no")}, "no (type: Broken, retryable: false)"},
		"canceled with backoff": {&runner.LocalResult{ID: "1", Failure: canceledFailure(), Backoff: time.Hour}, "canceled"},
		"result of another type": {
			&runner.LocalResult{ID: "1", Result: histories.Payloads("text")},
			"json: cannot unmarshal string",
		},
	} {
		l := start(t, func(ctx workflow.Context) (string, error) {
			var n int
			return workflow.ExecuteLocalActivity(locally(ctx), "a").Get(ctx, &n).Error(), nil
		})
		l.ends(tt.result)
		a := l.task()
		last := a.Commands[len(a.Commands)-1].GetCompleteWorkflowExecutionCommandAttributes().GetResult()
		if got := decode[string](t, last); !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

// Cancellation is asked for once; the future waits for the activity's end.
func TestLocalActivitiesAreCanceled(t *testing.T) {
	var asked []string
	canceled := func(id string) *runner.LocalResult {
		return &runner.LocalResult{ID: id, Time: at(2.5), Attempt: 1, Failure: canceledFailure()}
	}
	l := start(t, func(ctx workflow.Context) error {
		before, cancel := workflow.WithCancel(ctx)
		running, stop := workflow.WithCancel(ctx)
		cancel()
		f := workflow.ExecuteLocalActivity(locally(before), "late")
		g := workflow.ExecuteLocalActivity(locally(running), "a")
		_ = workflow.Sleep(ctx, time.Second) // both run by now
		if f.IsReady() || g.IsReady() {
			return errors.New("a local activity has ended before it did")
		}
		stop()
		stop()
		err := g.Get(ctx, nil)
		if !temporal.IsCanceledError(err) || !temporal.IsCanceledError(f.Get(ctx, nil)) {
			return fmt.Errorf("got %w and %w, want canceled errors", err, f.Get(ctx, nil))
		}
		return nil
	})
	l.Seen = func(_ *runner.Activation, c *runner.Completion) { asked = append(asked, c.CanceledLocals...) }
	l.does("StartTimer 5 1s")
	l.FireTimer("5")
	l.ends(canceled("1"), canceled("2"))
	l.does(mark("1", "late", 2.5, ""), mark("2", "a", 2.5, ""), "CompleteWorkflow")
	if !slices.Equal(asked, []string{"1", "2"}) {
		t.Errorf("cancellation was asked for of %q, want of 1 and 2, once each", asked)
	}
}

// What is asked for is what the options say.
func TestLocalRequests(t *testing.T) {
	policy := &temporal.RetryPolicy{InitialInterval: 3 * time.Second, NonRetryableErrorTypes: []string{"Fatal"}}
	var got []*runner.LocalRequest
	l := start(t, func(ctx workflow.Context) error {
		workflow.ExecuteLocalActivity(locally(ctx), "defaults")
		ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
			ScheduleToCloseTimeout: time.Hour, RetryPolicy: policy, Summary: "in short",
		})
		if o := workflow.GetLocalActivityOptions(ctx); o.Summary != "in short" || o.RetryPolicy.MaximumInterval != 5*time.Minute {
			return fmt.Errorf("got options %+v", o)
		}
		return workflow.ExecuteLocalActivity(ctx, "given", 1).Get(ctx, nil)
	})
	l.Seen = func(_ *runner.Activation, c *runner.Completion) { got = append(got, c.Locals...) }
	l.ends(result("2", 2, nil))
	a := l.task()
	want := []*runner.LocalRequest{{
		ID: "1", Type: "defaults", Attempt: 1, Scheduled: at(2), StartToClose: time.Minute, ScheduleToClose: time.Minute,
		RetryPolicy: &commonpb.RetryPolicy{
			InitialInterval: durationpb.New(time.Second), BackoffCoefficient: 2, MaximumInterval: durationpb.New(100 * time.Second),
		},
		Header: &commonpb.Header{},
	}, {
		ID: "2", Type: "given", Attempt: 1, Scheduled: at(2), StartToClose: time.Hour, ScheduleToClose: time.Hour,
		RetryPolicy: &commonpb.RetryPolicy{
			InitialInterval: durationpb.New(3 * time.Second), BackoffCoefficient: 2,
			MaximumInterval: durationpb.New(5 * time.Minute), NonRetryableErrorTypes: []string{"Fatal"},
		},
		Header: &commonpb.Header{},
	}}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if policy.BackoffCoefficient != 0 {
		t.Error("the caller's policy was changed")
	}
	if s := a.Commands[0].GetUserMetadata().GetSummary(); string(s.GetData()) != `"in short"` {
		t.Errorf("the marker has the summary %v", s)
	}
}

func TestLocalActivitiesThatAreNotRun(t *testing.T) {
	bounded := workflow.LocalActivityOptions{StartToCloseTimeout: time.Second}
	two := func(context.Context, int, string) error { return nil }
	for _, tt := range []struct {
		name     string
		options  workflow.LocalActivityOptions
		activity any
		args     []any
		want     string
	}{
		{"no timeout", workflow.LocalActivityOptions{}, "a", nil, "set StartToCloseTimeout or ScheduleToCloseTimeout"},
		{"negative", workflow.LocalActivityOptions{StartToCloseTimeout: -1}, "a", nil, "StartToCloseTimeout is -1ns"},
		{
			"negative too",
			workflow.LocalActivityOptions{StartToCloseTimeout: 1, ScheduleToCloseTimeout: -1},
			"a", nil, "ScheduleToCloseTimeout is -1ns",
		},
		{"nothing", bounded, nil, nil, "is no function"},
		{"a number", bounded, 7, nil, "local activity 7 (int) is no function"},
		{"too few", bounded, two, []any{1}, "expected 2 args for function but found 1"},
		{"too many", bounded, two, []any{1, "a", 2}, "expected 2 args for function but found 3"},
		{"wrong", bounded, two, []any{1, 2}, "cannot assign function argument 2 from type int to type string"},
	} {
		l := start(t, func(ctx workflow.Context) (string, error) {
			f := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, tt.options), tt.activity, tt.args...)
			if !f.IsReady() {
				return "", errors.New("it was asked for")
			}
			return f.Get(ctx, nil).Error(), nil
		})
		a := l.task()
		got := decode[string](t, a.Commands[0].GetCompleteWorkflowExecutionCommandAttributes().GetResult())
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Arguments are not encoded: the activity gets the very values.
func TestLocalCallsShareTheirArguments(t *testing.T) {
	add := func(_ context.Context, to map[string]int, _ chan int) error { to["b"] = 2; return nil }
	shared := map[string]int{"a": 1}
	l := start(t, func(ctx workflow.Context) error {
		return workflow.ExecuteLocalActivity(locally(ctx), add, shared, make(chan int)).Get(ctx, nil)
	})
	caller, ok := l.Instance.(runner.LocalCaller)
	if !ok {
		t.Fatal("the native runner does not give out calls")
	}
	if _, ok := caller.LocalCall("1"); ok {
		t.Error("there is a call before the run has begun")
	}
	l.Local = func(*histories.Locals) *runner.LocalResult {
		c, ok := caller.LocalCall("1")
		f, is := c.Function.(func(context.Context, map[string]int, chan int) error)
		m, has := c.Args[0].(map[string]int)
		if !ok || !is || !has {
			t.Fatalf("got call %+v", c)
		}
		if err := f(t.Context(), m, nil); err != nil {
			t.Error(err)
		}
		return result("1", 2, nil)
	}
	a := l.task()
	if got := l.seenType(a.Commands[0]); got != "func1" {
		t.Errorf("the activity is called %q", got)
	}
	if shared["b"] != 2 {
		t.Error("the workflow does not see what the activity did to its argument")
	}
	if _, ok := caller.LocalCall("1"); ok {
		t.Error("there is a call of an activity that has ended")
	}
}

// Markers that do not fit the code.
func TestLocalActivitiesThatHistoryHasOtherwise(t *testing.T) {
	history := func(marker *runner.LocalResult) *live {
		l := start(t, func(ctx workflow.Context) error {
			return workflow.ExecuteLocalActivity(locally(ctx), "a").Get(ctx, nil)
		})
		l.ends(marker)
		l.task()
		return l
	}
	for name, tt := range map[string]struct {
		spoil func(*live)
		want  string
	}{
		"another activity": {
			func(l *live) {
				l.marker().Details["data"] = histories.Payloads(map[string]any{"ActivityID": "1", "ActivityType": "b"})
			},
			"[TMPRL1100] code executed local activity a, but history event found b",
		},
		"another number": {
			func(l *live) { l.marker().Details["data"] = histories.Payloads(map[string]any{"ActivityID": "2"}) },
			"nondeterministic workflow",
		},
		"no data":  {func(l *live) { delete(l.marker().Details, "data") }, `marker name "LocalActivity" for eventId 5: key "data"`},
		"not read": {func(l *live) { l.marker().Details["data"] = histories.Payloads("text") }, "cannot unmarshal string"},
	} {
		l := history(result("1", 2.5, 1))
		l.failed = true // it is not to replay
		tt.spoil(l)
		d := &histories.Driver{Instance: l.instance()}
		_, err := d.Do(machine.Task{PreviousStartedID: l.Previous}, l.Since(0))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

// An activity whose marker names no type is any, and one that is not waited for
// when the run closes is forgotten.
func TestLocalActivitiesThatAreLeft(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		workflow.ExecuteLocalActivity(locally(ctx), "left")
		return workflow.ExecuteLocalActivity(locally(ctx), "a").Get(ctx, nil)
	})
	l.ends(result("2", 2.5, 1))
	if a := l.does(mark("2", "a", 2.5, " result=1"), "CompleteWorkflow"); !a.Closed || a.Heartbeat {
		t.Errorf("got closed %v and heartbeat %v", a.Closed, a.Heartbeat)
	}
	l.marker().Details["data"] = histories.Payloads(map[string]any{"ActivityID": "2", "ReplayTime": at(3)})
}

// A query sees a run as it is; it runs no local activity.
func TestQueriesRunNoLocalActivities(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		state := "new"
		if err := workflow.SetQueryHandler(ctx, "q", func() (string, error) { return state, nil }); err != nil {
			return err
		}
		if err := workflow.ExecuteLocalActivity(locally(ctx), "a").Get(ctx, nil); err != nil {
			return err
		}
		state = "half"
		return workflow.ExecuteLocalActivity(locally(ctx), "a").Get(ctx, nil)
	})
	l.ends(result("1", 2.5, 1))
	a := l.task(func(t *machine.Task) { t.Queries = []runner.Query{{ID: "1", Type: "q"}} })
	if !a.Heartbeat || decode[string](t, a.Answers[0].Result) != "half" {
		t.Errorf("got heartbeat %v and answers %v", a.Heartbeat, a.Answers)
	}
	l.Task()
	d := &histories.Driver{Instance: l.instance()}
	d.Local = func(*histories.Locals) *runner.LocalResult {
		t.Error("a query waits for local activities")
		return nil
	}
	if got := decode[string](t, l.query(d, "q").Result); got != "half" {
		t.Errorf("the query of a rebuilt run got %q", got)
	}
}

// marker returns the first marker of the history.
func (l *live) marker() *historypb.MarkerRecordedEventAttributes {
	l.t.Helper()
	for _, e := range l.Events {
		if m := e.GetMarkerRecordedEventAttributes(); m != nil {
			return m
		}
	}
	l.t.Fatal("history has no marker")
	return nil
}

// seenType is the type of the local activity that the marker of c is of.
func (l *live) seenType(c *commandpb.Command) string {
	l.t.Helper()
	return decode[struct{ ActivityType string }](l.t,
		c.GetRecordMarkerCommandAttributes().GetDetails()["data"]).ActivityType
}
