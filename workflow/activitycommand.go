package workflow

import (
	"cmp"
	"fmt"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

// sharedOptions are the options of the activities of a context, and the parts of
// their commands that are the same for many: nobody changes a command that was
// made.
type sharedOptions struct {
	ActivityOptions
	queue *taskqueuepb.TaskQueue
	typ   *commonpb.ActivityType // of the last one

	scheduleToClose, scheduleToStart, startToClose, heartbeat *durationpb.Duration

	ctx *valueContext // of the last one; nil if its converters are not those of others
	by  converters    // in ctx
}

// optionsOf returns the options that activities of ctx have.
func optionsOf(ctx Context) *sharedOptions {
	if s, ok := ctx.Value(activityOptionsKey).(*sharedOptions); ok {
		return s
	}
	return &sharedOptions{}
}

// convertersOf returns the converters for the values of an activity in ctx. Many in one context have
// the same.
func (s *sharedOptions) convertersOf(r *run, ctx Context, activityType, queue string) converters {
	own := r.env.Adapts || r.converters
	v, ok := ctx.(*valueContext)
	if ok && v == s.ctx && !own {
		return s.by
	}
	by := r.convertersOf(ctx, activityType, queue, false)
	if ok && !own {
		s.ctx, s.by = v, by
	}
	return by
}

// share makes the parts for an activity.
func (s *sharedOptions) share(activityType, queue string) {
	if s.typ == nil || s.typ.GetName() != activityType {
		s.typ = &commonpb.ActivityType{Name: activityType}
	}
	if s.queue == nil || s.queue.GetName() != queue {
		s.queue = &taskqueuepb.TaskQueue{Name: queue, Kind: enumspb.TASK_QUEUE_KIND_NORMAL}
	}
	if s.startToClose != nil {
		return
	}
	none := &durationpb.Duration{} // most timeouts are: they share one
	timeout := func(d time.Duration) *durationpb.Duration {
		if d == 0 {
			return none
		}
		return durationpb.New(d)
	}
	s.scheduleToClose, s.scheduleToStart = timeout(s.ScheduleToCloseTimeout), timeout(s.ScheduleToStartTimeout)
	s.startToClose, s.heartbeat = timeout(s.StartToCloseTimeout), timeout(s.HeartbeatTimeout)
}

// activityCommand builds the command of an activity; queue is empty for the
// workflow's.
func (r *run) activityCommand(
	ctx Context, o *sharedOptions, name, queue string, dc converter.DataConverter, args []any,
) (*env.ActivityCommand, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	header, err := r.header(ctx)
	if err != nil {
		return nil, err
	}
	input, err := r.env.Encode(dc, args...)
	if err != nil {
		return nil, fmt.Errorf("activity %s: arguments cannot be encoded: %w", name, err)
	}
	queue = cmp.Or(queue, r.info.TaskQueueName)
	o.share(name, queue)
	return &env.ActivityCommand{Attributes: commandpb.ScheduleActivityTaskCommandAttributes{
		ActivityId:             o.ActivityID,
		ActivityType:           o.typ,
		TaskQueue:              o.queue,
		Header:                 header,
		Input:                  input,
		ScheduleToCloseTimeout: o.scheduleToClose,
		ScheduleToStartTimeout: o.scheduleToStart,
		StartToCloseTimeout:    o.startToClose,
		HeartbeatTimeout:       o.heartbeat,
		RetryPolicy:            temporal.RetryPolicyToProto(o.RetryPolicy),
		Priority:               temporal.PriorityToProto(o.Priority),
		UseWorkflowBuildId:     queue == r.info.TaskQueueName,
		RequestEagerExecution:  !o.DisableEagerExecution, // as a wish: the worker decides
	}}, nil
}
