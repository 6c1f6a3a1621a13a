package verify_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
	"github.com/mainspring-go/mainspring/workflow/verify"
)

// A run of one workflow that is verified.
type run struct {
	t *testing.T
	*histories.History
	histories.Driver
}

func start(t *testing.T, o verify.Options, fn any, args ...any) *run {
	t.Helper()
	r, err := verify.New(native.New(native.Options{}), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Prepare(runner.Definition{Type: "wf", Func: fn}); err != nil {
		t.Fatal(err)
	}
	i, err := r.NewInstance(runner.Details{Namespace: "ns", WorkflowID: "id", RunID: "run", WorkflowType: "wf"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	return &run{t: t, History: histories.Start("wf", args...), Driver: histories.Driver{Instance: i}}
}

// task runs a workflow task.
func (r *run) task(edits ...func(*machine.Task)) error {
	r.t.Helper()
	r.Task()
	a, err := r.Sticky(r.History, edits...)
	if err == nil {
		r.Complete(a)
	}
	return err
}

func charge(ctx workflow.Context, args ...any) workflow.Future {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	return workflow.ExecuteActivity(ctx, "charge", args...)
}

// calls counts what ran in this process, as no workflow should.
var calls int

// Each of these does something else when it is run again.
func TestCaught(t *testing.T) {
	prices := make(map[string]int)
	for i := range 30 {
		prices[fmt.Sprint("item", i)] = i
	}
	for _, tt := range []struct {
		name  string
		fn    any
		field string
		at    int // the task at which it shows
	}{
		{"the clock in an argument", func(ctx workflow.Context) error {
			return charge(ctx, time.Now().UnixNano()).Get(ctx, nil)
		}, "schedule_activity_task_command_attributes.input.payloads[0].data", 0},
		{"the clock in a timer", func(ctx workflow.Context) error {
			return workflow.Sleep(ctx, time.Duration(time.Now().UnixNano()))
		}, "start_timer_command_attributes.start_to_fire_timeout", 0},
		{"the clock in a branch", func(ctx workflow.Context) error {
			began := time.Now()
			_ = workflow.Sleep(ctx, time.Hour)
			calls++
			if calls%2 == 0 && time.Since(began) >= 0 {
				return charge(ctx).Get(ctx, nil)
			}
			return workflow.Sleep(ctx, time.Hour)
		}, "", 1},
		{"the order of a map", func(ctx workflow.Context) error {
			var all []workflow.Future
			for item := range prices {
				all = append(all, charge(ctx, item))
			}
			return all[0].Get(ctx, nil)
		}, "input.payloads[0].data", 0},
		{"math/rand", func(ctx workflow.Context) error {
			return charge(ctx, rand.Int64()).Get(ctx, nil)
		}, "input.payloads[0].data", 0},
		{"how many commands", func(ctx workflow.Context) error {
			calls++
			for range calls % 2 {
				charge(ctx)
			}
			return workflow.Sleep(ctx, time.Hour)
		}, "", 0},
		{"the result", func(workflow.Context) (int64, error) { return rand.Int64(), nil }, "result.payloads[0].data", 0},
		{"a failure of one of them", func(ctx workflow.Context) error {
			if calls++; calls%2 == 0 {
				panic("only now")
			}
			return workflow.Sleep(ctx, time.Hour)
		}, "", 0},
		{"a version asked for by chance", func(ctx workflow.Context) error {
			calls++
			if workflow.GetVersion(ctx, fmt.Sprint("change", calls), workflow.DefaultVersion, 1) == 1 {
				return workflow.Sleep(ctx, time.Hour)
			}
			return nil
		}, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := caught(t, tt.fn, tt.at)
			for n := 0; n < 50 && err == nil && strings.Contains(tt.name, "map"); n++ {
				err = caught(t, tt.fn, tt.at) // it may be in the same order by chance
			}
			failed, ok := errors.AsType[*histories.TaskError](err)
			if !ok || failed.Cause != enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR {
				t.Fatalf("got %v, want a failed task", err)
			}
			if typ := failed.Failure.GetApplicationFailureInfo().GetType(); typ != "DifferenceError" {
				t.Errorf("the failure is of type %q", typ)
			}
			if !strings.Contains(err.Error(), "is not deterministic") || !strings.Contains(err.Error(), tt.field) {
				t.Errorf("got %v, want the field %s", err, tt.field)
			}
			t.Log(err)
		})
	}
}

// caught runs a workflow up to the task at which it is to be caught.
func caught(t *testing.T, fn any, at int) error {
	t.Helper()
	calls = 0
	r := start(t, verify.Options{}, fn)
	for range at {
		if err := r.task(); err != nil {
			t.Fatalf("too early: %v", err)
		}
		r.FireTimer("5")
	}
	return r.task()
}

// What one task did the same by chance it does once more at each later one.
func TestLaterTasksTryAgain(t *testing.T) {
	r := start(t, verify.Options{}, func(ctx workflow.Context) error {
		if calls++; calls == 3 {
			return nil
		}
		return workflow.Sleep(ctx, time.Hour)
	})
	calls = 0
	if err := r.task(); err != nil {
		t.Fatal(err)
	}
	r.Signal("s")
	if err := r.task(); err == nil || !strings.Contains(err.Error(), "that started with event 3 does something else") {
		t.Errorf("got %v, want a difference in the first task", err)
	}
}

func TestDifferenceError(t *testing.T) {
	var found []*verify.DifferenceError
	report := func(d *verify.DifferenceError) { found = append(found, d) }
	r := start(t, verify.Options{Report: report}, func(ctx workflow.Context) error {
		return charge(ctx, rand.Int64()).Get(ctx, nil)
	})
	if err := r.task(); err != nil {
		t.Fatalf("a difference that is reported fails the task: %v", err)
	}
	if len(found) != 1 {
		t.Fatalf("%d differences were reported, want 1", len(found))
	}
	d := found[0]
	if d.Details.RunID != "run" || d.StartedEventID != 3 ||
		d.First != "ScheduleActivityTask (ActivityId: 5, ActivityType: charge)" || d.First != d.Again ||
		!strings.Contains(d.Stack, "verify_test.go") {
		t.Errorf("got %#v", d)
	}
}

// What is deterministic is not complained of, whatever it uses.
func TestPasses(t *testing.T) {
	prices := map[string]int{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}
	for name, fn := range map[string]any{
		"versions": func(ctx workflow.Context) error {
			for i := range 3 {
				_ = workflow.GetVersion(ctx, fmt.Sprint(i), workflow.DefaultVersion, workflow.Version(i))
				charge(ctx, i)
			}
			return workflow.Sleep(ctx, time.Hour)
		},
		"side effects": func(ctx workflow.Context) error {
			var n int64
			random := func(workflow.Context) any { return rand.Int64() }
			if err := workflow.SideEffect(ctx, random).Get(&n); err != nil {
				return err
			}
			equal := func(a, b any) bool { return a == b }
			for range 3 {
				if err := workflow.MutableSideEffect(ctx, "id", random, equal).Get(&n); err != nil {
					return err
				}
				charge(ctx, n)
			}
			return charge(ctx, n).Get(ctx, nil)
		},
		"a sorted map": func(ctx workflow.Context) error {
			for _, k := range slices.Sorted(maps.Keys(prices)) {
				charge(ctx, k, prices[k])
			}
			return workflow.Sleep(ctx, time.Hour)
		},
		"the workflow's random numbers": func(ctx workflow.Context) error {
			r := rand.New(workflow.GetRandomStream(ctx, "mine"))
			charge(ctx, r.Int64())
			return charge(ctx, r.Int64()).Get(ctx, nil)
		},
		"the workflow's clock": func(ctx workflow.Context) error {
			return charge(ctx, workflow.Now(ctx)).Get(ctx, nil)
		},
		"the end": func(workflow.Context) error { return errors.New("for a reason") },
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, verify.Options{}, fn)
			for range 3 {
				if err := r.task(); err != nil {
					t.Fatal(err)
				}
				if r.Closed {
					return
				}
				r.Signal("s")
			}
		})
	}
}

