package replay

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"sync"
	"time"

	"github.com/mainspring-go/mainspring/temporal/log"
)

// AllOptions are the options of [WorkflowReplayer.ReplayAll].
type AllOptions struct {
	// Parallel is how many histories are loaded and replayed at once; default:
	// one for each processor.
	Parallel int
	// Progress is told of each history that is done, one at a time, in the order
	// in which they get done. It should not take long.
	Progress func(Progress)
	// Logger is told of those that are not the same, and of what workflows log if
	// the replayer enables that; may be nil.
	Logger log.Logger
}

// Progress is one history that is done.
type Progress struct {
	// Result of the replay.
	Result Result
	// Done is how many are, with this one.
	Done int
}

// ReplayAll replays many histories at once. What goes wrong with one of them is
// its result, and the others go on. When ctx ends, those that have not begun
// are left out of the report, those under way end with its error, and it is
// returned.
func (r *WorkflowReplayer) ReplayAll(
	ctx context.Context, sources iter.Seq[Source], o AllOptions,
) (Report, error) {
	if o.Parallel < 0 {
		return Report{}, fmt.Errorf("replay options: Parallel is %d: "+
			"use zero for one for each processor or a positive number", o.Parallel)
	}
	if o.Parallel == 0 {
		o.Parallel = runtime.GOMAXPROCS(0)
	}
	began := time.Now()
	all := &collector{progress: o.Progress}
	room := make(chan struct{}, o.Parallel)
	var wg sync.WaitGroup
	for s := range sources {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		place := all.place()
		wg.Go(func() {
			defer func() { <-room }()
			all.done(place, r.Replay(ctx, o.Logger, s))
		})
	}
	wg.Wait()
	return Report{Results: all.results, Took: time.Since(began)}, ctx.Err()
}

// A collector has the results in the order of their sources.
type collector struct {
	progress func(Progress)

	mu       sync.Mutex
	results  []Result
	finished int
}

func (c *collector) place() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.results = append(c.results, Result{})
	return len(c.results) - 1
}

func (c *collector) done(place int, r Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.results[place] = r
	c.finished++
	if c.progress != nil {
		c.progress(Progress{Result: r, Done: c.finished})
	}
}
