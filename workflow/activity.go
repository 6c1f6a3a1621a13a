package workflow

import (
	"errors"
	"fmt"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
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
	return WithValue(ctx, activityOptionsKey, options)
}

// GetActivityOptions returns the options that activities of ctx have.
func GetActivityOptions(ctx Context) ActivityOptions {
	o, _ := ctx.Value(activityOptionsKey).(ActivityOptions)
	return o
}

func changeActivityOptions(ctx Context, change func(*ActivityOptions)) Context {
	o := GetActivityOptions(ctx)
	change(&o)
	return WithValue(ctx, activityOptionsKey, o)
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
	options := GetActivityOptions(ctx)
	switch queue, err := sessionQueue(ctx, activityType); {
	case err != nil:
		f := &future{run: r}
		f.settle(nil, err)
		return f
	case queue != "":
		options.TaskQueue = queue
	}
	by := r.convertersOf(ctx, activityType, options.TaskQueue, false)
	f := &future{run: r, convert: by.data}
	attr, err := r.activityCommand(ctx, &options, activityType, by.data, args)
	if err != nil {
		f.settle(nil, err)
		return f
	}
	forget := func() {}
	cancel := r.env.ScheduleActivity(r.env.PeekID(), attr, r.metadata(options.Summary),
		func(result *commonpb.Payloads, failure *failurepb.Failure) {
			forget()
			if f.ready {
				return // canceled without waiting: how it ended concerns nobody
			}
			if failure != nil {
				f.settle(nil, by.failures.FailureToError(failure))
				return
			}
			f.settle(result, nil)
		})
	forget = onCancel(ctx, func() {
		if f.ready {
			return
		}
		cancel()
		if !options.WaitForCancellation {
			f.settle(nil, ErrCanceled)
		}
	})
	return f
}

// activityCommand builds the command of an activity.
func (r *run) activityCommand(
	ctx Context, o *ActivityOptions, name string, dc converter.DataConverter, args []any,
) (*commandpb.ScheduleActivityTaskCommandAttributes, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	header, err := r.header(ctx)
	if err != nil {
		return nil, err
	}
	input, err := dc.ToPayloads(args...)
	if err != nil {
		return nil, fmt.Errorf("activity %s: arguments cannot be encoded: %w", name, err)
	}
	queue := o.TaskQueue
	if queue == "" {
		queue = r.info.TaskQueueName
	}
	none := &durationpb.Duration{} // most timeouts are: they share one
	timeout := func(d time.Duration) *durationpb.Duration {
		if d == 0 {
			return none
		}
		return durationpb.New(d)
	}
	return &commandpb.ScheduleActivityTaskCommandAttributes{
		ActivityId:             o.ActivityID,
		ActivityType:           &commonpb.ActivityType{Name: name},
		TaskQueue:              &taskqueuepb.TaskQueue{Name: queue, Kind: enumspb.TASK_QUEUE_KIND_NORMAL},
		Header:                 header,
		Input:                  input,
		ScheduleToCloseTimeout: timeout(o.ScheduleToCloseTimeout),
		ScheduleToStartTimeout: timeout(o.ScheduleToStartTimeout),
		StartToCloseTimeout:    timeout(o.StartToCloseTimeout),
		HeartbeatTimeout:       timeout(o.HeartbeatTimeout),
		RetryPolicy:            temporal.RetryPolicyToProto(o.RetryPolicy),
		Priority:               temporal.PriorityToProto(o.Priority),
		UseWorkflowBuildId:     queue == r.info.TaskQueueName,
		RequestEagerExecution:  !o.DisableEagerExecution, // as a wish: the worker decides
	}, nil
}
