package worker

import (
	"cmp"
	"fmt"
	"log/slog"
	"math"
	"os"
	"reflect"
	"runtime"
	"strings"
	"time"

	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// An OptionError says what is wrong with an argument or an option of a worker.
type OptionError struct {
	// Field is its name.
	Field string
	// Value is what was given.
	Value string
	// Fix says what to give instead; empty if Err does.
	Fix string
	// Err is the cause, if it comes from elsewhere.
	Err error
}

// Error implements error.
func (e *OptionError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("worker: %s is %s: %v", e.Field, e.Value, e.Err)
	}
	return fmt.Sprintf("worker: %s is %s: %s", e.Field, e.Value, e.Fix)
}

// Unwrap returns the cause.
func (e *OptionError) Unwrap() error { return e.Err }

// problems collects what is wrong, so that it is told at once.
type problems []error

func (p *problems) add(field string, value any, fix string) {
	*p = append(*p, &OptionError{Field: field, Value: fmt.Sprint(value), Fix: fix})
}

func (p *problems) count(field string, n *int, fallback, most int) {
	switch {
	case *n < 0 || *n > most:
		p.add(field, *n, fmt.Sprintf("use zero for the default of %d or a number up to %d", fallback, most))
	case *n == 0:
		*n = fallback
	}
}

func (p *problems) duration(field string, d *time.Duration, fallback time.Duration) {
	switch {
	case *d < 0:
		p.add(field, *d, fmt.Sprintf("use zero, which means %v, or a positive duration", fallback))
	case *d == 0:
		*d = fallback
	}
}

func (p *problems) rate(field string, r float64) {
	if !(r >= 0 && r < math.MaxFloat64) { // so that NaN is refused too
		p.add(field, r, "use zero for no limit or a positive number of activities a second")
	}
}

// registration adds what a registry says of an option; nil is fine.
func (p *problems) registration(field string, value any, err error) {
	if err != nil {
		*p = append(*p, &OptionError{Field: field, Value: fmt.Sprintf("%T", value), Err: err})
	}
}

// part refuses a nil pointer inside an interface: it is given, but nothing is there.
func (p *problems) part(field string, v any) {
	if isNilInside(v) {
		p.add(field, fmt.Sprintf("a nil %T", v), "leave the field out for the default or give one that is made")
	}
}

// element refuses a nil in a list.
func (p *problems) element(field string, v any) {
	const fix = "leave it out or give one that is made"
	switch {
	case v == nil:
		p.add(field, "nil", fix)
	case isNilInside(v):
		p.add(field, fmt.Sprintf("a nil %T", v), fix)
	}
}

// complete fills in the defaults of o and returns all that is wrong with it.
func (o *Options) complete(client Client, taskQueue string) problems {
	var p problems
	switch {
	case client == nil || isNilInside(client):
		p.add("client", "nil", "give one from connect.Dial or the SDK's client.Dial")
	case client.WorkflowService() == nil || isNilInside(client.WorkflowService()):
		p.add("client", fmt.Sprintf("%T without a workflow service", client), "give one that is connected")
	}
	switch {
	case taskQueue == "":
		p.add("taskQueue", `""`, "name the task queue that workflows are started on")
	case strings.HasPrefix(taskQueue, "__temporal_"):
		p.add("taskQueue", fmt.Sprintf("%q", taskQueue), "__temporal_ is a reserved prefix: choose another name")
	}
	o.given(&p)
	o.workflowNumbers(&p)
	o.activityNumbers(&p)
	o.deployment(&p)
	o.failures(&p)
	p.duration("GracefulShutdownTimeout", &o.GracefulShutdownTimeout, 0)
	if len(p) == 0 {
		o.names(client, taskQueue)
	}
	return p
}

// isNilInside reports whether v is an interface that holds nil.
func isNilInside(v any) bool {
	r := reflect.ValueOf(v)
	return (r.Kind() == reflect.Pointer || r.Kind() == reflect.Func) && r.IsNil()
}

