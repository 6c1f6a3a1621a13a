package workflow

import (
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

// ActivityOptions say how an activity is run. StartToCloseTimeout or
// ScheduleToCloseTimeout is required.
type ActivityOptions struct {
	// TaskQueue on which the activity is scheduled; default: the workflow's.
	TaskQueue string
	// ScheduleToCloseTimeout bounds all attempts together; default: unlimited.
	ScheduleToCloseTimeout time.Duration
	// ScheduleToStartTimeout bounds the wait for a worker; default: unlimited.
	// It is never retried.
	ScheduleToStartTimeout time.Duration
	// StartToCloseTimeout bounds one attempt; default: ScheduleToCloseTimeout.
	// The server learns of a lost worker by it, so keep it short.
	StartToCloseTimeout time.Duration
	// HeartbeatTimeout is how long the activity may be silent; default: for ever.
	HeartbeatTimeout time.Duration
	// WaitForCancellation makes the future of a canceled activity wait for the
	// activity to end; by default it fails at once.
	WaitForCancellation bool
	// ActivityID names the activity; default: the id of its event.
	ActivityID string
	// RetryPolicy; nil is the server's: retry for ever with back-off.
	RetryPolicy *temporal.RetryPolicy
	// DisableEagerExecution forbids the worker to ask for the activity together
	// with its answer to the workflow task. By default a worker does so for those on its
	// own task queue that it has room for, so that they start without a poll.
	DisableEagerExecution bool
	// Summary is one line that people see beside the activity.
	Summary string
	// Priority orders tasks that wait in one task queue.
	Priority temporal.Priority
}

// WithActivityOptions returns a context whose activities have these options.
// Every field is replaced, except that an empty TaskQueue keeps the one set before.
func WithActivityOptions(ctx Context, options ActivityOptions) Context {
	if options.TaskQueue == "" {
		options.TaskQueue = GetActivityOptions(ctx).TaskQueue
	}
	return WithValue(ctx, activityOptionsKey, &sharedOptions{ActivityOptions: options})
}

// GetActivityOptions returns the options that activities of ctx have.
func GetActivityOptions(ctx Context) ActivityOptions {
	if s, ok := ctx.Value(activityOptionsKey).(*sharedOptions); ok {
		return s.ActivityOptions
	}
	return ActivityOptions{}
}

func changeActivityOptions(ctx Context, change func(*ActivityOptions)) Context {
	o := GetActivityOptions(ctx)
	change(&o)
	return WithValue(ctx, activityOptionsKey, &sharedOptions{ActivityOptions: o})
}

// WithTaskQueue sets the task queue of the activities of a context.
func WithTaskQueue(ctx Context, name string) Context {
	return changeActivityOptions(ctx, func(o *ActivityOptions) { o.TaskQueue = name })
}

// WithScheduleToCloseTimeout sets ActivityOptions.ScheduleToCloseTimeout.
func WithScheduleToCloseTimeout(ctx Context, d time.Duration) Context {
	return changeActivityOptions(ctx, func(o *ActivityOptions) { o.ScheduleToCloseTimeout = d })
}

// WithScheduleToStartTimeout sets ActivityOptions.ScheduleToStartTimeout.
func WithScheduleToStartTimeout(ctx Context, d time.Duration) Context {
	return changeActivityOptions(ctx, func(o *ActivityOptions) { o.ScheduleToStartTimeout = d })
}

// WithStartToCloseTimeout sets ActivityOptions.StartToCloseTimeout.
func WithStartToCloseTimeout(ctx Context, d time.Duration) Context {
	return changeActivityOptions(ctx, func(o *ActivityOptions) { o.StartToCloseTimeout = d })
}

// WithHeartbeatTimeout sets ActivityOptions.HeartbeatTimeout.
func WithHeartbeatTimeout(ctx Context, d time.Duration) Context {
	return changeActivityOptions(ctx, func(o *ActivityOptions) { o.HeartbeatTimeout = d })
}

// WithWaitForCancellation sets ActivityOptions.WaitForCancellation.
func WithWaitForCancellation(ctx Context, wait bool) Context {
	return changeActivityOptions(ctx, func(o *ActivityOptions) { o.WaitForCancellation = wait })
}

// WithRetryPolicy sets ActivityOptions.RetryPolicy.
func WithRetryPolicy(ctx Context, policy temporal.RetryPolicy) Context {
	return changeActivityOptions(ctx, func(o *ActivityOptions) { o.RetryPolicy = &policy })
}

// WithPriority sets ActivityOptions.Priority.
func WithPriority(ctx Context, priority temporal.Priority) Context {
	return changeActivityOptions(ctx, func(o *ActivityOptions) { o.Priority = priority })
}

// errNoActivityTimeout is returned by activities without a bound.
var errNoActivityTimeout = errors.New("activity options: set StartToCloseTimeout or " +
	"ScheduleToCloseTimeout with workflow.WithActivityOptions: without either, an activity " +
	"whose worker is lost would never end")

// validate says what is wrong with the options, naming field, value and fix.
func (o *ActivityOptions) validate() error {
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"ScheduleToCloseTimeout", o.ScheduleToCloseTimeout},
		{"ScheduleToStartTimeout", o.ScheduleToStartTimeout},
		{"StartToCloseTimeout", o.StartToCloseTimeout},
		{"HeartbeatTimeout", o.HeartbeatTimeout},
	} {
		if d.value < 0 {
			return fmt.Errorf("activity options: %s is %v: use zero for none or a positive duration",
				d.name, d.value)
		}
	}
	if o.ScheduleToCloseTimeout == 0 && o.StartToCloseTimeout == 0 {
		return errNoActivityTimeout
	}
	return nil
}

