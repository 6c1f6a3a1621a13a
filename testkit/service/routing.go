package service

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
)

// route is where tasks of a queue go that no version keeps.
type route struct {
	current, ramping     version
	percentage           float32
	revision, rampingRev int64
	at                   time.Time // when it last changed
}

// route finds the versions that the queue belongs to and that are current or
// ramping in their deployment: of several the one that has become so last.
func (n *namespace) route(k queueKey) route {
	var out route
	var currentAt, rampingAt time.Time
	for _, d := range n.deployments {
		if at := d.currentAt; d.has(d.current, k) && at.After(currentAt) {
			out.current, out.revision, currentAt = version{d.name, d.current}, d.revision, at
		}
		if at := d.percentageAt; d.has(d.ramping, k) && d.percentage > 0 && at.After(rampingAt) {
			out.ramping, out.rampingRev, out.percentage, rampingAt = version{d.name, d.ramping}, d.revision, d.percentage, at
		}
	}
	out.at = currentAt
	if rampingAt.After(currentAt) {
		out.at = rampingAt
	}
	return out
}

// of is the version for a run, and the revision of the deployment that says so.
func (t route) of(r *run) (version, int64) {
	asked := r.lastStarted == 0 && t.ramping != (version{}) &&
		r.versioning.initial == enumspb.CONTINUE_AS_NEW_VERSIONING_BEHAVIOR_USE_RAMPING_VERSION
	if asked || t.percentage > 0 && threshold(r.workflowID) <= float64(t.percentage) {
		return t.ramping, t.rampingRev
	}
	return t.current, t.revision
}

// target is the version that tasks of the run in the queue are for.
func (q *queue) target(r *run) version {
	n := r.namespace
	if len(n.deployments) == 0 {
		return version{}
	}
	own, behavior := r.versioning.effective()
	if behavior == enumspb.VERSIONING_BEHAVIOR_PINNED &&
		(q.key.kind == enumspb.TASK_QUEUE_TYPE_WORKFLOW || n.knows(own, q.key)) {
		return own
	}
	to, _ := n.route(q.key).of(r)
	return to
}

// fits reports whether tasks of the run may go to the poll.
func (q *queue) fits(r *run, p *poller) bool {
	return p.queue.GetKind() == enumspb.TASK_QUEUE_KIND_STICKY || q.target(r) == p.belongs()
}

func (p *poller) belongs() version { return versionOf(p.deployment) }

// goWith moves the run, whose workflow task the poll gets, to the poll's version.
func (r *run) goWith(p *poller) {
	own, _ := r.versioning.effective()
	if to := p.belongs(); to != own {
		_, revision := r.workflowRoute()
		r.move(to, revision)
	}
}

// waits reports whether an activity of the run may not begin for the poll: first
// the workflow has to move to the poll's version, which this lets it do.
func (o offer) waits(p *poller) bool {
	r := o.run
	if o.scheduled == 0 || len(r.namespace.deployments) == 0 {
		return false
	}
	own, _ := r.versioning.effective()
	switch to, revision := r.workflowRoute(); {
	case r.versioning.moving:
		return true
	case r.versioning.pinned(), p.belongs() == own, p.belongs() != to:
		return false
	default:
		r.move(to, revision)
		if stamp := r.task.stamp; r.task.pending() && !r.task.inFlight() {
			r.after = append(r.after, func() { r.s.offerWorkflowTask(r, stamp) })
		}
		r.ensureTask()
		r.commit()
		return true
	}
}

// workflowRoute is the version that workflow tasks of the run go to unless it is
// pinned.
func (r *run) workflowRoute() (version, int64) {
	if len(r.namespace.deployments) == 0 {
		return version{}, 0
	}
	return r.namespace.route(queueKey{
		r.namespace.name, r.started.GetTaskQueue().GetName(), enumspb.TASK_QUEUE_TYPE_WORKFLOW,
	}).of(r)
}

// leaves reports whether the run is to move on from the worker that has it in its
// cache.
func (r *run) leaves() bool {
	to, _ := r.workflowRoute()
	own, _ := r.versioning.effective()
	return !r.versioning.pinned() && to != (version{}) && to != own
}

// rematch looks at all queues again, since tasks may go elsewhere now.
func (s *Service) rematch(n *namespace) {
	for k, q := range s.queues {
		if k.namespace == n.name {
			s.match(q)
		}
	}
}
