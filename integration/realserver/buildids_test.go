package realserver_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// relay is a workflow of two runs that tells which version ran each of its parts: the workflow
// and an activity of it, before and after the signal "go", and again in the run after that.
func relay(version string) func(ctx workflow.Context, trail string) (string, error) {
	return func(ctx workflow.Context, trail string) (string, error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: patience})
		leg := func() error {
			var by string
			if err := workflow.ExecuteActivity(ctx, "where").Get(ctx, &by); err != nil {
				return err
			}
			trail += ", " + version + "/" + by
			return nil
		}
		if trail != "" {
			err := leg()
			return strings.TrimPrefix(trail, ", "), err
		}
		if err := leg(); err != nil {
			return "", err
		}
		workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
		if err := leg(); err != nil {
			return "", err
		}
		return "", workflow.NewContinueAsNewError(ctx, "relay", trail)
	}
}

// trail is who ran the parts before the signal, and all after it.
func trail(before, after string) string { return before + ", " + after + ", " + after }

// runRelay runs a worker of that version.
func runRelay(t *testing.T, queue, version string, behavior workflow.VersioningBehavior, o worker.Options) {
	t.Helper()
	o.Logger = quiet()
	w, err := worker.New(dial(t), queue, o)
	if err != nil {
		t.Fatal(err)
	}
	err = w.RegisterWorkflowWithOptions(relay(version),
		workflow.RegisterOptions{Name: "relay", VersioningBehavior: behavior})
	if err != nil {
		t.Fatal(err)
	}
	where := func(context.Context) (string, error) { return version, nil }
	if err := w.RegisterActivityWithOptions(where, activity.RegisterOptions{Name: "where"}); err != nil {
		t.Fatal(err)
	}
	run(t, w)
}

// startRelay starts a run and waits until it waits for its signal.
func startRelay(t *testing.T, c client.Client, queue, id string) {
	t.Helper()
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue, ID: queue + id}, "relay", "")
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() bool {
		v, err := c.QueryWorkflow(t.Context(), queue+id, "", client.QueryTypeStackTrace)
		var stack string
		return err == nil && v.Get(&stack) == nil && strings.Contains(stack, "Receive")
	})
}

// endRelay lets a run go on, and wants that trail of it.
func endRelay(t *testing.T, c client.Client, queue, id, want string) {
	t.Helper()
	if err := c.SignalWorkflow(t.Context(), queue+id, "", "go", nil); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := c.GetWorkflow(t.Context(), queue+id, "").Get(t.Context(), &got); err != nil || got != want {
		t.Errorf("%s: %q, %v; want %q", id, got, err, want)
	}
}

// Versions of a task queue, both ways that came before deployments: what is open stays with the
// build that it began on, with its activities and the runs that continue it, and what is new
// goes to the build that is the default now.
func TestBuildIDsOfATaskQueue(t *testing.T) {
	t.Parallel()
	//nolint:staticcheck // these are what this test is about
	for name, makeDefault := range map[string]func(ctx context.Context, c client.Client, queue, build string) error{
		"sets": func(ctx context.Context, c client.Client, queue, build string) error {
			return c.UpdateWorkerBuildIdCompatibility(ctx, &client.UpdateWorkerBuildIdCompatibilityOptions{
				TaskQueue: queue, Operation: &client.BuildIDOpAddNewIDInNewDefaultSet{BuildID: build},
			})
		},
		"rules": func(ctx context.Context, c client.Client, queue, build string) error {
			has, err := c.GetWorkerVersioningRules(ctx, client.GetWorkerVersioningOptions{TaskQueue: queue})
			if err != nil {
				return err
			}
			_, err = c.UpdateWorkerVersioningRules(ctx, client.UpdateWorkerVersioningRulesOptions{
				TaskQueue: queue, ConflictToken: has.ConflictToken,
				Operation: &client.VersioningOperationInsertAssignmentRule{
					Rule: client.VersioningAssignmentRule{TargetBuildID: build},
				},
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue, c := taskQueue(t), sdkClient(t)
			// The server has to know a build before it is polled for: a poll that came before ends
			// only after a minute.
			for _, now := range []struct{ build, id string }{{"v1", "old"}, {"v2", "new"}} {
				if err := makeDefault(t.Context(), c, queue, now.build); err != nil {
					t.Fatal(err)
				}
				runRelay(t, queue, now.build, workflow.VersioningBehaviorUnspecified, worker.Options{
					BuildID: now.build, UseWorkerVersioning: true,
				})
				startRelay(t, c, queue, now.id)
			}
			endRelay(t, c, queue, "old", trail("v1/v1", "v1/v1"))
			endRelay(t, c, queue, "new", trail("v2/v2", "v2/v2"))
		})
	}
}

// Versions of a deployment: the activities and the next runs of a pinned workflow stay with its
// version, those of one that upgrades go along. The new version replays what the old one has
// done, so it signs all that the workflow itself did; what the activity returned is in history.
func TestDeploymentVersionsOfActivitiesAndNextRuns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behavior workflow.VersioningBehavior
		old      string
	}{
		"pinned":   {workflow.VersioningBehaviorPinned, trail("v1/v1", "v1/v1")},
		"upgrades": {workflow.VersioningBehaviorAutoUpgrade, trail("v2/v1", "v2/v2")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue, sdk := taskQueue(t), sdkClient(t)
			for _, version := range []string{"v1", "v2"} {
				runRelay(t, queue, version, c.behavior, worker.Options{DeploymentOptions: worker.DeploymentOptions{
					UseVersioning: true,
					Version:       worker.WorkerDeploymentVersion{DeploymentName: queue, BuildID: version},
				}})
			}
			makeCurrent(t, sdk, queue, "v1")
			startRelay(t, sdk, queue, "old")
			makeCurrent(t, sdk, queue, "v2")
			startRelay(t, sdk, queue, "new")
			endRelay(t, sdk, queue, "old", c.old)
			endRelay(t, sdk, queue, "new", trail("v2/v2", "v2/v2"))
		})
	}
}

