package realserver_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/activity"
	activitytask "github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/shutdown"
	"github.com/mainspring-go/mainspring/workflow"
)

// handsOver schedules one activity and returns what it does.
func handsOver(ctx workflow.Context) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Minute})
	var result string
	err := workflow.ExecuteActivity(ctx, "hold").Get(ctx, &result)
	return result, err
}

// A holder is the activity of handsOver; it tells how a stop comes to it.
type holder struct {
	told     chan error // ctx.Err() at the moment when it sees that the worker stops
	canceled chan error // the cause when it is cancelled
	release  chan struct{}
	running  chan struct{}
	obeys    bool
}

func newHolder(obeys bool) *holder {
	return &holder{
		told: make(chan error, 1), canceled: make(chan error, 1), release: make(chan struct{}),
		running: make(chan struct{}), obeys: obeys,
	}
}

func (h *holder) hold(ctx context.Context) (string, error) {
	if activity.GetInfo(ctx).Attempt > 1 {
		return "tried again", nil
	}
	close(h.running)
	<-activity.GetWorkerStopChannel(ctx)
	h.told <- ctx.Err()
	<-ctx.Done()
	h.canceled <- context.Cause(ctx)
	if h.obeys {
		return "", ctx.Err()
	}
	<-h.release
	return "ignored it", nil
}

func (h *holder) options(grace time.Duration) worker.Options {
	return worker.Options{
		Workflows: []any{handsOver}, GracefulShutdownTimeout: grace, Logger: quiet(),
	}
}

// holding is a worker that runs the activity.
func holding(t *testing.T, h *holder, queue string, grace time.Duration) *worker.Worker {
	t.Helper()
	w, err := worker.New(dial(t), queue, h.options(grace))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.RegisterActivityWithOptions(h.hold, activity.RegisterOptions{Name: "hold"}); err != nil {
		t.Fatal(err)
	}
	return w
}

// receive waits for what should come within moments.
func receive[T any](t *testing.T, what string, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
	}
	return v
}

// A worker stops while an activity runs: it is told at once, canceled when its grace is over, and
// reported so that another worker has it next.
func TestActivityOfAWorkerThatStopsGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	h := newHolder(true)
	one := holding(t, h, queue, 2*time.Second)
	if err := one.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	wf := start(t, c, queue, "handsOver", nil)
	receive(t, "the activity", h.running)

	began := time.Now()
	stopped := make(chan error, 1)
	go func() { stopped <- one.Shutdown(context.WithoutCancel(t.Context())) }()
	if err := receive(t, "the stop to be seen", h.told); err != nil {
		t.Errorf("the activity's context had ended when it was told of the stop: %v", err)
	}
	run(t, holding(t, h, queue, 0))
	if cause := receive(t, "the cancellation", h.canceled); !errors.Is(cause, activity.ErrWorkerShutdown) {
		t.Errorf("it was canceled for %v", cause)
	}
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("it was canceled after %v, with 2 s of grace", took)
	}
	if err := receive(t, "Shutdown", stopped); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	var got string
	if err := wf.Get(t.Context(), &got); err != nil || got != "tried again" {
		t.Errorf("the workflow returned %q, %v", got, err)
	}
	a := started(t, history(t, c, wf).GetEvents())
	f := a.GetLastFailure()
	if a.GetAttempt() != 2 || f.GetApplicationFailureInfo().GetType() != activitytask.WorkerShutdownErrorType ||
		f.GetApplicationFailureInfo().GetNonRetryable() {
		t.Errorf("attempt %d after %v", a.GetAttempt(), f)
	}
}

// started is the start of the only activity of a history.
func started(t *testing.T, events []*historypb.HistoryEvent) (a *historypb.ActivityTaskStartedEventAttributes) {
	t.Helper()
	for _, e := range events {
		if e.GetEventType() != enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED {
			continue
		}
		if a != nil {
			t.Error("the activity has started twice in history")
		}
		a = e.GetActivityTaskStartedEventAttributes()
	}
	if a == nil {
		t.Fatal("the activity has not started")
	}
	return a
}

// An activity ignores its cancellation: Run waits for it, and names it to whoever asks.
func TestActivityThatHoldsUpAStopIsNamed(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	h := newHolder(false)
	release := sync.OnceFunc(func() { close(h.release) })
	defer release()
	w := holding(t, h, queue, 0)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ran := make(chan error, 1)
	go func() { ran <- w.Run(ctx) }()
	wf := start(t, c, queue, "handsOver", nil)
	receive(t, "the activity", h.running)
	stop()
	if cause := receive(t, "the cancellation", h.canceled); !errors.Is(cause, activity.ErrWorkerShutdown) {
		t.Errorf("it was canceled for %v", cause)
	}
	named := `activity hold (id 5, attempt 1) of workflow "` + wf.GetID() + `" (run ` + wf.GetRunID() + `)`
	until(t, func() bool {
		report, over := w.Report()
		return !over && strings.Contains(report.String(), named)
	})
	select {
	case err := <-ran:
		t.Errorf("Run returned %v with an activity running", err)
	default:
	}
	// Who is in a hurry is told, too.
	hurry, cancel := context.WithCancel(t.Context())
	cancel()
	var waited *shutdown.WaitError
	if err := w.Shutdown(hurry); !errors.As(err, &waited) || !strings.Contains(err.Error(), named) {
		t.Errorf("Shutdown in a hurry: %v", err)
	}
	release()
	var incomplete *shutdown.IncompleteError
	if err := receive(t, "Run", ran); err != nil && !errors.As(err, &incomplete) {
		t.Errorf("Run: %v", err)
	}
	// What it returned in the end counts; another worker hears of it.
	run(t, holding(t, newHolder(true), queue, 0))
	var got string
	if err := wf.Get(t.Context(), &got); err != nil || got != "ignored it" {
		t.Errorf("the workflow returned %q, %v", got, err)
	}
}
