package worker

import (
	"context"
	"log/slog"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/interceptor"
	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/ratelimit"
	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/sticky"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/metrics"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/runner"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// A Client is a connection to a Temporal server. Calls through it should be
// retried where that may help, as connect's and the official SDK's clients do.
//
// If it also has the methods Namespace() string and Identity() string, those
// are the defaults of the options of the same names.
type Client interface {
	WorkflowService() workflowservice.WorkflowServiceClient
}

// Defaults of [Options].
const (
	DefaultNamespace                         = "default"
	DefaultMaxCachedWorkflows                = 1000
	DefaultCachedWorkflowIdleTimeout         = time.Hour
	DefaultMaxConcurrentWorkflowTasks        = 100
	DefaultMaxConcurrentActivities           = 100
	DefaultMaxConcurrentLocalActivities      = 100
	DefaultMaxConcurrentWorkflowTaskPolls    = 5
	DefaultMaxConcurrentActivityTaskPolls    = 5
	DefaultMaxConcurrentSessionExecutionSize = 1000
	DefaultNonstickyToStickyPollRatio        = poller.DefaultRatio
	DefaultStickyQueueScheduleToStartTimeout = 10 * time.Second
	DefaultDeadlockDetectionTimeout          = time.Second
	DefaultMaxHeartbeatThrottleInterval      = 60 * time.Second
	DefaultDefaultHeartbeatThrottleInterval  = 30 * time.Second

	DefaultMaxEagerActivityReservationsPerWorkflowTask = task.DefaultMaxEagerActivities
)

// Options of a [Worker]. The zero value of every field is its default; fields
// for which zero means something else are pointers.
type Options struct {
	// Workflows are registered as by RegisterWorkflow.
	Workflows []any
	// Activities are registered as by RegisterActivity.
	Activities []any

	// Namespace that is polled; default: the client's if it tells, else
	// [DefaultNamespace].
	Namespace string
	// Identity names the worker in histories; default: pid@host@taskqueue.
	Identity string
	// BuildID names the code that runs; default: a checksum of the executable, the one
	// that the official SDK reports too. It is computed once in a process.
	BuildID string
	// UseWorkerVersioning gives the worker only tasks that are meant for its BuildID,
	// by the version sets or rules of the task queue. BuildID must be set then, and
	// DeploymentOptions, which newer servers have in its place, must not; default false.
	UseWorkerVersioning bool
	// DeploymentOptions make the worker a version of a deployment, so that the
	// server gives each workflow to the version it is meant for; default: none.
	DeploymentOptions DeploymentOptions

	// MaxCachedWorkflows is how many workflow runs are kept in memory between
	// their tasks; default 1000. Zero keeps none: every task then replays its
	// run from history, and the server is not asked for a sticky queue.
	MaxCachedWorkflows *int
	// MaxCachedWorkflowBytes bounds the memory that they take together, as far as
	// [task.Run.Weight] can tell; default: no bound. The least recently used leave.
	MaxCachedWorkflowBytes int64
	// CachedWorkflowIdleTimeout is how long a run stays to which nothing happens;
	// default 1 h, negative: until others need the room. The server does not say when
	// a run that is cached here has been terminated: this is how those leave.
	CachedWorkflowIdleTimeout time.Duration
	// MaxConcurrentReplays is how many runs are rebuilt from their histories at once
	// before the worker stops to poll for new work, so that those in the cache go on
	// swiftly when all others have to be rebuilt, as after a restart; default: 4 for
	// each processor (GOMAXPROCS), and half of MaxConcurrentWorkflowTasks at most. If all
	// of them came from its sticky queue, it goes on with one task of new work at a time.
	// It has no effect without a cache.
	MaxConcurrentReplays int
	// MaxConcurrentWorkflowTasks is how many workflow tasks run at once;
	// default 100. At least 2 unless MaxCachedWorkflows is zero.
	MaxConcurrentWorkflowTasks int
	// MaxConcurrentActivities is how many activities run at once; default 100.
	MaxConcurrentActivities int
	// MaxConcurrentLocalActivities is how many local activities run at once;
	// default 100. Those above wait, and their workflow tasks with them.
	MaxConcurrentLocalActivities int
	// MaxConcurrentWorkflowTaskPolls is how many polls for workflow tasks are
	// in flight; default: up to 5 while tasks come, and one of each queue while
	// none do, as [poller.Demand] has it. A number that is given is kept.
	MaxConcurrentWorkflowTaskPolls int
	// NonstickyToStickyPollRatio is the share of those polls that asks the
	// normal queue rather than the sticky one, from 0 to 1; default 0.2. Each
	// has at least one poll.
	NonstickyToStickyPollRatio *float64
	// MaxConcurrentActivityTaskPolls is how many polls for activities are in
	// flight; default: up to 5 while tasks come, and 2 while none do. A number
	// that is given is kept.
	MaxConcurrentActivityTaskPolls int
	// EnableSessionWorker lets workflows have sessions on this worker: activities
	// that all run in this process. It cannot be a version of a deployment then.
	EnableSessionWorker bool
	// MaxConcurrentSessionExecutionSize is how many sessions are open at once;
	// default 1000.
	MaxConcurrentSessionExecutionSize int
	// DisableEagerActivityExecution keeps activities of workflows from starting on the
	// worker that runs these, without a poll, when their workflow task is answered. By
	// default those do that the worker has registered, on its task queue, while there are
	// slots and MaxActivitiesPerSecond allows it; none do if
	// MaxTaskQueueActivitiesPerSecond is set.
	DisableEagerActivityExecution bool
	// MaxEagerActivityReservationsPerWorkflowTask is how many activities of one
	// workflow task do so; default 3.
	MaxEagerActivityReservationsPerWorkflowTask int
	// MaxConcurrentEagerActivityExecutionSize is how many activities that started so
	// run at once, within MaxConcurrentActivities; default: no limit of their own.
	MaxConcurrentEagerActivityExecutionSize int
	// NoRemoteActivities keeps the worker from polling for activities.
	NoRemoteActivities bool
	// StickyQueueScheduleToStartTimeout is how long a task waits on the sticky
	// queue before any worker may have it; default 10 s.
	StickyQueueScheduleToStartTimeout time.Duration

	// MaxHeartbeatThrottleInterval is the longest pause between two heartbeats
	// that an activity sends; default 60 s.
	MaxHeartbeatThrottleInterval time.Duration
	// DefaultHeartbeatThrottleInterval is the pause for activities without a
	// heartbeat timeout; default 30 s.
	DefaultHeartbeatThrottleInterval time.Duration
	// AutoHeartbeat makes the worker heartbeat for every activity that has a heartbeat
	// timeout, so that cancellation reaches also those that record no heartbeats; default:
	// only for activities that were registered so. An activity that hangs then no longer
	// times out by its heartbeats.
	AutoHeartbeat bool
	// MaxActivitiesPerSecond is how many activities this worker starts a
	// second; default: no limit. It does not poll if that might exceed it.
	MaxActivitiesPerSecond float64
	// MaxTaskQueueActivitiesPerSecond is how many activities the server hands
	// out a second to all workers of the task queue; default: no limit. The
	// last worker to poll wins.
	MaxTaskQueueActivitiesPerSecond float64
	// MaxLocalActivitiesPerSecond is how many attempts of local activities this
	// worker starts a second; default: no limit. Those above wait, and their
	// workflow tasks with them.
	MaxLocalActivitiesPerSecond float64

	// WorkflowPanicPolicy says what becomes of a workflow whose code panics, does
	// not let go or does not fit its history; default: BlockWorkflow.
	WorkflowPanicPolicy WorkflowPanicPolicy
	// FailWorkflowOn reports whether such an error ends a workflow of this type
	// with that error as its reason, whatever WorkflowPanicPolicy says. Err is the
	// value of the panic if that is an error, else a [*temporal.PanicError], or a
	// [*machine.NondeterminismError]. It must always answer the same. Default: none
	// does. A WorkflowRunner that is given has its own for values of panics.
	FailWorkflowOn func(workflowType string, err error) bool
	// Limits are the sizes of what workflows send to the server: where people are
	// warned, and where a task fails without asking it. By default the namespace
	// says what the server refuses. A result of an activity over PayloadError fails
	// its attempt.
	Limits Limits
	// DisablePayloadErrorLimit leaves it to the server to refuse what is too large,
	// also where its limits are known: for proxies that make payloads smaller.
	DisablePayloadErrorLimit bool
	// DeadlockDetectionTimeout is how long workflow code may run without blocking
	// on the workflow API, before its task fails with the stack of the code;
	// default 1 s. Only time counts in which the machine would have let it run, and
	// conversions of payloads may take longer: see [native.Options], which a
	// WorkflowRunner that is given has itself.
	DeadlockDetectionTimeout time.Duration
	// DebugMode lets workflow code take as long as it likes, as when a debugger
	// holds it, and runs workflows that are registered as functions without a sandbox,
	// as if all were Unsandboxed; what is registered by name stays inside, and must end
	// in the sandbox's time. A variable TEMPORAL_DEBUG in the environment does the same.
	DebugMode bool
	// DisableSafeWorkflowEviction makes the cache not wait for the deferred
	// functions of workflows that it evicts: they run in the background. A
	// WorkflowRunner that is given decides itself.
	DisableSafeWorkflowEviction bool

	// GracefulShutdownTimeout is how long activities, local ones too, may go on
	// after the worker was told to stop, before they are canceled; default 0: at
	// once. What has not ended of local activities then runs again on another worker.
	GracefulShutdownTimeout time.Duration
	// OnFatalError is called once, before the worker stops, if it stops because
	// something broke beyond repair. A panic in it is logged.
	OnFatalError func(ctx context.Context, err error)

	// OnActivityPanic is called for each activity, local ones too, that panicked, with
	// the stack: for an error tracker; default: it is logged only. It is called on a
	// goroutine of its own once the server was told, and the activity holds its slot
	// until it returns. A panic in it is logged.
	OnActivityPanic func(ctx context.Context, info activity.Info, err *temporal.PanicError)

	// Interceptors stand before and behind workflows and activities, the first
	// one outermost. A WorkflowRunner that is given has its own for workflows.
	Interceptors []interceptor.WorkerInterceptor
	// ContextPropagators carry values of contexts through headers: from clients,
	// which need the same ones, to workflows, and from workflows to what they
	// start. A WorkflowRunner that is given has its own for workflows.
	ContextPropagators []workflow.ContextPropagator

	// WorkflowRunner runs workflow code, as package sandbox does; default: native Go functions.
	// With one that has workflows itself, their types can be registered as strings.
	WorkflowRunner runner.Runner
	// UnsandboxedWorkflowRunner runs the workflows that are registered as Unsandboxed, in place of
	// WorkflowRunner; default: native Go functions. All others never meet it, but in DebugMode.
	UnsandboxedWorkflowRunner runner.Runner
	// PreferredVersionProvider chooses the version that workflow.GetVersion returns
	// to a run that comes to it for the first time; default: the newest that the
	// code supports. A WorkflowRunner that is given has its own.
	PreferredVersionProvider workflow.PreferredVersionProvider
	// VerifyWorkflows is for development: after each workflow task its run is run
	// again from its beginning, and the task fails if that does something else, as
	// code does that reads the clock or ranges over a map. See workflow/verify.
	VerifyWorkflows bool
	// WorkflowTaskExecutor decides where and when workflow code runs, such as a
	// [task.Bounded] of as many activations at once as there are processors; default: on
	// the goroutine of its task, so MaxConcurrentWorkflowTasks at once. The worker never
	// closes it.
	WorkflowTaskExecutor task.Executor
	// ActivityExecutor runs activities, local ones not; default: each on a goroutine of
	// its own. Its Capacity, if it has one, is the default of MaxConcurrentActivities; a
	// worker with more slots than that warns when it starts. One that is broken, as its
	// Health says, stops the worker within a second: a fatal error.
	ActivityExecutor activity.Executor
	// SharedStateManager carries heartbeats, cancellation and the stop of the worker between it
	// and activities in other processes, for an ActivityExecutor that has such, as package
	// subprocess has; default: the executor's own. Workers may share one; it cannot be closed
	// while one runs.
	SharedStateManager activity.SharedStateManager
	// DataConverter encodes arguments and results; default: the one that all
	// Temporal SDKs share.
	DataConverter converter.DataConverter
	// FailureConverter encodes errors; default: temporal's.
	FailureConverter converter.FailureConverter
	// Logger; default: slog's default logger.
	Logger *slog.Logger
	// EnableLoggingInReplay lets workflows log also while they are replayed, which
	// makes lines appear more than once. A WorkflowRunner that is given decides itself.
	EnableLoggingInReplay bool
	// MetricsHandler is what workflows and activities report numbers of their own
	// to, with tags that name the namespace, the task queue and the types; default:
	// they are dropped. A WorkflowRunner that is given has its own for workflows.
	MetricsHandler metrics.Handler

	// Parts replace what the worker would make itself.
	Parts Parts
}

// Limits are the sizes of what workflows send to the server.
type Limits = task.Limits

// A WorkflowPanicPolicy says what becomes of a workflow whose code panics, does
// not let go or does not fit its history.
type WorkflowPanicPolicy int

const (
	// BlockWorkflow fails the task, again and again, until better code goes on
	// from where this one stopped.
	BlockWorkflow WorkflowPanicPolicy = iota
	// FailWorkflow fails the workflow for good: one bad deployment can end all
	// that are open. It is for development.
	FailWorkflow
)

// String is the name of the constant.
func (p WorkflowPanicPolicy) String() string {
	if p == FailWorkflow {
		return "FailWorkflow"
	}
	return "BlockWorkflow"
}

// Parts are the pieces of a worker that can be swapped. Nil ones are made from
// the options. Whoever gives one to a worker owns it and may give it to
// another worker too, which makes the two share its limits.
type Parts struct {
	// WorkflowSlots bound the workflow tasks that run at once, in place of
	// MaxConcurrentWorkflowTasks. Of a task they learn the workflow's type and,
	// as the ID, the run's. Workflow tasks that they hold back when the worker
	// cancels its activities run then.
	WorkflowSlots slots.Supplier
	// ActivitySlots bound the activities, in place of MaxConcurrentActivities.
	// Of a task they learn the activity's type and ID and, as the Group, the
	// fairness key of its priority. Activities that they hold back when the
	// worker cancels what runs are not started: they fail with the retryable
	// type WorkerShutdown, as those do that stop for it.
	ActivitySlots slots.Supplier
	// LocalActivitySlots bound the local activities, in place of
	// MaxConcurrentLocalActivities. They are asked for the type of one that is to
	// run, and learn its ID; a wait between attempts holds none.
	LocalActivitySlots slots.Supplier
	// ActivityRate paces the activities, in place of MaxActivitiesPerSecond. With one
	// that is no [ratelimit.TryLimiter], none starts eagerly.
	ActivityRate ratelimit.Limiter
	// LocalActivityRate paces the attempts of local activities, in place of
	// MaxLocalActivitiesPerSecond. A token is reserved last, when there is a slot
	// and leave to use it; a wait between attempts holds none.
	LocalActivityRate ratelimit.Limiter
	// Cache keeps workflow runs, in place of MaxCachedWorkflows and what else bounds
	// them. Its OnEvict must close the run; it may weigh them with [task.Run.Weight].
	Cache *sticky.Cache[string, *task.Run]
	// CacheBudget bounds the runs in the cache that the worker makes together with
	// those in the caches of other workers, in number and in bytes.
	CacheBudget *sticky.Budget
	// WorkflowScaler, StickyScaler and ActivityScaler say how many polls to
	// keep, in place of the numbers of polls. A scaler belongs to one worker.
	WorkflowScaler poller.Scaler
	StickyScaler   poller.Scaler
	ActivityScaler poller.Scaler
}
