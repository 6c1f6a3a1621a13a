package server_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/replay"
	"github.com/mainspring-go/mainspring/workflow/replay/server"
)

type (
	historyRequest  = workflowservice.GetWorkflowExecutionHistoryRequest
	historyResponse = workflowservice.GetWorkflowExecutionHistoryResponse
	listRequest     = workflowservice.ListWorkflowExecutionsRequest
	listResponse    = workflowservice.ListWorkflowExecutionsResponse
)

// option is what calls of this connection take, as grpc.CallOption is.
type option interface{ apply() }

// A connection has runs of one history, in two pages, of which the second is as
// the server stores it, and lists one run a page.
type connection struct {
	t      *testing.T
	events []*historypb.HistoryEvent
	runs   []string
	err    error
}

func (c *connection) GetWorkflowExecutionHistory(
	_ context.Context, r *historyRequest, _ ...option,
) (*historyResponse, error) {
	if r.GetNamespace() != "shop" || !slices.Contains(c.runs, r.GetExecution().GetWorkflowId()) {
		return nil, errors.New("not here")
	}
	if len(r.GetNextPageToken()) == 0 {
		return &historyResponse{
			History: &historypb.History{Events: c.events[:2]}, NextPageToken: []byte("more"),
		}, nil
	}
	blob, err := proto.Marshal(&historypb.History{Events: c.events[2:]})
	if err != nil {
		c.t.Error(err)
	}
	return &historyResponse{RawHistory: []*commonpb.DataBlob{{
		EncodingType: enumspb.ENCODING_TYPE_PROTO3, Data: blob,
	}}}, nil
}

func (c *connection) ListWorkflowExecutions(
	_ context.Context, r *listRequest, _ ...option,
) (*listResponse, error) {
	if c.err != nil && len(r.GetNextPageToken()) > 0 {
		return nil, c.err
	}
	if r.GetQuery() != "WorkflowType = 'wf'" {
		c.t.Errorf("query %q", r.GetQuery())
	}
	n := len(r.GetNextPageToken())
	resp := &listResponse{Executions: []*workflowpb.WorkflowExecutionInfo{{
		Execution: &commonpb.WorkflowExecution{WorkflowId: c.runs[n], RunId: "run"},
	}}}
	if n+1 < len(c.runs) {
		resp.NextPageToken = make([]byte, n+1)
	}
	return resp, nil
}

func wait(ctx workflow.Context) error {
	workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
	return nil
}

func setUp(t *testing.T) (*connection, *replay.WorkflowReplayer) {
	t.Helper()
	h := histories.Start("wf")
	h.Task()
	h.CompleteTask(nil)
	h.Signal("other")
	r := replay.NewWorkflowReplayer()
	if err := r.RegisterWorkflowWithOptions(wait, workflow.RegisterOptions{Name: "wf"}); err != nil {
		t.Fatal(err)
	}
	return &connection{t: t, events: h.Events, runs: []string{"a", "b", "c"}}, r
}

func TestOf(t *testing.T) {
	c, r := setUp(t)
	if err := r.ReplayWorkflowExecution(t.Context(), server.Of(c), nil, "shop", workflow.Execution{ID: "a"}); err != nil {
		t.Error(err)
	}
	if err := r.ReplayWorkflowExecution(t.Context(), server.Of(c), nil, "shop", workflow.Execution{ID: "z"}); err == nil {
		t.Error("a run that is not there was replayed")
	}
}

func TestQuery(t *testing.T) {
	c, r := setUp(t)
	for _, fails := range []bool{false, true} {
		want := []string{"a run", "b run", "c run"}
		if fails {
			c.err, want = errors.New("gone"), []string{"a run", "query WorkflowType = 'wf'"}
		}
		report, err := r.ReplayAll(t.Context(),
			server.Query(t.Context(), c, "shop", "WorkflowType = 'wf'"), replay.AllOptions{})
		var got []string
		for _, result := range report.Results {
			got = append(got, result.Source)
		}
		if err != nil || !slices.Equal(got, want) || (report.Err() != nil) != fails || fails && !errors.Is(report.Err(), c.err) {
			t.Errorf("got %q with %v, %v, want %q", got, report.Err(), err, want)
		}
	}
	for range server.Query(t.Context(), c, "shop", "WorkflowType = 'wf'") {
		break
	}
}
