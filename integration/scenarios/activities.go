package scenarios

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Do has one activity done.
func Do(ctx workflow.Context, o workflow.ActivityOptions, name string, args ...any) (any, error) {
	var out any
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), name, args...).Get(ctx, &out)
	return out, err
}

// Plan is what the workflow that has an activity done is told.
type Plan struct {
	Activity                                              string
	StartToClose, ScheduleToClose, ScheduleToStart, Heart time.Duration
	Retry                                                 *temporal.RetryPolicy
	Queue                                                 string
	Cancel, WaitForCancellation                           bool
}

// Carry has the activity of the plan done. If it is to be cancelled, it is when a
// signal comes.
func Carry(ctx workflow.Context, p Plan) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: p.Queue, StartToCloseTimeout: p.StartToClose, ScheduleToCloseTimeout: p.ScheduleToClose,
		ScheduleToStartTimeout: p.ScheduleToStart, HeartbeatTimeout: p.Heart, RetryPolicy: p.Retry,
		WaitForCancellation: p.WaitForCancellation,
	})
	child, cancel := workflow.WithCancel(ctx)
	defer cancel()
	future := workflow.ExecuteActivity(child, p.Activity)
	if p.Cancel {
		workflow.GetSignalChannel(ctx, "say").Receive(ctx, nil)
		cancel()
	}
	var out string
	err := future.Get(ctx, &out)
	return out, err
}

const (
	second      = time.Second
	millisecond = time.Millisecond
)

func once() *temporal.RetryPolicy { return &temporal.RetryPolicy{MaximumAttempts: 1} }

func quickly() *temporal.RetryPolicy {
	return &temporal.RetryPolicy{InitialInterval: 20 * time.Millisecond, BackoffCoefficient: 1}
}

// Work returns at once.
func Work() (string, error) { return "done", nil }

// Third fails twice.
func Third(ctx context.Context) (string, error) {
	if activity.GetInfo(ctx).Attempt < 3 {
		return "", temporal.NewApplicationError("not yet", "Early", 1)
	}
	return "at last", nil
}

// Never fails for good.
func Never() error { return temporal.NewNonRetryableApplicationError("never", "Final", nil) }

// Always fails.
func Always() error { return errors.New("again") }

// Later says when to try again.
func Later(ctx context.Context) (int32, error) {
	if n := activity.GetInfo(ctx).Attempt; n > 1 {
		return n, nil
	}
	return 0, temporal.NewApplicationErrorWithOptions("later", "Later",
		temporal.ApplicationErrorOptions{NextRetryDelay: 30 * time.Millisecond})
}

// Resume fails once, and then returns what it has remembered.
func Resume(ctx context.Context) (string, error) {
	if activity.HasHeartbeatDetails(ctx) {
		var details string
		err := activity.GetHeartbeatDetails(ctx, &details)
		return details, err
	}
	activity.RecordHeartbeat(ctx, "half way")
	return "", errors.New("interrupted")
}

// Obey works until it is cancelled.
func Obey(ctx context.Context) (string, error) {
	for {
		activity.RecordHeartbeat(ctx, "alive")
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Ignore works longer than it may.
func Ignore(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-time.After(3 * second):
	}
	return nil
}

// Elsewhere is done by someone else.
func Elsewhere() (string, error) { return "", activity.ErrResultPending }

// Locally has a local activity done.
func Locally(ctx workflow.Context) (string, error) {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: second})
	var out string
	err := workflow.ExecuteLocalActivity(ctx, Work).Get(ctx, &out)
	return out, err
}

func activities() []any {
	return []any{
		Carry,
		activityFunc{Work},
		activityFunc{Third},
		activityFunc{Never},
		activityFunc{Always},
		activityFunc{Later},
		activityFunc{Resume},
		activityFunc{Obey},
		activityFunc{Ignore},
		activityFunc{Elsewhere},
	}
}

// carries has the plan carried out to its end.
func carries(p Plan) func(e *Env) {
	return func(e *Env) {
		e.Worker(worker.Options{
			MaxHeartbeatThrottleInterval: 10 * time.Millisecond, DefaultHeartbeatThrottleInterval: 10 * time.Millisecond,
		}, activities()...)
		run := e.Start(Carry, p)
		if p.Cancel {
			e.Await(e.Name, has("ActivityTaskScheduled"))
			if p.Queue == "" {
				e.Until(func() bool { return started(e) })
			}
			e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "say", nil))
		}
		e.End(run)
	}
}

