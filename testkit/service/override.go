package service

import (
	"strings"
	"time"

	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
)

// An override says which version a workflow belongs to and how it behaves,
// whatever its workers say.

// readOverride validates an override and returns it in today's words; method is
// what it came with.
func readOverride(method string, o *workflowpb.VersioningOverride) (*workflowpb.VersioningOverride, error) {
	switch kind := o.GetOverride().(type) {
	case *workflowpb.VersioningOverride_AutoUpgrade:
		if !kind.AutoUpgrade {
			return nil, invalid("auto-upgrade override must be true")
		}
		return upgrades(), nil
	case *workflowpb.VersioningOverride_Pinned:
		switch {
		case kind.Pinned.GetVersion() == nil:
			return nil, invalid("must provide version if override is pinned.")
		case kind.Pinned.GetBehavior() == workflowpb.VersioningOverride_PINNED_OVERRIDE_BEHAVIOR_UNSPECIFIED:
			return nil, invalid("must specify pinned override behavior if override is pinned.")
		}
		return &workflowpb.VersioningOverride{Override: kind}, nil
	case *workflowpb.VersioningOverride_OneTime:
		if kind.OneTime.GetTargetDeploymentVersion() == nil {
			return nil, invalid("must provide target deployment version if override is one-time.")
		}
		return nil, unimplemented(method, "a versioning override of one time")
	}
	if o == nil {
		return nil, nil //nolint:nilnil // there is none
	}
	return readOldOverride(o)
}

// readOldOverride is readOverride for what older clients send.
//
//nolint:staticcheck // they do
func readOldOverride(o *workflowpb.VersioningOverride) (*workflowpb.VersioningOverride, error) {
	switch o.GetBehavior() {
	case enumspb.VERSIONING_BEHAVIOR_PINNED:
		if d := o.GetDeployment(); d != nil {
			return pins(version{d.GetSeriesName(), d.GetBuildId()}), checkOldDeployment(d)
		}
		if o.GetPinnedVersion() == "" {
			return nil, invalid("must provide deployment (deprecated) or pinned version if behavior is 'PINNED'")
		}
		v, ok := parseVersion(o.GetPinnedVersion())
		if !ok {
			return nil, invalid(`invalid version string %q, expected format is "<deployment_name>.<build_id>"`, o.GetPinnedVersion())
		}
		return pins(v), nil
	case enumspb.VERSIONING_BEHAVIOR_AUTO_UPGRADE:
		switch {
		case o.GetDeployment() != nil:
			return nil, invalid("only provide deployment if behavior is 'PINNED'")
		case o.GetPinnedVersion() != "":
			return nil, invalid("only provide pinned version if behavior is 'PINNED'")
		}
		return upgrades(), nil
	case enumspb.VERSIONING_BEHAVIOR_UNSPECIFIED:
		return nil, invalid("override behavior is required")
	default:
		return nil, invalid("override behavior %s not recognized", o.GetBehavior())
	}
}

func checkOldDeployment(d *deploymentpb.Deployment) error {
	switch {
	case d.GetSeriesName() == "":
		return invalid("deployment name cannot be empty")
	case strings.ContainsAny(d.GetSeriesName(), ".:"):
		return invalid("deployment name cannot contain '%s' or '%s'", ".", ":")
	case d.GetBuildId() == "":
		return invalid("deployment build ID cannot be empty")
	}
	return nil
}

// parseVersion reads the older form of a version's name.
func parseVersion(text string) (version, bool) {
	i := strings.IndexAny(text, ".:")
	if i <= 0 || i == len(text)-1 {
		return version{}, false
	}
	return version{text[:i], text[i+1:]}, true
}

func upgrades() *workflowpb.VersioningOverride {
	return &workflowpb.VersioningOverride{Override: &workflowpb.VersioningOverride_AutoUpgrade{AutoUpgrade: true}}
}

func pins(v version) *workflowpb.VersioningOverride {
	return &workflowpb.VersioningOverride{
		Override: &workflowpb.VersioningOverride_Pinned{Pinned: &workflowpb.VersioningOverride_PinnedOverride{
			Behavior: workflowpb.VersioningOverride_PINNED_OVERRIDE_BEHAVIOR_PINNED, Version: v.proto(),
		}},
	}
}

// describedOverride has the older names too.
//
//nolint:staticcheck // the server still sends them
func describedOverride(o *workflowpb.VersioningOverride) *workflowpb.VersioningOverride {
	switch {
	case o == nil:
		return nil
	case o.GetPinned() != nil:
		return &workflowpb.VersioningOverride{
			Override: o.GetOverride(), Behavior: enumspb.VERSIONING_BEHAVIOR_PINNED,
			PinnedVersion: versionFrom(o.GetPinned().GetVersion()).text(),
		}
	default:
		return &workflowpb.VersioningOverride{
			Override: o.GetOverride(), Behavior: enumspb.VERSIONING_BEHAVIOR_AUTO_UPGRADE,
		}
	}
}

// checkPinned refuses to pin workflows of a task queue to a version that does not
// poll it.
func (n *namespace) checkPinned(o *workflowpb.VersioningOverride, queue string) error {
	if o.GetPinned() == nil {
		return nil
	}
	v := versionFrom(o.GetPinned().GetVersion())
	if n.knows(v, queueKey{n.name, queue, enumspb.TASK_QUEUE_TYPE_WORKFLOW}) {
		return nil
	}
	return serviceerror.NewFailedPreconditionf("Pinned version '%s:%s' is not present in task queue '%s' of type 'Workflow'",
		v.deployment, v.build, queue)
}

// override reads the override of a workflow on the task queue.
func (n *namespace) override(
	method string, o *workflowpb.VersioningOverride, queue string,
) (*workflowpb.VersioningOverride, error) {
	out, err := readOverride(method, o)
	if err != nil {
		return nil, err
	}
	return out, n.checkPinned(out, queue)
}

// awake lets a version that was not in use be in use, now that a workflow is
// pinned to it.
func (n *namespace) awake(o *workflowpb.VersioningOverride, at time.Time) {
	v := versionFrom(o.GetPinned().GetVersion())
	d := n.deployments[v.deployment]
	if d == nil {
		return
	}
	one := d.version(v.build)
	if one != nil && d.status(one) == enumspb.WORKER_DEPLOYMENT_VERSION_STATUS_INACTIVE {
		one.draining = at
	}
}

// setOverride lets the run go by the override from now on, or by none.
func (r *run) setOverride(o *workflowpb.VersioningOverride) {
	v := &r.versioning
	was, did := v.effective()
	v.override = o
	r.namespace.awake(o, r.s.now())
	switch pinned := versionFrom(o.GetPinned().GetVersion()); {
	case pinned != (version{}):
		v.used, v.deployment = true, pinned.deployment
	case o != nil:
		v.used = true
	default:
		v.deployment = v.version.deployment
	}
	if is, does := v.effective(); is == was && does == did {
		return
	}
	v.moving, v.to = false, version{}
	r.unstick()
	if t := &r.task; t.kind == normalTask && !t.inFlight() {
		r.s.stamps++
		t.stamp, t.wait = r.s.stamps, 0
		stamp := t.stamp
		r.after = append(r.after, func() { r.s.offerWorkflowTask(r, stamp) })
	}
	r.rescheduleActivities(0)
}
