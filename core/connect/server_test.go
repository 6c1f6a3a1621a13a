package connect_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/mainspring-go/mainspring/core/connect"
)

// A server answers each call with the next of the errors, and then without one.
type server struct {
	workflowservice.UnimplementedWorkflowServiceServer
	listener *bufconn.Listener

	mu      sync.Mutex
	version string // what GetSystemInfo says
	errs    []error
	always  error // after errs
	headers []metadata.MD
	at      []time.Time
	lefts   []time.Duration // until the deadline of each; zero if there was none
}

// serve serves on memory until the test ends.
func serve(t *testing.T, options ...grpc.ServerOption) *server {
	t.Helper()
	s := &server{listener: bufconn.Listen(1 << 16)}
	options = append(options, grpc.KeepaliveEnforcementPolicy(
		keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}))
	g := grpc.NewServer(options...)
	workflowservice.RegisterWorkflowServiceServer(g, s)
	go func() { _ = g.Serve(s.listener) }()
	t.Cleanup(g.Stop)
	return s
}

// dial connects to the server.
func (s *server) dial(t *testing.T, o connect.Options) *connect.Client {
	t.Helper()
	o.Address = "passthrough:///memory"
	o.DialOptions = append([]grpc.DialOption{grpc.WithContextDialer(
		func(ctx context.Context, _ string) (net.Conn, error) { return s.listener.DialContext(ctx) })}, o.DialOptions...)
	client, err := connect.Dial(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

// calls counts the attempts.
func (s *server) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.at)
}

// header returns what the attempt i said under a key.
func (s *server) header(i int, key string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.headers[i].Get(key)
}

// left returns how long the attempt i was to take at most.
func (s *server) left(i int) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lefts[i]
}

func (s *server) next(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	md, _ := metadata.FromIncomingContext(ctx)
	s.headers, s.at = append(s.headers, md), append(s.at, time.Now())
	left := time.Duration(0)
	if until, ok := ctx.Deadline(); ok {
		left = time.Until(until)
	}
	s.lefts = append(s.lefts, left)
	if len(s.errs) == 0 {
		return s.always
	}
	err := s.errs[0]
	s.errs = s.errs[1:]
	return err
}

func (s *server) GetSystemInfo(
	ctx context.Context, _ *workflowservice.GetSystemInfoRequest,
) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{ServerVersion: s.version}, s.next(ctx)
}

func (s *server) DescribeNamespace(
	ctx context.Context, _ *workflowservice.DescribeNamespaceRequest,
) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{}, s.next(ctx)
}

func (s *server) PollActivityTaskQueue(
	ctx context.Context, _ *workflowservice.PollActivityTaskQueueRequest,
) (*workflowservice.PollActivityTaskQueueResponse, error) {
	return &workflowservice.PollActivityTaskQueueResponse{}, s.next(ctx)
}

// ask makes a call that says nothing of a namespace.
func ask(t *testing.T, c *connect.Client) error {
	t.Helper()
	return askWithin(t.Context(), c)
}

func askWithin(ctx context.Context, c *connect.Client) error {
	_, err := c.WorkflowService().GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
	return err
}

func refused(c codes.Code) error { return status.Error(c, "no: "+c.String()) }
