package worker

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/metrics"
	"github.com/mainspring-go/mainspring/temporal/settings"
)

// An OptionError says what is wrong with an argument or an option of a worker.
type OptionError = settings.Error

// refused is the error of a part that the user gave and err refuses.
func refused(field string, part any, err error) *OptionError {
	return settings.Refusal("worker", field, part, err)
}

// complete fills in the defaults of o and returns all that is wrong with it.
func (o *Options) complete(client Client, taskQueue string) *settings.Check {
	p := &settings.Check{Of: "worker"}
	switch {
	case client == nil || settings.NilInside(client):
		p.Add("client", "nil", "give one from connect.Dial or the SDK's client.Dial")
	case client.WorkflowService() == nil || settings.NilInside(client.WorkflowService()):
		p.Add("client", fmt.Sprintf("%T without a workflow service", client), "give one that is connected")
	}
	switch {
	case taskQueue == "":
		p.Add("taskQueue", `""`, "name the task queue that workflows are started on")
	case strings.HasPrefix(taskQueue, "__temporal_"):
		p.Add("taskQueue", fmt.Sprintf("%q", taskQueue), "__temporal_ is a reserved prefix: choose another name")
	}
	o.given(p)
	o.workflowNumbers(p)
	o.activityNumbers(p)
	o.deployment(p)
	o.failures(p)
	p.Duration("GracefulShutdownTimeout", &o.GracefulShutdownTimeout, 0)
	if len(p.Errors()) == 0 {
		o.names(client, taskQueue)
	}
	return p
}

// given checks the parts that the user made.
func (o *Options) given(p *settings.Check) {
	p.Part("WorkflowRunner", o.WorkflowRunner)
	p.Part("UnsandboxedWorkflowRunner", o.UnsandboxedWorkflowRunner)
	p.Part("WorkflowTaskExecutor", o.WorkflowTaskExecutor)
	p.Part("ActivityExecutor", o.ActivityExecutor)
	p.Part("SharedStateManager", o.SharedStateManager)
	if _, remote := o.ActivityExecutor.(activity.RemoteExecutor); o.SharedStateManager != nil && !remote {
		p.Add("SharedStateManager", fmt.Sprintf("%T", o.SharedStateManager),
			"leave it out, or give an ActivityExecutor that runs activities in other processes")
	}
	p.Part("DataConverter", o.DataConverter)
	p.Part("FailureConverter", o.FailureConverter)
	p.Part("MetricsHandler", o.MetricsHandler)
	for i, v := range o.Interceptors {
		p.Element(fmt.Sprintf("Interceptors[%d]", i), v)
	}
	for i, v := range o.ContextPropagators {
		p.Element(fmt.Sprintf("ContextPropagators[%d]", i), v)
	}
	p.Part("Parts.WorkflowSlots", o.Parts.WorkflowSlots)
	p.Part("Parts.ActivitySlots", o.Parts.ActivitySlots)
	p.Part("Parts.LocalActivitySlots", o.Parts.LocalActivitySlots)
	p.Part("Parts.ActivityRate", o.Parts.ActivityRate)
	p.Part("Parts.LocalActivityRate", o.Parts.LocalActivityRate)
	p.Part("Parts.WorkflowScaler", o.Parts.WorkflowScaler)
	p.Part("Parts.StickyScaler", o.Parts.StickyScaler)
	p.Part("Parts.ActivityScaler", o.Parts.ActivityScaler)
}

