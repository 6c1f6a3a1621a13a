package service

import (
	"cmp"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
)

const (
	// defaultPriority is that of tasks which have none.
	defaultPriority = 3
	// priorityLevels is how many priorities are told apart in what is told of a
	// queue. Tasks of a larger key still come later.
	priorityLevels = 5
	// maxFairnessKey is how long a fairness key may be.
	maxFairnessKey = 64
)

// checkPriority validates a priority; nil is one.
func checkPriority(p *commonpb.Priority) error {
	switch {
	case p.GetPriorityKey() < 0:
		return serviceerror.NewInvalidArgument("priority key can't be negative")
	case len(p.GetFairnessKey()) > maxFairnessKey:
		return serviceerror.NewInvalidArgument("fairness key length exceeds limit")
	case p.GetFairnessWeight() < 0:
		return serviceerror.NewInvalidArgument("must be greater than zero")
	}
	return nil
}

// inherit is the priority of what a run of the priority base starts with its own.
func inherit(base, own *commonpb.Priority) *commonpb.Priority {
	switch {
	case base == nil:
		return own
	case own == nil:
		return base
	}
	return &commonpb.Priority{
		PriorityKey:    cmp.Or(own.GetPriorityKey(), base.GetPriorityKey()),
		FairnessKey:    cmp.Or(own.GetFairnessKey(), base.GetFairnessKey()),
		FairnessWeight: cmp.Or(own.GetFairnessWeight(), base.GetFairnessWeight()),
	}
}

// priority is that of the run.
func (r *run) priority() *commonpb.Priority { return r.started.GetPriority() }

// rankOf is where tasks of the priority come in a queue: the smaller, the sooner.
func rankOf(p *commonpb.Priority) int32 { return cmp.Or(p.GetPriorityKey(), defaultPriority) }

// add puts the task behind all that are not less urgent.
func (q *queue) add(o offer) {
	at := len(q.tasks)
	for at > 0 && q.tasks[at-1].rank > o.rank {
		at--
	}
	q.tasks = slices.Insert(q.tasks, at, o)
}
