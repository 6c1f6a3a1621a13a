package worker

import (
	"fmt"

	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal/settings"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// WorkerDeploymentVersion is a version of a deployment: all workers of one build of one service.
type WorkerDeploymentVersion = workflow.WorkerDeploymentVersion //nolint:revive // the name that the SDK has

// DeploymentOptions make a worker a version of a deployment.
type DeploymentOptions struct {
	// UseVersioning lets the worker have only workflows that are meant for its Version. Without
	// it, the version is reported and nothing else.
	UseVersioning bool
	// Version of the worker, in place of Options.BuildID; default: none. UseVersioning needs it.
	Version WorkerDeploymentVersion
	// DefaultVersioningBehavior is that of workflows registered without one; default: none, and
	// then every workflow of a worker with UseVersioning must be registered with its own.
	DefaultVersioningBehavior workflow.VersioningBehavior
}

// deployment checks the option and makes the build id that of the version.
func (o *Options) deployment(p *settings.Check) {
	d := &o.DeploymentOptions
	named := d.Version != WorkerDeploymentVersion{}
	if d.UseVersioning || named {
		part := func(field, value string) {
			if value == "" {
				p.Add("DeploymentOptions.Version."+field, `""`, "name the version by both its DeploymentName and its BuildID")
			}
		}
		part("DeploymentName", d.Version.DeploymentName)
		part("BuildID", d.Version.BuildID)
	}
	if b := d.DefaultVersioningBehavior; b != workflow.VersioningBehaviorUnspecified {
		switch {
		case b != workflow.VersioningBehaviorPinned && b != workflow.VersioningBehaviorAutoUpgrade:
			p.Add("DeploymentOptions.DefaultVersioningBehavior", b,
				"use one of the constants workflow.VersioningBehavior...")
		case !d.UseVersioning:
			p.Add("DeploymentOptions.DefaultVersioningBehavior", b, "set UseVersioning too, or leave it out")
		}
	}
	if named && o.BuildID != "" && o.BuildID != d.Version.BuildID {
		p.Add("BuildID", fmt.Sprintf("%q", o.BuildID),
			"leave it out: DeploymentOptions.Version.BuildID takes its place")
	}
	switch {
	case !o.UseWorkerVersioning:
	case *d != (DeploymentOptions{}):
		p.Add("UseWorkerVersioning", true, "leave it out: DeploymentOptions take its place")
	case o.BuildID == "":
		p.Add("UseWorkerVersioning", true, "set BuildID too, to a build id that the task queue knows")
	}
	if named {
		o.BuildID = d.Version.BuildID
	}
}

// toProto returns the options as every request carries them; nil is none.
func (d *DeploymentOptions) toProto() *deploymentpb.WorkerDeploymentOptions {
	if d.Version == (WorkerDeploymentVersion{}) {
		return nil
	}
	mode := enumspb.WORKER_VERSIONING_MODE_UNVERSIONED
	if d.UseVersioning {
		mode = enumspb.WORKER_VERSIONING_MODE_VERSIONED
	}
	return &deploymentpb.WorkerDeploymentOptions{
		DeploymentName: d.Version.DeploymentName, BuildId: d.Version.BuildID, WorkerVersioningMode: mode,
	}
}

// unversioned is the mistake of a versioned worker that has workflows of which nobody said what
// becomes of them.
func (d *DeploymentOptions) unversioned(defs []runner.Definition) error {
	if !d.UseVersioning || d.DefaultVersioningBehavior != workflow.VersioningBehaviorUnspecified {
		return nil
	}
	for _, def := range defs {
		switch {
		case def.Dynamic && def.Behavior == nil:
			return &OptionError{
				Of: "worker", Field: "DeploymentOptions.DefaultVersioningBehavior", Value: "unspecified",
				Fix: "set it, or register the dynamic workflow with " +
					"workflow.DynamicRegisterOptions.LoadDynamicRuntimeOptions",
			}
		case def.Dynamic:
		case def.VersioningBehavior == enumspb.VERSIONING_BEHAVIOR_UNSPECIFIED:
			return &OptionError{
				Of: "worker", Field: "DeploymentOptions.DefaultVersioningBehavior", Value: "unspecified",
				Fix: fmt.Sprintf("set it, or register workflow %q with workflow.RegisterOptions.VersioningBehavior",
					def.Type),
			}
		}
	}
	return nil
}
