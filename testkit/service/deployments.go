package service

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// maxVersionField is how long the name of a deployment or a build id may be.
const maxVersionField = (maxID - len("temporal-sys-worker-deployment-version")) / 2

// deployment is a worker deployment: the versions of one set of workers.
type deployment struct {
	name     string
	made     time.Time
	versions []*deployed // as they have come

	current, ramping                   string // build ids; empty: not versioned, or no ramp
	percentage                         float32
	currentAt, rampingAt, percentageAt time.Time
	revision                           int64
	modifier                           string
	token                              []byte
}

// deployed is one version of a deployment.
type deployed struct {
	build                              string
	made                               time.Time
	queues                             []queueKey
	routed, currentAt, rampingAt       time.Time
	first, lastCurrent, gone, draining time.Time
}

func (d *deployment) version(build string) *deployed {
	for _, v := range d.versions {
		if v.build == build {
			return v
		}
	}
	return nil
}

// has reports whether the version polls the queue.
func (d *deployment) has(build string, k queueKey) bool {
	v := d.version(build)
	return v != nil && slices.Contains(v.queues, k)
}

// knows reports whether the version polls the queue.
func (n *namespace) knows(v version, k queueKey) bool {
	d := n.deployments[v.deployment]
	return d != nil && d.has(v.build, k)
}

// register notes that a version polls a queue.
func (n *namespace) register(v version, k queueKey, at time.Time) {
	if v == (version{}) {
		return
	}
	if n.deployments == nil {
		n.deployments = make(map[string]*deployment)
	}
	d := n.deployments[v.deployment]
	if d == nil {
		d = &deployment{name: v.deployment, made: at}
		n.deployments[v.deployment] = d
	}
	one := d.version(v.build)
	if one == nil {
		one = &deployed{build: v.build, made: at}
		d.versions = append(d.versions, one)
	}
	if !slices.Contains(one.queues, k) {
		one.queues = append(one.queues, k)
	}
}

// checkDeployment validates what a worker says of its deployment.
func checkDeployment(o *deploymentpb.WorkerDeploymentOptions, q *taskqueuepb.TaskQueue) error {
	switch {
	case o == nil:
		return nil
	case q.GetKind() == enumspb.TASK_QUEUE_KIND_STICKY && q.GetNormalName() == "":
		return invalid("NormalName must be set on sticky queue when UseVersioning is true or DeploymentOptions are set.")
	case o.GetWorkerVersioningMode() != enumspb.WORKER_VERSIONING_MODE_VERSIONED:
		return nil
	case o.GetDeploymentName() == "" || o.GetBuildId() == "":
		return invalid("Deployment name and build id must be set together.")
	}
	if err := checkVersionField("deployment name", o.GetDeploymentName()); err != nil {
		return err
	}
	if len(o.GetBuildId()) > maxVersionField {
		return invalid("size of %v larger than the maximum allowed", "build id")
	}
	return nil
}

func checkVersionField(name, value string) error {
	switch {
	case value == "":
		return invalid("%v cannot be empty", name)
	case len(value) > maxVersionField:
		return invalid("size of %v larger than the maximum allowed", name)
	case strings.Contains(value, "."), strings.Contains(value, ":"):
		return invalid("worker deployment name cannot contain '%s'", value[strings.IndexAny(value, ".:"):][:1])
	case strings.HasPrefix(value, "__"):
		return invalid("%v cannot start with '__'", name)
	}
	return nil
}

func errNoDeployment(name string) error {
	return serviceerror.NewNotFoundf(
		"no Worker Deployment found with name '%s'; does your Worker Deployment have pollers?", name)
}

func errNoVersion(build, name string) error {
	return serviceerror.NewNotFoundf("build ID '%s' not found in Worker Deployment '%s'", build, name)
}

// missing refuses a version that does not poll all the queues of the current one.
func (d *deployment) missing(build, what string) error {
	now, next := d.version(d.current), d.version(build)
	if now == nil || next == nil {
		return nil
	}
	for _, k := range now.queues {
		if !slices.Contains(next.queues, k) {
			return serviceerror.NewFailedPreconditionf("proposed %s version '%s:%s' is missing active task queues "+
				"from the current version; these would become unversioned if it is set as the %s version",
				what, d.name, build, what)
		}
	}
	return nil
}

// changed gives the deployment a new token, and its version the time.
func (d *deployment) changed(at time.Time, identity string) {
	d.revision++
	d.modifier = identity
	d.token = strconv.AppendInt(nil, at.UnixNano(), 10)
}

