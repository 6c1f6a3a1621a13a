package worker_test

import (
	"errors"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/workflow"
)

var shopVersion = worker.WorkerDeploymentVersion{DeploymentName: "shop", BuildID: "v1"}

// A versioned worker must know of every workflow what becomes of it.
func TestEveryVersionedWorkflowNeedsABehavior(t *testing.T) {
	w, err := worker.New(offline(t), taskQueue, worker.Options{
		Workflows:         []any{Greet},
		DeploymentOptions: worker.DeploymentOptions{UseVersioning: true, Version: shopVersion},
	})
	if err != nil {
		t.Fatal(err)
	}
	err = w.Start(t.Context())
	var option *worker.OptionError
	if !errors.As(err, &option) || option.Field != "DeploymentOptions.DefaultVersioningBehavior" {
		t.Fatalf("Start: %v", err)
	}
	checkOptionError(t, nil, err, option.Field, []string{`"Greet"`, "VersioningBehavior"})
}

func TestVersioningBehaviorOfAWorkflow(t *testing.T) {
	for _, c := range []struct {
		name     string
		own      workflow.VersioningBehavior
		version  worker.WorkerDeploymentVersion
		versions bool
		want     enumspb.VersioningBehavior
	}{
		{
			"its own, before the worker's", workflow.VersioningBehaviorAutoUpgrade, shopVersion, true,
			enumspb.VERSIONING_BEHAVIOR_AUTO_UPGRADE,
		},
		{
			"the worker's", workflow.VersioningBehaviorUnspecified, shopVersion, true,
			enumspb.VERSIONING_BEHAVIOR_PINNED,
		},
		{
			"reported without versioning", workflow.VersioningBehaviorPinned, shopVersion, false,
			enumspb.VERSIONING_BEHAVIOR_PINNED,
		},
		{
			"none outside of a deployment", workflow.VersioningBehaviorPinned,
			worker.WorkerDeploymentVersion{},
			false, enumspb.VERSIONING_BEHAVIOR_UNSPECIFIED,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(t *testing.T, f *frontend) {
				o := worker.Options{DeploymentOptions: worker.DeploymentOptions{
					UseVersioning: c.versions, Version: c.version,
				}}
				if c.versions {
					o.DeploymentOptions.DefaultVersioningBehavior = workflow.VersioningBehaviorPinned
				}
				w := f.worker(t, o)
				err := w.RegisterWorkflowWithOptions(Greet, workflow.RegisterOptions{VersioningBehavior: c.own})
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				f.workflowTasks <- firstTask("Greet", "run", "world")
				pass(time.Second)
				answer := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
				if got := answer.GetVersioningBehavior(); got != c.want {
					t.Errorf("behavior %v, want %v", got, c.want)
				}
				stop(t, w)
			})
		})
	}
}