// workflowNumbers fills in and checks what can be counted about workflow tasks.
func (o *Options) workflowNumbers(p *settings.Check) {
	cached, ratio := DefaultMaxCachedWorkflows, DefaultNonstickyToStickyPollRatio
	if o.MaxCachedWorkflows != nil {
		cached = *o.MaxCachedWorkflows
	}
	if cached < 0 {
		p.Add("MaxCachedWorkflows", cached, "use new(0) to keep none or a positive number")
	}
	o.MaxCachedWorkflows = &cached
	if o.NonstickyToStickyPollRatio != nil {
		ratio = *o.NonstickyToStickyPollRatio
	}
	if !(ratio >= 0 && ratio <= 1) {
		p.Add("NonstickyToStickyPollRatio", ratio, "use a share from 0 to 1, such as the default of 0.2")
	}
	o.NonstickyToStickyPollRatio = &ratio
	p.Count("MaxConcurrentWorkflowTasks", &o.MaxConcurrentWorkflowTasks,
		DefaultMaxConcurrentWorkflowTasks, slots.MaxLimit)
	p.Count("MaxConcurrentWorkflowTaskPolls", &o.MaxConcurrentWorkflowTaskPolls,
		DefaultMaxConcurrentWorkflowTaskPolls, poller.MaxTarget)
	replays := 4 * runtime.GOMAXPROCS(0)
	if o.Parts.WorkflowSlots == nil {
		replays = max(1, min(replays, o.MaxConcurrentWorkflowTasks/2))
	}
	p.Count("MaxConcurrentReplays", &o.MaxConcurrentReplays, replays, slots.MaxLimit)
	if o.MaxCachedWorkflowBytes < 0 {
		p.Add("MaxCachedWorkflowBytes", o.MaxCachedWorkflowBytes, "use zero for no bound or a number of bytes")
	}
	o.CachedWorkflowIdleTimeout = cmp.Or(o.CachedWorkflowIdleTimeout, DefaultCachedWorkflowIdleTimeout)
	if o.Parts.Cache != nil && o.Parts.CacheBudget != nil {
		p.Add("Parts.CacheBudget", "given together with Parts.Cache",
			"give the budget to that cache, or leave the cache to the worker")
	}
	p.Duration("StickyQueueScheduleToStartTimeout", &o.StickyQueueScheduleToStartTimeout,
		DefaultStickyQueueScheduleToStartTimeout)
	if cached > 0 || o.Parts.Cache != nil {
		o.twoSlots(p)
	}
}

// failures fills in and checks what concerns workflow code that goes wrong.
func (o *Options) failures(p *settings.Check) {
	p.Duration("DeadlockDetectionTimeout", &o.DeadlockDetectionTimeout, DefaultDeadlockDetectionTimeout)
	if o.DebugMode || os.Getenv("TEMPORAL_DEBUG") != "" {
		o.DebugMode, o.DeadlockDetectionTimeout = true, -1
	}
	if o.WorkflowPanicPolicy != BlockWorkflow && o.WorkflowPanicPolicy != FailWorkflow {
		p.Add("WorkflowPanicPolicy", int(o.WorkflowPanicPolicy), "use BlockWorkflow or FailWorkflow")
	}
}

// twoSlots checks that the sticky queue and the normal one can be polled at once.
func (o *Options) twoSlots(p *settings.Check) {
	const fix = "use at least 2, one for the sticky queue and one for the normal one, or keep no " +
		"workflows: set MaxCachedWorkflows to new(0) and leave Parts.Cache nil"
	if given := o.Parts.WorkflowSlots; given != nil {
		if limit, finite := limitOf(given); finite && limit == 1 {
			p.Add("Parts.WorkflowSlots", "a supplier of 1 slot", fix)
		}
		return
	}
	if o.MaxConcurrentWorkflowTasks == 1 {
		p.Add("MaxConcurrentWorkflowTasks", 1, fix)
	}
}

