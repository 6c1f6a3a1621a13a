package codec

import (
	"context"
	"errors"
	"fmt"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/proxy"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// PayloadCodecGRPCClientInterceptorOptions are the options of
// NewPayloadCodecGRPCClientInterceptor.
type PayloadCodecGRPCClientInterceptorOptions struct {
	// Codecs encode from the last to the first and decode from the first to the last, as those
	// of converter.NewCodecDataConverter do.
	Codecs []converter.PayloadCodec
}

// NewPayloadCodecGRPCClientInterceptor returns an interceptor that encodes all payloads of requests
// and decodes those of responses and errors, search attributes left out. Requests are copied, not
// changed: a call may be repeated. Its error is that of a codec that is nil.
func NewPayloadCodecGRPCClientInterceptor(
	options PayloadCodecGRPCClientInterceptorOptions,
) (grpc.UnaryClientInterceptor, error) {
	codecs := slices.Clone(options.Codecs)
	if i := slices.Index(codecs, nil); i >= 0 {
		return nil, fmt.Errorf("codecs: number %d is nil", i)
	}
	visit, err := proxy.NewPayloadVisitorInterceptor(proxy.PayloadVisitorInterceptorOptions{
		Outbound: &proxy.VisitPayloadsOptions{
			Visitor: func(
				_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload,
			) (_ []*commonpb.Payload, err error) {
				for _, c := range slices.Backward(codecs) {
					if payloads, err = c.Encode(payloads); err != nil {
						return nil, err
					}
				}
				return payloads, nil
			},
			SkipSearchAttributes: true,
		},
		Inbound: &proxy.VisitPayloadsOptions{
			Visitor: func(
				_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload,
			) (_ []*commonpb.Payload, err error) {
				for _, c := range codecs {
					if payloads, err = c.Decode(payloads); err != nil {
						return nil, err
					}
				}
				return payloads, nil
			},
			SkipSearchAttributes: true,
		},
	})
	return copying(visit), err
}

// NewFailureGRPCClientInterceptorOptions are the options of NewFailureGRPCClientInterceptor.
type NewFailureGRPCClientInterceptorOptions struct {
	// DataConverter encodes the attributes; nil is the default one.
	DataConverter converter.DataConverter
	// EncodeCommonAttributes must be true: there is nothing else to encode.
	EncodeCommonAttributes bool
}

// NewFailureGRPCClientInterceptor returns an interceptor that moves message and stack trace of all
// failures of requests into a payload, as a failure converter with EncodeCommonAttributes does, and
// back in responses and errors. Requests are copied, not changed.
func NewFailureGRPCClientInterceptor(
	options NewFailureGRPCClientInterceptorOptions,
) (grpc.UnaryClientInterceptor, error) {
	if !options.EncodeCommonAttributes {
		return nil, errors.New("EncodeCommonAttributes must be set for this interceptor to function")
	}
	dc := options.DataConverter
	if dc == nil {
		dc = converter.GetDefaultDataConverter()
	}
	visit, err := proxy.NewFailureVisitorInterceptor(proxy.FailureVisitorInterceptorOptions{
		Outbound: &proxy.VisitFailuresOptions{
			Visitor: func(_ *proxy.VisitFailuresContext, failure *failurepb.Failure) error {
				return converter.EncodeCommonFailureAttributes(dc, failure)
			},
		},
		Inbound: &proxy.VisitFailuresOptions{
			Visitor: func(_ *proxy.VisitFailuresContext, failure *failurepb.Failure) error {
				converter.DecodeCommonFailureAttributes(dc, failure)
				return nil
			},
		},
	})
	return copying(visit), err
}

// copying gives an interceptor that writes into requests a copy of each: whoever repeats a call
// sends the same request, and it must not be encoded twice.
func copying(visit grpc.UnaryClientInterceptor) grpc.UnaryClientInterceptor {
	return func(
		ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
		invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		if m, ok := req.(proto.Message); ok {
			req = proto.Clone(m)
		}
		return visit(ctx, method, req, reply, cc, invoke, opts...)
	}
}