// Updates that are rejected are as if they had never come.
func TestUpdates(t *testing.T) {
	r := start(t, verify.Options{}, func(ctx workflow.Context) error {
		sum := 0
		err := workflow.SetUpdateHandlerWithOptions(ctx, "add", func(ctx workflow.Context, n int) (int, error) {
			sum += n
			return sum, charge(ctx, sum).Get(ctx, nil)
		}, workflow.UpdateHandlerOptions{Validator: func(n int) error {
			if calls++; n < 0 { // a validator that runs again would be seen
				return errors.New("negative")
			}
			return nil
		}})
		if err != nil {
			return err
		}
		return workflow.Sleep(ctx, time.Hour)
	})
	calls = 0
	for n := range 4 {
		with := func(t *machine.Task) {
			for _, value := range []int{n, -n - 1} {
				t.Messages = append(t.Messages, r.Update(fmt.Sprint("id", value), "add", value))
			}
		}
		if err := r.task(with); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 8 {
		t.Errorf("validators ran %d times, want 8", calls)
	}
}

// Local activities end in further steps of a task, or in later tasks.
func TestLocalActivities(t *testing.T) {
	wf := func(ctx workflow.Context, chance bool) error {
		ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
		for i := range 3 {
			var got int
			if err := workflow.ExecuteLocalActivity(ctx, "local", i).Get(ctx, &got); err != nil {
				return err
			}
			if chance {
				got = rand.Int()
			}
			charge(ctx, got)
		}
		return workflow.Sleep(ctx, time.Hour)
	}
	for _, chance := range []bool{false, true} {
		r := start(t, verify.Options{}, wf, chance)
		ended := 0
		r.Local = func(l *histories.Locals) *runner.LocalResult {
			if ended++; ended == 2 {
				return nil // the task ends with a heartbeat
			}
			if caller, ok := r.Instance.(runner.LocalCaller); !ok {
				t.Error("the instance does not call functions")
			} else if _, ok := caller.LocalCall(l.Open[0].ID); !ok {
				t.Errorf("no call of local activity %s", l.Open[0].ID)
			}
			return &runner.LocalResult{ID: l.Open[0].ID, Attempt: 1, Time: histories.Epoch(), Result: histories.Payloads(7)}
		}
		err := r.task()
		if err == nil {
			err = r.task()
		}
		if chance != (err != nil) {
			t.Errorf("by chance: %t, error: %v", chance, err)
		}
		if chance && !strings.Contains(err.Error(), "input.payloads[0].data") {
			t.Errorf("got %v", err)
		}
	}
}

// The instance of another language or process calls no functions here.
func TestOnlyCallersAreCallers(t *testing.T) {
	r, err := verify.New(plain{native.New(native.Options{})}, verify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Prepare(runner.Definition{Type: "wf", Func: func(workflow.Context) error { return nil }}); err != nil {
		t.Fatal(err)
	}
	i, err := r.NewInstance(runner.Details{WorkflowType: "wf"})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	if _, ok := i.(runner.LocalCaller); ok {
		t.Error("an instance calls functions that the one inside does not")
	}
	if _, err := r.NewInstance(runner.Details{WorkflowType: "other"}); err == nil {
		t.Error("an unknown type was run")
	}
}

// plain hides what else its instances can do.
type plain struct{ runner.Runner }

func (p plain) NewInstance(d runner.Details) (runner.Instance, error) {
	i, err := p.Runner.NewInstance(d)
	return struct{ runner.Instance }{i}, err
}

// A run that is rebuilt from its history is verified from there on.
func TestRebuilt(t *testing.T) {
	fn := func(ctx workflow.Context) error {
		_ = workflow.GetVersion(ctx, "c", workflow.DefaultVersion, 1)
		if err := workflow.Sleep(ctx, time.Hour); err != nil {
			return err
		}
		calls++
		charge(ctx, calls)
		return workflow.Sleep(ctx, time.Hour)
	}
	r := start(t, verify.Options{}, fn)
	if err := r.task(); err != nil {
		t.Fatal(err)
	}
	for id := range r.Timers {
		r.FireTimer(id)
	}
	again := start(t, verify.Options{}, fn)
	r.Task()
	_, err := again.Full(r.History)
	if err == nil || !strings.Contains(err.Error(), "not deterministic") {
		t.Errorf("got %v, want a difference", err)
	}
	// What was completed before is the business of the machines.
	again = start(t, verify.Options{}, fn)
	completed := r.Events[:r.Started-3]
	if _, err := again.Do(machine.Task{PreviousStartedID: r.Previous}, completed); err != nil {
		t.Errorf("a replay is verified: %v", err)
	}
}

func TestQueriesAreNotVerified(t *testing.T) {
	r := start(t, verify.Options{}, func(ctx workflow.Context) error {
		if err := workflow.SetQueryHandler(ctx, "q", func() (int64, error) { return rand.Int64(), nil }); err != nil {
			return err
		}
		return workflow.Sleep(ctx, time.Hour)
	})
	ask := func(t *machine.Task) { t.Queries = []runner.Query{{ID: "1", Type: "q"}} }
	if err := r.task(ask); err != nil {
		t.Fatal(err)
	}
	a, err := r.Do(machine.Task{PreviousStartedID: r.Previous, Queries: []runner.Query{{ID: "1", Type: "q"}}})
	if err != nil || len(a.Answers) != 1 || a.Answers[0].Error != "" {
		t.Errorf("got %v, %v", a.Answers, err)
	}
}

func TestPayloadsCanBeIgnored(t *testing.T) {
	r := start(t, verify.Options{IgnorePayloads: true}, func(ctx workflow.Context) error {
		err := workflow.SetUpdateHandler(ctx, "u", func(workflow.Context) (int64, error) { return rand.Int64(), nil })
		if err != nil {
			return err
		}
		return charge(ctx, rand.Int64()).Get(ctx, nil)
	})
	with := func(t *machine.Task) { t.Messages = append(t.Messages, r.Update("id", "u")) }
	if err := r.task(with); err != nil {
		t.Error(err)
	}
}

func TestUpdateResultsAreCompared(t *testing.T) {
	r := start(t, verify.Options{}, func(ctx workflow.Context) error {
		err := workflow.SetUpdateHandler(ctx, "u", func(workflow.Context) (int64, error) { return rand.Int64(), nil })
		if err != nil {
			return err
		}
		return workflow.Sleep(ctx, time.Hour)
	})
	with := func(t *machine.Task) { t.Messages = append(t.Messages, r.Update("id", "u")) }
	if err := r.task(with); err == nil || !strings.Contains(err.Error(), "first: message id/complete") ||
		!strings.Contains(err.Error(), "they differ in body.outcome.success.payloads[0].data") {
		t.Errorf("got %v", err)
	}
}

func TestMaxTasks(t *testing.T) {
	r := start(t, verify.Options{MaxTasks: 2}, func(ctx workflow.Context) error {
		for {
			workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
			if calls++; calls > 3 {
				charge(ctx, calls)
			}
		}
	})
	calls = 0
	for n := range 5 {
		if err := r.task(); err != nil && n < 2 {
			t.Fatalf("task %d: %v", n, err)
		}
		r.Signal("s")
	}
	for _, o := range []verify.Options{{MaxTasks: -1}} {
		if _, err := verify.New(native.New(native.Options{}), o); err == nil {
			t.Errorf("%+v are fine", o)
		}
	}
	if _, err := verify.New(nil, verify.Options{}); err == nil {
		t.Error("no runner is fine")
	}
}

// A worker denies what it has no room for, after the code has run.
func TestWhatIsEagerIsUpToTheWorker(t *testing.T) {
	r := start(t, verify.Options{}, func(ctx workflow.Context) error {
		done := charge(ctx)
		workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
		return done.Get(ctx, nil)
	})
	r.Task()
	a, err := r.Sticky(r.History)
	if err != nil {
		t.Fatal(err)
	}
	wish := a.Commands[0].GetScheduleActivityTaskCommandAttributes()
	if !wish.GetRequestEagerExecution() {
		t.Fatal("the code does not wish it")
	}
	wish.RequestEagerExecution = false
	r.Complete(a)
	r.Signal("go")
	if err := r.task(); err != nil {
		t.Error(err)
	}
}
