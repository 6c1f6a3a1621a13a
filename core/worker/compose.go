package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/session"
	activitytask "github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/interceptor"
	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/ratelimit"
	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/sticky"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
	"github.com/mainspring-go/mainspring/workflow/task"
	"github.com/mainspring-go/mainspring/workflow/verify"
)

// A polling is a poller whatever it polls for.
type polling interface {
	Run(ctx context.Context) error
	Stop(mode poller.StopMode)
	Polled() <-chan struct{}
	WaitTasks(ctx context.Context) error
	Status() poller.Status
}

// parts are what a running worker consists of.
type parts struct {
	pollers    []polling
	workflows  bool
	activities bool
	sticky     bool
	drains     bool              // the server ends polls when it is told
	sessions   *session.Sessions // nil if the worker has none

	workflowSlots slots.Supplier
	activitySlots slots.Supplier
	localSlots    slots.Supplier
	firstTasks    entrance[*workflowTask] // of workflows that start eagerly
	eager         *eagerActivities        // nil if none may
	locals        *locals                 // nil without workflows
	runs          *sticky.Cache[string, *task.Run]
	ownRuns       *sticky.Cache[string, *task.Run] // nil if the cache is the user's
	rechecks      []func()                         // of what the user's parts tell only when asked
	unshare       func()                           // lets go of the shared state manager
}

// recheckEvery is how soon slots that a user adds are noticed, and an executor that broke.
const recheckEvery = time.Second

// The kinds of tasks, as slot suppliers and logs know them.
const (
	kindWorkflow = "workflow"
	kindActivity = "activity"

	kindLocalActivity = "local-activity"
)

