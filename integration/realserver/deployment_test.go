package realserver_test

import (
	"testing"

	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow"
)

// release is a version of a service: its workflows tell which one ran them last.
func release(version string) (stay, move func(ctx workflow.Context) (string, error)) {
	wait := func(ctx workflow.Context) (string, error) {
		began := version
		workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
		return began + " to " + version, nil
	}
	return wait, func(ctx workflow.Context) (string, error) { return wait(ctx) }
}

// Two versions side by side: a pinned workflow stays with its own, one that upgrades goes to the
// current one, and new ones begin there.
func TestDeploymentVersions(t *testing.T) {
	t.Parallel()
	queue, c := taskQueue(t), sdkClient(t)
	for _, version := range []string{"v1", "v2"} {
		w, err := worker.New(dial(t), queue, worker.Options{Logger: quiet(), DeploymentOptions: worker.DeploymentOptions{
			UseVersioning: true,
			Version:       worker.WorkerDeploymentVersion{DeploymentName: queue, BuildID: version},
		}})
		if err != nil {
			t.Fatal(err)
		}
		stay, move := release(version)
		for name, as := range map[string]struct {
			f any
			b workflow.VersioningBehavior
		}{
			"stay": {stay, workflow.VersioningBehaviorPinned},
			"move": {move, workflow.VersioningBehaviorAutoUpgrade},
		} {
			err := w.RegisterWorkflowWithOptions(as.f, workflow.RegisterOptions{Name: name, VersioningBehavior: as.b})
			if err != nil {
				t.Fatal(err)
			}
		}
		run(t, w)
	}
	start := func(kind, id string) {
		t.Helper()
		_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue, ID: queue + id}, kind)
		if err != nil {
			t.Fatal(err)
		}
		awaitStackTrace(t, c, queue+id)
	}
	makeCurrent(t, c, queue, "v1")
	start("stay", "pinned")
	start("move", "moved")
	makeCurrent(t, c, queue, "v2")
	start("stay", "new")
	for id, want := range map[string]string{"pinned": "v1 to v1", "moved": "v2 to v2", "new": "v2 to v2"} {
		if err := c.SignalWorkflow(t.Context(), queue+id, "", "go", nil); err != nil {
			t.Fatal(err)
		}
		var got string
		if err := c.GetWorkflow(t.Context(), queue+id, "").Get(t.Context(), &got); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", id, got, err, want)
		}
	}
}

// awaitStackTrace waits until the workflow has run its first task.
func awaitStackTrace(t *testing.T, c client.Client, id string) {
	t.Helper()
	if _, err := c.QueryWorkflow(t.Context(), id, "", client.QueryTypeStackTrace); err != nil {
		t.Fatal(err)
	}
}

// makeCurrent makes a version the current one of the deployment that is called as its queue, once the
// server knows of its workers, and waits until the queue goes by it.
func makeCurrent(t *testing.T, c client.Client, queue, version string) {
	t.Helper()
	s := c.WorkflowService()
	until(t, func() bool {
		_, err := s.SetWorkerDeploymentCurrentVersion(t.Context(), &workflowservice.SetWorkerDeploymentCurrentVersionRequest{
			Namespace: "default", DeploymentName: queue, BuildId: version, Identity: "test",
		})
		return err == nil
	})
	until(t, func() bool {
		d, err := s.DescribeTaskQueue(t.Context(), &workflowservice.DescribeTaskQueueRequest{
			Namespace: "default", TaskQueue: &taskqueuepb.TaskQueue{Name: queue},
		})
		return err == nil && d.GetVersioningInfo().GetCurrentDeploymentVersion().GetBuildId() == version
	})
}

// until asks again until the answer is yes.
func until(t *testing.T, yes func() bool) {
	t.Helper()
	if !holds(t, patience, yes) {
		t.Fatal("it never came to be")
	}
}
