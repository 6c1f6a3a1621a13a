package main_test

import (
	"fmt"
	"testing"

	"github.com/mainspring-go/mainspring/integration/bench/frontend"
	"github.com/mainspring-go/mainspring/integration/bench/idle"
)

// idleRuns is how many workflows wait at once.
const idleRuns = 2000

// BenchmarkIdle is the memory that a run takes that waits in the cache of a worker.
func BenchmarkIdle(b *testing.B) {
	for _, work := range []frontend.Work{frontend.Idle, frontend.Idle11} {
		for _, w := range []idle.Worker{idle.Mainspring, idle.SDK} {
			b.Run(fmt.Sprintf("%s/%s", work, w), func(b *testing.B) { benchmarkIdle(b, w, work) })
		}
	}
}

func benchmarkIdle(b *testing.B, w idle.Worker, work frontend.Work) {
	b.Helper()
	var sum idle.Usage
	for range b.N {
		u, err := idle.Measure(b.Context(), w, work, idleRuns)
		if err != nil {
			b.Fatal(err)
		}
		sum.Heap += u.Heap
		sum.Stacks += u.Stacks
		sum.Resident += u.Resident
	}
	kB := 1024 * float64(b.N)
	b.ReportMetric(sum.Heap/kB, "KB-heap/run")
	b.ReportMetric(sum.Stacks/kB, "KB-stacks/run")
	b.ReportMetric(sum.Resident/kB, "KB-resident/run")
	b.ReportMetric(0, "ns/op") // the time is that of the frontend
}

// TestIdleRunsStaySmall bounds what a run takes that waits, heap and stacks, at a fifth more than when
// the bound was set: less than if its first coroutine had a stack of 4 KB.
func TestIdleRunsStaySmall(t *testing.T) {
	for _, tt := range []struct {
		work frontend.Work
		most float64 // bytes
	}{{frontend.Idle, 6.75 * 1024}, {frontend.Idle11, 42.5 * 1024}} {
		u, err := idle.Measure(t.Context(), idle.Mainspring, tt.work, idleRuns/2)
		if err != nil {
			t.Fatal(err)
		}
		if got := u.Heap + u.Stacks; got > slack*tt.most {
			t.Errorf("%s: %.0f bytes of heap and %.0f of stacks, want %.0f at most", tt.work, u.Heap, u.Stacks, slack*tt.most)
		}
	}
}
