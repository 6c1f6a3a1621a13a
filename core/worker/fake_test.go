package worker_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/core/connect"
)

// A kind is one of the queues that a worker polls.
type kind string

const (
	normal     kind = "normal"
	stickyKind kind = "sticky"
	activities kind = "activities"
	sessions   kind = "sessions"   // where they are asked for
	inSession  kind = "in session" // a worker's own
)

// longPoll is how long the server lets a poll wait for a task.
const longPoll = 60 * time.Second

// A frontend is a Temporal server that the test drives: it hands out the tasks that the
// test queues and keeps every request.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer

	client *connect.Client

	// Written before the worker starts.
	limits   *namespacepb.NamespaceInfo_Limits
	system   *workflowservice.GetSystemInfoResponse_Capabilities              // nil for a server that does not tell
	drains   bool                                                             // says that it ends polls at ShutdownWorker
	lies     bool                                                             // but does not
	describe func(context.Context) error                                      // before DescribeNamespace answers
	shutdown func(context.Context) error                                      // before ShutdownWorker answers
	poll     atomic.Pointer[func(kind) error]                                 // before a poll waits; may change
	complete func(*workflowservice.RespondWorkflowTaskCompletedRequest) error // before it is taken
	eager    eagerServer

	workflowTasks, stickyTasks chan *workflowservice.PollWorkflowTaskQueueResponse
	activityTasks              chan *workflowservice.PollActivityTaskQueueResponse
	sessionTasks, ownTasks     chan *workflowservice.PollActivityTaskQueueResponse
	told                       chan struct{} // closed by ShutdownWorker

	tellOnce sync.Once
	mu       sync.Mutex
	requests []arrival
	inFlight map[kind]int
}

// An arrival is a request and when it came.
type arrival struct {
	at  time.Time
	req proto.Message
}

// newFrontend serves on memory until the test ends. It must be called inside a bubble.
func newFrontend(t *testing.T) *frontend {
	t.Helper()
	f := &frontend{
		workflowTasks: make(chan *workflowservice.PollWorkflowTaskQueueResponse, 100),
		stickyTasks:   make(chan *workflowservice.PollWorkflowTaskQueueResponse, 100),
		activityTasks: make(chan *workflowservice.PollActivityTaskQueueResponse, 1000),
		sessionTasks:  make(chan *workflowservice.PollActivityTaskQueueResponse, 100),
		ownTasks:      make(chan *workflowservice.PollActivityTaskQueueResponse, 100),
		told:          make(chan struct{}),
		inFlight:      make(map[kind]int),
	}
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer(grpc.KeepaliveEnforcementPolicy(
		keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}))
	workflowservice.RegisterWorkflowServiceServer(server, f)
	go func() { _ = server.Serve(listener) }()
	client, err := connect.Dial(connect.Options{
		Address: "passthrough:///memory",
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(
			func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) })},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.client = client
	t.Cleanup(func() {
		_ = client.Close()
		server.Stop()
	})
	return f
}

func (f *frontend) record(req proto.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, arrival{time.Now(), proto.Clone(req)})
}

// polling counts the polls of a queue that wait now.
func (f *frontend) polling(k kind) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.inFlight[k]
}

// arrivals returns the requests of one type, in order.
func arrivals[T proto.Message](f *frontend) (all []T, at []time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.requests {
		if req, ok := a.req.(T); ok {
			all, at = append(all, req), append(at, a.at)
		}
	}
	return all, at
}

// only returns the one request of a type.
func only[T proto.Message](t *testing.T, f *frontend) T {
	t.Helper()
	all, _ := arrivals[T](f)
	if len(all) != 1 {
		var want T
		t.Fatalf("%d requests of type %T, want 1", len(all), want)
	}
	return all[0]
}

