package worker

import (
	"context"

	"github.com/mainspring-go/mainspring/sticky"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// newRuns makes the cache of workflow runs.
func newRuns(o *Options) (*sticky.Cache[string, *task.Run], error) {
	options := sticky.Options[string, *task.Run]{
		MaxEntries:  *o.MaxCachedWorkflows,
		MaxWeight:   o.MaxCachedWorkflowBytes,
		IdleTimeout: max(0, o.CachedWorkflowIdleTimeout),
		Budget:      o.Parts.CacheBudget,
		OnEvict:     func(_ string, run *task.Run, _ sticky.Reason) { run.Close() },
	}
	if options.MaxWeight > 0 || options.Budget != nil {
		options.Weigh = func(_ string, run *task.Run) int64 { return run.Weight() }
	}
	return sticky.New(options)
}

// runs is a sticky cache as the workflow pipeline sees it.
type runs struct {
	cache *sticky.Cache[string, *task.Run]
}

func (r runs) Acquire(ctx context.Context, runID string) (task.Lease, error) {
	l, err := r.cache.Acquire(ctx, runID)
	if err != nil {
		return nil, err
	}
	return lease{l}, nil
}

type lease struct {
	sticky.Lease[string, *task.Run]
}

func (l lease) Run() (*task.Run, bool) { return l.Value() }
func (l lease) Keep(r *task.Run)       { l.Put(r) }
func (l lease) Drop(why task.Reason)   { l.Lease.Drop(sticky.Reason(why)) }
