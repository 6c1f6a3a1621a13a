package local_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/local"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// attempt is the first attempt of fn, now.
func attempt(t *testing.T, fn any, args ...any) *local.Task {
	t.Helper()
	name, d, err := activity.NewRegistry().ResolveLocal(fn)
	if err != nil {
		t.Fatal(err)
	}
	if args == nil {
		args = []any{}
	}
	return &local.Task{
		Info: activity.Info{
			ActivityType: activity.Type{Name: name}, ActivityID: "7", Attempt: 1, Namespace: "ns",
			WorkflowType:      &activity.WorkflowType{Name: "wf"},
			WorkflowExecution: activity.WorkflowExecution{ID: "id", RunID: "run"},
			ScheduledTime:     time.Now(), ScheduleToCloseTimeout: time.Hour, StartToCloseTimeout: time.Minute,
		},
		Definition: d,
		Args:       args,
	}
}

func newRunner(t *testing.T, o local.Options) *local.Runner {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r, err := local.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// tickets counts what becomes of tickets.
type tickets struct{ given, spent, returned atomic.Int32 }

func (k *tickets) admit(context.Context, *local.Task) (local.Ticket, error) {
	k.given.Add(1)
	return k, nil
}

func (k *tickets) Spend()  { k.spent.Add(1) }
func (k *tickets) Return() { k.returned.Add(1) }

func TestResults(t *testing.T) {
	var k tickets
	r := newRunner(t, local.Options{Admit: k.admit})
	shared := map[string]int{}
	for name, tt := range map[string]struct {
		task *local.Task
		want string
		fail string
	}{
		"value":        {attempt(t, func(n int) (int, error) { return n + 1, nil }, 1), "2", ""},
		"none":         {attempt(t, func() error { return nil }), "", ""},
		"by reference": {attempt(t, func(m map[string]int) error { m["x"] = 1; return nil }, shared), "", ""},
		"error":        {attempt(t, func() error { return temporal.NewApplicationError("no", "Broken") }), "", "no (type: Broken"},
		"error beside": {attempt(t, func() (int, error) { return 1, errors.New("no") }), "", "no"},
		"panic":        {attempt(t, func() error { panic("boom") }), "", "boom"},
		"goexit":       {attempt(t, func() error { runtime.Goexit(); return nil }), "", "runtime.Goexit"},
		"channel":      {attempt(t, func() (any, error) { return make(chan int), nil }), "", "unable to encode the result"},
		"too few":      {attempt(t, func(int) error { return nil }), "", "takes 1 arguments and was given 0"},
		"too early":    {&local.Task{}, "", "Task.Definition is nil"},
	} {
		k = tickets{}
		p, err := r.Run(t.Context(), tt.task)
		if err := r.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if got := strings.Join(converter.GetDefaultDataConverter().ToStrings(p), ","); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
		if (err == nil) != (tt.fail == "") || (err != nil && !strings.Contains(err.Error(), tt.fail)) {
			t.Errorf("%s: got error %v, want %q", name, err, tt.fail)
		}
		if name == "panic" && !temporal.IsPanicError(err) {
			t.Errorf("a panic is a %T", err)
		}
		want := int32(1)
		if name == "too early" {
			want = 0
		}
		if k.given.Load() != want || k.spent.Load() != want || k.returned.Load() != want {
			t.Errorf("%s: tickets %+v, want %d", name, &k, want)
		}
	}
	if shared["x"] != 1 {
		t.Error("the argument was copied")
	}
}

func TestEncodedArguments(t *testing.T) {
	r := newRunner(t, local.Options{})
	input, err := converter.GetDefaultDataConverter().ToPayloads(20, 3)
	if err != nil {
		t.Fatal(err)
	}
	task := attempt(t, func(a, b int) (int, error) { return a + b, nil })
	task.Args, task.Input = nil, input
	p, err := r.Run(t.Context(), task)
	if err != nil || string(p.GetPayloads()[0].GetData()) != "23" {
		t.Errorf("got %v and %v, want 23", p, err)
	}
}

func TestTheDynamicActivityDecodes(t *testing.T) {
	registry := activity.NewRegistry()
	err := registry.RegisterDynamicActivity(func(ctx context.Context, args converter.EncodedValues) (string, error) {
		var n int
		err := args.Get(&n)
		return activity.GetInfo(ctx).ActivityType.Name + strings.Repeat("!", n), err
	}, activity.DynamicRegisterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	name, d, err := registry.ResolveLocal("unheard-of")
	if err != nil {
		t.Fatal(err)
	}
	task := attempt(t, func() error { return nil })
	task.Info.ActivityType.Name, task.Definition, task.Args = name, d, []any{2}
	p, err := newRunner(t, local.Options{}).Run(t.Context(), task)
	if err != nil || string(p.GetPayloads()[0].GetData()) != `"unheard-of!!"` {
		t.Errorf("got %v and %v", p, err)
	}
	task.Args = []any{make(chan int)}
	if _, err := newRunner(t, local.Options{}).Run(t.Context(), task); err == nil {
		t.Error("an argument that cannot be encoded went through")
	}
}

func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		close(stop)
		var log strings.Builder
		r := newRunner(t, local.Options{
			WorkerStop: stop, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Middleware: []activity.Middleware{func(next activity.Invoke) activity.Invoke {
				return func(ctx context.Context, in *activity.Invocation) (any, error) {
					in.Args[0] = string(in.Header.GetFields()["h"].GetData())
					return next(ctx, in)
				}
			}},
		})
		began := time.Now()
		time.Sleep(time.Second)
		task := attempt(t, func(ctx context.Context, by string) error {
			<-activity.GetWorkerStopChannel(ctx)
			activity.RecordHeartbeat(ctx, "dropped")
			activity.GetLogger(ctx).Info("hello", "by", by)
			i := activity.GetInfo(ctx)
			deadline, _ := ctx.Deadline()
			if !i.IsLocalActivity || !activity.IsActivity(ctx) || activity.HasHeartbeatDetails(ctx) ||
				!i.StartedTime.Equal(time.Now()) || !i.Deadline.Equal(deadline) ||
				!i.Deadline.Equal(time.Now().Add(time.Minute)) || i.ActivityID != "7" {
				t.Errorf("got %+v", i)
			}
			return nil
		}, "nobody")
		task.Info.ScheduledTime = began
		task.Header = &commonpb.Header{Fields: map[string]*commonpb.Payload{"h": {Data: []byte("header")}}}
		if _, err := r.Run(t.Context(), task); err != nil {
			t.Error(err)
		}
		for _, want := range []string{
			"msg=hello", "by=header", "ActivityID=7", "ActivityType=", "Attempt=1", "WorkflowID=id", "RunID=run", "WorkflowType=wf",
		} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log has no %q: %s", want, log.String())
			}
		}
	})
}

