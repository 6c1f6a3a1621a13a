package task

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	commandpb "go.temporal.io/api/command/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/workflow/machine"
)

// DefaultMaxEagerActivities is how many activities of one workflow task may come
// with the answer to it.
const DefaultMaxEagerActivities = 3

// An ActivityTask is an activity task as it came off the wire.
type ActivityTask = workflowservice.PollActivityTaskQueueResponse

// EagerActivities start activities that come with the answer to a workflow task,
// so that they need no poll. Its methods are safe for concurrent use and do not
// block.
type EagerActivities interface {
	// Reserve takes what an activity of the type needs to start here, such as a slot.
	// It reports false if that is not there for the taking.
	Reserve(activityType string) (Reservation[*ActivityTask], bool)
	// Unreserved takes a task for which nothing was reserved, because the server gave
	// more than it was asked for: its attempt has begun, so it must end here.
	Unreserved(t *ActivityTask)
}

// A Reservation is what one task of type T needs to start here. One of its methods
// is called, once; neither blocks.
type Reservation[T any] interface {
	// Run starts the task.
	Run(task T)
	// Release gives back what was reserved, since no task came.
	Release()
}

// errUnasked says that the server takes this worker for another one.
var errUnasked = errors.New("the server sent an activity with its answer, though no activity may start so here")

// reserved is what the answer to one workflow task has reserved.
type reserved struct {
	handler *Handler
	left    []Reservation[*ActivityTask]
}

// ask decides which of the activities that the workflow schedules are asked for
// with the answer, and reserves for them: no more than there is room for now, and
// only for those of this worker's own queue. Others are sent as what can be polled.
func (r *reserved) ask(t *polled, a machine.Answer) {
	canceled := canceledIDs(a.Commands)
	for i, c := range a.Commands {
		attr := c.GetScheduleActivityTaskCommandAttributes()
		if attr == nil || !attr.GetRequestEagerExecution() {
			continue
		}
		// It would begin after it was canceled, as no other activity does.
		scheduled := t.GetStartedEventId() + 2 + int64(i)
		attr.RequestEagerExecution = !a.Closed && attr.GetTaskQueue().GetName() == r.handler.TaskQueue &&
			!slices.Contains(canceled, scheduled) && r.reserve(attr.GetActivityType().GetName())
	}
}

// canceledIDs are those of the events of activities that are canceled.
func canceledIDs(commands []*commandpb.Command) []int64 {
	var ids []int64
	for _, c := range commands {
		if attr := c.GetRequestCancelActivityTaskCommandAttributes(); attr != nil {
			ids = append(ids, attr.GetScheduledEventId())
		}
	}
	return ids
}

func (r *reserved) reserve(activityType string) bool {
	if r.handler.Eager == nil || len(r.left) >= r.handler.MaxEagerActivities {
		return false
	}
	one, ok := r.handler.Eager.Reserve(activityType)
	if ok {
		r.left = append(r.left, one)
	}
	return ok
}

// run starts what came with the answer. What was asked for may not have come, and
// what came is not what one thing was reserved for rather than another: they are
// matched by number.
func (r *reserved) run(ctx context.Context, tasks []*ActivityTask) {
	n := min(len(tasks), len(r.left))
	for _, t := range tasks[n:] {
		r.unreserved(ctx, t)
	}
	for _, t := range tasks[:n] {
		one := r.left[0]
		r.left = r.left[1:]
		one.Run(t)
	}
}

func (r *reserved) unreserved(ctx context.Context, t *ActivityTask) {
	if r.handler.Eager != nil {
		r.handler.Eager.Unreserved(t)
		return
	}
	r.handler.Logger.ErrorContext(ctx, "Activity will time out",
		slog.String("ActivityType", t.GetActivityType().GetName()),
		slog.String("ActivityID", t.GetActivityId()),
		slog.String("WorkflowID", t.GetWorkflowExecution().GetWorkflowId()),
		slog.Any("Error", errUnasked))
}

// release gives back what no task came for.
func (r *reserved) release() {
	for _, one := range r.left {
		one.Release()
	}
	r.left = nil
}
