package workflow

import (
	deploymentpb "go.temporal.io/api/deployment/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
)

// A WorkerDeploymentVersion is one build of the code of a worker deployment.
type WorkerDeploymentVersion struct {
	// DeploymentName is the name of the worker deployment.
	DeploymentName string
	// BuildID is the id of the build.
	BuildID string
}

func (v WorkerDeploymentVersion) toProto() *deploymentpb.WorkerDeploymentVersion {
	return &deploymentpb.WorkerDeploymentVersion{DeploymentName: v.DeploymentName, BuildId: v.BuildID}
}

// A VersioningOverride says which version runs a workflow, whatever its code
// and its parent say. It is a [*PinnedVersioningOverride], an
// [*AutoUpgradeVersioningOverride] or a [*OneTimeVersioningOverride].
type VersioningOverride interface {
	overrideProto() *workflowpb.VersioningOverride
}

// PinnedVersioningOverride pins a workflow to a version.
type PinnedVersioningOverride struct {
	// Version that runs the workflow.
	Version WorkerDeploymentVersion
}

func (o *PinnedVersioningOverride) overrideProto() *workflowpb.VersioningOverride {
	return &workflowpb.VersioningOverride{
		Override: &workflowpb.VersioningOverride_Pinned{
			Pinned: &workflowpb.VersioningOverride_PinnedOverride{
				Behavior: workflowpb.VersioningOverride_PINNED_OVERRIDE_BEHAVIOR_PINNED,
				Version:  o.Version.toProto(),
			},
		},
	}
}

// AutoUpgradeVersioningOverride lets a workflow move to the current version of
// its worker deployment with every workflow task.
type AutoUpgradeVersioningOverride struct{}

func (*AutoUpgradeVersioningOverride) overrideProto() *workflowpb.VersioningOverride {
	return &workflowpb.VersioningOverride{
		Override: &workflowpb.VersioningOverride_AutoUpgrade{AutoUpgrade: true},
	}
}

// OneTimeVersioningOverride has a version run a workflow until one workflow
// task is completed there.
type OneTimeVersioningOverride struct {
	// TargetVersion that runs the task.
	TargetVersion WorkerDeploymentVersion
}

func (o *OneTimeVersioningOverride) overrideProto() *workflowpb.VersioningOverride {
	return &workflowpb.VersioningOverride{
		Override: &workflowpb.VersioningOverride_OneTime{
			OneTime: &workflowpb.VersioningOverride_OneTimeOverride{
				TargetDeploymentVersion: o.TargetVersion.toProto(),
			},
		},
	}
}
