package codec_test

import (
	"context"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	querypb "go.temporal.io/api/query/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/core/codec"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// suffix is a codec that appends its name to the data, and cuts it off.
type suffix string

func (s suffix) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		out[i] = payload(string(p.GetData()) + string(s))
	}
	return out, nil
}

func (s suffix) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		out[i] = payload(string(p.GetData()[:len(p.GetData())-len(s)]))
	}
	return out, nil
}

func payload(data string) *commonpb.Payload {
	return &commonpb.Payload{
		Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(data),
	}
}

func list(data string) *commonpb.Payloads {
	return &commonpb.Payloads{Payloads: []*commonpb.Payload{payload(data)}}
}

// call makes a call of a query through the interceptor to a server that answers
// with the arguments, and returns what the server was sent and what came back.
func call(
	t *testing.T, through grpc.UnaryClientInterceptor, req *workflowservice.QueryWorkflowRequest,
) (sent *workflowservice.QueryWorkflowRequest, back *workflowservice.QueryWorkflowResponse) {
	t.Helper()
	back = &workflowservice.QueryWorkflowResponse{}
	err := through(t.Context(), "/QueryWorkflow", req, back, nil, func(
		_ context.Context, _ string, req, reply any, _ *grpc.ClientConn, _ ...grpc.CallOption,
	) error {
		query, asked := req.(*workflowservice.QueryWorkflowRequest)
		answer, answered := reply.(*workflowservice.QueryWorkflowResponse)
		if !asked || !answered {
			t.Errorf("messages %T and %T", req, reply)
			return nil
		}
		sent = proto.CloneOf(query)
		answer.QueryResult = proto.CloneOf(query.GetQuery().GetQueryArgs())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sent, back
}

func TestPayloadsAreEncodedOnTheWay(t *testing.T) {
	t.Parallel()
	through, err := codec.NewPayloadCodecGRPCClientInterceptor(
		codec.PayloadCodecGRPCClientInterceptorOptions{
			Codecs: []converter.PayloadCodec{suffix("outer"), suffix("inner")},
		})
	if err != nil {
		t.Fatal(err)
	}
	req := &workflowservice.QueryWorkflowRequest{Query: &querypb.WorkflowQuery{QueryArgs: list("1")}}
	for range 2 { // a call may be repeated
		sent, back := call(t, through, req)
		if got := string(sent.GetQuery().GetQueryArgs().GetPayloads()[0].GetData()); got != "1innerouter" {
			t.Errorf("sent %s", got)
		}
		if got := back.GetQueryResult(); !proto.Equal(got, list("1")) {
			t.Errorf("came back as %v", got)
		}
	}
	if got := req.GetQuery().GetQueryArgs(); !proto.Equal(got, list("1")) {
		t.Errorf("the request was changed to %v", got)
	}
}

func TestFailuresAreEncodedOnTheWay(t *testing.T) {
	t.Parallel()
	through, err := codec.NewFailureGRPCClientInterceptor(
		codec.NewFailureGRPCClientInterceptorOptions{EncodeCommonAttributes: true})
	if err != nil {
		t.Fatal(err)
	}
	const secret = "secret"
	req := &workflowservice.RespondActivityTaskFailedRequest{
		Failure: &failurepb.Failure{Message: secret, Cause: &failurepb.Failure{Message: secret}},
	}
	var sent *workflowservice.RespondActivityTaskFailedRequest
	back := &workflowservice.QueryWorkflowResponse{}
	err = through(t.Context(), "/any", req, back, nil, func(
		_ context.Context, _ string, req, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption,
	) error {
		sent, _ = req.(*workflowservice.RespondActivityTaskFailedRequest)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for f := sent.GetFailure(); f != nil; f = f.GetCause() {
		if f.GetMessage() == secret || f.GetEncodedAttributes() == nil {
			t.Errorf("sent %v", f)
		}
		converter.DecodeCommonFailureAttributes(converter.GetDefaultDataConverter(), f)
		if f.GetMessage() != secret {
			t.Errorf("decoded %v", f)
		}
	}
	if req.GetFailure().GetMessage() != secret {
		t.Error("the request was changed")
	}
}

func TestWrongOptionsAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := codec.NewFailureGRPCClientInterceptor(
		codec.NewFailureGRPCClientInterceptorOptions{}); err == nil {
		t.Error("an interceptor that does nothing was made")
	}
	if _, err := codec.NewPayloadCodecGRPCClientInterceptor(
		codec.PayloadCodecGRPCClientInterceptorOptions{
			Codecs: []converter.PayloadCodec{suffix("x"), nil},
		}); err == nil {
		t.Error("a nil codec was accepted")
	}
}