// given checks the parts that the user made.
func (o *Options) given(p *problems) {
	p.part("WorkflowRunner", o.WorkflowRunner)
	p.part("WorkflowTaskExecutor", o.WorkflowTaskExecutor)
	p.part("ActivityExecutor", o.ActivityExecutor)
	p.part("DataConverter", o.DataConverter)
	p.part("FailureConverter", o.FailureConverter)
	p.part("MetricsHandler", o.MetricsHandler)
	for i, v := range o.Interceptors {
		p.element(fmt.Sprintf("Interceptors[%d]", i), v)
	}
	for i, v := range o.ContextPropagators {
		p.element(fmt.Sprintf("ContextPropagators[%d]", i), v)
	}
	p.part("Parts.WorkflowSlots", o.Parts.WorkflowSlots)
	p.part("Parts.ActivitySlots", o.Parts.ActivitySlots)
	p.part("Parts.LocalActivitySlots", o.Parts.LocalActivitySlots)
	p.part("Parts.ActivityRate", o.Parts.ActivityRate)
	p.part("Parts.LocalActivityRate", o.Parts.LocalActivityRate)
	p.part("Parts.WorkflowScaler", o.Parts.WorkflowScaler)
	p.part("Parts.StickyScaler", o.Parts.StickyScaler)
	p.part("Parts.ActivityScaler", o.Parts.ActivityScaler)
}

// workflowNumbers fills in and checks what can be counted about workflow tasks.
func (o *Options) workflowNumbers(p *problems) {
	cached, ratio := DefaultMaxCachedWorkflows, DefaultNonstickyToStickyPollRatio
	if o.MaxCachedWorkflows != nil {
		cached = *o.MaxCachedWorkflows
	}
	if cached < 0 {
		p.add("MaxCachedWorkflows", cached, "use new(0) to keep none or a positive number")
	}
	o.MaxCachedWorkflows = &cached
	if o.NonstickyToStickyPollRatio != nil {
		ratio = *o.NonstickyToStickyPollRatio
	}
	if !(ratio >= 0 && ratio <= 1) {
		p.add("NonstickyToStickyPollRatio", ratio, "use a share from 0 to 1, such as the default of 0.2")
	}
	o.NonstickyToStickyPollRatio = &ratio
	p.count("MaxConcurrentWorkflowTasks", &o.MaxConcurrentWorkflowTasks,
		DefaultMaxConcurrentWorkflowTasks, slots.MaxLimit)
	p.count("MaxConcurrentWorkflowTaskPolls", &o.MaxConcurrentWorkflowTaskPolls,
		DefaultMaxConcurrentWorkflowTaskPolls, poller.MaxTarget)
	replays := 4 * runtime.GOMAXPROCS(0)
	if o.Parts.WorkflowSlots == nil {
		replays = max(1, min(replays, o.MaxConcurrentWorkflowTasks/2))
	}
	p.count("MaxConcurrentReplays", &o.MaxConcurrentReplays, replays, slots.MaxLimit)
	if o.MaxCachedWorkflowBytes < 0 {
		p.add("MaxCachedWorkflowBytes", o.MaxCachedWorkflowBytes, "use zero for no bound or a number of bytes")
	}
	o.CachedWorkflowIdleTimeout = cmp.Or(o.CachedWorkflowIdleTimeout, DefaultCachedWorkflowIdleTimeout)
	if o.Parts.Cache != nil && o.Parts.CacheBudget != nil {
		p.add("Parts.CacheBudget", "given together with Parts.Cache",
			"give the budget to that cache, or leave the cache to the worker")
	}
	p.duration("StickyQueueScheduleToStartTimeout", &o.StickyQueueScheduleToStartTimeout,
		DefaultStickyQueueScheduleToStartTimeout)
	if cached > 0 || o.Parts.Cache != nil {
		o.twoSlots(p)
	}
}

