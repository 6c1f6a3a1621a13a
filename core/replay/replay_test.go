package replay_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/replay"
	"github.com/mainspring-go/mainspring/workflow"
	workflowreplay "github.com/mainspring-go/mainspring/workflow/replay"
	"github.com/mainspring-go/mainspring/workflow/replay/command"
)

func Wait(ctx workflow.Context) error {
	workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
	return nil
}

func Return(workflow.Context) error { return nil }

// A server has one run, of a workflow that waits.
type server struct {
	workflowservice.UnimplementedWorkflowServiceServer
	listener *bufconn.Listener

	mu    sync.Mutex
	asked []string
}

func (s *server) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, what)
}

func (s *server) ListWorkflowExecutions(
	_ context.Context, r *workflowservice.ListWorkflowExecutionsRequest,
) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	s.note("list " + r.GetNamespace() + " " + r.GetQuery())
	return &workflowservice.ListWorkflowExecutionsResponse{
		Executions: []*workflowpb.WorkflowExecutionInfo{{
			Execution: &commonpb.WorkflowExecution{WorkflowId: "waiting", RunId: "run"},
		}},
	}, nil
}

func (s *server) GetWorkflowExecutionHistory(
	_ context.Context, r *workflowservice.GetWorkflowExecutionHistoryRequest,
) (*workflowservice.GetWorkflowExecutionHistoryResponse, error) {
	s.note("history " + r.GetNamespace() + " " + r.GetExecution().GetWorkflowId())
	if r.GetExecution().GetWorkflowId() != "waiting" {
		return nil, serviceerror.ToStatus(serviceerror.NewNotFound("no such workflow")).Err()
	}
	return &workflowservice.GetWorkflowExecutionHistoryResponse{History: &historypb.History{
		Events: []*historypb.HistoryEvent{
			{
				EventId: 1, EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
				Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
					WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{
						WorkflowType: &commonpb.WorkflowType{Name: "Wait"},
					},
				},
			},
			{EventId: 2, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED},
			{EventId: 3, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED},
			{EventId: 4, EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED},
		},
	}}, nil
}

func serve(t *testing.T) *server {
	t.Helper()
	s := &server{listener: bufconn.Listen(1 << 16)}
	g := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(g, s)
	go func() { _ = g.Serve(s.listener) }()
	t.Cleanup(g.Stop)
	return s
}

// run runs the program with these arguments.
func run(t *testing.T, s *server, waits any, args ...string) int {
	t.Helper()
	was := os.Args
	t.Cleanup(func() { os.Args = was })
	os.Args = append([]string{"replay", "-address", "passthrough:///memory", "-namespace", "shop"}, args...)
	c := connect.Options{
		DialOptions: []grpc.DialOption{
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
				return s.listener.DialContext(ctx)
			}),
		},
	}
	return replay.MainWithOptions(c, command.Options{Register: func(r *workflowreplay.WorkflowReplayer) error {
		return r.RegisterWorkflowWithOptions(waits, workflow.RegisterOptions{Name: "Wait"})
	}})
}

func TestServer(t *testing.T) {
	s := serve(t)
	if code := run(t, s, Wait, "-query", "all"); code != command.Same {
		t.Errorf("exit code %d for what is the same", code)
	}
	if want := []string{"list shop all", "history shop waiting"}; !slices.Equal(s.asked, want) {
		t.Errorf("the server was asked for %q, want %q", s.asked, want)
	}
	if code := run(t, s, Return, "-workflow-id", "waiting"); code != command.Differs {
		t.Errorf("exit code %d for what differs", code)
	}
	if code := run(t, s, Wait, "-workflow-id", "none"); code != command.NotReplayed {
		t.Errorf("exit code %d for what is not there", code)
	}
}

func TestMainFunction(t *testing.T) {
	was := os.Args
	t.Cleanup(func() { os.Args = was })
	os.Args = []string{"replay", filepath.Join(t.TempDir(), "none.json")}
	if code := replay.Main(Wait); code != command.NotReplayed {
		t.Errorf("exit code %d for a file that is not there", code)
	}
}
