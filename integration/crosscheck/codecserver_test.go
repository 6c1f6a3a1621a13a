package crosscheck_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	querypb "go.temporal.io/api/query/v1"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdkconverter "go.temporal.io/sdk/converter"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/core/codec"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/converter/codecserver"
)

func TestCodecHandlersAnswerTheSame(t *testing.T) {
	t.Parallel()
	ours := codecserver.NewPayloadCodecHTTPHandler(
		converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true}))
	theirs := sdkconverter.NewPayloadCodecHTTPHandler(
		sdkconverter.NewZlibCodec(sdkconverter.ZlibCodecOptions{AlwaysEncode: true}))
	const one = `{"payloads":[{"metadata":{"encoding":"YmluYXJ5L3psaWI="},"data":"MQ=="}]}`
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		for _, path := range []string{"/encode", "/x/decode", "/download", "/"} {
			for _, body := range []string{one, `{}`, `{"payloads":[]}`, `{`, ``, `{"payloads":[null]}`} {
				ask := func(h http.Handler) string {
					w := httptest.NewRecorder()
					h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path,
						strings.NewReader(body)))
					// protojson varies the blanks of its errors on purpose.
					text := strings.ReplaceAll(strings.TrimSpace(w.Body.String()), "\u00a0", " ")
					return http.StatusText(w.Code) + " " + w.Header().Get("Content-Type") + " " + text
				}
				got, want := ask(ours), ask(theirs)
				// The SDK does not name the payload that zlib could not read.
				got = strings.Replace(got, "payload item 0: unable to decode: ", "", 1)
				if got != want {
					t.Errorf("%s %s %s:\n%s\nthe SDK:\n%s", method, path, body, got, want)
				}
			}
		}
	}
}

func TestRemoteCodecsAskEachOther(t *testing.T) {
	t.Parallel()
	serve := func(h http.Handler) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	refuse := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			t.Error(err)
		}
		http.Error(w, "no", http.StatusTeapot)
	})
	for name, url := range map[string]string{
		"ours": serve(codecserver.NewPayloadCodecHTTPHandler(
			converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true}))),
		"theirs": serve(sdkconverter.NewPayloadCodecHTTPHandler(
			sdkconverter.NewZlibCodec(sdkconverter.ZlibCodecOptions{AlwaysEncode: true}))),
		"refuses": serve(refuse),
		"absent":  "http://127.0.0.1:1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours := codecserver.NewRemoteDataConverter(converter.GetDefaultDataConverter(),
				codecserver.RemoteDataConverterOptions{Endpoint: url})
			theirs := sdkconverter.NewRemoteDataConverter(sdkconverter.GetDefaultDataConverter(),
				sdkconverter.RemoteDataConverterOptions{Endpoint: url})
			got, gotErr := ours.ToPayload("value")
			want, wantErr := theirs.ToPayload("value")
			if wantErr != nil {
				if gotErr == nil || gotErr.Error() != strings.TrimSpace(wantErr.Error()) {
					t.Errorf("error %v, the SDK %v", gotErr, wantErr)
				}
				return
			}
			if gotErr != nil {
				t.Fatal(gotErr)
			}
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("payload (-SDK +ours):\n%s", diff)
			}
			var back string
			if err := ours.FromPayload(want, &back); err != nil || back != "value" {
				t.Errorf("read %q, %v", back, err)
			}
		})
	}
}

func TestInterceptorsSendTheSame(t *testing.T) {
	t.Parallel()
	ours, err := codec.NewPayloadCodecGRPCClientInterceptor(codec.PayloadCodecGRPCClientInterceptorOptions{
		Codecs: []converter.PayloadCodec{converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true})},
	})
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := sdkconverter.NewPayloadCodecGRPCClientInterceptor(
		sdkconverter.PayloadCodecGRPCClientInterceptorOptions{
			Codecs: []sdkconverter.PayloadCodec{
				sdkconverter.NewZlibCodec(sdkconverter.ZlibCodecOptions{AlwaysEncode: true}),
			},
		})
	if err != nil {
		t.Fatal(err)
	}
	ourFailures, err := codec.NewFailureGRPCClientInterceptor(
		codec.NewFailureGRPCClientInterceptorOptions{EncodeCommonAttributes: true})
	if err != nil {
		t.Fatal(err)
	}
	theirFailures, err := sdkconverter.NewFailureGRPCClientInterceptor(
		sdkconverter.NewFailureGRPCClientInterceptorOptions{EncodeCommonAttributes: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, req := range requests() {
		for _, pair := range [][2]grpc.UnaryClientInterceptor{{ours, theirs}, {ourFailures, theirFailures}} {
			got, want := sent(t, pair[0], req), sent(t, pair[1], req)
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("%T (-SDK +ours):\n%s", req, diff)
			}
		}
	}
	_, got := codec.NewFailureGRPCClientInterceptor(codec.NewFailureGRPCClientInterceptorOptions{})
	_, want := sdkconverter.NewFailureGRPCClientInterceptor(
		sdkconverter.NewFailureGRPCClientInterceptorOptions{})
	wantSameError(t, got, want)
}

func requests() []proto.Message {
	list := &commonpb.Payloads{Payloads: []*commonpb.Payload{{Data: []byte("1")}}}
	fields := map[string]*commonpb.Payload{"x": {Data: []byte("2")}}
	return []proto.Message{
		&workflowservice.StartWorkflowExecutionRequest{
			Input: list, Memo: &commonpb.Memo{Fields: fields},
			SearchAttributes: &commonpb.SearchAttributes{IndexedFields: fields},
			Header:           &commonpb.Header{Fields: fields},
		},
		&workflowservice.QueryWorkflowRequest{Query: &querypb.WorkflowQuery{QueryArgs: list}},
		&workflowservice.UpdateWorkflowExecutionRequest{
			Request: &updatepb.Request{Input: &updatepb.Input{Args: list}},
		},
		&workflowservice.RespondActivityTaskFailedRequest{
			Failure: &failurepb.Failure{Message: "m", StackTrace: "s", Cause: &failurepb.Failure{Message: "c"}},
		},
		&workflowservice.GetSystemInfoRequest{},
	}
}

// sent is what a server gets of a request, and of what it answers with: the
// request again.
func sent(t *testing.T, through grpc.UnaryClientInterceptor, req proto.Message) []proto.Message {
	t.Helper()
	var got proto.Message
	back := proto.Clone(req)
	err := through(t.Context(), "/any", proto.Clone(req), back, nil, func(
		_ context.Context, _ string, req, reply any, _ *grpc.ClientConn, _ ...grpc.CallOption,
	) error {
		request, isMessage := req.(proto.Message)
		response, too := reply.(proto.Message)
		if !isMessage || !too {
			return fmt.Errorf("messages %T and %T", req, reply)
		}
		got = proto.Clone(request)
		proto.Reset(response)
		proto.Merge(response, got)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return []proto.Message{got, back}
}
