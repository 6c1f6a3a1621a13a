package worker_test

import (
	"errors"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"

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

func testDeploymentOptions(t *testing.T, f *frontend) {
	o := both()
	o.DeploymentOptions = worker.DeploymentOptions{
		UseVersioning:             true,
		Version:                   worker.WorkerDeploymentVersion{DeploymentName: "shop", BuildID: "v42"},
		DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
	}
	want := &deploymentpb.WorkerDeploymentOptions{
		DeploymentName: "shop", BuildId: "v42", WorkerVersioningMode: enumspb.WORKER_VERSIONING_MODE_VERSIONED,
	}
	said := 0
	for _, req := range f.everyRequest(t, o) {
		if r, ok := req.(interface {
			GetDeploymentOptions() *deploymentpb.WorkerDeploymentOptions
		}); ok {
			said++
			if got := r.GetDeploymentOptions(); !proto.Equal(got, want) {
				t.Errorf("%T: deployment %v", req, got)
			}
		}
		if id, says := buildIDOf(req); says && id != "v42" {
			t.Errorf("%T: build id %q", req, id)
		}
		if r, ok := req.(*workflowservice.RespondWorkflowTaskCompletedRequest); ok &&
			r.GetVersioningBehavior() != enumspb.VERSIONING_BEHAVIOR_PINNED {
			t.Errorf("behavior %v", r.GetVersioningBehavior())
		}
	}
	if said < 5 {
		t.Errorf("%d kinds of requests have room for a deployment", said)
	}
}

// buildIDOf returns the build id of a request that should have one.
func buildIDOf(req proto.Message) (id string, says bool) {
	switch r := req.(type) {
	case interface {
		GetWorkerVersionCapabilities() *commonpb.WorkerVersionCapabilities
	}:
		return r.GetWorkerVersionCapabilities().GetBuildId(), true
	case interface {
		GetWorkerVersionStamp() *commonpb.WorkerVersionStamp
	}:
		return r.GetWorkerVersionStamp().GetBuildId(), true
	case interface {
		GetWorkerVersion() *commonpb.WorkerVersionStamp
	}:
		return r.GetWorkerVersion().GetBuildId(), true
	default:
		return "", false
	}
}
