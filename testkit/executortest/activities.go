package executortest

import (
	"context"
	"runtime"
	"time"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
)

// prefix keeps the suite's activities apart from others.
const prefix = "executortest."

// Register registers the activities of the suite. Processes in which a remote executor runs calls
// must have called it.
func Register(r *activity.Registry) error {
	return r.RegisterActivityWithOptions(&acts{}, activity.RegisterOptions{Name: prefix})
}

// acts are the suite's activities. They speak to it by results, heartbeats and ctx only.
type acts struct{}

func (*acts) Echo(_ context.Context, s string) (string, error) { return s, nil }

func (*acts) Nothing(context.Context) error { return nil }

func (*acts) Fail(_ context.Context, message string) error {
	return temporal.NewNonRetryableApplicationError(message, "Suite", nil, 7, "seven")
}

func (*acts) Pending(context.Context) error { return activity.ErrResultPending }

func (*acts) Panic(context.Context) error { panic("the suite panics") } //nolint:forbidigo // that is its purpose

func (*acts) Exit(context.Context) error {
	runtime.Goexit()
	return nil
}

// told is what an activity can know of itself.
type told struct {
	ID, Type, WorkflowID, RunID, WorkflowType, Queue, Namespace string

	Attempt     int32
	Heartbeat   time.Duration
	HasDetails  bool
	Details     string
	DetailsErr  string
	HasDeadline bool
	Deadline    time.Time
}

func (*acts) Tell(ctx context.Context) (told, error) {
	i := activity.GetInfo(ctx)
	t := told{
		ID: i.ActivityID, Type: i.ActivityType.Name, WorkflowID: i.WorkflowExecution.ID,
		RunID: i.WorkflowExecution.RunID, Queue: i.TaskQueue, Namespace: i.Namespace,
		Attempt: i.Attempt, Heartbeat: i.HeartbeatTimeout, HasDetails: activity.HasHeartbeatDetails(ctx),
	}
	if i.WorkflowType != nil {
		t.WorkflowType = i.WorkflowType.Name
	}
	if err := activity.GetHeartbeatDetails(ctx, &t.Details); err != nil {
		t.DetailsErr = err.Error()
	}
	t.Deadline, t.HasDeadline = ctx.Deadline()
	t.Deadline = t.Deadline.Round(0).UTC()
	return t, nil
}

func (*acts) Beat(ctx context.Context, words []string) error {
	for _, w := range words {
		activity.RecordHeartbeat(ctx, w)
	}
	return nil
}

// What Hold says by heartbeats.
const (
	began = "began"
	ended = "ended"
)

// Hold runs until the worker's stop channel is closed or ctx has ended, and takes a second more then.
func (*acts) Hold(ctx context.Context) (string, error) {
	activity.RecordHeartbeat(ctx, began)
	select {
	case <-activity.GetWorkerStopChannel(ctx):
		return "released", nil
	case <-ctx.Done():
	}
	time.Sleep(time.Second)
	activity.RecordHeartbeat(ctx, ended)
	return "", temporal.NewApplicationError("stopped: "+context.Cause(ctx).Error(), "Stopped")
}

func (*acts) Write(ctx context.Context) error {
	activity.GetLogger(ctx).Info("the suite writes")
	activity.GetMetricsHandler(ctx).Counter("suite").Inc(1)
	return nil
}
