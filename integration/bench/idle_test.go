package main_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"testing"

	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/testkit/service"
	"github.com/mainspring-go/mainspring/workflow"
)

// few and many are how many workflows wait at once. The difference is what the runs take, without what
// the worker takes that has them.
const few, many = 200, 1200

// BenchmarkIdle is the memory that a run takes that waits in the cache of a worker: what becomes free
// when the cache is emptied, heap and stacks.
func BenchmarkIdle(b *testing.B) {
	for _, coroutines := range []int{1, 11} {
		b.Run(fmt.Sprintf("%d/ours", coroutines), func(b *testing.B) { idleRuns(b, coroutines, ourWorker) })
		b.Run(fmt.Sprintf("%d/sdk", coroutines), func(b *testing.B) { idleRuns(b, coroutines, theirWorker) })
	}
}

// A launch starts a worker of the queue and returns what stops it and empties its cache.
type launch func(b *testing.B, c client.Client) (drop func())

func ourWorker(b *testing.B, c client.Client) (drop func()) {
	b.Helper()
	w, err := worker.New(c, "q", worker.Options{MaxCachedWorkflows: new(2 * many), Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		err = w.RegisterWorkflowWithOptions(idle, workflow.RegisterOptions{Name: "idle"})
	}
	if err == nil {
		err = w.Start(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		if n := w.Stats().Cache.Entries; n != few && n != many {
			b.Errorf("%d runs in the cache, want %d or %d", n, few, many)
		}
		if err := w.Shutdown(context.WithoutCancel(b.Context())); err != nil {
			b.Error(err)
		}
	}
}

func theirWorker(b *testing.B, c client.Client) (drop func()) {
	b.Helper()
	w := sdkworker.New(c, "q", sdkworker.Options{})
	w.RegisterWorkflowWithOptions(sdkIdle, sdkworkflow.RegisterOptions{Name: "idle"})
	if err := w.Start(); err != nil {
		b.Fatal(err)
	}
	return func() {
		w.Stop()
		sdkworker.PurgeStickyWorkflowCache()
	}
}

func idleRuns(b *testing.B, coroutines int, start launch) {
	b.Helper()
	var sum float64
	for range b.N {
		sum += idleBytes(b, coroutines, many, start) - idleBytes(b, coroutines, few, start)
	}
	b.ReportMetric(sum/float64(b.N)/(many-few)/1024, "KB/run")
	b.ReportMetric(0, "ns/op") // the time is that of a service in memory
}

func idleBytes(b *testing.B, coroutines, runs int, start launch) float64 {
	b.Helper()
	s, err := service.New(service.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	c, err := client.DialContext(b.Context(), client.Options{
		HostPort: "passthrough:///service", Logger: slog.New(slog.DiscardHandler),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithContextDialer(s.Dial)}},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	drop := start(b, c)
	for i := range runs {
		run, err := c.ExecuteWorkflow(b.Context(), client.StartWorkflowOptions{
			ID: fmt.Sprint(i), TaskQueue: "q",
		}, "idle", coroutines)
		if err != nil {
			b.Fatal(err)
		}
		// The answer comes after the first task, from the run in the cache, and leaves its stacks alone.
		if _, err := c.QueryWorkflow(b.Context(), run.GetID(), "", "__temporal_workflow_metadata"); err != nil {
			b.Fatal(err)
		}
	}
	full := inUse()
	drop()
	return float64(full) - float64(inUse())
}

// inUse is the memory in use after a collection, stacks included.
func inUse() uint64 {
	for range 3 { // stacks shrink and finalizers run with the collections to come
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
