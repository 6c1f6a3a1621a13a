package worker_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
)

// One test per option: it fails if the option is ignored.
var optionTests = map[string]func(t *testing.T, f *frontend){
	"Workflows": func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{Workflows: []any{Greet}})
		f.workflowTasks <- firstTask("Greet", "run", "world")
		pass(time.Second)
		only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
	},
	"Activities": func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{Activities: []any{Echo}})
		f.activityTasks <- activityTask("Echo", 1, "x")
		pass(time.Second)
		only[*workflowservice.RespondActivityTaskCompletedRequest](t, f)
	},
	"Namespace": func(t *testing.T, f *frontend) {
		o := both()
		o.Namespace = "shop"
		for _, req := range f.everyRequest(t, o) {
			if r, ok := req.(interface{ GetNamespace() string }); ok && r.GetNamespace() != "shop" {
				t.Errorf("%T: namespace %q", req, r.GetNamespace())
			}
		}
	},
	"Identity": func(t *testing.T, f *frontend) {
		o := both()
		o.Identity = "me"
		for _, req := range f.everyRequest(t, o) {
			if r, ok := req.(interface{ GetIdentity() string }); ok && r.GetIdentity() != "me" {
				t.Errorf("%T: identity %q", req, r.GetIdentity())
			}
		}
	},
	"BuildID": func(t *testing.T, f *frontend) {
		o := both()
		o.BuildID = "v42"
		for _, req := range f.everyRequest(t, o) {
			id, says := buildIDOf(req)
			if says && id != "v42" {
				t.Errorf("%T: build id %q", req, id)
			}
		}
	},
	"UseWorkerVersioning":               testUseWorkerVersioning,
	"WorkflowTaskExecutor":              testWorkflowTaskExecutor,
	"DeploymentOptions":                 testDeploymentOptions,
	"EnableSessionWorker":               testEnableSessionWorker,
	"MaxConcurrentSessionExecutionSize": testMaxConcurrentSessions,
	"MaxCachedWorkflows":                testMaxCachedWorkflows,
	"MaxCachedWorkflowBytes":            testMaxCachedWorkflowBytes,
	"CachedWorkflowIdleTimeout":         testCachedWorkflowIdleTimeout,
	"MaxConcurrentReplays":              testMaxConcurrentReplays,
	"MaxConcurrentWorkflowTasks":        testMaxConcurrentWorkflowTasks,
	"MaxConcurrentActivities":           testMaxConcurrentActivities,
	"MaxConcurrentLocalActivities":      testMaxConcurrentLocalActivities,
	"MaxConcurrentWorkflowTaskPolls":    testMaxConcurrentWorkflowTaskPolls,
	"NonstickyToStickyPollRatio":        testNonstickyToStickyPollRatio,
	"StickyQueueScheduleToStartTimeout": testStickyTimeout,
	"MaxConcurrentActivityTaskPolls": func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{Activities: []any{Echo}, MaxConcurrentActivityTaskPolls: 3})
		if n := f.polling(activities); n != 3 {
			t.Errorf("%d polls", n)
		}
	},
	"DisableEagerActivityExecution":               testDisableEagerActivities,
	"MaxEagerActivityReservationsPerWorkflowTask": testMaxEagerActivities,
	"MaxConcurrentEagerActivityExecutionSize":     testMaxConcurrentEagerActivities,
	"NoRemoteActivities": func(t *testing.T, f *frontend) {
		o := both()
		o.NoRemoteActivities = true
		f.start(t, o)
		pass(time.Hour)
		if polls, _ := arrivals[*workflowservice.PollActivityTaskQueueRequest](f); len(polls) > 0 {
			t.Errorf("%d activity polls", len(polls))
		}
		if f.polling(normal) == 0 {
			t.Error("no workflow polls")
		}
	},
	"MaxHeartbeatThrottleInterval": func(t *testing.T, f *frontend) {
		gap := f.heartbeatGap(t, worker.Options{MaxHeartbeatThrottleInterval: 5 * time.Second}, 100*time.Second)
		if gap != 5*time.Second {
			t.Errorf("heartbeats every %v", gap)
		}
	},
	"DefaultHeartbeatThrottleInterval": func(t *testing.T, f *frontend) {
		gap := f.heartbeatGap(t, worker.Options{DefaultHeartbeatThrottleInterval: 3 * time.Second}, 0)
		if gap != 3*time.Second {
			t.Errorf("heartbeats every %v", gap)
		}
	},
	"AutoHeartbeat": func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{Activities: []any{Obey}, AutoHeartbeat: true})
		task := activityTask("Obey", 1)
		task.HeartbeatTimeout = durationpb.New(10 * time.Second)
		f.activityTasks <- task
		pass(9 * time.Second)
		only[*workflowservice.RecordActivityTaskHeartbeatRequest](t, f)
	},
	"MaxActivitiesPerSecond": func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{Activities: []any{Echo}, MaxActivitiesPerSecond: 2})
		f.paced(t, 500*time.Millisecond)
	},
	"MaxTaskQueueActivitiesPerSecond": func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{Activities: []any{Echo}, MaxTaskQueueActivitiesPerSecond: 7.5})
		polls, _ := arrivals[*workflowservice.PollActivityTaskQueueRequest](f)
		if got := polls[0].GetTaskQueueMetadata().GetMaxTasksPerSecond().GetValue(); got != 7.5 {
			t.Errorf("limit %v on the wire", got)
		}
	},
	"MaxLocalActivitiesPerSecond": testMaxLocalActivitiesPerSecond,
	"WorkflowPanicPolicy":         testWorkflowPanicPolicy,
	"FailWorkflowOn":              testFailWorkflowOn,
	"Limits":                      testLimits,
	"DisablePayloadErrorLimit":    testDisablePayloadErrorLimit,
	"DeadlockDetectionTimeout":    testDeadlockDetectionTimeout,
	"DebugMode":                   testDebugMode,
	"DisableSafeWorkflowEviction": testDisableSafeWorkflowEviction,
	"GracefulShutdownTimeout": func(t *testing.T, f *frontend) {
		w := f.start(t, worker.Options{Activities: []any{Obey}, GracefulShutdownTimeout: 3 * time.Second})
		f.activityTasks <- activityTask("Obey", 1)
		pass(time.Second)
		if took := stop(t, w); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
	},
	"OnActivityPanic": testOnActivityPanic,
	"OnFatalError": func(t *testing.T, f *frontend) {
		breakPolls(f, activities, codes.NotFound)
		var told atomic.Bool
		w := f.start(t, worker.Options{
			Activities:   []any{Echo},
			OnFatalError: func(context.Context, error) { told.Store(true) },
		})
		if err := w.Wait(eventually(t)); err == nil || !told.Load() {
			t.Errorf("told %v of %v", told.Load(), err)
		}
	},
	"WorkflowRunner": func(t *testing.T, f *frontend) {
		o, r := both(), newSlowRunner(0)
		o.WorkflowRunner = r
		f.start(t, o)
		f.workflowTasks <- firstTask("Greet", "run", "world")
		pass(time.Second)
		if r.prepared.Load() != 3 || r.runs.Load() != 1 {
			t.Errorf("prepared %d, ran %d", r.prepared.Load(), r.runs.Load())
		}
	},
	"UnsandboxedWorkflowRunner": testUnsandboxedWorkflowRunner,
	"PreferredVersionProvider": func(t *testing.T, f *frontend) {
		o := both()
		o.Workflows = []any{Versioned}
		o.PreferredVersionProvider = func(in workflow.PreferredVersionProviderInput) *workflow.VersionPreference {
			if in.WorkflowInfo.WorkflowType.Name != "Versioned" || in.ChangeID != "change" {
				t.Errorf("asked for %+v", in)
			}
			return &workflow.VersionPreference{Version: 2}
		}
		f.start(t, o)
		f.workflowTasks <- firstTask("Versioned", "run")
		pass(time.Second)
		answer := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
		details := answer.GetCommands()[0].GetRecordMarkerCommandAttributes().GetDetails()
		if got := string(details["version"].GetPayloads()[0].GetData()); got != "2" {
			t.Errorf("recorded version %s", got)
		}
	},
	"VerifyWorkflows": func(t *testing.T, f *frontend) {
		o := both()
		o.Workflows = []any{Lucky}
		o.VerifyWorkflows = true
		f.start(t, o)
		f.workflowTasks <- firstTask("Lucky", "run", "world")
		pass(time.Second)
		failed := only[*workflowservice.RespondWorkflowTaskFailedRequest](t, f)
		if !strings.Contains(failed.GetFailure().GetMessage(), "workflow Lucky is not deterministic") {
			t.Errorf("the task failed with %v", failed.GetFailure())
		}
	},
	"ActivityExecutor":   testActivityExecutor,
	"SharedStateManager": testSharedStateManager,
	"DataConverter": func(t *testing.T, f *frontend) {
		o := both()
		o.DataConverter = marking{converter.GetDefaultDataConverter()}
		f.start(t, o)
		f.workflowTasks <- firstTask("Greet", "run", "world")
		f.activityTasks <- activityTask("Echo", 1, "x")
		pass(time.Second)
		answer := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
		marked(t, answer.GetCommands()[0].GetCompleteWorkflowExecutionCommandAttributes().GetResult())
		marked(t, only[*workflowservice.RespondActivityTaskCompletedRequest](t, f).GetResult())
	},
	"FailureConverter": func(t *testing.T, f *frontend) {
		o := both()
		o.FailureConverter = signing{temporal.GetDefaultFailureConverter()}
		f.start(t, o)
		f.workflowTasks <- firstTask("Confused", "run")
		f.activityTasks <- activityTask("Fail", 1)
		pass(time.Second)
		answer := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
		signed(t, answer.GetCommands()[0].GetFailWorkflowExecutionCommandAttributes().GetFailure())
		signed(t, only[*workflowservice.RespondActivityTaskFailedRequest](t, f).GetFailure())
	},
	"Logger": func(t *testing.T, f *frontend) {
		o, logs := both(), new(logbook)
		o.Logger, o.Namespace, o.Identity = logs.logger(), "shop", "me"
		f.start(t, o)
		f.activityTasks <- activityTask("Fail", 1)
		pass(time.Second)
		if !logs.has("activity failed") || !logs.has("Namespace=shop TaskQueue=orders WorkerID=me") {
			t.Errorf("log: %s", &logs.text)
		}
	},
	"Interceptors":          testInterceptors,
	"ContextPropagators":    testContextPropagators,
	"EnableLoggingInReplay": testEnableLoggingInReplay,
	"MetricsHandler":        testMetricsHandler,
	"Parts":                 func(t *testing.T, f *frontend) { partTests["ActivityScaler"](t, f) },
}

