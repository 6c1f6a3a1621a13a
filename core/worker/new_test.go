package worker_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/subprocess"
	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/interceptor"
	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/sticky"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// offline is a client of a server that nobody asks.
func offline(t *testing.T) *connect.Client {
	t.Helper()
	client, err := connect.Dial(connect.Options{Address: "localhost:1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

// unconnected is a client without a service.
type unconnected struct {
	service workflowservice.WorkflowServiceClient
}

func (u unconnected) WorkflowService() workflowservice.WorkflowServiceClient { return u.service }

// nilDataConverter is a converter that is there as a type only.
type nilDataConverter struct{ converter.DataConverter }

func newCache(t *testing.T) *sticky.Cache[string, *task.Run] {
	t.Helper()
	c, err := sticky.New(sticky.Options[string, *task.Run]{MaxEntries: 1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func notAWorkflow(context.Context) error { return nil }

func twice(workflow.Context) error { return nil }

func TestWrongArguments(t *testing.T) {
	var client worker.Client = offline(t)
	for _, c := range []struct {
		name   string
		client worker.Client
		queue  string
		field  string
		says   []string
	}{
		{"no queue", client, "", "taskQueue", []string{`""`, "name the task queue"}},
		{"reserved queue", client, "__temporal_x", "taskQueue", []string{`"__temporal_x"`, "reserved", "choose another"}},
		{"nil client", nil, "q", "client", []string{"nil", "connect.Dial"}},
		{"typed nil client", (*connect.Client)(nil), "q", "client", []string{"nil", "connect.Dial"}},
		{"unconnected client", unconnected{}, "q", "client", []string{"unconnected", "connected"}},
		{
			"client of a nil service",
			unconnected{(*workflowServiceClient)(nil)},
			"q", "client",
			[]string{"unconnected", "connected"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := worker.New(c.client, c.queue, both())
			checkOptionError(t, w, err, c.field, c.says)
		})
	}
}

// workflowServiceClient is a service of which there is only a nil pointer.
type workflowServiceClient struct {
	workflowservice.WorkflowServiceClient
}

// checkOptionError checks that err says exactly one thing, in one line.
func checkOptionError(t *testing.T, w *worker.Worker, err error, field string, says []string) {
	t.Helper()
	var option *worker.OptionError
	if w != nil || !errors.As(err, &option) {
		t.Fatalf("worker %v, error %v", w, err)
	}
	if option.Field != field {
		t.Errorf("field %q", option.Field)
	}
	if option.Value == "" || (option.Fix == "") == (option.Err == nil) {
		t.Errorf("incomplete: %+v", option)
	}
	for _, text := range append(says, "worker: "+field+" is ") {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q does not say %q", err, text)
		}
	}
	if n := strings.Count(err.Error(), "worker: "); n != 1 {
		t.Errorf("%d mistakes told: %v", n, err)
	}
}

func TestWrongOptions(t *testing.T) {
	client := offline(t)
	type o = worker.Options
	for _, c := range []struct {
		field string
		o     o
		says  []string
	}{
		{"Workflows[0]", o{Workflows: []any{notAWorkflow}}, []string{"workflow.Context"}},
		{"Workflows[0]", o{Workflows: []any{"Greet"}}, []string{"string", "function"}},
		{"Workflows[0]", o{Workflows: []any{nil}}, []string{"nil", "function"}},
		{"Workflows[2]", o{Workflows: []any{twice, Greet, twice}}, []string{`"twice"`, "already registered", "Name"}},
		{"Activities[1]", o{Activities: []any{Echo, 42}}, []string{"int", "function"}},
		{"Activities[1]", o{Activities: []any{Echo, Echo}}, []string{`"Echo"`, "already registered", "Name"}},
		{
			"DeploymentOptions.Version.BuildID", o{DeploymentOptions: worker.DeploymentOptions{
				Version: worker.WorkerDeploymentVersion{DeploymentName: "shop"},
			}}, []string{"both"},
		},
		{
			"DeploymentOptions.Version.DeploymentName", o{DeploymentOptions: worker.DeploymentOptions{
				UseVersioning: true, Version: worker.WorkerDeploymentVersion{BuildID: "v1"},
			}}, []string{"both"},
		},
		{
			"DeploymentOptions.DefaultVersioningBehavior", o{DeploymentOptions: worker.DeploymentOptions{
				DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
			}}, []string{"UseVersioning"},
		},
		{
			"DeploymentOptions.DefaultVersioningBehavior", o{DeploymentOptions: worker.DeploymentOptions{
				DefaultVersioningBehavior: 7,
			}}, []string{"7", "constants"},
		},
		{
			"BuildID", o{BuildID: "v1", DeploymentOptions: worker.DeploymentOptions{
				Version: worker.WorkerDeploymentVersion{DeploymentName: "shop", BuildID: "v2"},
			}}, []string{`"v1"`, "leave it out"},
		},
		{"UseWorkerVersioning", o{UseWorkerVersioning: true}, []string{"set BuildID"}},
		{
			"UseWorkerVersioning", o{UseWorkerVersioning: true, DeploymentOptions: worker.DeploymentOptions{
				Version: shopVersion,
			}}, []string{"DeploymentOptions take its place"},
		},
		{
			"EnableSessionWorker",
			o{EnableSessionWorker: true, UseWorkerVersioning: true, BuildID: "v1"},
			[]string{"UseWorkerVersioning"},
		},
		{"EnableSessionWorker", o{EnableSessionWorker: true, NoRemoteActivities: true}, []string{"NoRemoteActivities"}},
		{
			"EnableSessionWorker", o{EnableSessionWorker: true, DeploymentOptions: worker.DeploymentOptions{
				UseVersioning: true, Version: shopVersion,
			}}, []string{"UseVersioning"},
		},
		{"MaxConcurrentSessionExecutionSize", o{MaxConcurrentSessionExecutionSize: -1}, []string{"-1", "1000"}},
		{"MaxCachedWorkflows", o{MaxCachedWorkflows: new(-1)}, []string{"-1", "new(0)"}},
		{"MaxCachedWorkflowBytes", o{MaxCachedWorkflowBytes: -1}, []string{"-1", "bytes"}},
		{"MaxConcurrentReplays", o{MaxConcurrentReplays: -1}, []string{"-1"}},
		{
			"Parts.CacheBudget",
			o{Parts: worker.Parts{Cache: newCache(t), CacheBudget: &sticky.Budget{}}},
			[]string{"Parts.Cache"},
		},
		{"MaxConcurrentWorkflowTasks", o{MaxConcurrentWorkflowTasks: -2}, []string{"-2", "100"}},
		{"MaxConcurrentWorkflowTasks", o{MaxConcurrentWorkflowTasks: 1}, []string{"at least 2"}},
		{"MaxConcurrentWorkflowTasks", o{MaxConcurrentWorkflowTasks: slots.MaxLimit + 1}, []string{"up to"}},
		{"MaxConcurrentActivities", o{MaxConcurrentActivities: -1}, []string{"-1", "100"}},
		{"MaxConcurrentActivities", o{MaxConcurrentActivities: slots.MaxLimit + 1}, []string{"up to"}},
		{"MaxConcurrentLocalActivities", o{MaxConcurrentLocalActivities: -1}, []string{"-1", "100"}},
		{"MaxConcurrentLocalActivities", o{MaxConcurrentLocalActivities: slots.MaxLimit + 1}, []string{"up to"}},
		{"MaxConcurrentWorkflowTaskPolls", o{MaxConcurrentWorkflowTaskPolls: -1}, []string{"-1", "5"}},
		{
			"MaxConcurrentWorkflowTaskPolls",
			o{MaxConcurrentWorkflowTaskPolls: poller.MaxTarget + 1},
			[]string{"10001", "up to 10000"},
		},
		{"MaxConcurrentActivityTaskPolls", o{MaxConcurrentActivityTaskPolls: -1}, []string{"-1", "5"}},
		{
			"MaxConcurrentActivityTaskPolls",
			o{MaxConcurrentActivityTaskPolls: poller.MaxTarget + 1},
			[]string{"10001", "up to 10000"},
		},
		{"NonstickyToStickyPollRatio", o{NonstickyToStickyPollRatio: new(-0.1)}, []string{"-0.1", "0 to 1"}},
		{"NonstickyToStickyPollRatio", o{NonstickyToStickyPollRatio: new(1.1)}, []string{"1.1", "0 to 1"}},
		{"NonstickyToStickyPollRatio", o{NonstickyToStickyPollRatio: new(math.NaN())}, []string{"NaN", "0 to 1"}},
		{
			"DeadlockDetectionTimeout",
			o{DeadlockDetectionTimeout: -time.Second},
			[]string{"-1s", "means 1s"},
		},
		{
			"WorkflowPanicPolicy",
			o{WorkflowPanicPolicy: 7},
			[]string{"7", "BlockWorkflow"},
		},
		{
			"StickyQueueScheduleToStartTimeout",
			o{StickyQueueScheduleToStartTimeout: -time.Second},
			[]string{"-1s", "10s"},
		},
		{"MaxHeartbeatThrottleInterval", o{MaxHeartbeatThrottleInterval: -1}, []string{"-1ns", "1m0s"}},
		{"DefaultHeartbeatThrottleInterval", o{DefaultHeartbeatThrottleInterval: -1}, []string{"-1ns", "30s"}},
		{"GracefulShutdownTimeout", o{GracefulShutdownTimeout: -time.Minute}, []string{"-1m0s", "0s"}},
		{"MaxActivitiesPerSecond", o{MaxActivitiesPerSecond: -1}, []string{"-1", "no limit"}},
		{"MaxActivitiesPerSecond", o{MaxActivitiesPerSecond: math.NaN()}, []string{"NaN", "no limit"}},
		{"MaxActivitiesPerSecond", o{MaxActivitiesPerSecond: math.Inf(1)}, []string{"Inf", "no limit"}},
		{"MaxActivitiesPerSecond", o{MaxActivitiesPerSecond: math.MaxFloat64}, []string{"no limit"}},
		{"MaxTaskQueueActivitiesPerSecond", o{MaxTaskQueueActivitiesPerSecond: -1}, []string{"-1", "no limit"}},
		{"MaxTaskQueueActivitiesPerSecond", o{MaxTaskQueueActivitiesPerSecond: math.NaN()}, []string{"NaN"}},
		{"MaxTaskQueueActivitiesPerSecond", o{MaxTaskQueueActivitiesPerSecond: math.Inf(1)}, []string{"Inf"}},
		{"WorkflowRunner", o{WorkflowRunner: (*slowRunner)(nil)}, []string{"a nil *worker_test.slowRunner"}},
		{
			"UnsandboxedWorkflowRunner",
			o{UnsandboxedWorkflowRunner: (*slowRunner)(nil)},
			[]string{"a nil *worker_test.slowRunner"},
		},
		{"WorkflowTaskExecutor", o{WorkflowTaskExecutor: (*task.Bounded)(nil)}, []string{"a nil *task.Bounded"}},
		{"ActivityExecutor", o{ActivityExecutor: (*activity.Pool)(nil)}, []string{"a nil *activity.Pool"}},
		{
			"ActivityExecutor",
			o{Activities: []any{Echo}, ActivityExecutor: (*subprocess.Executor)(nil)},
			[]string{"a nil *subprocess.Executor"},
		},
		{"SharedStateManager", o{SharedStateManager: subprocess.NewSharedState()}, []string{"*subprocess.SharedState", "leave it out"}},
		{
			"SharedStateManager",
			o{ActivityExecutor: newElsewhere(), SharedStateManager: (*subprocess.SharedState)(nil)},
			[]string{"a nil *subprocess.SharedState"},
		},
		{"Interceptors[0]", o{Interceptors: []interceptor.WorkerInterceptor{nil}}, []string{"nil", "leave it out"}},
		{
			"ContextPropagators[1]",
			o{ContextPropagators: []workflow.ContextPropagator{tenants{}, (*tenants)(nil)}},
			[]string{"a nil *worker_test.tenants", "leave it out"},
		},
		{"MetricsHandler", o{MetricsHandler: (*ledger)(nil)}, []string{"a nil", "leave the field out"}},
		{"DataConverter", o{DataConverter: (*nilDataConverter)(nil)}, []string{"a nil", "leave the field out"}},
		{"FailureConverter", o{FailureConverter: (*signing)(nil)}, []string{"a nil", "leave the field out"}},
		{"Parts.WorkflowSlots", o{Parts: worker.Parts{WorkflowSlots: (*slots.Fixed)(nil)}}, []string{"a nil *slots.Fixed"}},
		{"Parts.WorkflowSlots", o{Parts: worker.Parts{WorkflowSlots: fixed(t, 1)}}, []string{"1 slot", "at least 2"}},
		{"Parts.ActivitySlots", o{Parts: worker.Parts{ActivitySlots: (*slots.Fixed)(nil)}}, []string{"a nil *slots.Fixed"}},
		{
			"Parts.LocalActivitySlots",
			o{Parts: worker.Parts{LocalActivitySlots: (*slots.Fixed)(nil)}},
			[]string{"a nil *slots.Fixed"},
		},
		{"MaxLocalActivitiesPerSecond", o{MaxLocalActivitiesPerSecond: -1}, []string{"-1", "no limit"}},
		{"Parts.LocalActivityRate", o{Parts: worker.Parts{LocalActivityRate: (*brokenLimiter)(nil)}}, []string{"a nil"}},
		{"Parts.ActivityRate", o{Parts: worker.Parts{ActivityRate: (*brokenLimiter)(nil)}}, []string{"a nil"}},
		{"Parts.WorkflowScaler", o{Parts: worker.Parts{WorkflowScaler: (*poller.Fixed)(nil)}}, []string{"a nil"}},
		{"Parts.StickyScaler", o{Parts: worker.Parts{StickyScaler: (*poller.Fixed)(nil)}}, []string{"a nil"}},
		{"Parts.ActivityScaler", o{Parts: worker.Parts{ActivityScaler: (*poller.Fixed)(nil)}}, []string{"a nil"}},
		{
			"MaxConcurrentWorkflowTasks", o{
				MaxConcurrentWorkflowTasks: 1, MaxCachedWorkflows: new(0), Parts: worker.Parts{Cache: newCache(t)},
			}, []string{"at least 2", "Parts.Cache"},
		},
	} {
		t.Run(c.field, func(t *testing.T) {
			if c.o.Workflows == nil && c.o.Activities == nil {
				c.o.Workflows = []any{Greet}
			}
			w, err := worker.New(client, taskQueue, c.o)
			checkOptionError(t, w, err, c.field, c.says)
		})
	}
}

func TestAllMistakesAreTold(t *testing.T) {
	_, err := worker.New(nil, "", worker.Options{
		Workflows:                       []any{notAWorkflow, Greet, Greet},
		Activities:                      []any{"Echo"},
		MaxCachedWorkflows:              new(-1),
		MaxConcurrentActivities:         -1,
		GracefulShutdownTimeout:         -1,
		MaxTaskQueueActivitiesPerSecond: math.NaN(),
		Parts:                           worker.Parts{ActivitySlots: (*slots.Fixed)(nil)},
	})
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	for _, field := range []string{
		"client", "taskQueue", "Workflows[0]", "Workflows[2]", "Activities[0]", "MaxCachedWorkflows",
		"MaxConcurrentActivities", "GracefulShutdownTimeout", "MaxTaskQueueActivitiesPerSecond",
		"Parts.ActivitySlots",
	} {
		found := 0
		for _, line := range lines {
			if strings.HasPrefix(line, "worker: "+field+" is ") {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s is told %d times: %v", field, found, err)
		}
	}
	if len(lines) != 10 {
		t.Errorf("%d lines: %v", len(lines), err)
	}
}

func TestSoundEdges(t *testing.T) {
	client := offline(t)
	for name, o := range map[string]worker.Options{
		"zero":          {},
		"one slot":      {MaxConcurrentWorkflowTasks: 1, MaxCachedWorkflows: new(0)},
		"one slot part": {MaxCachedWorkflows: new(0), Parts: worker.Parts{WorkflowSlots: fixed(t, 1)}},
		"all normal":    {NonstickyToStickyPollRatio: new(1.0)},
		"all sticky":    {NonstickyToStickyPollRatio: new(0.0)},
		"most":          {MaxConcurrentActivities: slots.MaxLimit, MaxConcurrentActivityTaskPolls: poller.MaxTarget},
		"rare":          {MaxActivitiesPerSecond: 1e-9, MaxTaskQueueActivitiesPerSecond: 1e-9},
		"often":         {MaxActivitiesPerSecond: 1e300},
	} {
		if _, err := worker.New(client, taskQueue, o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingRegistered(t *testing.T) {
	for name, c := range map[string]struct {
		o    worker.Options
		says string
	}{
		"nothing":         {worker.Options{}, "RegisterWorkflow"},
		"only not remote": {worker.Options{Activities: []any{Echo}, NoRemoteActivities: true}, "NoRemoteActivities"},
	} {
		w, err := worker.New(offline(t), taskQueue, c.o)
		if err != nil {
			t.Fatal(err)
		}
		for _, start := range []func(context.Context) error{w.Start, w.Run} {
			err := start(t.Context())
			if !errors.Is(err, worker.ErrNothingRegistered) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// It is not too late to register after a Start that found nothing.
func TestRegisterAfterNothingWasRegistered(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.worker(t, worker.Options{})
		if err := w.Start(t.Context()); !errors.Is(err, worker.ErrNothingRegistered) {
			t.Fatalf("Start: %v", err)
		}
		if err := w.RegisterActivity(Echo); err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		stop(t, w)
	})
}

// A registration whose error nobody looked at is told by Start.
func TestRejectedRegistrations(t *testing.T) {
	w, err := worker.New(offline(t), taskQueue, worker.Options{Workflows: []any{Greet}})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]error{
		"workflow": w.RegisterWorkflow(notAWorkflow),
		"named workflow": w.RegisterWorkflowWithOptions(
			twice, workflow.RegisterOptions{Name: "Greet"}),
		"activity":       w.RegisterActivity(0),
		"named activity": w.RegisterActivityWithOptions(0, named("x")),
		"dynamic":        w.RegisterDynamicActivity(0, activity.DynamicRegisterOptions{}),
	}
	started := w.Start(t.Context())
	for name, err := range all {
		if err == nil || !errors.Is(started, err) {
			t.Errorf("%s: %v, Start: %v", name, err, started)
		}
	}
}

func TestTaskQueue(t *testing.T) {
	w, err := worker.New(offline(t), taskQueue, worker.Options{})
	if err != nil || w.TaskQueue() != taskQueue {
		t.Errorf("queue %q, error %v", w.TaskQueue(), err)
	}
}

// What a caller does with its options after New is its own affair.
func TestOptionsAreCopied(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		cached := 5
		w := f.worker(t, worker.Options{Workflows: []any{Greet}, MaxCachedWorkflows: &cached})
		cached = 0
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := w.Stats().Cache.MaxEntries; n != 5 {
			t.Errorf("%d runs cached", n)
		}
		stop(t, w)
	})
}
