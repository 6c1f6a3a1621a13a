package worker

import (
	"context"

	"github.com/mainspring-go/mainspring/sticky"
	"github.com/mainspring-go/mainspring/workflow/task"
)

// newRuns makes the cache of workflow runs.
func newRuns(entries int) (*sticky.Cache[string, *task.Run], error) {
	return sticky.New(sticky.Options[string, *task.Run]{
		MaxEntries: entries,
		OnEvict:    func(_ string, run *task.Run, _ sticky.Reason) { run.Close() },
	})
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