func TestOptions(t *testing.T) { eachField[worker.Options](t, optionTests) }

// eachField runs the test of each field of a struct, which must have one.
func eachField[T any](t *testing.T, tests map[string]func(*testing.T, *frontend)) {
	t.Helper()
	for field := range reflect.TypeFor[T]().Fields() {
		t.Run(field.Name, func(t *testing.T) {
			test, ok := tests[field.Name]
			if !ok {
				t.Fatal("no test")
			}
			in(t, test)
		})
	}
}

// everyRequest runs a worker to its end and returns all requests that it makes.
func (f *frontend) everyRequest(t *testing.T, o worker.Options) []proto.Message {
	t.Helper()
	w := f.worker(t, o)
	err := w.RegisterActivityWithOptions(func(ctx context.Context) error {
		activity.RecordHeartbeat(ctx)
		return nil
	}, named("beat"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.workflowTasks <- firstTask("Greet", "run", "world")
	f.workflowTasks <- firstTask("Unknown", "run 2")
	f.stickyTasks <- signaledTask("run 3")
	f.activityTasks <- activityTask("Echo", 1, "x")
	f.activityTasks <- activityTask("Fail", 2)
	f.activityTasks <- activityTask("beat", 3)
	pass(time.Second)
	stop(t, w)
	var all []proto.Message
	kinds := make(map[string]bool)
	for _, a := range f.requests {
		all = append(all, a.req)
		kinds[string(a.req.ProtoReflect().Descriptor().Name())] = true
	}
	if len(kinds) != 10 {
		t.Errorf("requests of %d kinds: %v", len(kinds), kinds)
	}
	return all
}

func testMaxCachedWorkflows(t *testing.T, f *frontend) {
	w := f.start(t, worker.Options{Workflows: []any{Await}, MaxCachedWorkflows: new(1)})
	f.workflowTasks <- firstTask("Await", "run 1")
	f.workflowTasks <- firstTask("Await", "run 2")
	pass(time.Second)
	if n := w.Stats().Cache.Entries; n != 1 {
		t.Errorf("%d runs cached", n)
	}
}

func TestNoCacheMeansNoStickyQueue(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.start(t, worker.Options{Workflows: []any{Await}, MaxCachedWorkflows: new(0)})
		f.workflowTasks <- firstTask("Await", "run")
		pass(time.Hour)
		answer := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
		if answer.GetStickyAttributes() != nil {
			t.Errorf("sticky attributes %v", answer.GetStickyAttributes())
		}
		polls, _ := arrivals[*workflowservice.PollWorkflowTaskQueueRequest](f)
		for _, p := range polls {
			if p.GetTaskQueue().GetKind() != enumspb.TASK_QUEUE_KIND_NORMAL {
				t.Fatalf("poll of %v", p.GetTaskQueue())
			}
		}
		if n := w.Stats().Cache.Entries; n != 0 {
			t.Errorf("%d runs cached", n)
		}
	})
}

