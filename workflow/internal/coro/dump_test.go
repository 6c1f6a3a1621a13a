package coro_test

import (
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/workflow/internal/coro"
)

// stops counts how often this process has stood still, but for the garbage collector.
func stops() (n uint64) {
	sample := []metrics.Sample{{Name: "/sched/pauses/total/other:seconds"}}
	metrics.Read(sample)
	for _, count := range sample[0].Value.Float64Histogram().Counts {
		n += count
	}
	return n
}

// Dumps of all goroutines stop the process: those that need one at the same time share it.
func TestManyThatAreStuckShareDumps(t *testing.T) {
	const many, others = 100, 1000
	end := make(chan struct{})
	for range others { // so that it takes a while
		go deep(10, end)
	}
	var running, runs, abandoned sync.WaitGroup
	watches := make([]coro.Watch, many)
	running.Add(many)
	for i := range watches {
		w := &watches[i]
		runs.Go(func() {
			w.Aside(func(*coro.Coroutine) {
				running.Done()
				block(end)
			})
		})
	}
	running.Wait()
	before := stops()
	for i := range watches {
		w := &watches[i]
		abandoned.Go(func() {
			if free, ok := w.Abandon(w.Stint(), time.Minute); ok {
				go free()
			}
		})
	}
	abandoned.Wait()
	runs.Wait()
	if n := stops() - before; n > many/4 {
		t.Errorf("the process stood still %d times for %d stacks", n, many)
	}
	close(end)
	for i := range watches {
		s := watches[i].Left()
		if !strings.Contains(s.Stack, "coro_test.block(") {
			t.Fatalf("got stack %q", s.Stack)
		}
		<-s.LetGo()
	}
}
