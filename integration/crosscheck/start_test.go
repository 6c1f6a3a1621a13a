package crosscheck_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/temporal"
)

// sdkStart returns the request with which the SDK's client starts a workflow: it
// is caught on its way to a server that is not there.
func sdkStart(t *testing.T, o client.StartWorkflowOptions) *workflowservice.StartWorkflowExecutionRequest {
	t.Helper()
	var caught *workflowservice.StartWorkflowExecutionRequest
	c, err := client.NewLazyClient(client.Options{ConnectionOptions: client.ConnectionOptions{
		DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(func(
			_ context.Context, _ string, req, _ any, _ *grpc.ClientConn, _ grpc.UnaryInvoker, _ ...grpc.CallOption,
		) error {
			if start, ok := req.(*workflowservice.StartWorkflowExecutionRequest); ok {
				caught = proto.CloneOf(start)
			}
			return nil
		})},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.ExecuteWorkflow(t.Context(), o, "W"); err != nil {
		t.Fatal(err)
	}
	if caught == nil {
		t.Fatal("the client has sent no request")
	}
	return caught
}

func TestSearchAttributesAreEqual(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("", 3600))
	want := sdkStart(t, client.StartWorkflowOptions{
		TaskQueue: "q",
		TypedSearchAttributes: sdktemporal.NewSearchAttributes(
			sdktemporal.NewSearchAttributeKeyString("text").ValueSet("a <b>"),
			sdktemporal.NewSearchAttributeKeyKeyword("keyword").ValueSet("k"),
			sdktemporal.NewSearchAttributeKeyKeywordList("list").ValueSet([]string{"x", "y"}),
			sdktemporal.NewSearchAttributeKeyKeywordList("empty").ValueSet(nil),
			sdktemporal.NewSearchAttributeKeyInt64("int").ValueSet(1<<60),
			sdktemporal.NewSearchAttributeKeyFloat64("float").ValueSet(0.1),
			sdktemporal.NewSearchAttributeKeyBool("bool").ValueSet(true),
			sdktemporal.NewSearchAttributeKeyTime("time").ValueSet(at),
			sdktemporal.NewSearchAttributeKeyInt64("unset").ValueUnset(),
		),
	}).GetSearchAttributes()
	ours := temporal.NewSearchAttributes(
		temporal.NewSearchAttributeKeyString("text").ValueSet("a <b>"),
		temporal.NewSearchAttributeKeyKeyword("keyword").ValueSet("k"),
		temporal.NewSearchAttributeKeyKeywordList("list").ValueSet([]string{"x", "y"}),
		temporal.NewSearchAttributeKeyKeywordList("empty").ValueSet(nil),
		temporal.NewSearchAttributeKeyInt64("int").ValueSet(1<<60),
		temporal.NewSearchAttributeKeyFloat64("float").ValueSet(0.1),
		temporal.NewSearchAttributeKeyBool("bool").ValueSet(true),
		temporal.NewSearchAttributeKeyTime("time").ValueSet(at),
		temporal.NewSearchAttributeKeyInt64("unset").ValueUnset(),
	)
	// A start has nothing to unset, so the SDK's client leaves out what is unset.
	got, err := temporal.EncodeSearchAttributes(temporal.NewSearchAttributes(ours.Copy()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("search attributes (-SDK +ours):\n%s", diff)
	}
	back, err := temporal.DecodeSearchAttributes(want)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := temporal.EncodeSearchAttributes(back); err != nil || back.Size() != ours.Size() {
		t.Errorf("decoded %d of %d: %v, %v", back.Size(), ours.Size(), again, err)
	}
}

func TestPoliciesAndPrioritiesAreEqual(t *testing.T) {
	t.Parallel()
	for _, policy := range []sdktemporal.RetryPolicy{
		{},
		{InitialInterval: time.Second},
		{
			InitialInterval: time.Millisecond, BackoffCoefficient: 1.5, MaximumInterval: time.Hour,
			MaximumAttempts: 3, NonRetryableErrorTypes: []string{"A", "B"},
		},
	} {
		priority := sdktemporal.Priority{PriorityKey: 2, FairnessKey: "f", FairnessWeight: 1.5}
		want := sdkStart(t, client.StartWorkflowOptions{TaskQueue: "q", RetryPolicy: &policy, Priority: priority})
		ours := temporal.RetryPolicy(policy)
		if diff := cmp.Diff(want.GetRetryPolicy(), temporal.RetryPolicyToProto(&ours), protocmp.Transform()); diff != "" {
			t.Errorf("retry policy (-SDK +ours):\n%s", diff)
		}
		if diff := cmp.Diff(want.GetPriority(), temporal.PriorityToProto(temporal.Priority(priority)),
			protocmp.Transform()); diff != "" {
			t.Errorf("priority (-SDK +ours):\n%s", diff)
		}
	}
}
