package service

import (
	"context"
	"fmt"
	"strings"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// A Hook stands before every call and decides what becomes of it. To let the call
// pass it returns call.Do(ctx). An error before that is one of a service that did
// not get the call; an error after it one whose response was lost. It may wait,
// and call Do twice: the request was then delivered twice. Errors should be those
// of go.temporal.io/api/serviceerror or gRPC statuses. It runs on the call's
// goroutine, concurrently with other calls.
type Hook func(ctx context.Context, call *Call) (proto.Message, error)

// A Call is one call of a method.
type Call struct {
	// Method is its short name, such as StartWorkflowExecution.
	Method string
	// Request is the call's own copy.
	Request proto.Message

	do func(ctx context.Context, request proto.Message) (proto.Message, error)
}

// Do performs the call on a copy of Request.
func (c *Call) Do(ctx context.Context) (proto.Message, error) {
	return c.do(ctx, proto.Clone(c.Request))
}

// call performs one call, through the hook.
func (s *Service) call(ctx context.Context, method string, request proto.Message) (proto.Message, error) {
	short := method[strings.LastIndexByte(method, '/')+1:]
	handler, err := find(short)
	if err != nil {
		return nil, err
	}
	do := func(ctx context.Context, request proto.Message) (proto.Message, error) {
		if err := s.refuses(ctx); err != nil {
			return nil, err
		}
		if err := s.admits(request); err != nil {
			return nil, err
		}
		if err := s.standsBy(short, request); err != nil {
			return nil, err
		}
		if err := s.overlook(request); err != nil {
			return nil, err
		}
		out, err := handler(s.api, ctx, func(in any) error {
			m, ok := in.(proto.Message)
			if !ok {
				return fmt.Errorf("service: %T is not a message", in)
			}
			proto.Merge(m, request)
			return nil
		}, nil)
		if err != nil {
			return nil, err
		}
		response, ok := out.(proto.Message)
		if !ok {
			return nil, fmt.Errorf("service: %s answered with %T", short, out)
		}
		return response, nil
	}
	s.enter()
	defer s.leave()
	if s.options.Hook == nil {
		return do(ctx, request)
	}
	return s.options.Hook(ctx, &Call{Method: short, Request: request, do: do})
}

// refuses says why no call can be made any more.
func (s *Service) refuses(ctx context.Context) error {
	select {
	case <-s.closed:
		return errClosed()
	default:
		return ctx.Err()
	}
}

// find returns the handler of a method.
func find(
	short string,
) (func(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error), error) {
	for _, m := range workflowservice.WorkflowService_ServiceDesc.Methods {
		if m.MethodName == short {
			return m.Handler, nil
		}
	}
	return nil, status.Errorf(codes.Unimplemented, "unknown method %s", short)
}

// statusOf makes a gRPC error of one of the Temporal API.
func statusOf(err error) error {
	if _, ok := status.FromError(err); ok {
		return err
	}
	return serviceerror.ToStatus(err).Err()
}

// intercept is the way of calls through a gRPC server: the same as that of
// direct ones.
func (s *Service) intercept(
	ctx context.Context, req any, info *grpc.UnaryServerInfo, _ grpc.UnaryHandler,
) (any, error) {
	request, ok := req.(proto.Message)
	if !ok {
		return nil, status.Errorf(codes.Internal, "%T is not a message", req)
	}
	response, err := s.call(ctx, info.FullMethod, request)
	if err != nil {
		return nil, statusOf(err)
	}
	return response, nil
}