func testMaxConcurrentWorkflowTasks(t *testing.T, f *frontend) {
	w := f.start(t, worker.Options{
		Workflows: []any{Greet}, WorkflowRunner: newSlowRunner(time.Minute),
		MaxConcurrentWorkflowTasks: 2, MaxCachedWorkflows: new(0),
	})
	for _, run := range []string{"1", "2", "3"} {
		f.workflowTasks <- firstTask("Greet", run)
	}
	pass(30 * time.Second)
	if waiting, s := len(f.workflowTasks), w.Stats().WorkflowSlots; waiting != 1 || s.Used != 2 || s.Limit != 2 {
		t.Errorf("%d tasks wait, slots %+v", waiting, s)
	}
	pass(time.Minute)
	if waiting := len(f.workflowTasks); waiting != 0 {
		t.Errorf("%d tasks wait", waiting)
	}
}

func testMaxConcurrentActivities(t *testing.T, f *frontend) {
	f.start(t, worker.Options{Activities: []any{Sleep}, MaxConcurrentActivities: 1})
	f.oneAtATime(t)
}

// oneAtATime checks that a second activity does not start before the first has ended.
func (f *frontend) oneAtATime(t *testing.T) {
	t.Helper()
	f.activityTasks <- activityTask("Sleep", 1, time.Minute)
	f.activityTasks <- activityTask("Sleep", 2, time.Minute)
	pass(59 * time.Second)
	if n := len(f.activityTasks); n != 1 {
		t.Errorf("%d activities wait", n)
	}
	pass(2 * time.Second)
	if n := len(f.activityTasks); n != 0 {
		t.Errorf("%d activities wait after the first has ended", n)
	}
	pass(time.Minute)
	if got := f.completedTokens(); !slices.Equal(got, []string{"Sleep1", "Sleep2"}) {
		t.Errorf("completed %q", got)
	}
}