// failures fills in and checks what concerns workflow code that goes wrong.
func (o *Options) failures(p *problems) {
	p.duration("DeadlockDetectionTimeout", &o.DeadlockDetectionTimeout, DefaultDeadlockDetectionTimeout)
	if o.DebugMode || os.Getenv("TEMPORAL_DEBUG") != "" {
		o.DeadlockDetectionTimeout = -1
	}
	if o.WorkflowPanicPolicy != BlockWorkflow && o.WorkflowPanicPolicy != FailWorkflow {
		p.add("WorkflowPanicPolicy", int(o.WorkflowPanicPolicy), "use BlockWorkflow or FailWorkflow")
	}
}

// twoSlots checks that the sticky queue and the normal one can be polled at once.
func (o *Options) twoSlots(p *problems) {
	const fix = "use at least 2, one for the sticky queue and one for the normal one, or keep no " +
		"workflows: set MaxCachedWorkflows to new(0) and leave Parts.Cache nil"
	if given := o.Parts.WorkflowSlots; given != nil {
		if limit, finite := limitOf(given); finite && limit == 1 {
			p.add("Parts.WorkflowSlots", "a supplier of 1 slot", fix)
		}
		return
	}
	if o.MaxConcurrentWorkflowTasks == 1 {
		p.add("MaxConcurrentWorkflowTasks", 1, fix)
	}
}

// activityNumbers fills in and checks what can be counted about activities.
func (o *Options) activityNumbers(p *problems) {
	activities := DefaultMaxConcurrentActivities
	if o.ActivityExecutor != nil && !isNilInside(o.ActivityExecutor) {
		if c := o.ActivityExecutor.Capacity(); c > 0 {
			activities = min(activities, c)
		}
	}
	p.count("MaxConcurrentActivities", &o.MaxConcurrentActivities, activities, slots.MaxLimit)
	p.count("MaxConcurrentLocalActivities", &o.MaxConcurrentLocalActivities,
		DefaultMaxConcurrentLocalActivities, slots.MaxLimit)
	p.count("MaxConcurrentActivityTaskPolls", &o.MaxConcurrentActivityTaskPolls,
		DefaultMaxConcurrentActivityTaskPolls, poller.MaxTarget)
	p.count("MaxConcurrentSessionExecutionSize", &o.MaxConcurrentSessionExecutionSize,
		DefaultMaxConcurrentSessionExecutionSize, slots.MaxLimit)
	p.count("MaxEagerActivityReservationsPerWorkflowTask", &o.MaxEagerActivityReservationsPerWorkflowTask,
		DefaultMaxEagerActivityReservationsPerWorkflowTask, slots.MaxLimit)
	if n := o.MaxConcurrentEagerActivityExecutionSize; n < 0 || n > slots.MaxLimit {
		p.add("MaxConcurrentEagerActivityExecutionSize", n,
			fmt.Sprintf("use zero for no limit of their own or a number up to %d", slots.MaxLimit))
	}
	if o.EnableSessionWorker && (o.DeploymentOptions.UseVersioning || o.UseWorkerVersioning) {
		p.add("EnableSessionWorker", true, "leave it out, or DeploymentOptions.UseVersioning and "+
			"UseWorkerVersioning: the queue of a session belongs to no version")
	}
	if o.EnableSessionWorker && o.NoRemoteActivities {
		p.add("EnableSessionWorker", true, "leave it out, or NoRemoteActivities: sessions are for activities")
	}
	p.duration("MaxHeartbeatThrottleInterval", &o.MaxHeartbeatThrottleInterval,
		DefaultMaxHeartbeatThrottleInterval)
	p.duration("DefaultHeartbeatThrottleInterval", &o.DefaultHeartbeatThrottleInterval,
		DefaultDefaultHeartbeatThrottleInterval)
	p.rate("MaxActivitiesPerSecond", o.MaxActivitiesPerSecond)
	p.rate("MaxTaskQueueActivitiesPerSecond", o.MaxTaskQueueActivitiesPerSecond)
	p.rate("MaxLocalActivitiesPerSecond", o.MaxLocalActivitiesPerSecond)
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
