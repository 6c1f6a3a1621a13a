package workflow

import (
	"fmt"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
)

// An Interceptor is asked for every run, when it starts and whenever it is
// rebuilt, what is to stand before its workflow code. Every WorkerInterceptor of
// package interceptor is one.
type Interceptor interface {
	// InterceptWorkflow returns what is called instead of next and may call it.
	InterceptWorkflow(ctx Context, next InboundInterceptor) InboundInterceptor
}

// An InboundInterceptor stands between the server and workflow code. An
// implementation embeds [InboundInterceptorBase], so that it goes on to work when
// methods are added, and has the methods that it cares for. It runs within the
// workflow and must be as deterministic as workflow code.
type InboundInterceptor interface { //nolint:interfacebloat // it has the methods of the official SDK's
	// Init is called first. An implementation that wants to see what workflow
	// code does gives the next interceptor an outbound of its own. An error fails
	// the workflow task.
	Init(outbound OutboundInterceptor) error
	// ExecuteWorkflow runs the workflow function. [Header] is what the run was
	// started with.
	ExecuteWorkflow(ctx Context, in *ExecuteInput) (any, error)
	// HandleSignal puts a signal where the workflow will find it. It runs before
	// the coroutines do and must not block. [Header] is the signal's. An error
	// fails the workflow task.
	HandleSignal(ctx Context, in *SignalInput) error
	// HandleQuery runs a query handler, under the same rules: it must not change
	// anything. [Header] is the query's.
	HandleQuery(ctx Context, in *QueryInput) (any, error)
	// ValidateUpdate decides whether an update is accepted, also if its handler
	// has no validator. It is not called in replay and must not change anything.
	// [Header] is the update's.
	ValidateUpdate(ctx Context, in *UpdateInput) error
	// ExecuteUpdate runs an update handler. [Header] is the update's.
	ExecuteUpdate(ctx Context, in *UpdateInput) (any, error)

	mustEmbedInboundInterceptorBase()
}

// ExecuteInput is the input of [InboundInterceptor].ExecuteWorkflow.
type ExecuteInput struct {
	// Args are the decoded arguments, the context not among them.
	Args []any
}

// SignalInput is the input of [InboundInterceptor].HandleSignal.
type SignalInput struct {
	// SignalName is the name of the signal.
	SignalName string
	// Arg is the argument as it was sent: its type is known only where it is received.
	Arg *commonpb.Payloads
}

// QueryInput is the input of [InboundInterceptor].HandleQuery.
type QueryInput struct {
	// QueryType is the type of the query.
	QueryType string
	// Args are the decoded arguments.
	Args []any
}

// UpdateInput is the input of [InboundInterceptor].ValidateUpdate and ExecuteUpdate:
// both get the same one.
type UpdateInput struct {
	// Name of the update.
	Name string
	// Args are the decoded arguments.
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

// ExecuteWorkflow passes on.
func (b *InboundInterceptorBase) ExecuteWorkflow(ctx Context, in *ExecuteInput) (any, error) {
	return b.Next.ExecuteWorkflow(ctx, in)
}

// HandleSignal passes on.
func (b *InboundInterceptorBase) HandleSignal(ctx Context, in *SignalInput) error {
	return b.Next.HandleSignal(ctx, in)
}

// HandleQuery passes on.
func (b *InboundInterceptorBase) HandleQuery(ctx Context, in *QueryInput) (any, error) {
	return b.Next.HandleQuery(ctx, in)
}

// ValidateUpdate passes on.
func (b *InboundInterceptorBase) ValidateUpdate(ctx Context, in *UpdateInput) error {
	return b.Next.ValidateUpdate(ctx, in)
}

// ExecuteUpdate passes on.
func (b *InboundInterceptorBase) ExecuteUpdate(ctx Context, in *UpdateInput) (any, error) {
	return b.Next.ExecuteUpdate(ctx, in)
}

func (*InboundInterceptorBase) mustEmbedInboundInterceptorBase() {}

// rootInbound is the last of the inbound interceptors: it does the work.
type rootInbound Binding

var _ InboundInterceptor = (*rootInbound)(nil)

func (*rootInbound) mustEmbedInboundInterceptorBase() {}

// Init puts in place what workflow code calls.
func (i *rootInbound) Init(outbound OutboundInterceptor) error {
	i.run.outbound = outbound
	return nil
}

// ExecuteWorkflow calls the workflow function.
func (i *rootInbound) ExecuteWorkflow(ctx Context, in *ExecuteInput) (any, error) {
	return i.main.call.call(i.run.withoutHeader(ctx), in.Args)
}

// HandleSignal puts the signal into its channel.
func (i *rootInbound) HandleSignal(ctx Context, in *SignalInput) error {
	if !i.run.signalChannel(ctx, in.SignalName).offer(in.Arg) {
		return fmt.Errorf("exceeded channel buffer size for signal: %s", in.SignalName)
	}
	return nil
}

// HandleQuery calls the query handler.
func (i *rootInbound) HandleQuery(ctx Context, in *QueryInput) (any, error) {
	h, err := i.run.queryHandler(in.QueryType)
	if err != nil {
		return nil, err
	}
	return h.call.call(ctx, in.Args)
}

// ValidateUpdate calls the validator, if the handler has one.
func (i *rootInbound) ValidateUpdate(ctx Context, in *UpdateInput) error {
	h, err := i.run.updates.handler(in.Name)
	if err != nil || h.validate == nil {
		return err
	}
	return guardValidator(func() error { _, err := h.validate.call(ctx, in.Args); return err })
}

// ExecuteUpdate calls the update handler.
func (i *rootInbound) ExecuteUpdate(ctx Context, in *UpdateInput) (any, error) {
	h, err := i.run.updates.handler(in.Name)
	if err != nil {
		return nil, err
	}
	return h.call.call(ctx, in.Args)
}

// intercept puts the interceptors, the first one outermost, before the run.
func (r *run) intercept(ctx Context, interceptors []Interceptor, root *rootInbound) error {
	r.outbound = rootOutbound{r}
	r.inbound = root
	for _, i := range slices.Backward(interceptors) {
		r.inbound = i.InterceptWorkflow(ctx, r.inbound)
	}
	if err := r.inbound.Init(rootOutbound{r}); err != nil {
		return fmt.Errorf("an interceptor refused to start: %w", err)
	}
	return nil
}