func testMaxConcurrentWorkflowTaskPolls(t *testing.T, f *frontend) {
	f.start(t, worker.Options{Workflows: []any{Greet}, MaxConcurrentWorkflowTaskPolls: 10})
	if n, s := f.polling(normal), f.polling(stickyKind); n != 2 || s != 8 {
		t.Errorf("%d normal polls and %d sticky ones", n, s)
	}
}

// One poll would leave one of the two queues alone: it means one of each.
func TestOnePollIsOneOfEachQueue(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{Workflows: []any{Greet}, MaxConcurrentWorkflowTaskPolls: 1})
		if n, s := f.polling(normal), f.polling(stickyKind); n != 1 || s != 1 {
			t.Errorf("%d normal polls and %d sticky ones", n, s)
		}
	})
}

func TestWithoutCacheAllPollsAreNormal(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{
			Workflows: []any{Greet}, MaxConcurrentWorkflowTaskPolls: 10, MaxCachedWorkflows: new(0),
		})
		if n := f.polling(normal); n != 10 {
			t.Errorf("%d normal polls", n)
		}
	})
}

func testNonstickyToStickyPollRatio(t *testing.T, f *frontend) {
	f.start(t, worker.Options{
		Workflows: []any{Greet}, MaxConcurrentWorkflowTaskPolls: 10, NonstickyToStickyPollRatio: new(0.7),
	})
	if n, s := f.polling(normal), f.polling(stickyKind); n != 7 || s != 3 {
		t.Errorf("%d normal polls and %d sticky ones", n, s)
	}
}

func testStickyTimeout(t *testing.T, f *frontend) {
	f.start(t, worker.Options{Workflows: []any{Await}, StickyQueueScheduleToStartTimeout: 3 * time.Second})
	f.workflowTasks <- firstTask("Await", "run")
	pass(time.Second)
	attributes := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f).GetStickyAttributes()
	if got := attributes.GetScheduleToStartTimeout().AsDuration(); got != 3*time.Second {
		t.Errorf("timeout %v on the wire", got)
	}
	queue := attributes.GetWorkerTaskQueue()
	if queue.GetKind() != enumspb.TASK_QUEUE_KIND_STICKY || queue.GetNormalName() != taskQueue {
		t.Errorf("queue %v", queue)
	}
}

