package task_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	deploymentpb "go.temporal.io/api/deployment/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

type everything struct {
	started    []task.Started
	ended      []task.Ended
	panicked   []task.Panicked
	heartbeats []task.Heartbeat
}

func (e *everything) ActivityStarted(_ context.Context, v task.Started) {
	e.started = append(e.started, v)
}
func (e *everything) ActivityEnded(_ context.Context, v task.Ended) { e.ended = append(e.ended, v) }
func (e *everything) ActivityPanicked(_ context.Context, v task.Panicked) {
	e.panicked = append(e.panicked, v)
}

func (e *everything) ActivityHeartbeat(_ context.Context, v task.Heartbeat) {
	e.heartbeats = append(e.heartbeats, v)
}

type onlyEnds struct{ n int }

func (o *onlyEnds) ActivityEnded(context.Context, task.Ended) { o.n++ }

func TestObserversAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all, ends := &everything{}, &onlyEnds{}
		srv := &service{}
		h := newHandler(t, srv, func(ctx context.Context) error {
			activity.RecordHeartbeat(ctx, 1)
			time.Sleep(3 * time.Second)
			panic("boom")
		}, func(o *task.Options) { o.Observers = []any{all, ends} })
		start := time.Now()
		r := newTask()
		r.ScheduledTime = timestamp(start.Add(-9 * time.Second))
		r.CurrentAttemptScheduledTime = timestamp(start.Add(-2 * time.Second))
		if _, err := h.Handle(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if len(all.started) != 1 || len(all.ended) != 1 || len(all.panicked) != 1 ||
			len(all.heartbeats) != 1 || ends.n != 1 {
			t.Fatalf("got %+v and %d ends, want one of each", all, ends.n)
		}
		if e := all.started[0]; e.ScheduleToStart != 2*time.Second || e.Info.ActivityID != "7" {
			t.Errorf("started: %+v", e)
		}
		if e := all.ended[0]; e.Outcome != task.Failed || e.Execution != 3*time.Second ||
			e.EndToEnd != 12*time.Second || !temporal.IsPanicError(e.Err) || e.ReportErr != nil {
			t.Errorf("ended: %+v", e)
		}
		if e := all.panicked[0]; e.Err.Error() != "boom" ||
			!strings.Contains(e.Err.StackTrace(), "TestObserversAreTold") {
			t.Errorf("panicked: %v\n%s", e.Err, e.Err.StackTrace())
		}
		if e := all.heartbeats[0]; e.Err != nil || !e.Next.Equal(start.Add(30*time.Second)) {
			t.Errorf("heartbeat: %+v", e)
		}
	})
}

func TestObserverSeesUnregisteredType(t *testing.T) {
	all := &everything{}
	h := newHandler(t, &service{}, func() error { return nil },
		func(o *task.Options) { o.Observers = []any{all} })
	r := newTask()
	r.ActivityType.Name = "Other"
	_, _ = h.Handle(t.Context(), r)
	var unknown *activity.NotRegisteredError
	if !errors.As(all.ended[0].Err, &unknown) || unknown.Type != "Other" {
		t.Errorf("got %v, want a NotRegisteredError", all.ended[0].Err)
	}
}