// SetWorkerDeploymentCurrentVersion says which version new workflows go to, and
// those that are not pinned.
func (v *server) SetWorkerDeploymentCurrentVersion(
	_ context.Context, req *workflowservice.SetWorkerDeploymentCurrentVersionRequest,
) (*workflowservice.SetWorkerDeploymentCurrentVersionResponse, error) {
	//nolint:staticcheck // clients that know nothing else send it
	err := firstUnimplemented("SetWorkerDeploymentCurrentVersion", []use{
		{"Version", req.GetVersion() != ""},
		{"AllowNoPollers", req.GetAllowNoPollers()},
	})
	if err != nil {
		return nil, err
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	n, d, err := v.s.deployment(req.GetNamespace(), "deployment name", req.GetDeploymentName())
	if err != nil {
		return nil, err
	}
	before := version{d.name, d.current}
	if d.current == "" {
		before = version{}
	}
	build := req.GetBuildId()
	switch {
	case d.current == build && d.modifier == req.GetIdentity():
	case req.GetConflictToken() != nil && !bytes.Equal(req.GetConflictToken(), d.token):
		return nil, serviceerror.NewFailedPrecondition("conflict token mismatch")
	case build != "" && d.version(build) == nil:
		return nil, errNoVersion(build, d.name)
	default:
		if !req.GetIgnoreMissingTaskQueues() {
			if err := d.missing(build, "current"); err != nil {
				return nil, err
			}
		}
		d.setCurrent(build, v.s.now())
		d.changed(v.s.now(), req.GetIdentity())
		v.s.rematch(n)
	}
	//nolint:staticcheck // the server still sends them
	return &workflowservice.SetWorkerDeploymentCurrentVersionResponse{
		ConflictToken: d.token, PreviousDeploymentVersion: before.proto(), PreviousVersion: before.text(),
	}, nil
}

func (d *deployment) setCurrent(build string, at time.Time) {
	if build == d.current {
		return
	}
	if old := d.version(d.current); old != nil {
		old.currentAt, old.draining, old.gone, old.routed = time.Time{}, at, at, at
	}
	if build == d.ramping && build != "" {
		d.ramping, d.percentage, d.rampingAt, d.percentageAt = "", 0, at, at
	}
	d.current, d.currentAt = build, at
	if now := d.version(build); now != nil {
		now.currentAt, now.lastCurrent, now.routed = at, at, at
		now.rampingAt, now.draining, now.gone = time.Time{}, time.Time{}, time.Time{}
		if now.first.IsZero() {
			now.first = at
		}
	}
}

// SetWorkerDeploymentRampingVersion sends a part of the workflows to a version.
func (v *server) SetWorkerDeploymentRampingVersion(
	_ context.Context, req *workflowservice.SetWorkerDeploymentRampingVersionRequest,
) (*workflowservice.SetWorkerDeploymentRampingVersionResponse, error) {
	//nolint:staticcheck // clients that know nothing else send it
	err := firstUnimplemented("SetWorkerDeploymentRampingVersion", []use{
		{"Version", req.GetVersion() != ""},
		{"AllowNoPollers", req.GetAllowNoPollers()},
		{"a ramp to workers without versions", req.GetBuildId() == "" && req.GetPercentage() > 0},
	})
	if err != nil {
		return nil, err
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	n, err := v.s.space(req.GetNamespace())
	if err != nil {
		return nil, err
	}
	if p := req.GetPercentage(); p < 0 || p > 100 {
		return nil, invalid("Percentage must be between 0 and 100 (inclusive)")
	}
	n, d, err := v.s.deployment(n.name, "WorkerDeploymentName", req.GetDeploymentName())
	if err != nil {
		return nil, err
	}
	//nolint:staticcheck // the server still sends them
	response := &workflowservice.SetWorkerDeploymentRampingVersionResponse{PreviousPercentage: d.percentage}
	if before := (version{d.name, d.ramping}); d.ramping != "" {
		//nolint:staticcheck // the same
		response.PreviousDeploymentVersion, response.PreviousVersion = before.proto(), before.text()
	}
	build := req.GetBuildId()
	switch {
	case build == d.ramping && req.GetPercentage() == d.percentage && d.modifier == req.GetIdentity():
		response.ConflictToken = d.token
		return response, nil
	case req.GetConflictToken() != nil && !bytes.Equal(req.GetConflictToken(), d.token):
		return nil, serviceerror.NewFailedPrecondition("conflict token mismatch")
	case build != "" && build == d.current:
		return nil, serviceerror.NewFailedPreconditionf("requested ramping version %s is already current",
			version{d.name, build}.text())
	case build != "" && d.version(build) == nil:
		return nil, errNoVersion(build, d.name)
	case !req.GetIgnoreMissingTaskQueues():
		if err := d.missing(build, "ramping"); err != nil {
			return nil, err
		}
	}
	d.setRamping(build, req.GetPercentage(), v.s.now())
	d.changed(v.s.now(), req.GetIdentity())
	v.s.rematch(n)
	response.ConflictToken = d.token
	return response, nil
}

func (d *deployment) setRamping(build string, percentage float32, at time.Time) {
	if build != d.ramping {
		if old := d.version(d.ramping); old != nil {
			old.rampingAt, old.draining, old.gone, old.routed = time.Time{}, at, at, at
		}
		d.rampingAt = at
	}
	d.ramping, d.percentage, d.percentageAt = build, percentage, at
	if now := d.version(build); now != nil {
		now.rampingAt, now.routed, now.draining, now.gone = d.rampingAt, at, time.Time{}, time.Time{}
		if now.first.IsZero() {
			now.first = at
		}
	}
}

// deployment finds a deployment by its name; field is what that is called if it is missing.
func (s *Service) deployment(space, field, name string) (*namespace, *deployment, error) {
	n, err := s.space(space)
	if err != nil {
		return nil, nil, err
	}
	if name == "" {
		return nil, nil, invalid("%s cannot be empty", field)
	}
	d := n.deployments[name]
	if d == nil {
		return nil, nil, errNoDeployment(name)
	}
	return n, d, nil
}
