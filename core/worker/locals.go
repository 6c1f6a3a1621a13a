package worker

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/local"
	"github.com/mainspring-go/mainspring/interceptor"
	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// locals run the local activities of the worker's workflows: they join the
// pipelines of workflows and of activities, the slots and the rate.
type locals struct {
	worker *Worker
	runner *local.Runner
	//nolint:containedctx // the context of all tasks of the worker: its end cancels the activities
	tasks context.Context
}

// composeLocals adds the way of local activities.
func (w *Worker) composeLocals(tasks context.Context, p *parts) error {
	o := &w.options
	s, err := suppliedSlots(o.Parts.LocalActivitySlots, o.MaxConcurrentLocalActivities)
	if err != nil {
		return err
	}
	r, err := local.New(local.Options{
		Admit: func(ctx context.Context, t *local.Task) (local.Ticket, error) {
			return w.admitLocal(ctx, s, t)
		},
		Observers:     []any{&w.counters},
		Middleware:    middleware(o.Interceptors),
		Extract:       interceptor.Extract(o.ContextPropagators),
		Metrics:       o.MetricsHandler,
		DataConverter: o.DataConverter,
		WorkerStop:    w.stopping,
		Running:       &w.running,
		Logger:        o.Logger,
		OnPanic:       o.OnActivityPanic,
	})
	if err != nil {
		return err
	}
	p.localSlots = s
	p.locals = &locals{worker: w, runner: r, tasks: tasks}
	return nil
}

// admitLocal waits for a slot, for leave to use it, and for a token last: one that
// is reserved is spent at once, and no hold keeps it from others.
func (w *Worker) admitLocal(ctx context.Context, s slots.Supplier, t *local.Task) (k ticket, err error) {
	a := admission{slots: s, request: slots.Request{
		Kind: kindLocalActivity, Queue: w.taskQueue, TaskType: t.Info.ActivityType.Name,
	}}
	if k, err = a.Admit(ctx); err != nil {
		return k, err
	}
	complete := false
	defer func() {
		if !complete { // an error, or a panic in a part that a user gave
			k.Return()
		}
	}()
	if err := k.use(ctx, slots.Task{Type: a.request.TaskType, ID: t.Info.ActivityID}); err != nil {
		return k, err
	}
	k.token, err = w.rates.locals.Reserve(ctx)
	complete = err == nil
	return k, err
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
	// The end of the worker's tasks cancels the activity, and says why.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(l.tasks, func() { cancel(context.Cause(l.tasks)) })()
	return l.runner.Run(ctx, l.task(a, definition))
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
		Started: a.Started,
	}
	if a.Call != nil {
		t.DataConverter = a.Call.DataConverter
		t.Args = append([]any{}, a.Call.Args...) // not nil, which would mean that they are encoded
	}
	return t
}