func TestReportsSayWhoReports(t *testing.T) {
	deployment := &deploymentpb.WorkerDeploymentOptions{DeploymentName: "d", BuildId: "b"}
	version := &commonpb.WorkerVersionStamp{BuildId: "b"}
	type who interface {
		GetTaskToken() []byte
		GetIdentity() string
		GetNamespace() string
		GetResourceId() string
	}
	type report interface {
		who
		GetDeploymentOptions() *deploymentpb.WorkerDeploymentOptions
		GetWorkerVersion() *commonpb.WorkerVersionStamp
	}
	tests := map[string]struct {
		err        error
		standalone bool
		resource   string
	}{
		"completed":           {nil, false, "wf"},
		"failed":              {errPlain, false, "wf"},
		"canceled":            {context.Canceled, false, "wf"},
		"completed, no wf":    {nil, true, "7"},
		"failed, no workflow": {errPlain, true, "7"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv := &service{onHeartbeat: canceling(&heartbeatResponse{CancelRequested: true}, nil)}
			h := newHandler(t, srv, func(ctx context.Context) error {
				activity.RecordHeartbeat(ctx)
				return test.err
			}, func(o *task.Options) { o.DeploymentOptions, o.WorkerVersion = deployment, version })
			r := newTask()
			if test.standalone {
				r.WorkflowExecution, r.WorkflowType = nil, nil
			}
			_, _ = h.Handle(t.Context(), r)
			got, ok := srv.onlyReport(t).(report)
			if !ok || string(got.GetTaskToken()) != "token" || got.GetIdentity() != "me" ||
				got.GetNamespace() != "ns" || got.GetResourceId() != test.resource ||
				!proto.Equal(got.GetDeploymentOptions(), deployment) ||
				!proto.Equal(got.GetWorkerVersion(), version) {
				t.Errorf("reported %v", got)
			}
			b := srv.beats[0].request
			if string(b.GetTaskToken()) != "token" || b.GetIdentity() != "me" ||
				b.GetNamespace() != "ns" || b.GetResourceId() != test.resource || b.GetDetails() != nil {
				t.Errorf("heartbeat %v", b)
			}
		})
	}
}

func TestInfoOfTask(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	full := newTask(withHeartbeatTimeout(4 * time.Second))
	full.ScheduledTime, full.StartedTime = timestamp(at), timestamp(at.Add(time.Second))
	full.ScheduleToCloseTimeout = duration(2 * time.Hour)
	full.Attempt = 3
	full.Priority = &commonpb.Priority{PriorityKey: 2}
	full.RetryPolicy = &commonpb.RetryPolicy{MaximumAttempts: 5}
	standalone := newTask()
	standalone.WorkflowExecution, standalone.WorkflowType = nil, nil
	standalone.WorkflowNamespace = ""
	standalone.ActivityRunId = "arun"
	standalone.ScheduledTime, standalone.StartedTime = nil, nil
	standalone.StartToCloseTimeout = nil
	tests := map[string]struct {
		task *response
		want activity.Info
	}{
		"of a workflow": {full, activity.Info{
			TaskToken:              []byte("token"),
			WorkflowType:           &activity.WorkflowType{Name: "Flow"},
			WorkflowExecution:      activity.WorkflowExecution{ID: "wf", RunID: "run"},
			ActivityID:             "7",
			ActivityType:           activity.Type{Name: "Act"},
			TaskQueue:              "queue",
			Namespace:              "ns",
			HeartbeatTimeout:       4 * time.Second,
			ScheduleToCloseTimeout: 2 * time.Hour,
			StartToCloseTimeout:    time.Hour,
			ScheduledTime:          at,
			StartedTime:            at.Add(time.Second),
			Attempt:                3,
			Priority:               temporal.Priority{PriorityKey: 2},
			RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 5},
		}},
		"standalone": {standalone, activity.Info{
			TaskToken:     []byte("token"),
			ActivityID:    "7",
			ActivityRunID: "arun",
			ActivityType:  activity.Type{Name: "Act"},
			TaskQueue:     "queue",
			Namespace:     "ns",
			Attempt:       1,
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got activity.Info
			h := newHandler(t, &service{}, func(ctx context.Context) error {
				got = activity.GetInfo(ctx)
				return nil
			})
			_, _ = h.Handle(t.Context(), test.task)
			got.Deadline = time.Time{}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
			if got.IsWorkflowActivity() != (test.want.WorkflowExecution.ID != "") {
				t.Error("IsWorkflowActivity is wrong")
			}
		})
	}
}

