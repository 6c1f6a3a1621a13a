package subprocess

import (
	"maps"
	"slices"
	"sync/atomic"
)

// Stats are what an [Executor] has done so far.
type Stats struct {
	// Children is how many are alive and ready now, Busy how many of them run a call.
	Children, Busy int
	// Started is how many children have become ready.
	Started uint64
	// Recycled is how many were ended after their MaxTasks, or for their MaxRSS.
	Recycled uint64
	// Lost is how many ended by themselves or were killed, with or without a call.
	Lost uint64
}

type counts struct {
	children, busy          atomic.Int64
	started, recycled, lost atomic.Uint64
}

// Stats tells what the executor has done so far. It never blocks.
func (e *pool) Stats() Stats {
	c := &e.counts
	return Stats{
		Children: int(c.children.Load()), Busy: int(c.busy.Load()),
		Started: c.started.Load(), Recycled: c.recycled.Load(), Lost: c.lost.Load(),
	}
}

// PIDs are the ids of the children that are alive and ready now, sorted.
func (e *pool) PIDs() []int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.ready))
}

// enter notes that a child is ready, leave that it is not any more.
func (e *pool) enter(p *process) {
	e.counts.children.Add(1)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ready[p.pid] = true
}

func (e *pool) leave(p *process) {
	e.counts.children.Add(-1)
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.ready, p.pid)
}
