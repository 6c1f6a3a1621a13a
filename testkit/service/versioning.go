package service

import (
	"time"

	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
)

// version names a version of a worker deployment. The zero value stands for
// workers that are not versioned.
type version struct{ deployment, build string }

// versionOf is the version that a worker belongs to.
func versionOf(o *deploymentpb.WorkerDeploymentOptions) version {
	if o.GetWorkerVersioningMode() != enumspb.WORKER_VERSIONING_MODE_VERSIONED {
		return version{}
	}
	return version{o.GetDeploymentName(), o.GetBuildId()}
}

func (v version) proto() *deploymentpb.WorkerDeploymentVersion {
	if v == (version{}) {
		return nil
	}
	return &deploymentpb.WorkerDeploymentVersion{DeploymentName: v.deployment, BuildId: v.build}
}

// versionFrom is the version of the name.
func versionFrom(v *deploymentpb.WorkerDeploymentVersion) version {
	return version{v.GetDeploymentName(), v.GetBuildId()}
}

// text is the older form of its name.
func (v version) text() string {
	if v == (version{}) {
		return unversionedName
	}
	return v.deployment + "." + v.build
}

// versioning is how a run goes with the versions of workers.
type versioning struct {
	used     bool // there is something to be told
	behavior enumspb.VersioningBehavior
	version  version // of the worker that has completed the last task
	// moving is set while a workflow task of the version to is awaited; until then
	// no activity begins.
	moving   bool
	to       version
	revision int64 // of the routing that it follows
	// notified is set if the run, which is pinned, was told of another version:
	// offered, by the revision told. What runs before it were told is declined.
	notified   bool
	offered    version
	told       int64
	declined   *historypb.DeclinedTargetVersionUpgrade
	initial    initialBehavior // what the run before it has asked for
	deployment string          // name that the last worker or the override gave
	override   *workflowpb.VersioningOverride
}

// effective is the version that the run belongs to now, and how it behaves.
func (v *versioning) effective() (version, enumspb.VersioningBehavior) {
	switch {
	case v.moving:
		return v.to, enumspb.VERSIONING_BEHAVIOR_AUTO_UPGRADE
	case v.override.GetPinned() != nil:
		return versionFrom(v.override.GetPinned().GetVersion()), enumspb.VERSIONING_BEHAVIOR_PINNED
	case v.override != nil:
		return v.version, enumspb.VERSIONING_BEHAVIOR_AUTO_UPGRADE
	case v.behavior == enumspb.VERSIONING_BEHAVIOR_UNSPECIFIED:
		return version{}, v.behavior
	default:
		return v.version, v.behavior
	}
}

// pinned reports whether the run stays with its version.
func (v *versioning) pinned() bool {
	_, behavior := v.effective()
	return behavior == enumspb.VERSIONING_BEHAVIOR_PINNED
}

// notice keeps in mind whether there is another version for a run that is pinned.
func (v *versioning) notice(target version, revision int64) {
	own, _ := v.effective()
	switch seen := max(v.told, v.declined.GetRevisionNumber()); {
	case v.override != nil, v.pinned() && own == target && revision >= seen:
		v.notified, v.told, v.declined = false, 0, nil
	case !v.pinned(), v.declined != nil && revision <= v.declined.GetRevisionNumber(), revision < seen:
	default:
		v.notified, v.offered, v.told, v.declined = true, target, revision, nil
	}
}

// move begins to move the run to another version.
func (r *run) move(to version, revision int64) {
	v := &r.versioning
	v.used, v.moving, v.to, v.revision = true, true, to, revision
	r.unstick()
}

// settleVersion lets the run be what the worker says that has completed its task.
// It reports whether activities may go elsewhere than before.
func (r *run) settleVersion(deployment string, of version, behavior enumspb.VersioningBehavior) bool {
	v := &r.versioning
	v.deployment = deployment
	moved := v.moving && v.to == of
	if moved {
		v.moving, v.to = false, version{}
	}
	was, did := v.effective()
	v.behavior = behavior
	if behavior == enumspb.VERSIONING_BEHAVIOR_UNSPECIFIED {
		v.version = version{}
	} else {
		v.used, v.version = true, of
	}
	is, does := v.effective()
	return moved || was != is || did != does
}

// rescheduleActivities has activities that have not begun wait anew.
func (r *run) rescheduleActivities(by time.Duration) {
	for _, a := range r.activities {
		if !a.isStarted {
			a.scheduledAt = a.scheduledAt.Add(by)
		}
	}
	r.after = append(r.after, func() { r.s.rematch(r.namespace) })
}

// info is what DescribeWorkflowExecution tells of it.
func (v *versioning) info() *workflowpb.WorkflowExecutionVersioningInfo {
	if !v.used {
		return nil
	}
	info := &workflowpb.WorkflowExecutionVersioningInfo{
		Behavior: v.behavior, DeploymentVersion: v.version.proto(), RevisionNumber: v.revision,
		VersioningOverride: describedOverride(v.override), ContinueAsNewInitialVersioningBehavior: v.initial,
	}
	//nolint:staticcheck // the server still sends the older names
	if v.version != (version{}) {
		info.Version = v.version.text()
	}
	if v.moving {
		info.VersionTransition = &workflowpb.DeploymentVersionTransition{
			DeploymentVersion: v.to.proto(), Version: v.to.text(), //nolint:staticcheck // the same
		}
	}
	return info
}
