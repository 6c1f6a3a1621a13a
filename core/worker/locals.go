package worker

import (
	"context"
	"log/slog"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/local"
	"github.com/mainspring-go/mainspring/interceptor"
	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// locals run the local activities of the worker's workflows: they join the
// pipelines of workflows and of activities, and the slots.
type locals struct {
	worker *Worker
	runner *local.Runner
	slots  slots.Supplier
	//nolint:containedctx // the context of all tasks of the worker: its end cancels the activities
	tasks context.Context

	mu      sync.Mutex
	running int
	idle    chan struct{} // closed when running is zero again; nil if nobody asks
}

// composeLocals adds the way of local activities.
func (w *Worker) composeLocals(tasks context.Context, p *parts) error {
	o := &w.options
	s, err := suppliedSlots(o.Parts.LocalActivitySlots, o.MaxConcurrentLocalActivities)
	if err != nil {
		return err
	}
	r, err := local.New(local.Options{
		Middleware:    middleware(o.Interceptors),
		Extract:       interceptor.Extract(o.ContextPropagators),
		Metrics:       o.MetricsHandler,
		DataConverter: o.DataConverter,
		WorkerStop:    w.stopping,
		Logger:        o.Logger,
		OnPanic:       o.OnActivityPanic,
	})
	if err != nil {
		return err
	}
	p.localSlots = s
	p.locals = &locals{worker: w, runner: r, slots: s, tasks: tasks}
	return nil
}

// resolveLocal turns what workflow code calls into what ExecuteLocal gets.
func (w *Worker) resolveLocal(a any) (name string, function any, err error) {
	name, d, err := w.activities.ResolveLocal(a)
	if err != nil {
		return "", nil, err
	}
	return name, d, nil
}

// ExecuteLocal implements [task.LocalExecutor].
func (l *locals) ExecuteLocal(ctx context.Context, a *task.LocalAttempt) (*commonpb.Payloads, error) {
	definition, err := l.definition(a)
	if err != nil {
		return nil, err
	}
	permit, err := l.reserve(ctx, a)
	if err != nil {
		return nil, err
	}
	// The end of the worker's tasks cancels the activity, and says why.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(l.tasks, func() { cancel(context.Cause(l.tasks)) })()
	if !l.begin(ctx) {
		permit.Release()
		return nil, context.Cause(ctx)
	}
	a.Started()
	result, err := l.runner.Run(ctx, l.task(a, definition), func() {
		permit.Release()
		l.end()
	})
	l.worker.counters.localEnded(err)
	return result, err
}

// definition is the function to call: what a runner of another kind than ours
// gives is looked for in the registry.
func (l *locals) definition(a *task.LocalAttempt) (*activity.Definition, error) {
	if a.Call == nil || a.Call.Function == nil {
		_, d, err := l.worker.activities.ResolveLocal(a.Request.Type)
		return d, err
	}
	if d, ok := a.Call.Function.(*activity.Definition); ok {
		return d, nil
	}
	_, d, err := l.worker.activities.ResolveLocal(a.Call.Function)
	return d, err
}

func (l *locals) task(a *task.LocalAttempt, d *activity.Definition) *local.Task {
	t := &local.Task{
		Info: activity.Info{
			WorkflowType:           &activity.WorkflowType{Name: a.WorkflowType},
			WorkflowExecution:      activity.WorkflowExecution{ID: a.WorkflowID, RunID: a.RunID},
			ActivityID:             a.Request.ID,
			ActivityType:           activity.Type{Name: a.Request.Type},
			TaskQueue:              l.worker.taskQueue,
			Namespace:              a.Namespace,
			ScheduleToCloseTimeout: a.Request.ScheduleToClose,
			StartToCloseTimeout:    a.Request.StartToClose,
			ScheduledTime:          a.Scheduled,
			Attempt:                a.Attempt,
			RetryPolicy:            temporal.RetryPolicyFromProto(a.Request.RetryPolicy),
		},
		Expires: a.Expires, Definition: d, Header: a.Request.Header, Input: a.Request.Args,
	}
	if a.Call != nil {
		t.DataConverter = a.Call.DataConverter
		t.Args = append([]any{}, a.Call.Args...) // not nil, which would mean that they are encoded
	}
	return t
}

// askAgain is how soon a supplier that failed is asked again.
const askAgain = time.Second

// reserve waits for a slot. Suppliers recover, so that only ctx ends it.
func (l *locals) reserve(ctx context.Context, a *task.LocalAttempt) (slots.Permit, error) {
	for {
		permit, err := l.slots.Reserve(ctx, slots.Request{
			Kind: kindLocalActivity, Queue: l.worker.taskQueue, TaskType: a.Request.Type,
		})
		if err == nil {
			if err = (ticket{permit: permit}).use(ctx, slots.Task{Type: a.Request.Type, ID: a.Request.ID}); err != nil {
				permit.Release()
			}
			return permit, err
		}
		if ctx.Err() != nil {
			return permit, err
		}
		l.worker.options.Logger.WarnContext(ctx, "A local activity waits: its slot supplier failed",
			slog.String("ActivityType", a.Request.Type), slog.Any("Error", err))
		select {
		case <-time.After(askAgain):
		case <-ctx.Done():
		}
	}
}

// begin counts an activity, unless ctx has ended. Contexts end before the tasks
// of their workflows do, so that none begins when those have been waited for.
func (l *locals) begin(ctx context.Context) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	l.running++
	return true
}

func (l *locals) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	if l.running == 0 && l.idle != nil {
		close(l.idle)
		l.idle = nil
	}
}

// drained waits until no activity runs; none may begin any more.
func (l *locals) drained(ctx context.Context) error {
	l.mu.Lock()
	if l.running == 0 {
		l.mu.Unlock()
		return nil
	}
	if l.idle == nil {
		l.idle = make(chan struct{})
	}
	idle := l.idle
	l.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
