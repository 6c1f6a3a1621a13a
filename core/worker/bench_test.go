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

// A belt is a server without a network: it hands out as many tasks as it is asked for.
type belt struct {
	workflowservice.WorkflowServiceClient

	left atomic.Int64
	task *workflowservice.PollActivityTaskQueueResponse
	done chan struct{}
	open atomic.Int64
}

func (b *belt) WorkflowService() workflowservice.WorkflowServiceClient { return b }

func (b *belt) DescribeNamespace(
	context.Context, *workflowservice.DescribeNamespaceRequest, ...grpc.CallOption,
) (*workflowservice.DescribeNamespaceResponse, error) {
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
	if b.left.Add(-1) >= 0 {
		return b.task, nil
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func (b *belt) RespondActivityTaskCompleted(
	context.Context, *workflowservice.RespondActivityTaskCompletedRequest, ...grpc.CallOption,
) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	if b.open.Add(-1) == 0 {
		close(b.done)
	}
	return &workflowservice.RespondActivityTaskCompletedResponse{}, nil
}

// What a worker costs beside the two calls that it must make for each activity.
func BenchmarkActivityTask(b *testing.B) {
	server := &belt{task: activityTask("Echo", 1, "x"), done: make(chan struct{})}
	server.left.Store(int64(b.N))
	server.open.Store(int64(b.N))
	w, err := worker.New(server, taskQueue, worker.Options{
		Activities: []any{Echo}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	if err := w.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	<-server.done
	b.StopTimer()
	if err := w.Shutdown(b.Context()); err != nil {
		b.Fatal(err)
	}
}