func TestLoggerNamesTheAttempt(t *testing.T) {
	var out bytes.Buffer
	h := newHandler(t, &service{}, func(ctx context.Context) error {
		activity.GetLogger(ctx).Info("hello", "n", 1)
		return nil
	}, func(o *task.Options) { o.Logger = slog.New(slog.NewTextHandler(&out, nil)) })
	_, _ = h.Handle(t.Context(), newTask())
	for _, want := range []string{
		"msg=hello", "n=1", "ActivityID=7", "ActivityType=Act", "Attempt=1",
		"WorkflowType=Flow", "WorkflowID=wf", "RunID=run",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q lacks %q", out.String(), want)
		}
	}
}

func TestFailuresAreLoggedByWeight(t *testing.T) {
	benign := temporal.NewApplicationErrorWithOptions("fine", "", temporal.ApplicationErrorOptions{
		Category: temporal.ApplicationErrorCategoryBenign,
	})
	tests := map[string]struct {
		act  func() error
		want string // "" for nothing at level info
	}{
		"success": {func() error { return nil }, ""},
		"error":   {func() error { return errPlain }, "level=WARN"},
		"benign":  {func() error { return benign }, ""},
		"panic":   {func() error { panic("boom") }, "level=ERROR"},
		"pending": {func() error { return activity.ErrResultPending }, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			h := newHandler(t, &service{}, test.act,
				func(o *task.Options) { o.Logger = slog.New(slog.NewTextHandler(&out, nil)) })
			_, _ = h.Handle(t.Context(), newTask())
			if test.want == "" && out.Len() > 0 || !strings.Contains(out.String(), test.want) {
				t.Errorf("logged %q, want %q", out.String(), test.want)
			}
		})
	}
}

func TestOptionsAreChecked(t *testing.T) {
	valid := func() task.Options {
		return task.Options{
			Service: &service{}, Registry: activity.NewRegistry(), Namespace: "n", TaskQueue: "q",
		}
	}
	if _, err := task.New(valid()); err != nil {
		t.Fatalf("valid options: %v", err)
	}
	tests := map[string]func(*task.Options){
		"Service":                          func(o *task.Options) { o.Service = nil },
		"Registry":                         func(o *task.Options) { o.Registry = nil },
		"Namespace":                        func(o *task.Options) { o.Namespace = "" },
		"TaskQueue":                        func(o *task.Options) { o.TaskQueue = "" },
		"MaxHeartbeatThrottleInterval":     func(o *task.Options) { o.MaxHeartbeatThrottleInterval = -1 },
		"DefaultHeartbeatThrottleInterval": func(o *task.Options) { o.DefaultHeartbeatThrottleInterval = -1 },
		"ReportTimeout":                    func(o *task.Options) { o.ReportTimeout = -1 },
		"MaxResultBytes":                   func(o *task.Options) { o.MaxResultBytes = -1 },
		"Middleware[0]":                    func(o *task.Options) { o.Middleware = []activity.Middleware{nil} },
		"Observers[1]":                     func(o *task.Options) { o.Observers = []any{&onlyEnds{}, 5} },
	}
	for field, spoil := range tests {
		o := valid()
		spoil(&o)
		if _, err := task.New(o); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: got error %v, want one that names it", field, err)
		}
	}
	_, err := task.New(task.Options{})
	for _, field := range []string{"Service", "Registry", "Namespace", "TaskQueue"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("error %v lacks %s: all mistakes are named at once", err, field)
		}
	}
}

// spyOutbound counts what passes through.
type spyOutbound struct {
	activity.Outbound
	infos int
}

func (s *spyOutbound) GetInfo(ctx context.Context) activity.Info {
	s.infos++
	info := s.Outbound.GetInfo(ctx)
	info.ActivityID = "intercepted"
	return info
}

