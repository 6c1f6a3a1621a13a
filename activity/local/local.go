package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// Options of a [Runner]. The zero value works.
type Options struct {
	// Middleware wraps each call, the first one outermost.
	Middleware []activity.Middleware
	// Extract puts what came in the header of a task into the context of its activity, and of
	// the converters; an error fails the attempt. nil leaves the context alone.
	Extract func(ctx context.Context, header *commonpb.Header) (context.Context, error)
	// Metrics is what activities get, with tags that name the attempt's type; nil drops
	// everything.
	Metrics metrics.Handler
	// DataConverter encodes results; nil means the default one.
	DataConverter converter.DataConverter
	// Admit waits until the attempt may begin: for a slot, or for its turn at a rate. Only the
	// end of ctx ends the wait with an error: any other is logged, and Admit asked again a
	// second later. nil lets all begin at once.
	Admit func(ctx context.Context, t *Task) (Ticket, error)
	// Observers are told what happens, in this order. Each implements one or more of the
	// observer interfaces of this package.
	Observers []any
	// WorkerStop is closed when the worker begins to stop: activities can see it.
	WorkerStop <-chan struct{}
	// Running keeps the attempts that run, until their functions return; nil keeps none.
	Running *activity.Running
	// Logger takes what goes wrong, and is what activities get, with attributes that name the
	// attempt; nil means slog's default.
	Logger *slog.Logger
	// OnPanic is told of activities that panicked, when Run has its outcome; nil tells nobody.
	OnPanic activity.PanicHook
}

// A Runner runs local activities.
type Runner struct {
	options   Options
	invoke    activity.Invoke
	observers observers
	running   running
}

// New returns a runner, or an error if a middleware is nil or an observer observes nothing.
func New(o Options) (*Runner, error) {
	for i, m := range o.Middleware {
		if m == nil {
			return nil, fmt.Errorf("local.Options.Middleware[%d] is nil: leave it out", i)
		}
	}
	sorted, err := sortObservers(o.Observers)
	if err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	o.DataConverter = converter.MakeTransferAware(o.DataConverter)
	return &Runner{options: o, invoke: activity.Chain(o.Middleware...), observers: sorted}, nil
}

// A Task is one attempt. Info says what it is and which timeouts it has; that it is local,
// when it was started and its deadline are filled in.
type Task struct {
	// Info describes the attempt. Its ScheduledTime is when the first attempt was handed to
	// the worker, on this machine's clock, and ScheduleToCloseTimeout counts from there.
	Info activity.Info
	// Expires is when the activity must have ended, retries and all, on this machine's clock;
	// zero if the timeouts of Info alone bound this attempt.
	Expires time.Time
	// Definition is the function.
	Definition *activity.Definition
	// Args are the arguments themselves. If they are nil, Input has them encoded.
	Args []any
	// Input is the encoded arguments.
	Input *commonpb.Payloads
	// Header is what the workflow sent beside them; may be nil.
	Header *commonpb.Header
	// DataConverter is what the workflow will decode the result with; nil means that of the
	// runner, which is then told what it converts.
	DataConverter converter.DataConverter
	// Started is called when the attempt begins, having waited for leave; may be nil.
	Started func()
}

// errGoexit stands for the end of a function that did not return.
var errGoexit = errors.New("the activity called runtime.Goexit: return an error instead")

// outcome is how a function ended.
type outcome struct {
	result *commonpb.Payloads
	err    error
}

// Run waits for leave to begin, runs the attempt and returns its encoded result or its error: what
// the function returned, a *temporal.PanicError, a *temporal.TimeoutError if its time is over, or a
// *temporal.CanceledError if ctx was cancelled. A wait ends when the time of all attempts is over: a
// function does not begin then. One that has begun may go on when Run has returned: Wait waits for it.
func (r *Runner) Run(ctx context.Context, t *Task) (*commonpb.Payloads, error) {
	if t.Definition == nil {
		return nil, errors.New("local.Task.Definition is nil: take it from Registry.ResolveLocal")
	}
	ticket, err := r.admit(ctx, t)
	if err != nil {
		return nil, err
	}
	if !r.running.begin(ctx) {
		ticket.Return()
		return nil, temporal.NewCanceledError()
	}
	ticket.Spend()
	if t.Started != nil {
		t.Started()
	}
	info := t.Info
	info.IsLocalActivity = true
	info.StartedTime = time.Now()
	var kind enumspb.TimeoutType
	info.Deadline, kind = deadline(&info, t.Expires)
	r.observers.started(ctx, Started{Info: &info})
	result, err := r.run(ctx, t, &info, kind, ticket)
	now := time.Now()
	r.observers.ended(ctx, Ended{
		Info: &info, Err: err,
		Execution: now.Sub(info.StartedTime), EndToEnd: now.Sub(info.ScheduledTime),
	})
	return result, err
}

// run runs the function, and waits for it until its time is over.
func (r *Runner) run(
	ctx context.Context, t *Task, info *activity.Info, kind enumspb.TimeoutType, ticket Ticket,
) (*commonpb.Payloads, error) {
	logger := r.logger(info)
	run, cancel := context.WithDeadline(ctx, info.Deadline)
	run = activity.WithOutbound(run, &activity.Environment{
		Info: *info, Logger: logger, WorkerStop: r.options.WorkerStop, Metrics: r.metrics(info),
	})
	done := make(chan outcome, 1)
	r.options.Running.Begin(info, info.StartedTime)
	go func() {
		o := outcome{err: errGoexit}
		defer func() {
			r.options.Running.End(info)
			done <- o
			cancel()
			p, _ := errors.AsType[*temporal.PanicError](o.err)
			r.options.OnPanic.Tell(context.WithoutCancel(ctx), *info, p, logger)
			ticket.Return()
			r.running.end()
		}()
		o.result, o.err = r.call(run, t, info)
		report(run, logger, o.err, info.Deadline)
	}()
	select {
	case o := <-done:
		return judged(run, o, kind)
	case <-run.Done():
	}
	select {
	case o := <-done: // at the same moment
		return judged(run, o, kind)
	default:
		return nil, stopped(run, kind)
	}
}