// waitFor is a long poll. The response is empty if no task comes.
func waitFor[T any](ctx context.Context, f *frontend, k kind, tasks <-chan *T) (*T, error) {
	f.mu.Lock()
	f.inFlight[k]++
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.inFlight[k]--
	}()
	if hook := f.poll.Load(); hook != nil {
		if err := (*hook)(k); err != nil {
			return nil, err
		}
	}
	ended := f.told
	if !f.drains || f.lies {
		ended = nil
	}
	timer := time.NewTimer(longPoll)
	defer timer.Stop()
	select {
	case task := <-tasks:
		return task, nil
	case <-timer.C:
		return new(T), nil
	case <-ended:
		return new(T), nil
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

func (f *frontend) PollWorkflowTaskQueue(
	ctx context.Context, req *workflowservice.PollWorkflowTaskQueueRequest,
) (*workflowservice.PollWorkflowTaskQueueResponse, error) {
	f.record(req)
	if req.GetTaskQueue().GetKind() == enumspb.TASK_QUEUE_KIND_STICKY {
		return waitFor(ctx, f, stickyKind, f.stickyTasks)
	}
	return waitFor(ctx, f, normal, f.workflowTasks)
}

func (f *frontend) PollActivityTaskQueue(
	ctx context.Context, req *workflowservice.PollActivityTaskQueueRequest,
) (*workflowservice.PollActivityTaskQueueResponse, error) {
	f.record(req)
	switch queue := req.GetTaskQueue().GetName(); {
	case strings.HasSuffix(queue, "__internal_session_creation"):
		return waitFor(ctx, f, sessions, f.sessionTasks)
	case strings.Contains(queue, "@"):
		return waitFor(ctx, f, inSession, f.ownTasks)
	default:
		return waitFor(ctx, f, activities, f.activityTasks)
	}
}

func (f *frontend) SignalWorkflowExecution(
	_ context.Context, req *workflowservice.SignalWorkflowExecutionRequest,
) (*workflowservice.SignalWorkflowExecutionResponse, error) {
	f.record(req)
	return &workflowservice.SignalWorkflowExecutionResponse{}, nil
}

func (f *frontend) DescribeNamespace(
	ctx context.Context, req *workflowservice.DescribeNamespaceRequest,
) (*workflowservice.DescribeNamespaceResponse, error) {
	f.record(req)
	if f.describe != nil {
		if err := f.describe(ctx); err != nil {
			return nil, err
		}
	}
	return &workflowservice.DescribeNamespaceResponse{NamespaceInfo: &namespacepb.NamespaceInfo{
		Limits: f.limits,
		Capabilities: &namespacepb.NamespaceInfo_Capabilities{
			WorkerPollCompleteOnShutdown: f.drains, EagerWorkflowStart: f.eager.starts,
		},
	}}, nil
}

func (f *frontend) GetSystemInfo(
	context.Context, *workflowservice.GetSystemInfoRequest,
) (*workflowservice.GetSystemInfoResponse, error) {
	if f.system == nil {
		return nil, status.Error(codes.Unimplemented, "an old server")
	}
	return &workflowservice.GetSystemInfoResponse{Capabilities: f.system}, nil
}

func (f *frontend) ShutdownWorker(
	ctx context.Context, req *workflowservice.ShutdownWorkerRequest,
) (*workflowservice.ShutdownWorkerResponse, error) {
	f.record(req)
	if f.shutdown != nil {
		if err := f.shutdown(ctx); err != nil {
			return nil, err
		}
	}
	f.tellOnce.Do(func() { close(f.told) })
	return &workflowservice.ShutdownWorkerResponse{}, nil
}

func (f *frontend) RespondWorkflowTaskCompleted(
	_ context.Context, req *workflowservice.RespondWorkflowTaskCompletedRequest,
) (*workflowservice.RespondWorkflowTaskCompletedResponse, error) {
	f.record(req)
	if f.complete != nil {
		if err := f.complete(req); err != nil {
			return nil, err
		}
	}
	return f.eager.answer(req)
}

func (f *frontend) RespondWorkflowTaskFailed(
	_ context.Context, req *workflowservice.RespondWorkflowTaskFailedRequest,
) (*workflowservice.RespondWorkflowTaskFailedResponse, error) {
	f.record(req)
	return &workflowservice.RespondWorkflowTaskFailedResponse{}, nil
}

func (f *frontend) GetWorkflowExecutionHistory(
	_ context.Context, req *workflowservice.GetWorkflowExecutionHistoryRequest,
) (*workflowservice.GetWorkflowExecutionHistoryResponse, error) {
	f.record(req)
	return &workflowservice.GetWorkflowExecutionHistoryResponse{History: signaledHistory(1)}, nil
}

func (f *frontend) RespondActivityTaskCompleted(
	_ context.Context, req *workflowservice.RespondActivityTaskCompletedRequest,
) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	f.record(req)
	return &workflowservice.RespondActivityTaskCompletedResponse{}, nil
}

func (f *frontend) RespondActivityTaskFailed(
	_ context.Context, req *workflowservice.RespondActivityTaskFailedRequest,
) (*workflowservice.RespondActivityTaskFailedResponse, error) {
	f.record(req)
	return &workflowservice.RespondActivityTaskFailedResponse{}, nil
}

func (f *frontend) RecordActivityTaskHeartbeat(
	_ context.Context, req *workflowservice.RecordActivityTaskHeartbeatRequest,
) (*workflowservice.RecordActivityTaskHeartbeatResponse, error) {
	f.record(req)
	return &workflowservice.RecordActivityTaskHeartbeatResponse{}, nil
}

// refused is an error that a server sends.
func refused(code codes.Code) error { return status.Error(code, "no: "+code.String()) }

// forget drops what was recorded.
func (f *frontend) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = nil
}