func TestMiddlewareSeesBothDirections(t *testing.T) {
	srv, spy := &service{}, &spyOutbound{}
	var order []string
	record := func(name string) activity.Middleware {
		return func(next activity.Invoke) activity.Invoke {
			return func(ctx context.Context, in *activity.Invocation) (any, error) {
				order = append(order, name)
				return next(ctx, in)
			}
		}
	}
	change := func(next activity.Invoke) activity.Invoke {
		return func(ctx context.Context, in *activity.Invocation) (any, error) {
			spy.Outbound, _ = activity.OutboundFrom(ctx)
			if string(in.Header.GetFields()["trace"].GetData()) != "t1" {
				t.Errorf("header is %v", in.Header)
			}
			n, _ := in.Args[0].(int)
			in.Args[0] = n + 1
			result, err := next(activity.WithOutbound(ctx, spy), in)
			n, _ = result.(int)
			return n * 10, err
		}
	}
	h := newHandler(t, srv, func(ctx context.Context, n int) (int, error) {
		if id := activity.GetInfo(ctx).ActivityID; id != "intercepted" {
			t.Errorf("id is %q", id)
		}
		return n, nil
	}, func(o *task.Options) {
		o.Middleware = []activity.Middleware{record("outer"), change, record("inner")}
	})
	r := newTask(withInput(encode(t, 1)))
	r.Header = &commonpb.Header{Fields: map[string]*commonpb.Payload{"trace": {Data: []byte("t1")}}}
	_, _ = h.Handle(t.Context(), r)
	report, ok := srv.onlyReport(t).(*workflowservice.RespondActivityTaskCompletedRequest)
	if !ok || decodeInt(t, report.GetResult()) != 20 {
		t.Errorf("reported %v, want 20", srv.reports[0])
	}
	if spy.infos != 1 || !reflect.DeepEqual(order, []string{"outer", "inner"}) {
		t.Errorf("infos %d, order %v", spy.infos, order)
	}
}

// awareConverter remembers what it was bound to.
type awareConverter struct {
	converter.DataConverter
	bound *[]converter.SerializationContext
}

func (a awareConverter) WithSerializationContext(c converter.SerializationContext) converter.DataConverter {
	*a.bound = append(*a.bound, c)
	return a.DataConverter
}

func TestConvertersLearnWhatTheyConvert(t *testing.T) {
	var bound []converter.SerializationContext
	h := newHandler(t, &service{}, func() error { return nil }, func(o *task.Options) {
		o.DataConverter = awareConverter{converter.GetDefaultDataConverter(), &bound}
		o.FailureConverter = temporal.GetDefaultFailureConverter()
	})
	_, _ = h.Handle(t.Context(), newTask())
	want := []converter.SerializationContext{converter.ActivitySerializationContext{
		Namespace: "ns", WorkflowID: "wf", WorkflowType: "Flow", ActivityType: "Act", TaskQueue: "queue",
	}}
	if !reflect.DeepEqual(bound, want) {
		t.Errorf("bound to %+v, want %+v", bound, want)
	}
}

func TestDynamicActivityTakesTheRest(t *testing.T) {
	srv := &service{}
	registry := activity.NewRegistry()
	err := registry.RegisterDynamicActivity(
		func(ctx context.Context, args converter.EncodedValues) (string, error) {
			var n int
			if err := args.Get(&n); err != nil || n != 5 {
				t.Errorf("got %d, %v, want 5", n, err)
			}
			return activity.GetInfo(ctx).ActivityType.Name, nil
		}, activity.DynamicRegisterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h, err := task.New(task.Options{
		Service: srv, Registry: registry, Namespace: "ns", TaskQueue: "q", Logger: quiet(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if outcome, err := h.Handle(t.Context(), newTask(withInput(encode(t, 5)))); outcome != task.Completed || err != nil {
		t.Errorf("got %v, %v", outcome, err)
	}
}

func TestOutcomeNames(t *testing.T) {
	want := []string{"none", "completed", "failed", "canceled", "pending", "timed out", "gone", "Outcome(7)"}
	for i, name := range want {
		if got := task.Outcome(i).String(); got != name {
			t.Errorf("Outcome %d is %q, want %q", i, got, name)
		}
	}
}
