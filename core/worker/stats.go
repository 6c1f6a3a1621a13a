package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"go.temporal.io/api/serviceerror"

	"github.com/mainspring-go/mainspring/activity/local"
	activitytask "github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/poller"
	"github.com/mainspring-go/mainspring/ratelimit"
	"github.com/mainspring-go/mainspring/slots"
	"github.com/mainspring-go/mainspring/sticky"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// Stats are the numbers of a worker at one moment.
type Stats struct {
	// WorkflowTasks counts those that have ended.
	WorkflowTasks uint64
	// WorkflowTasksFailed counts those that the server was told had failed, or
	// that were left to time out.
	WorkflowTasksFailed uint64
	// StickyHits counts workflow tasks that found their run in the cache.
	StickyHits uint64
	// StickyMisses counts those that expected to and did not.
	StickyMisses uint64
	// Activities counts the attempts that have ended.
	Activities uint64
	// ActivitiesFailed counts those of them that failed.
	ActivitiesFailed uint64
	// LocalActivities counts the attempts of local activities that have ended for
	// their workflows.
	LocalActivities uint64
	// LocalActivitiesFailed counts those of them that failed, timed out or were
	// canceled.
	LocalActivitiesFailed uint64
	// Pollers are the sources that are polled.
	Pollers []poller.Status
	// WorkflowSlots, ActivitySlots and LocalActivitySlots are zero if their
	// supplier does not tell.
	WorkflowSlots, ActivitySlots, LocalActivitySlots slots.Stats
	// ActivityRate and LocalActivityRate are zero if their limiter does not tell.
	ActivityRate, LocalActivityRate ratelimit.Stats
	// Cache is that of workflow runs.
	Cache sticky.Stats
}

// Stats returns what the worker has done and is doing.
func (w *Worker) Stats() Stats {
	s := w.counters.read()
	w.mu.Lock()
	p := w.parts
	w.mu.Unlock()
	for _, one := range p.pollers {
		s.Pollers = append(s.Pollers, one.Status())
	}
	if r, ok := p.workflowSlots.(slots.Reporter); ok {
		s.WorkflowSlots = r.Stats()
	}
	if r, ok := p.activitySlots.(slots.Reporter); ok {
		s.ActivitySlots = r.Stats()
	}
	if r, ok := p.localSlots.(slots.Reporter); ok {
		s.LocalActivitySlots = r.Stats()
	}
	if r, ok := w.rates.activities.(ratelimit.Reporter); ok {
		s.ActivityRate = r.Stats()
	}
	if r, ok := w.rates.locals.(ratelimit.Reporter); ok {
		s.LocalActivityRate = r.Stats()
	}
	if p.runs != nil {
		s.Cache = p.runs.Stats()
	}
	return s
}

// counters observe the pipelines.
type counters struct {
	logger *slog.Logger

	workflowTasks, failedTasks, hits, misses, activities, failedActivities atomic.Uint64

	locals, failedLocals atomic.Uint64
}

// WorkflowTaskEnded implements [task.Observer].
func (c *counters) WorkflowTaskEnded(e task.Event) {
	c.workflowTasks.Add(1)
	if e.Outcome == task.TaskFailed || e.Outcome == task.Silent {
		c.failedTasks.Add(1)
	}
	switch e.Origin {
	case task.Cached:
		c.hits.Add(1)
	case task.Missed:
		c.misses.Add(1)
	case task.Fresh, task.Rebuilt:
	}
	if e.Outcome != task.NotTaken || e.Err == nil {
		return
	}
	if _, gone := errors.AsType[*serviceerror.NotFound](e.Err); !gone {
		c.logger.Warn("The answer to a workflow task was not taken",
			slog.String("WorkflowType", e.WorkflowType), slog.String("WorkflowID", e.WorkflowID),
			slog.String("RunID", e.RunID), slog.Any("Error", e.Err))
	}
}

// ActivityEnded implements activity/task's EndObserver.
func (c *counters) ActivityEnded(_ context.Context, e activitytask.Ended) {
	c.activities.Add(1)
	if e.Outcome == activitytask.Failed {
		c.failedActivities.Add(1)
	}
}

// LocalActivityEnded implements activity/local's EndObserver.
func (c *counters) LocalActivityEnded(_ context.Context, e local.Ended) {
	c.locals.Add(1)
	if e.Err != nil {
		c.failedLocals.Add(1)
	}
}

func (c *counters) read() Stats {
	return Stats{
		WorkflowTasks:       c.workflowTasks.Load(),
		WorkflowTasksFailed: c.failedTasks.Load(),
		StickyHits:          c.hits.Load(),
		StickyMisses:        c.misses.Load(),
		Activities:          c.activities.Load(),
		ActivitiesFailed:    c.failedActivities.Load(),

		LocalActivities:       c.locals.Load(),
		LocalActivitiesFailed: c.failedLocals.Load(),
	}
}