// activityNumbers fills in and checks what can be counted about activities.
func (o *Options) activityNumbers(p *settings.Check) {
	activities := DefaultMaxConcurrentActivities
	if o.ActivityExecutor != nil && !settings.NilInside(o.ActivityExecutor) {
		if c := o.ActivityExecutor.Capacity(); c > 0 {
			activities = min(activities, c)
		}
	}
	p.Count("MaxConcurrentActivities", &o.MaxConcurrentActivities, activities, slots.MaxLimit)
	p.Count("MaxConcurrentLocalActivities", &o.MaxConcurrentLocalActivities,
		DefaultMaxConcurrentLocalActivities, slots.MaxLimit)
	p.Count("MaxConcurrentActivityTaskPolls", &o.MaxConcurrentActivityTaskPolls,
		DefaultMaxConcurrentActivityTaskPolls, poller.MaxTarget)
	p.Count("MaxConcurrentSessionExecutionSize", &o.MaxConcurrentSessionExecutionSize,
		DefaultMaxConcurrentSessionExecutionSize, slots.MaxLimit)
	p.Count("MaxEagerActivityReservationsPerWorkflowTask", &o.MaxEagerActivityReservationsPerWorkflowTask,
		DefaultMaxEagerActivityReservationsPerWorkflowTask, slots.MaxLimit)
	if n := o.MaxConcurrentEagerActivityExecutionSize; n < 0 || n > slots.MaxLimit {
		p.Add("MaxConcurrentEagerActivityExecutionSize", n,
			fmt.Sprintf("use zero for no limit of their own or a number up to %d", slots.MaxLimit))
	}
	if o.EnableSessionWorker && (o.DeploymentOptions.UseVersioning || o.UseWorkerVersioning) {
		p.Add("EnableSessionWorker", true, "leave it out, or DeploymentOptions.UseVersioning and "+
			"UseWorkerVersioning: the queue of a session belongs to no version")
	}
	if o.EnableSessionWorker && o.NoRemoteActivities {
		p.Add("EnableSessionWorker", true, "leave it out, or NoRemoteActivities: sessions are for activities")
	}
	p.Duration("MaxHeartbeatThrottleInterval", &o.MaxHeartbeatThrottleInterval,
		DefaultMaxHeartbeatThrottleInterval)
	p.Duration("DefaultHeartbeatThrottleInterval", &o.DefaultHeartbeatThrottleInterval,
		DefaultDefaultHeartbeatThrottleInterval)
	p.Rate("MaxActivitiesPerSecond", o.MaxActivitiesPerSecond, "activities")
	p.Rate("MaxTaskQueueActivitiesPerSecond", o.MaxTaskQueueActivitiesPerSecond, "activities")
	p.Rate("MaxLocalActivitiesPerSecond", o.MaxLocalActivitiesPerSecond, "activities")
}

// tagged adds the tags that are the same for all of a worker. Some metrics systems
// want every metric to have one set of keys, so what does not apply is there as
// "none", as it is with the official SDK.
func tagged(h metrics.Handler, namespace, taskQueue string) metrics.Handler {
	if h == nil {
		return metrics.NopHandler{}
	}
	return h.WithTags(map[string]string{
		"namespace":     namespace,
		"task_queue":    taskQueue,
		"client_name":   "temporal_mainspring",
		"worker_type":   "none",
		"workflow_type": "none",
		"activity_type": "none",
	})
}

// names fills in who the worker is and what it encodes with.
func (o *Options) names(client Client, taskQueue string) {
	if c, ok := client.(interface{ Namespace() string }); ok && o.Namespace == "" {
		o.Namespace = c.Namespace()
	}
	if o.Namespace == "" {
		o.Namespace = DefaultNamespace
	}
	if c, ok := client.(interface{ Identity() string }); ok && o.Identity == "" {
		o.Identity = c.Identity()
	}
	if o.Identity == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "unknown"
		}
		o.Identity = fmt.Sprintf("%d@%s@%s", os.Getpid(), host, taskQueue)
	}
	o.DataConverter = converter.MakeTransferAware(o.DataConverter)
	if o.FailureConverter == nil {
		o.FailureConverter = temporal.NewDefaultFailureConverter(
			temporal.DefaultFailureConverterOptions{DataConverter: o.DataConverter})
	}
	o.MetricsHandler = tagged(o.MetricsHandler, o.Namespace, taskQueue)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.BuildID == "" {
		var err error
		if o.BuildID, err = executable(); err != nil {
			o.Logger.Warn("The executable cannot be read, so no build id is reported: set BuildID",
				slog.Any("Error", err))
		}
	}
	o.Logger = o.Logger.With(slog.String("Namespace", o.Namespace),
		slog.String("TaskQueue", taskQueue), slog.String("WorkerID", o.Identity))
}