// How long an attempt may take, and what it is told when its time is over.
func TestDeadlines(t *testing.T) {
	start, all := enumspb.TIMEOUT_TYPE_START_TO_CLOSE, enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE
	for name, tt := range map[string]struct {
		startToClose, scheduleToClose, since, expires time.Duration
		after                                         time.Duration
		kind                                          enumspb.TimeoutType
	}{
		"start":            {time.Minute, time.Hour, 0, 0, time.Minute, start},
		"schedule":         {time.Hour, time.Minute, 0, 0, time.Minute, all},
		"both alike":       {time.Minute, time.Minute, 0, 0, time.Minute, all},
		"schedule, passed": {time.Minute, time.Minute, 20 * time.Second, 0, 40 * time.Second, all},
		"expires":          {time.Minute, time.Hour, 0, 10 * time.Second, 10 * time.Second, all},
		"expires later":    {time.Minute, time.Hour, 0, 2 * time.Minute, time.Minute, start},
		"one only":         {0, time.Minute, 0, 0, time.Minute, all},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for kind, fn := range map[string]func(context.Context) error{
					"obeys":      func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
					"is late":    func(ctx context.Context) error { <-ctx.Done(); time.Sleep(time.Hour); return nil },
					"and panics": func(ctx context.Context) error { <-ctx.Done(); time.Sleep(time.Hour); panic("late") },
				} {
					task := attempt(t, fn)
					task.Info.ScheduledTime = time.Now().Add(-tt.since)
					task.Info.StartToCloseTimeout, task.Info.ScheduleToCloseTimeout = tt.startToClose, tt.scheduleToClose
					if tt.expires > 0 {
						task.Expires = time.Now().Add(tt.expires)
					}
					began := time.Now()
					var k tickets
					r := newRunner(t, local.Options{Admit: k.admit})
					_, err := r.Run(t.Context(), task)
					timeout, ok := errors.AsType[*temporal.TimeoutError](err)
					if !ok || timeout.TimeoutType() != tt.kind || timeout.Message() != "deadline exceeded" {
						t.Errorf("%s: got %v, want %v", kind, err, tt.kind)
					}
					if took := time.Since(began); took != tt.after {
						t.Errorf("%s: it ended after %v, want %v", kind, took, tt.after)
					}
					if err := r.Wait(t.Context()); err != nil {
						t.Error(err)
					}
					synctest.Wait()
					if kind != "obeys" && time.Since(began) != tt.after+time.Hour {
						t.Errorf("%s: Wait waited for %v", kind, time.Since(began))
					}
					if k.returned.Load() != 1 {
						t.Errorf("%s: tickets %+v", kind, &k)
					}
				}
			})
		})
	}
}

func TestCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		because := errors.New("because")
		for name, tt := range map[string]struct {
			fn   func(context.Context) error
			want string
		}{
			"context's error": {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, "canceled"},
			"cause":           {func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }, "canceled"},
			"deaf":            {func(context.Context) error { time.Sleep(time.Hour); return nil }, "canceled"},
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(because) })
			var k tickets
			r := newRunner(t, local.Options{Admit: k.admit})
			_, err := r.Run(ctx, attempt(t, tt.fn))
			if !temporal.IsCanceledError(err) || err.Error() != tt.want {
				t.Errorf("%s: got %v", name, err)
			}
			if name == "deaf" && k.returned.Load() != 0 {
				t.Error("the slot of a function that goes on was given back")
			}
			if err := r.Wait(ctx); name == "deaf" && !errors.Is(err, because) {
				t.Errorf("Wait with a context that has ended: %v", err)
			}
			if err := r.Wait(t.Context()); err != nil || k.returned.Load() != 1 {
				t.Errorf("%s: %v, tickets %+v", name, err, &k)
			}
		}
	})
}

func TestHeaders(t *testing.T) {
	type key struct{}
	r := newRunner(t, local.Options{Extract: func(ctx context.Context, h *commonpb.Header) (context.Context, error) {
		if h == nil {
			return nil, errors.New("no header")
		}
		return context.WithValue(ctx, key{}, string(h.GetFields()["h"].GetData())), nil
	}})
	task := attempt(t, func(ctx context.Context) (any, error) { return ctx.Value(key{}), nil })
	if _, err := r.Run(t.Context(), task); err == nil || err.Error() != "no header" {
		t.Errorf("got %v", err)
	}
	task.Header = &commonpb.Header{Fields: map[string]*commonpb.Payload{"h": {Data: []byte("header")}}}
	if p, err := r.Run(t.Context(), task); err != nil || string(p.GetPayloads()[0].GetData()) != `"header"` {
		t.Errorf("got %v and %v", p, err)
	}
}

func TestNew(t *testing.T) {
	if _, err := local.New(local.Options{Observers: []any{&seen{}, 1}}); err == nil ||
		!strings.Contains(err.Error(), "Observers[1] is a int") {
		t.Errorf("got %v", err)
	}
	if _, err := local.New(local.Options{Middleware: []activity.Middleware{nil}}); err == nil ||
		!strings.Contains(err.Error(), "Middleware[0] is nil") {
		t.Errorf("got %v", err)
	}
}

// The hook is told before the end of the activity, and its own flaws stop nothing.
func TestPanicsReachTheHook(t *testing.T) {
	var k tickets
	r := newRunner(t, local.Options{
		Admit: k.admit,
		OnPanic: func(_ context.Context, info activity.Info, err *temporal.PanicError) {
			if !info.IsLocalActivity || info.ActivityID != "7" || err.Error() != "boom" ||
				!strings.Contains(err.StackTrace(), "local_test.go") || k.returned.Load() != 0 {
				t.Errorf("told %+v, %v, tickets %+v", info, err, &k)
			}
			panic("broken hook")
		},
	})
	_, err := r.Run(t.Context(), attempt(t, func() error { panic("boom") }))
	if waited := r.Wait(t.Context()); waited != nil || !temporal.IsPanicError(err) || k.returned.Load() != 1 {
		t.Errorf("got %v and %v, tickets %+v", err, waited, &k)
	}
}