// ExecuteActivity schedules an activity: a registered function, a method of a
// registered struct, or the name of an activity that any worker on its task
// queue has. The future's error is a [*temporal.ActivityError] around the
// reason, or [ErrCanceled] if ctx was canceled.
func ExecuteActivity(ctx Context, activity any, args ...any) Future {
	r := runOf(ctx)
	r.mustMutate()
	name, err := r.env.ActivityName(activity)
	if err != nil {
		f := &future{run: r}
		f.settle(nil, err)
		return f
	}
	return r.outbound.ExecuteActivity(r.withHeader(ctx), name, args...)
}

func (o rootOutbound) ExecuteActivity(ctx Context, activityType string, args ...any) Future {
	r := o.run
	c := &activityCall{}
	c.run = r
	options := optionsOf(ctx)
	queue, err := sessionQueue(ctx, activityType)
	if err != nil {
		c.settle(nil, err)
		return &c.future
	}
	if queue == "" {
		queue = options.TaskQueue
	}
	by := options.convertersOf(r, ctx, activityType, queue)
	c.convert, c.failures, c.waits = by.data, by.failures, options.WaitForCancellation
	command, err := r.activityCommand(ctx, options, activityType, queue, by.data, args)
	if err != nil {
		c.settle(nil, err)
		return &c.future
	}
	c.scheduled = r.env.PeekID()
	c.pending.Ends = c
	r.env.ScheduleActivity(c.scheduled, command, r.metadata(options.Summary), &c.pending)
	c.cancellation.watch(ctx, c)
	return &c.future
}

// activityCall is an activity under way: all that it needs is one allocation.
type activityCall struct {
	future
	failures     converter.FailureConverter
	scheduled    int64 // the event that its command causes
	pending      env.Pending
	cancellation cancelWatch
	waits        bool // for its end, also if it is canceled
}

// End implements [env.Ender].
func (c *activityCall) End(result *commonpb.Payloads, failure *failurepb.Failure) {
	c.cancellation.forget()
	switch {
	case c.ready: // canceled without waiting: how it ended concerns nobody
	case failure != nil:
		c.settle(nil, c.failures.FailureToError(failure))
	default:
		c.settle(result, nil)
	}
}

func (c *activityCall) canceled() {
	if c.ready {
		return
	}
	c.run.env.CancelActivity(c.scheduled, &c.pending)
	if !c.waits {
		c.settle(nil, ErrCanceled)
	}
}
