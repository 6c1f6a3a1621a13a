package activity

import (
	"context"
	"fmt"
	"slices"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// An Interceptor is asked for every attempt what is to stand before and behind the activity. It
// has the shape of the official SDK's worker interceptors, and every WorkerInterceptor of package
// interceptor is one. [Intercept] makes a [Middleware] of interceptors; a middleware is the
// simpler thing to write.
type Interceptor interface {
	// InterceptActivity returns what is called instead of next and may call it. In ctx, the
	// functions of this package work.
	InterceptActivity(ctx context.Context, next InboundInterceptor) InboundInterceptor
}

// InboundInterceptor stands before an activity. An implementation embeds
// [InboundInterceptorBase], so that it goes on to work when methods are added, and has the methods
// that it cares for.
type InboundInterceptor interface {
	// Init is called first. An implementation that wants to see what the activity asks for gives
	// the next interceptor an outbound of its own. An error fails the attempt.
	Init(outbound OutboundInterceptor) error
	// ExecuteActivity runs the activity and returns its result, not yet encoded. [Header] is what
	// the caller sent beside the arguments.
	ExecuteActivity(ctx context.Context, in *ExecuteInput) (any, error)

	mustEmbedInboundInterceptorBase()
}

// ExecuteInput is the input of [InboundInterceptor].ExecuteActivity.
type ExecuteInput struct {
	// Args are the decoded arguments, the context not among them.
	Args []any
}

// InboundInterceptorBase passes every call on to the next interceptor. Every
// [InboundInterceptor] embeds it.
type InboundInterceptorBase struct {
	// Next is who is called next.
	Next InboundInterceptor
}

var _ InboundInterceptor = (*InboundInterceptorBase)(nil)

// Init passes on.
func (b *InboundInterceptorBase) Init(outbound OutboundInterceptor) error {
	return b.Next.Init(outbound)
}

// ExecuteActivity passes on.
func (b *InboundInterceptorBase) ExecuteActivity(ctx context.Context, in *ExecuteInput) (any, error) {
	return b.Next.ExecuteActivity(ctx, in)
}

func (*InboundInterceptorBase) mustEmbedInboundInterceptorBase() {}

// OutboundInterceptor stands between an activity and what it asks for through its context. An
// implementation embeds [OutboundInterceptorBase], and is safe for use by several goroutines.
type OutboundInterceptor interface {
	Outbound

	mustEmbedOutboundInterceptorBase()
}

// OutboundInterceptorBase passes every call on to the next interceptor. Every
// [OutboundInterceptor] embeds it.
type OutboundInterceptorBase struct {
	// Next is who is called next.
	Next OutboundInterceptor
}

var _ OutboundInterceptor = (*OutboundInterceptorBase)(nil)

// GetInfo passes on.
func (b *OutboundInterceptorBase) GetInfo(ctx context.Context) Info { return b.Next.GetInfo(ctx) }

// GetLogger passes on.
func (b *OutboundInterceptorBase) GetLogger(ctx context.Context) log.Logger {
	return b.Next.GetLogger(ctx)
}

// GetMetricsHandler passes on.
func (b *OutboundInterceptorBase) GetMetricsHandler(ctx context.Context) metrics.Handler {
	return b.Next.GetMetricsHandler(ctx)
}

// GetWorkerStopChannel passes on.
func (b *OutboundInterceptorBase) GetWorkerStopChannel(ctx context.Context) <-chan struct{} {
	return b.Next.GetWorkerStopChannel(ctx)
}

// RecordHeartbeat passes on.
func (b *OutboundInterceptorBase) RecordHeartbeat(ctx context.Context, details ...any) {
	b.Next.RecordHeartbeat(ctx, details...)
}

// HasHeartbeatDetails passes on.
func (b *OutboundInterceptorBase) HasHeartbeatDetails(ctx context.Context) bool {
	return b.Next.HasHeartbeatDetails(ctx)
}

// GetHeartbeatDetails passes on.
func (b *OutboundInterceptorBase) GetHeartbeatDetails(ctx context.Context, pointers ...any) error {
	return b.Next.GetHeartbeatDetails(ctx, pointers...)
}

func (*OutboundInterceptorBase) mustEmbedOutboundInterceptorBase() {}

// rootOutbound is the last of the outbound interceptors.
type rootOutbound struct{ Outbound }

func (rootOutbound) mustEmbedOutboundInterceptorBase() {}

// rootInbound is the last of the inbound interceptors.
type rootInbound struct {
	next     Invoke
	in       *Invocation
	outbound Outbound
}

func (*rootInbound) mustEmbedInboundInterceptorBase() {}

// Init keeps what the activity is to call.
func (r *rootInbound) Init(outbound OutboundInterceptor) error {
	r.outbound = outbound
	return nil
}

// ExecuteActivity calls what comes after the interceptors.
func (r *rootInbound) ExecuteActivity(ctx context.Context, in *ExecuteInput) (any, error) {
	r.in.Args = in.Args
	return r.next(context.WithValue(ctx, headerKey{}, nil), r.in)
}

// Intercept makes a [Middleware] of interceptors, the first one outermost.
func Intercept(interceptors ...Interceptor) Middleware {
	return func(next Invoke) Invoke {
		if len(interceptors) == 0 {
			return next
		}
		return func(ctx context.Context, in *Invocation) (any, error) {
			return intercepted(ctx, interceptors, next, in)
		}
	}
}

func intercepted(
	ctx context.Context, interceptors []Interceptor, next Invoke, in *Invocation,
) (any, error) {
	outbound, ok := OutboundFrom(ctx)
	if !ok {
		outbound = &Environment{} // what code finds outside an activity
	}
	root := &rootInbound{next: next, in: in}
	var inbound InboundInterceptor = root
	for _, i := range slices.Backward(interceptors) {
		inbound = i.InterceptActivity(ctx, inbound)
	}
	if err := inbound.Init(rootOutbound{outbound}); err != nil {
		return nil, fmt.Errorf("an interceptor refused to start: %w", err)
	}
	if root.outbound != nil {
		ctx = WithOutbound(ctx, root.outbound)
	}
	header := in.Header.GetFields()
	if header == nil {
		header = make(map[string]*commonpb.Payload)
	}
	return inbound.ExecuteActivity(context.WithValue(ctx, headerKey{}, header), &ExecuteInput{Args: in.Args})
}

type headerKey struct{}

// Header returns, within [InboundInterceptor].ExecuteActivity, what the caller of the activity
// sent beside the arguments. Elsewhere, the activity's code among it, it is nil.
func Header(ctx context.Context) map[string]*commonpb.Payload {
	header, _ := ctx.Value(headerKey{}).(map[string]*commonpb.Payload)
	return header
}
