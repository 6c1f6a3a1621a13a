package worker_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"github.com/mainspring-go/mainspring/core/worker"
)

// A belt is a server without a network: it hands out the tasks that the test puts on it.
type belt struct {
	workflowservice.WorkflowServiceClient

	task  *workflowservice.PollActivityTaskQueueResponse
	tasks chan struct{}
	open  atomic.Int64  // tasks that were not answered
	done  chan struct{} // receives when there are none
}

func (b *belt) WorkflowService() workflowservice.WorkflowServiceClient { return b }

func (b *belt) DescribeNamespace(
	context.Context, *workflowservice.DescribeNamespaceRequest, ...grpc.CallOption,
) (*workflowservice.DescribeNamespaceResponse, error) {
	return nil, serviceerror.NewUnimplemented("")
}

func (b *belt) GetSystemInfo(
	context.Context, *workflowservice.GetSystemInfoRequest, ...grpc.CallOption,
) (*workflowservice.GetSystemInfoResponse, error) {
	return nil, serviceerror.NewUnimplemented("")
}

func (b *belt) ShutdownWorker(
	context.Context, *workflowservice.ShutdownWorkerRequest, ...grpc.CallOption,
) (*workflowservice.ShutdownWorkerResponse, error) {
	return nil, serviceerror.NewUnimplemented("")
}

func (b *belt) PollActivityTaskQueue(
	ctx context.Context, _ *workflowservice.PollActivityTaskQueueRequest, _ ...grpc.CallOption,
) (*workflowservice.PollActivityTaskQueueResponse, error) {
	select {
	case <-b.tasks:
		return b.task, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (b *belt) RespondActivityTaskCompleted(
	context.Context, *workflowservice.RespondActivityTaskCompletedRequest, ...grpc.CallOption,
) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	if b.open.Add(-1) == 0 {
		b.done <- struct{}{}
	}
	return &workflowservice.RespondActivityTaskCompletedResponse{}, nil
}

// handOut hands out n tasks and returns when all are answered.
func (b *belt) handOut(n int) {
	b.open.Store(int64(n))
	for range n {
		b.tasks <- struct{}{}
	}
	<-b.done
}

// startOnBelt starts a worker that stops with the test.
func startOnBelt(t testing.TB) *belt {
	t.Helper()
	server := &belt{
		task: activityTask("Echo", 1, "x"), tasks: make(chan struct{}, 100), done: make(chan struct{}, 1),
	}
	startSilent(t, server, worker.Options{Activities: []any{Echo}})
	return server
}

// startSilent starts a worker that logs nothing and stops with the test.
func startSilent(t testing.TB, client worker.Client, o worker.Options) {
	t.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	w, err := worker.New(client, taskQueue, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

// What a worker costs beside the two calls that it must make for each activity.
func BenchmarkActivityTask(b *testing.B) {
	server := startOnBelt(b)
	server.handOut(1000)
	b.ReportAllocs()
	b.ResetTimer()
	server.handOut(b.N)
}

// Four of the allocations are the messages of the two calls, and eleven the text of the argument and
// of the result. The count is that of the process, so this test runs alone.
func TestAnActivityTakesFewAllocations(t *testing.T) {
	const most, tasks = 33, 1000
	server := startOnBelt(t)
	server.handOut(tasks) // stacks grow, pools fill
	if n := testing.AllocsPerRun(5, func() { server.handOut(tasks) }) / tasks; n > most {
		t.Errorf("an activity takes %.1f allocations, want at most %d: BenchmarkActivityTask tells where", n, most)
	}
}
