package worker_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/worker"
)

// text is the input and the result of the activities: 100 bytes as JSON.
var text = strings.Repeat("x", 98)

// BenchmarkActivityCalls is what an activity costs from its poll to its report over gRPC, with the
// server in a process of its own: of a worker, and of a bare client that makes the same two calls,
// without (floor) and with (honest) the deadlines and headers that a worker cannot leave out.
// The budget of the worker is 1.3 times the CPU time of honest.
func BenchmarkActivityCalls(b *testing.B) {
	var honest float64
	b.Run("floor", func(b *testing.B) { measureCalls(b, bareClient(false)) })
	b.Run("honest", func(b *testing.B) { honest = measureCalls(b, bareClient(true)) })
	b.Run("worker", func(b *testing.B) {
		if cpu := measureCalls(b, mainspring); honest > 0 {
			b.ReportMetric(cpu/honest, "x/honest")
		}
	})
}

// A contestant does activities of the server at an address until it is stopped.
type contestant func(b *testing.B, address string) (stop func())

// measureCalls returns the CPU time of an activity in nanoseconds.
func measureCalls(b *testing.B, start contestant) (cpu float64) {
	b.Helper()
	server := startBelt(b)
	stop := start(b, server.address)
	server.handOut(b, 2000) // stacks grow, pools fill
	b.ReportAllocs()
	b.ResetTimer()
	began := cpuTime(b)
	server.handOut(b, b.N)
	cpu = float64(cpuTime(b)-began) / float64(b.N)
	b.StopTimer()
	stop()
	b.ReportMetric(cpu, "cpu-ns/op")
	return cpu
}

// cpuTime is the CPU time that this process has taken.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func mainspring(b *testing.B, address string) (stop func()) {
	b.Helper()
	client, err := connect.Dial(connect.Options{Address: address})
	if err != nil {
		b.Fatal(err)
	}
	w, err := worker.New(client, taskQueue, worker.Options{
		Activities: []any{Echo}, Logger: slog.New(slog.DiscardHandler), Identity: benchIdentity,
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	return func() {
		if err := w.Shutdown(context.WithoutCancel(b.Context())); err != nil {
			b.Error(err)
		}
		_ = client.Close()
	}
}

const benchIdentity = "12345@some-host-of-many"

// bareClient makes the calls of a worker and nothing else.
func bareClient(honest bool) contestant {
	return func(b *testing.B, address string) (stop func()) {
		b.Helper()
		conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			b.Fatal(err)
		}
		bare := bareCalls{workflowservice.NewWorkflowServiceClient(conn), honest}
		ctx, cancel := context.WithCancel(b.Context())
		var hands sync.WaitGroup
		for range 2 * worker.DefaultMaxConcurrentActivityTaskPolls { // half of them polls, half reports
			hands.Go(func() {
				for ctx.Err() == nil {
					bare.doOne(ctx)
				}
			})
		}
		return func() {
			cancel()
			hands.Wait()
			_ = conn.Close()
		}
	}
}

type bareCalls struct {
	stub   workflowservice.WorkflowServiceClient
	honest bool
}

// doOne does one activity. An error shows in the counts of the server.
func (c bareCalls) doOne(ctx context.Context) {
	pollCtx, cancel := c.dress(ctx, 70*time.Second)
	defer cancel()
	t, err := c.stub.PollActivityTaskQueue(pollCtx, &workflowservice.PollActivityTaskQueueRequest{
		Namespace: "default", TaskQueue: &taskqueuepb.TaskQueue{Name: taskQueue, Kind: 1},
		Identity: benchIdentity, WorkerInstanceKey: "01234567-0123-0123-0123-0123456789ab",
	})
	if err != nil {
		return
	}
	ctx, cancel = c.dress(ctx, 30*time.Second)
	defer cancel()
	_, _ = c.stub.RespondActivityTaskCompleted(ctx, &workflowservice.RespondActivityTaskCompletedRequest{
		TaskToken: t.GetTaskToken(), Result: t.GetInput(), Identity: benchIdentity,
		Namespace: "default", ResourceId: t.GetWorkflowExecution().GetWorkflowId(),
	})
}

func (c bareCalls) dress(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if !c.honest {
		return ctx, func() {}
	}
	ctx = metadata.AppendToOutgoingContext(ctx, "client-name", "mainspring-go", "client-version", "0.1.0",
		"supported-server-versions", ">=1.0.0 <2.0.0", "temporal-namespace", "default")
	return context.WithTimeout(ctx, limit)
}