// started reports whether the activity has begun.
func started(e *Env) bool {
	d, err := e.Client.DescribeWorkflowExecution(e.Ctx(), e.Name, "")
	e.Must(err)
	return len(d.GetPendingActivities()) == 1 && d.GetPendingActivities()[0].GetLastStartedTime() != nil
}

func activityScenarios() []Scenario {
	return []Scenario{
		{"activity", carries(Plan{Activity: "Work", StartToClose: second})},
		{"activity-third-attempt", carries(Plan{Activity: "Third", StartToClose: second, Retry: quickly()})},
		{"activity-not-retryable", carries(Plan{Activity: "Never", ScheduleToClose: 5 * second})},
		{"activity-type-not-retryable", carries(Plan{
			Activity: "Third", StartToClose: second,
			Retry: &temporal.RetryPolicy{NonRetryableErrorTypes: []string{"Early"}},
		})},
		{"activity-attempts-used-up", carries(Plan{
			Activity: "Always", StartToClose: second,
			Retry: &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond, MaximumAttempts: 2},
		})},
		{"activity-no-time-for-retry", carries(Plan{
			Activity: "Always", ScheduleToClose: second, Retry: &temporal.RetryPolicy{InitialInterval: 10 * second},
		})},
		{"activity-next-delay", carries(Plan{Activity: "Later", StartToClose: second})},
		{"activity-remembers", carries(Plan{Activity: "Resume", StartToClose: second, Heart: second, Retry: quickly()})},
		{"activity-canceled", carries(Plan{
			Activity: "Obey", StartToClose: 10 * second, Heart: 5 * second, Cancel: true, WaitForCancellation: true,
		})},
		{"activity-abandoned", carries(Plan{
			Activity: "Obey", StartToClose: 10 * second, Heart: 5 * second, Cancel: true,
		})},
		{"activity-canceled-unstarted", carries(Plan{
			Activity: "Work", StartToClose: second, Queue: "nobody", Cancel: true, WaitForCancellation: true,
		})},
		{"activity-unknown", func(e *Env) {
			e.Worker(worker.Options{}, Carry, activityFunc{Work}) // the failure names all
			e.End(e.Start(Carry, Plan{Activity: "Nameless", StartToClose: second, Retry: once()}))
		}},
		{"local-activity", func(e *Env) {
			e.Worker(worker.Options{}, Locally)
			e.End(e.Start(Locally))
		}},
		{"activity-by-id", func(e *Env) {
			e.Worker(worker.Options{}, activities()...)
			run := e.Start(Carry, Plan{Activity: "Elsewhere", StartToClose: 10 * second})
			e.Until(func() bool { return started(e) })
			by := func(id string) error {
				return e.Client.CompleteActivityByID(e.Ctx(), "default", e.Name, "", id, "from afar", nil)
			}
			e.NoteErr("an activity that is not there", by("99"))
			e.NoteErr("the activity", by("5"))
			e.End(run)
			e.NoteErr("once more", by("5"))
		}},
		{"activity-fails-by-id", func(e *Env) {
			e.Worker(worker.Options{}, activities()...)
			run := e.Start(Carry, Plan{Activity: "Elsewhere", StartToClose: 10 * second, Retry: once()})
			e.Until(func() bool { return started(e) })
			e.Must(e.Client.RecordActivityHeartbeatByID(e.Ctx(), "default", e.Name, "", "5", "alive"))
			e.Note("%s", describe(e, e.Name))
			e.Must(e.Client.CompleteActivityByID(e.Ctx(), "default", e.Name, "", "5", nil, errors.New("gone wrong")))
			e.End(run)
		}},
	}
}

func timeoutScenarios() []Scenario {
	return []Scenario{
		{"activity-start-to-close", carries(Plan{Activity: "Ignore", StartToClose: second, Retry: once()})},
		{"activity-heartbeat", carries(Plan{Activity: "Ignore", StartToClose: 10 * second, Heart: second, Retry: once()})},
		{"activity-schedule-to-start", carries(Plan{
			Activity: "Work", StartToClose: second, ScheduleToStart: second, Queue: "nobody",
		})},
		{"activity-schedule-to-close", carries(Plan{Activity: "Work", ScheduleToClose: second, Queue: "nobody"})},
		{"activity-timeouts-then-close", carries(Plan{
			Activity: "Ignore", StartToClose: second, ScheduleToClose: 10 * time.Second,
			Retry: &temporal.RetryPolicy{InitialInterval: 20 * time.Second},
		})},
		{"activity-timeout-not-retryable", carries(Plan{
			Activity: "Ignore", StartToClose: second,
			Retry: &temporal.RetryPolicy{NonRetryableErrorTypes: []string{"TemporalTimeout:StartToClose"}},
		})},
	}
}
