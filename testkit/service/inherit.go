package service

import (
	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
)

// inheritVersion lets the start of a child or of the next run have the version of
// this one, if that polls the task queue. How it is to begin is for the next run of
// a chain, and says that it is not to be pinned.
func (r *run) inheritVersion(a *historypb.WorkflowExecutionStartedEventAttributes, how initialBehavior) {
	v, queue := &r.versioning, a.GetTaskQueue().GetName()
	own, behavior := v.effective()
	if queue != r.started.GetTaskQueue().GetName() &&
		!r.namespace.knows(own, queueKey{r.namespace.name, queue, enumspb.TASK_QUEUE_TYPE_WORKFLOW}) {
		return
	}
	if v.override.GetPinned() != nil {
		a.VersioningOverride = v.override
	}
	if behavior == enumspb.VERSIONING_BEHAVIOR_PINNED && how == initialUnspecified {
		a.InheritedPinnedVersion = own.proto()
		return
	}
	v.source(a, how)
}

type initialBehavior = enumspb.ContinueAsNewVersioningBehavior

const initialUnspecified = enumspb.CONTINUE_AS_NEW_VERSIONING_BEHAVIOR_UNSPECIFIED

// source tells the next run where it comes from, unless that is nowhere.
func (v *versioning) source(a *historypb.WorkflowExecutionStartedEventAttributes, how initialBehavior) {
	own, behavior := v.effective()
	if behavior == enumspb.VERSIONING_BEHAVIOR_UNSPECIFIED || own == (version{}) || v.revision == 0 {
		return
	}
	a.InheritedAutoUpgradeInfo = &deploymentpb.InheritedAutoUpgradeInfo{
		SourceDeploymentVersion: own.proto(), SourceDeploymentRevisionNumber: v.revision,
		ContinueAsNewInitialVersioningBehavior: how,
	}
}

// keepVersion is inheritVersion for a run that does the same once more. Only one
// that tries again stays where this one was, if it was pinned from its start on.
func (r *run) keepVersion(a *historypb.WorkflowExecutionStartedEventAttributes) {
	v := &r.versioning
	if v.override.GetPinned() != nil {
		a.VersioningOverride = v.override
	}
	a.DeclinedTargetVersionUpgrade = r.started.GetDeclinedTargetVersionUpgrade()
	if a.GetInitiator() != enumspb.CONTINUE_AS_NEW_INITIATOR_RETRY {
		return
	}
	switch own, behavior := v.effective(); {
	case behavior == enumspb.VERSIONING_BEHAVIOR_AUTO_UPGRADE:
		v.source(a, v.initial)
	case behavior == enumspb.VERSIONING_BEHAVIOR_PINNED && r.started.GetInheritedPinnedVersion() != nil:
		a.InheritedPinnedVersion = own.proto()
	}
}

// declines is what the next run need not be told, if it stays with the version: the
// last one that was offered.
func (v *versioning) declines() *historypb.DeclinedTargetVersionUpgrade {
	if !v.notified {
		return v.declined
	}
	return &historypb.DeclinedTargetVersionUpgrade{DeploymentVersion: v.offered.proto(), RevisionNumber: v.told}
}

// beginVersion is how a run begins whose start says where it comes from.
func (r *run) beginVersion() {
	v, a := &r.versioning, r.started
	if pinned := a.GetInheritedPinnedVersion(); pinned != nil {
		v.used, v.version, v.behavior = true, versionFrom(pinned), enumspb.VERSIONING_BEHAVIOR_PINNED
		if a.GetContinuedExecutionRunId() != "" {
			v.declined = a.GetDeclinedTargetVersionUpgrade()
		}
	}
	if from := a.GetInheritedAutoUpgradeInfo(); from != nil {
		v.used, v.version = true, versionFrom(from.GetSourceDeploymentVersion())
		v.behavior, v.revision = enumspb.VERSIONING_BEHAVIOR_AUTO_UPGRADE, from.GetSourceDeploymentRevisionNumber()
		v.initial = from.GetContinueAsNewInitialVersioningBehavior()
	}
	r.setOverride(a.GetVersioningOverride())
}