// heartbeatGap runs an activity that beats all the time and returns how far apart heartbeats are.
func (f *frontend) heartbeatGap(t *testing.T, o worker.Options, timeout time.Duration) time.Duration {
	t.Helper()
	w := f.worker(t, o)
	err := w.RegisterActivityWithOptions(func(ctx context.Context) error {
		for range 100 {
			activity.RecordHeartbeat(ctx)
			time.Sleep(100 * time.Millisecond)
		}
		return nil
	}, named("beat"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	task := activityTask("beat", 1)
	if timeout > 0 {
		task.HeartbeatTimeout = durationpb.New(timeout)
	}
	f.activityTasks <- task
	pass(time.Minute)
	stop(t, w)
	_, at := arrivals[*workflowservice.RecordActivityTaskHeartbeatRequest](f)
	if len(at) < 2 {
		t.Fatalf("%d heartbeats", len(at))
	}
	return at[1].Sub(at[0])
}

// paced checks that activities start that far apart, and that an idle time saves nothing up.
func (f *frontend) paced(t *testing.T, gap time.Duration) {
	t.Helper()
	pass(10 * time.Minute)
	for i := range 5 {
		f.activityTasks <- activityTask("Echo", i, "x")
	}
	pass(time.Minute)
	_, at := arrivals[*workflowservice.RespondActivityTaskCompletedRequest](f)
	if len(at) != 5 {
		t.Fatalf("%d activities", len(at))
	}
	for i := range at[1:] {
		if got := at[i+1].Sub(at[i]); got < gap || got > gap+gap/10 {
			t.Errorf("activities %d and %d are %v apart, want %v", i, i+1, got, gap)
		}
	}
}

func testActivityExecutor(t *testing.T, f *frontend) {
	executor := &counting{capacity: 7}
	w := f.start(t, worker.Options{Activities: []any{Echo}, ActivityExecutor: executor})
	f.activityTasks <- activityTask("Echo", 1, "x")
	pass(time.Second)
	if n := executor.calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
	// What the executor cannot run is not polled for: its clock would run while it waits.
	if limit := w.Stats().ActivitySlots.Limit; limit != 7 {
		t.Errorf("%d slots", limit)
	}
}

func TestDefaults(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		o := both()
		w := f.start(t, o)
		f.workflowTasks <- firstTask("Await", "run")
		f.activityTasks <- activityTask("Echo", 1, "x")
		pass(time.Second)
		if n, s, a := f.polling(normal), f.polling(stickyKind), f.polling(activities); n != 1 || s != 1 || a != 2 {
			t.Errorf("polls: %d normal, %d sticky, %d for activities", n, s, a)
		}
		s := w.Stats()
		if s.WorkflowSlots.Limit != 100 || s.ActivitySlots.Limit != 100 || s.Cache.MaxEntries != 1000 {
			t.Errorf("slots %+v %+v, cache %+v", s.WorkflowSlots, s.ActivitySlots, s.Cache)
		}
		answer := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
		if got := answer.GetStickyAttributes().GetScheduleToStartTimeout().AsDuration(); got != 10*time.Second {
			t.Errorf("sticky timeout %v", got)
		}
		if id, _ := buildIDOf(answer); id != executable(t) {
			t.Errorf("build id %q, want that of the executable, %q", id, executable(t))
		}
		if answer.GetNamespace() != "default" || answer.GetIdentity() != f.client.Identity() {
			t.Errorf("namespace %q, identity %q", answer.GetNamespace(), answer.GetIdentity())
		}
		poll, _ := arrivals[*workflowservice.PollActivityTaskQueueRequest](f)
		if poll[0].GetTaskQueueMetadata() != nil {
			t.Errorf("poll %v", poll[0])
		}
	})
}

// anonymous is a client that tells nothing of itself, as the official SDK's.
type anonymous struct{ worker.Client }

func TestNamesWithoutHelpOfTheClient(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.drains = true
		w, err := worker.New(anonymous{f.client}, taskQueue, both())
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		stop(t, w)
		req := only[*workflowservice.ShutdownWorkerRequest](t, f)
		if req.GetNamespace() != "default" || !strings.HasSuffix(req.GetIdentity(), "@"+taskQueue) {
			t.Errorf("namespace %q, identity %q", req.GetNamespace(), req.GetIdentity())
		}
	})
}