// A worker without a build id is of the same build as one of the SDK in the same program: in
// histories, and for workflow code.
func TestBuildIDOfTheExecutable(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	theirs := sdkworker.New(c, queue+"-sdk", sdkworker.Options{})
	theirs.RegisterWorkflowWithOptions(func(ctx sdkworkflow.Context) ([]string, error) {
		i := sdkworkflow.GetInfo(ctx)
		return []string{i.GetCurrentBuildID(), i.GetBinaryChecksum()}, nil
	}, sdkworkflow.RegisterOptions{Name: "builds"})
	if err := theirs.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(theirs.Stop)
	ours, err := worker.New(dial(t), queue, worker.Options{Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	if err := ours.RegisterWorkflowWithOptions(func(ctx workflow.Context) ([]string, error) {
		i := workflow.GetInfo(ctx)
		return []string{i.GetCurrentBuildID(), i.GetBinaryChecksum()}, nil
	}, workflow.RegisterOptions{Name: "builds"}); err != nil {
		t.Fatal(err)
	}
	run(t, ours)
	want := ours.Config().InForce.BuildID
	for _, q := range []string{queue, queue + "-sdk"} {
		r, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: q}, "builds")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := r.Get(t.Context(), &got); err != nil || len(got) != 2 || got[0] != want || got[1] != want || want == "" {
			t.Errorf("%s: %q, %v; want %q", q, got, err, want)
		}
		var stamp *commonpb.WorkerVersionStamp
		events := c.GetWorkflowHistory(t.Context(), r.GetID(), r.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			e, err := events.Next()
			if err != nil {
				t.Fatal(err)
			}
			if a := e.GetWorkflowTaskCompletedEventAttributes(); a != nil {
				stamp = a.GetWorkerVersion() //nolint:staticcheck // it is where the build id is
			}
		}
		if stamp.GetBuildId() != want || stamp.GetUseVersioning() {
			t.Errorf("%s: stamp %v in history", q, stamp)
		}
	}
	if limit := ours.Config().InForce.Limits.PayloadError; limit != 2<<20 {
		t.Errorf("the server refuses payloads of %d bytes, says the worker's config", limit)
	}
}

// watched is an executor that knows how many activations ran at once.
type watched struct {
	task.Executor

	now, most, all atomic.Int32
}

func (e *watched) Execute(ctx context.Context, activate func()) error {
	return e.Executor.Execute(ctx, func() {
		n := e.now.Add(1)
		defer e.now.Add(-1)
		for most := e.most.Load(); n > most && !e.most.CompareAndSwap(most, n); most = e.most.Load() {
		}
		e.all.Add(1)
		activate()
	})
}

// One activation at a time is enough for many workflows that wait at once.
func TestWorkflowTaskExecutor(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	one, err := task.NewBounded(1)
	if err != nil {
		t.Fatal(err)
	}
	e := &watched{Executor: one}
	startWorker(t, dial(t), queue, worker.Options{
		Workflows: []any{order}, Activities: []any{&shop{}}, WorkflowTaskExecutor: e,
	})
	var runs []client.WorkflowRun
	for range 20 {
		r, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue, WorkflowRunTimeout: patience},
			"order", "7")
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, r)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience+time.Second)
	defer cancel()
	for _, r := range runs {
		if err := c.SignalWorkflow(ctx, r.GetID(), "", "approve", "Ada"); err != nil {
			t.Fatal(err)
		}
		if err := r.Get(ctx, nil); err != nil {
			t.Error(err)
		}
	}
	if e.most.Load() != 1 || e.all.Load() < 40 { // at least two for each
		t.Errorf("%d activations, %d of them at once", e.all.Load(), e.most.Load())
	}
}