// call calls the function.
func (r *Runner) call(ctx context.Context, t *Task, info *activity.Info) (_ *commonpb.Payloads, err error) {
	defer func() { // of a propagator, or of a converter that is told what it converts
		if p := recover(); p != nil {
			err = temporal.NewPanicError(p, string(debug.Stack()))
		}
	}()
	if r.options.Extract != nil {
		if ctx, err = r.options.Extract(ctx, t.Header); err != nil {
			return nil, err
		}
	}
	dc := t.DataConverter
	if dc == nil {
		dc = r.converter(ctx, info)
	}
	c := &activity.Call{
		Type: info.ActivityType.Name, Input: t.Input, Args: t.Args, Header: t.Header,
		Definition: t.Definition, DataConverter: dc, Invoke: r.invoke,
	}
	if c.Args != nil && c.Definition.IsDynamic() { // it takes what it can decode
		input, err := dc.ToPayloads(c.Args...)
		if err != nil {
			return nil, fmt.Errorf("unable to encode the arguments of activity %s: %w", c.Type, err)
		}
		c.Input, c.Args = input, nil
	}
	return c.Run(ctx)
}

// converter is the runner's data converter for an activity.
func (r *Runner) converter(ctx context.Context, info *activity.Info) converter.DataConverter {
	about := converter.ActivitySerializationContext{
		Namespace:    info.Namespace,
		WorkflowID:   info.WorkflowExecution.ID,
		ActivityType: info.ActivityType.Name,
		TaskQueue:    info.TaskQueue,
		IsLocal:      true,
	}
	if info.WorkflowType != nil {
		about.WorkflowType = info.WorkflowType.Name
	}
	return converter.WithDataConverterSerializationContext(
		converter.WithContext(ctx, r.options.DataConverter), about)
}

// deadline is when the attempt times out, and which timeout that is.
func deadline(info *activity.Info, expires time.Time) (time.Time, enumspb.TimeoutType) {
	end, kind := info.StartedTime.Add(info.StartToCloseTimeout), enumspb.TIMEOUT_TYPE_START_TO_CLOSE
	if info.StartToCloseTimeout == 0 {
		end = info.StartedTime.Add(info.ScheduleToCloseTimeout)
	}
	if all := info.ScheduledTime.Add(info.ScheduleToCloseTimeout); info.ScheduleToCloseTimeout > 0 && !all.After(end) {
		end, kind = all, enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE
	}
	if !expires.IsZero() && !expires.After(end) {
		end, kind = expires, enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE
	}
	return end, kind
}

// judged is the outcome of a function that has returned. One that stops because it was told
// to has not failed for a reason of its own.
func judged(ctx context.Context, o outcome, kind enumspb.TimeoutType) (*commonpb.Payloads, error) {
	if o.err == nil {
		return o.result, nil
	}
	if ctx.Err() != nil && (errors.Is(o.err, ctx.Err()) || errors.Is(o.err, context.Cause(ctx))) {
		return nil, stopped(ctx, kind)
	}
	return nil, o.err
}

// stopped is the error of an attempt whose context has ended.
func stopped(ctx context.Context, kind enumspb.TimeoutType) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return temporal.NewTimeoutErrorWithOptions(kind,
			temporal.TimeoutErrorOptions{Message: "deadline exceeded"})
	}
	return temporal.NewCanceledError()
}

// report logs what the workflow may never hear of.
func report(ctx context.Context, logger *slog.Logger, err error, deadline time.Time) {
	ctx = context.WithoutCancel(ctx)
	if p, ok := errors.AsType[*temporal.PanicError](err); ok {
		logger.LogAttrs(ctx, slog.LevelError, "local activity panicked",
			slog.String("PanicError", p.Error()), slog.String("PanicStack", p.StackTrace()))
	}
	if time.Now().After(deadline) {
		logger.LogAttrs(ctx, slog.LevelWarn, "local activity ended after its deadline: what it returned is dropped",
			slog.Time("ActivityDeadline", deadline))
	}
}

// metrics names the activity's type, the workflow's and the task queue.
func (r *Runner) metrics(info *activity.Info) metrics.Handler {
	if r.options.Metrics == nil {
		return nil
	}
	tags := map[string]string{"activity_type": info.ActivityType.Name, "task_queue": info.TaskQueue}
	if info.WorkflowType != nil {
		tags["workflow_type"] = info.WorkflowType.Name
	}
	return r.options.Metrics.WithTags(tags)
}

// logger names the attempt under the keys that Temporal's own workers use.
func (r *Runner) logger(info *activity.Info) *slog.Logger {
	attrs := []any{
		slog.String("ActivityID", info.ActivityID),
		slog.String("ActivityType", info.ActivityType.Name),
		slog.Int("Attempt", int(info.Attempt)),
		slog.String("WorkflowID", info.WorkflowExecution.ID),
		slog.String("RunID", info.WorkflowExecution.RunID),
	}
	if info.WorkflowType != nil {
		attrs = append(attrs, slog.String("WorkflowType", info.WorkflowType.Name))
	}
	return r.options.Logger.With(attrs...)
}