// compose makes the parts of the worker. Tasks run under ctx.
func (w *Worker) compose(ctx context.Context) (*parts, error) {
	p := &parts{eager: w.eager()}
	if len(w.workflows.Definitions()) > 0 {
		if err := w.composeWorkflows(ctx, p); err != nil {
			return nil, err
		}
	}
	if (w.activities.Len() > 0 || w.options.EnableSessionWorker) && !w.options.NoRemoteActivities {
		if err := w.composeActivities(ctx, p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// composeWorkflows adds the way of workflow tasks.
func (w *Worker) composeWorkflows(tasks context.Context, p *parts) error {
	o := &w.options
	p.workflows = true
	p.sticky = *o.MaxCachedWorkflows > 0 || o.Parts.Cache != nil
	var err error
	if p.workflowSlots, err = suppliedSlots(o.Parts.WorkflowSlots, o.MaxConcurrentWorkflowTasks); err != nil {
		return err
	}
	if p.runs = o.Parts.Cache; p.runs == nil {
		if p.runs, err = newRuns(o); err != nil {
			return err
		}
		p.ownRuns = p.runs
	}
	if err := w.composeLocals(tasks, p); err != nil {
		return err
	}
	handler, err := w.workflowHandler(tasks, p)
	if err != nil {
		return err
	}
	if !p.sticky {
		return w.pollWorkflows(tasks, p, handler, nil, poller.Normal, o.MaxConcurrentWorkflowTaskPolls)
	}
	normal, stickyPolls := poller.Split(o.MaxConcurrentWorkflowTaskPolls, *o.NonstickyToStickyPollRatio)
	balance := poller.NewBalance(func() (int, bool) { return limitOf(p.workflowSlots) })
	balance.LimitCold(o.MaxConcurrentReplays)
	if _, resizes := o.Parts.WorkflowSlots.(slots.Resizer); resizes {
		p.rechecks = append(p.rechecks, balance.Recheck)
	}
	if err := w.pollWorkflows(tasks, p, handler, balance, poller.Normal, normal); err != nil {
		return err
	}
	return w.pollWorkflows(tasks, p, handler, balance, poller.Sticky, stickyPolls)
}

func suppliedSlots(given slots.Supplier, limit int) (slots.Supplier, error) {
	if given != nil {
		return given, nil
	}
	return slots.NewFixed(slots.FixedOptions{Limit: limit})
}

// limits are the limits of the options and, where these are silent, those of the
// namespace.
func (w *Worker) limits() Limits {
	l := w.options.Limits
	if w.options.DisablePayloadErrorLimit {
		l.PayloadError, l.MemoError = -1, -1
		return l
	}
	l.PayloadError = cmp.Or(l.PayloadError, int(w.namespace.GetBlobSizeLimitError()))
	l.MemoError = cmp.Or(l.MemoError, int(w.namespace.GetMemoSizeLimitError()))
	return l
}

func (w *Worker) workflowHandler(tasks context.Context, p *parts) (*task.Handler, error) {
	o := &w.options
	var functions runner.Runner = native.New(native.Options{
		DataConverter:    o.DataConverter,
		FailureConverter: o.FailureConverter,
		Logger:           o.Logger,
		ActivityName:     w.activities.Name,
		LocalActivity:    w.resolveLocal,
		WorkflowName:     w.workflows.Name,

		BuildID:                  o.BuildID,
		Interceptors:             interceptor.Workflows(o.Interceptors),
		ContextPropagators:       o.ContextPropagators,
		PreferredVersion:         o.PreferredVersionProvider,
		EnableLoggingInReplay:    o.EnableLoggingInReplay,
		MetricsHandler:           o.MetricsHandler,
		FailWorkflow:             o.FailWorkflowOn,
		DeadlockDetectionTimeout: o.DeadlockDetectionTimeout,
		DisableSafeEviction:      o.DisableSafeWorkflowEviction,
	})
	sandboxed, unsandboxed := cmp.Or(o.WorkflowRunner, functions), cmp.Or(o.UnsandboxedWorkflowRunner, functions)
	run := runner.Choose(sandboxed, unsandboxed)
	if o.VerifyWorkflows {
		verifying, err := verify.New(run, verify.Options{FailureConverter: o.FailureConverter})
		if err != nil {
			return nil, err
		}
		run = verifying
	}
	for _, def := range w.workflows.Definitions() {
		// Its function is what a debugger can hold, and what a sandbox stops has no time to be held.
		def.Unsandboxed = def.Unsandboxed || o.DebugMode && def.Func != nil
		if err := run.Prepare(def); err != nil {
			field, by := "WorkflowRunner", sandboxed
			if def.Unsandboxed {
				field, by = "UnsandboxedWorkflowRunner", unsandboxed
			}
			return nil, refused(field, by, fmt.Errorf("it cannot run workflow %q: %w", def.Type, err))
		}
	}
	options := task.Options{
		Service:                      w.service,
		Runner:                       run,
		Cache:                        runs{p.runs},
		Namespace:                    o.Namespace,
		Identity:                     w.identity.identity,
		BuildID:                      o.BuildID,
		UseVersioning:                o.UseWorkerVersioning,
		Executor:                     o.WorkflowTaskExecutor,
		Deployment:                   w.identity.deployment,
		DefaultVersioningBehavior:    enumspb.VersioningBehavior(o.DeploymentOptions.DefaultVersioningBehavior),
		TaskQueue:                    w.taskQueue,
		StickyScheduleToStartTimeout: o.StickyQueueScheduleToStartTimeout,
		DataConverter:                o.DataConverter,
		FailureConverter:             o.FailureConverter,
		Logger:                       o.Logger,
		Observer:                     &w.counters,
		Locals:                       p.locals,
		LocalStop:                    tasks.Done(),
		FailWorkflow:                 o.FailWorkflowOn,
		Limits:                       w.limits(),
	}
	if o.WorkflowPanicPolicy == FailWorkflow {
		options.PanicPolicy = task.Fail
	}
	if p.sticky {
		options.StickyQueue = w.stickyQueue()
	}
	if p.eager != nil {
		options.Eager, options.MaxEagerActivities = p.eager, o.MaxEagerActivityReservationsPerWorkflowTask
	}
	return task.New(options)
}

// pollWorkflows adds a poller of the normal or the sticky queue.
func (w *Worker) pollWorkflows(
	tasks context.Context, p *parts, h *task.Handler, b *poller.Balance, side poller.Side, polls int,
) error {
	o := &w.options
	queue := &taskqueuepb.TaskQueue{Name: w.taskQueue, Kind: enumspb.TASK_QUEUE_KIND_NORMAL}
	name, field, scaler := "workflow task", "Parts.WorkflowScaler", o.Parts.WorkflowScaler
	if side == poller.Sticky {
		queue = &taskqueuepb.TaskQueue{
			Name: w.stickyQueue(), Kind: enumspb.TASK_QUEUE_KIND_STICKY, NormalName: w.taskQueue,
		}
		name, field, scaler = "sticky workflow task", "Parts.StickyScaler", o.Parts.StickyScaler
	}
	if scaler == nil {
		scaler = scaled(w.given.MaxConcurrentWorkflowTaskPolls, 1, polls)
	}
	admit := &admission{
		slots: p.workflowSlots, balance: b, side: side,
		request: slots.Request{Kind: kindWorkflow, Queue: queue.GetName(), Sticky: side == poller.Sticky},
	}
	made, err := addPoller(p, field, poller.Options[*workflowTask, ticket]{
		Name:   name,
		Source: workflowSource(w.service, w.identity, queue),
		Admit:  admit,
		Handle: func(ctx context.Context, t *workflowTask, k ticket) {
			// A workflow task runs also when its hold was cut short: it touches nothing
			// outside, and unanswered it would cost its workflow the task's timeout.
			_ = k.use(tasks, slots.Task{
				Type: t.GetWorkflowType().GetName(), ID: t.GetWorkflowExecution().GetRunId(),
			})
			err := h.HandleWith(ctx, t, k.pass) // the handler logs, and the observer is told
			k.Return()
			if errors.Is(err, sticky.ErrClosed) {
				w.breaks("Parts.Cache", o.Parts.Cache, err)
			}
		},
		Scaler:    scaler,
		Classify:  classify,
		Observers: []poller.Observer{admit},
		Logger:    o.Logger,
	})
	// A start says of what version of a deployment the worker is, and no other build id.
	if side == poller.Normal && w.startsEagerly && !o.UseWorkerVersioning {
		p.firstTasks = entrance[*workflowTask]{made, admit}
	}
	return err
}

// composeActivities adds the way of activities.
func (w *Worker) composeActivities(tasks context.Context, p *parts) error {
	o := &w.options
	p.activities = true
	var err error
	if p.activitySlots, err = suppliedSlots(o.Parts.ActivitySlots, o.MaxConcurrentActivities); err != nil {
		return err
	}
	executor := o.ActivityExecutor
	if executor == nil {
		executor = activity.InPlace{}
	} else {
		w.checkExecutor(tasks, p, executor)
	}
	if e, ok := executor.(activity.RemoteExecutor); ok && o.SharedStateManager != nil {
		executor = e.WithSharedState(o.SharedStateManager)
	}
	scaler := o.Parts.ActivityScaler
	if scaler == nil {
		scaler = w.activityScaler()
	}
	err = w.pollActivities(tasks, p, activityQueue{
		name: "activity task", queue: w.taskQueue, slots: p.activitySlots, rate: w.rates.activities,
		scaler: scaler, perSecond: &w.rates.queue, executor: executor,
	})
	if err != nil || !o.EnableSessionWorker {
		return err
	}
	return w.composeSessions(tasks, p, executor)
}

// activityScaler keeps two polls at least, as activities often come together.
func (w *Worker) activityScaler() poller.Scaler {
	return scaled(w.given.MaxConcurrentActivityTaskPolls, 2, w.options.MaxConcurrentActivityTaskPolls)
}

// scaled keeps as many polls as were given, or no more than tasks need if none were.
func scaled(given, least, most int) poller.Scaler {
	if given > 0 {
		return poller.Fixed(most)
	}
	return &poller.Demand{Min: least, Max: most}
}

// An activityQueue is one that is polled for activities.
type activityQueue struct {
	name      string // of the poller
	queue     string
	slots     slots.Supplier
	rate      ratelimit.Limiter // nil for none
	scaler    poller.Scaler
	perSecond *queueRate // what the server is to hand out; nil for nothing that it be told
	executor  activity.Executor
}

// pollActivities adds a poller of a queue.
func (w *Worker) pollActivities(tasks context.Context, p *parts, q activityQueue) error {
	h, err := w.activityHandler(q.queue, q.executor)
	if err != nil {
		return err
	}
	queue := &taskqueuepb.TaskQueue{Name: q.queue, Kind: enumspb.TASK_QUEUE_KIND_NORMAL}
	admit := admission{
		slots: q.slots, rate: q.rate,
		request: slots.Request{Kind: kindActivity, Queue: q.queue},
	}
	made, err := addPoller(p, "Parts.ActivityScaler", poller.Options[*activityTask, ticket]{
		Name:   q.name,
		Source: activitySource(w.service, w.identity, queue, q.perSecond),
		Admit:  &admit,
		Handle: func(_ context.Context, t *activityTask, k ticket) {
			k, err := admit.makeUp(tasks, k)
			if err == nil {
				err = k.use(tasks, slots.Task{
					Type: t.GetActivityType().GetName(), ID: t.GetActivityId(),
					Group: t.GetPriority().GetFairnessKey(),
				})
			}
			if err != nil {
				_, _ = h.HandBack(tasks, t, err)
			} else {
				_, _ = h.Handle(tasks, t) // the handler logs, and the observer is told
			}
			k.Return()
			w.checkHealth(q.executor)
		},
		Scaler:   q.scaler,
		Classify: classify,
		Logger:   w.options.Logger,
	})
	if err != nil || p.eager == nil || q.queue != w.taskQueue {
		return err
	}
	p.eager.handBack = func(t *activityTask, reason error) { _, _ = h.HandBack(tasks, t, reason) }
	eager := admit
	eager.slots, err = w.eagerSlots(q.slots)
	p.eager.entrance = entrance[*activityTask]{made, &eager}
	return err
}

// checkExecutor warns of an executor that is too small, and has it looked after.
func (w *Worker) checkExecutor(ctx context.Context, p *parts, e activity.Executor) {
	limit, finite := limitOf(p.activitySlots)
	if c := e.Capacity(); finite && c > 0 && c < limit {
		w.options.Logger.WarnContext(ctx, "ActivityExecutor runs fewer activities at once than there are slots: "+
			"those beyond wait for it while their timeouts run; "+
			"lower MaxConcurrentActivities or what Parts.ActivitySlots give, or enlarge the executor",
			slog.Int("Capacity", c), slog.Int("Slots", limit))
	}
	// A worker without tasks is to notice before it takes one, which would fail.
	p.rechecks = append(p.rechecks, func() { w.checkHealth(e) })
}

// checkHealth stops the worker if its executor is broken.
func (w *Worker) checkHealth(e activity.Executor) {
	if err := e.Health(); err != nil {
		w.breaks("ActivityExecutor", e, err)
	}
}

// breaks stops the worker because a part that the user gave will never work again.
func (w *Worker) breaks(field string, part any, err error) {
	select {
	case <-w.stopping: // its owner may have closed it
	default:
		w.coordinator.Fatal(refused(field, part, fmt.Errorf("it serves no more tasks: %w", err)))
	}
}

func (w *Worker) activityHandler(queue string, executor activity.Executor) (*activitytask.Handler, error) {
	o := &w.options
	return activitytask.New(activitytask.Options{
		Service:                          w.service,
		Registry:                         w.activities,
		Namespace:                        o.Namespace,
		TaskQueue:                        queue,
		Identity:                         w.identity.identity,
		Executor:                         executor,
		BoundReport:                      connect.NewLimit(callTimeout).Bound,
		Middleware:                       middleware(o.Interceptors),
		Extract:                          interceptor.Extract(o.ContextPropagators),
		Metrics:                          o.MetricsHandler,
		DataConverter:                    o.DataConverter,
		FailureConverter:                 o.FailureConverter,
		MaxHeartbeatThrottleInterval:     o.MaxHeartbeatThrottleInterval,
		MaxResultBytes:                   max(0, w.limits().PayloadError),
		DefaultHeartbeatThrottleInterval: o.DefaultHeartbeatThrottleInterval,
		AutoHeartbeat:                    o.AutoHeartbeat,
		FailureIncludesHeartbeat:         w.server.GetActivityFailureIncludeHeartbeat(),
		WorkerVersion:                    w.identity.stamp(),
		DeploymentOptions:                w.identity.deployment,
		WorkerStop:                       w.stopping,
		Running:                          &w.running,
		Logger:                           o.Logger,
		Observers:                        []any{&w.counters},
		OnPanic:                          o.OnActivityPanic,
	})
}

// middleware is what activities have of the interceptors.
func middleware(interceptors []interceptor.WorkerInterceptor) []activity.Middleware {
	if len(interceptors) == 0 {
		return nil
	}
	return []activity.Middleware{activity.Intercept(interceptor.Activities(interceptors)...)}
}

// addPoller makes a poller and adds it to the parts. The scaler, in the option
// field, is all that can be wrong with it.
func addPoller[T any](p *parts, field string, o poller.Options[T, ticket]) (*poller.Poller[T, ticket], error) {
	made, err := poller.New(o)
	if err != nil {
		return nil, refused(field, o.Scaler, err)
	}
	p.pollers = append(p.pollers, made)
	return made, nil
}
