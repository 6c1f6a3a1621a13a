package realserver_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	historypb "go.temporal.io/api/history/v1"
	sdkactivity "go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/replay"
)

// guests has activities in a session, then has another session with the same worker, by a token, and
// returns where they ran.
func guests(ctx workflow.Context) (where []string, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: patience})
	o := &workflow.SessionOptions{CreationTimeout: patience, ExecutionTimeout: patience}
	first, err := workflow.CreateSession(ctx, o)
	if err != nil {
		return nil, err
	}
	visit := func(ctx workflow.Context) error {
		var host string
		err := workflow.ExecuteActivity(ctx, "Where").Get(ctx, &host)
		where = append(where, host)
		return err
	}
	if err := errors.Join(visit(first), visit(first)); err != nil {
		return nil, err
	}
	token := workflow.GetSessionInfo(first).GetRecreateToken()
	workflow.CompleteSession(first)
	second, err := workflow.RecreateSession(ctx, token, o)
	if err != nil {
		return nil, err
	}
	defer workflow.CompleteSession(second)
	return where, visit(second)
}

// sdkGuests is guests in the SDK's words.
func sdkGuests(ctx sdkworkflow.Context) (where []string, err error) {
	ctx = sdkworkflow.WithActivityOptions(ctx, sdkworkflow.ActivityOptions{StartToCloseTimeout: patience})
	o := &sdkworkflow.SessionOptions{CreationTimeout: patience, ExecutionTimeout: patience}
	first, err := sdkworkflow.CreateSession(ctx, o)
	if err != nil {
		return nil, err
	}
	visit := func(ctx sdkworkflow.Context) error {
		var host string
		err := sdkworkflow.ExecuteActivity(ctx, "Where").Get(ctx, &host)
		where = append(where, host)
		return err
	}
	if err := errors.Join(visit(first), visit(first)); err != nil {
		return nil, err
	}
	token := sdkworkflow.GetSessionInfo(first).GetRecreateToken()
	sdkworkflow.CompleteSession(first)
	second, err := sdkworkflow.RecreateSession(ctx, token, o)
	if err != nil {
		return nil, err
	}
	defer sdkworkflow.CompleteSession(second)
	return where, visit(second)
}

// host starts workers of ours that run activities only, each of which says who it is.
func hosts(t *testing.T, queue string, names ...string) {
	t.Helper()
	for _, name := range names {
		w, err := worker.New(dial(t), queue, worker.Options{Logger: quiet(), EnableSessionWorker: true})
		if err != nil {
			t.Fatal(err)
		}
		err = w.RegisterActivityWithOptions(func(context.Context) (string, error) { return name, nil },
			activity.RegisterOptions{Name: "Where"})
		if err != nil {
			t.Fatal(err)
		}
		run(t, w)
	}
}

// Workflows of either library have sessions with workers of either.
func TestSessions(t *testing.T) {
	t.Parallel()
	ours := func(t *testing.T, queue string) {
		t.Helper()
		startWorker(t, dial(t), queue, worker.Options{Workflows: []any{guests}, NoRemoteActivities: true})
	}
	theirs := func(t *testing.T, queue string) {
		t.Helper()
		w := sdkworker.New(sdkClient(t), queue, sdkworker.Options{
			DeadlockDetectionTimeout: patience, LocalActivityWorkerOnly: true,
		})
		w.RegisterWorkflowWithOptions(sdkGuests, sdkworkflow.RegisterOptions{Name: "guests"})
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.Stop)
	}
	ourHosts := func(t *testing.T, queue string) { t.Helper(); hosts(t, queue, "a", "b") }
	theirHosts := func(t *testing.T, queue string) {
		t.Helper()
		w := sdkworker.New(sdkClient(t), queue, sdkworker.Options{
			EnableSessionWorker: true, DisableWorkflowWorker: true,
		})
		w.RegisterActivityWithOptions(func(context.Context) (string, error) { return "theirs", nil },
			sdkactivity.RegisterOptions{Name: "Where"})
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.Stop)
	}
	for name, start := range map[string][]func(t *testing.T, queue string){
		"ours":                          {ours, ourHosts},
		"the SDK's workflow, our hosts": {theirs, ourHosts},
		"our workflow, the SDK's host":  {ours, theirHosts},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue, c := taskQueue(t), sdkClient(t)
			for _, f := range start {
				f(t, queue)
			}
			run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, "guests")
			if err != nil {
				t.Fatal(err)
			}
			var where []string
			if err := run.Get(t.Context(), &where); err != nil {
				t.Fatal(err)
			}
			if len(where) != 3 || where[0] != where[1] || where[0] != where[2] {
				t.Errorf("a session's activities ran in %v", where)
			}
			replaySessions(t, history(t, c, run))
		})
	}
}

// replaySessions replays a history with sessions on both sides.
func replaySessions(t *testing.T, h *historypb.History) {
	t.Helper()
	theirs := sdkworker.NewWorkflowReplayer()
	theirs.RegisterWorkflowWithOptions(sdkGuests, sdkworkflow.RegisterOptions{Name: "guests"})
	if err := theirs.ReplayWorkflowHistory(nil, h); err != nil {
		t.Errorf("the SDK's replayer: %v", err)
	}
	ours := replay.NewWorkflowReplayer()
	if err := ours.RegisterWorkflow(guests); err != nil {
		t.Fatal(err)
	}
	if err := ours.ReplayWorkflowHistory(nil, h); err != nil {
		t.Errorf("our replayer: %v", err)
	}
}

// A session whose worker stops fails, and so do its activities.
func TestSessionOfAWorkerThatStops(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	stay := func(ctx workflow.Context) (string, error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: patience})
		in, err := workflow.CreateSession(ctx, &workflow.SessionOptions{ExecutionTimeout: patience})
		if err != nil {
			return "", err
		}
		err = workflow.ExecuteActivity(in, "Stay").Get(in, nil)
		_ = workflow.Await(ctx, func() bool {
			return workflow.GetSessionInfo(in).SessionState != workflow.SessionStateOpen
		})
		return fmt.Sprintf("%v, %v", err, workflow.ExecuteActivity(in, "Stay").Get(ctx, nil)), nil
	}
	w, err := worker.New(dial(t), queue, worker.Options{Logger: quiet(), NoRemoteActivities: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.RegisterWorkflowWithOptions(stay, workflow.RegisterOptions{Name: "stay"}); err != nil {
		t.Fatal(err)
	}
	run(t, w)
	host, err := worker.New(dial(t), queue, worker.Options{Logger: quiet(), EnableSessionWorker: true})
	if err != nil {
		t.Fatal(err)
	}
	began := make(chan struct{})
	err = host.RegisterActivityWithOptions(func(ctx context.Context) error {
		close(began)
		<-ctx.Done()
		return ctx.Err()
	}, activity.RegisterOptions{Name: "Stay"})
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ran, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, "stay")
	if err != nil {
		t.Fatal(err)
	}
	<-began
	if err := host.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	var got string
	if err := ran.Get(t.Context(), &got); err != nil || got != "canceled, session has failed" {
		t.Errorf("the workflow returned %q, %v", got, err)
	}
}
