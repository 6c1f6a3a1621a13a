package workflow

import (
	"time"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// An OutboundInterceptor stands between workflow code and what this package
// does for it: the functions of this package call the method of their name. An
// implementation embeds [OutboundInterceptorBase], so that it goes on to work
// when methods are added, and has the methods that it cares for. It runs within
// the workflow and must be as deterministic as workflow code; the logs and the
// like are its own business.
//
// A public function gets here in three steps, all of them in sight of each other:
// a method of this interface; the method of [OutboundInterceptorBase] that passes
// on; and the one of rootOutbound, in the file of the function, that does the
// work. The function itself checks that it may run ([run.mustMutate]), turns what
// was registered into a name, adds a header if its command has one
// ([run.withHeader]) and calls run.outbound. Where the work of a method contains
// another function of this package, it calls the public one, so that interceptors
// see that too, if and only if the official SDK's does. TestInterceptorsSeeEveryCall
// in package native fails until it has the method and calls the function.
type OutboundInterceptor interface { //nolint:interfacebloat // it has the methods of the official SDK's
	// Go intercepts [Go] and [GoNamed], and the start of the workflow itself as
	// the coroutine "root". It returns the context that f runs with.
	Go(ctx Context, name string, f func(ctx Context)) Context
	// Await intercepts [Await].
	Await(ctx Context, condition func() bool) error
	// AwaitWithTimeout intercepts [AwaitWithTimeout].
	AwaitWithTimeout(ctx Context, timeout time.Duration, condition func() bool) (bool, error)
	// AwaitWithOptions intercepts [AwaitWithOptions].
	AwaitWithOptions(ctx Context, options AwaitOptions, condition func() bool) (bool, error)
	// ExecuteActivity intercepts [ExecuteActivity]; it may write to [Header].
	ExecuteActivity(ctx Context, activityType string, args ...any) Future
	// ExecuteLocalActivity intercepts [ExecuteLocalActivity]; it may write to [Header].
	ExecuteLocalActivity(ctx Context, activityType string, args ...any) Future
	// ExecuteChildWorkflow intercepts [ExecuteChildWorkflow]; it may write to [Header].
	ExecuteChildWorkflow(ctx Context, childWorkflowType string, args ...any) ChildWorkflowFuture
	// RequestCancelExternalWorkflow intercepts [RequestCancelExternalWorkflow].
	RequestCancelExternalWorkflow(ctx Context, workflowID, runID string) Future
	// SignalExternalWorkflow intercepts [SignalExternalWorkflow]; it may write to [Header].
	SignalExternalWorkflow(ctx Context, workflowID, runID, signalName string, arg any) Future
	// SignalChildWorkflow intercepts [ChildWorkflowFuture].SignalChildWorkflow;
	// it may write to [Header].
	SignalChildWorkflow(ctx Context, workflowID, signalName string, arg any) Future
	// NewContinueAsNewError intercepts [NewContinueAsNewError] and
	// [NewContinueAsNewErrorWithOptions]; it may write to [Header].
	NewContinueAsNewError(ctx Context, wfn any, args ...any) error
	// HasLastCompletionResult intercepts [HasLastCompletionResult].
	HasLastCompletionResult(ctx Context) bool
	// GetLastCompletionResult intercepts [GetLastCompletionResult].
	GetLastCompletionResult(ctx Context, d ...any) error
	// GetLastError intercepts [GetLastError].
	GetLastError(ctx Context) error
	// GetInfo intercepts [GetInfo].
	GetInfo(ctx Context) *Info
	// GetCurrentUpdateInfo intercepts [GetCurrentUpdateInfo].
	GetCurrentUpdateInfo(ctx Context) *UpdateInfo
	// GetLogger intercepts [GetLogger].
	GetLogger(ctx Context) log.Logger
	// GetMetricsHandler intercepts [GetMetricsHandler].
	GetMetricsHandler(ctx Context) metrics.Handler
	// Now intercepts [Now].
	Now(ctx Context) time.Time
	// NewTimer intercepts [NewTimer].
	NewTimer(ctx Context, d time.Duration) Future
	// NewTimerWithOptions intercepts [NewTimerWithOptions], and the timers of
	// [Sleep] and of waits with a timeout.
	NewTimerWithOptions(ctx Context, d time.Duration, options TimerOptions) Future
	// Sleep intercepts [Sleep].
	Sleep(ctx Context, d time.Duration) (err error)
	// GetSignalChannel intercepts [GetSignalChannel].
	GetSignalChannel(ctx Context, signalName string) ReceiveChannel
	// GetSignalChannelWithOptions intercepts [GetSignalChannelWithOptions].
	GetSignalChannelWithOptions(ctx Context, signalName string, options SignalChannelOptions) ReceiveChannel
	// SetQueryHandler intercepts [SetQueryHandler].
	SetQueryHandler(ctx Context, queryType string, handler any) error
	// SetQueryHandlerWithOptions intercepts [SetQueryHandlerWithOptions].
	SetQueryHandlerWithOptions(ctx Context, queryType string, handler any, options QueryHandlerOptions) error
	// SetUpdateHandler intercepts [SetUpdateHandler] and [SetUpdateHandlerWithOptions].
	SetUpdateHandler(ctx Context, updateName string, handler any, opts UpdateHandlerOptions) error
	// GetTypedSearchAttributes intercepts [GetTypedSearchAttributes].
	GetTypedSearchAttributes(ctx Context) temporal.SearchAttributes
	// UpsertTypedSearchAttributes intercepts [UpsertTypedSearchAttributes].
	UpsertTypedSearchAttributes(ctx Context, attributes ...temporal.SearchAttributeUpdate) error
	// UpsertMemo intercepts [UpsertMemo].
	UpsertMemo(ctx Context, memo map[string]any) error
	// SideEffect intercepts [SideEffect].
	SideEffect(ctx Context, f func(ctx Context) any) converter.EncodedValue
	// SideEffectWithOptions intercepts [SideEffectWithOptions].
	SideEffectWithOptions(ctx Context, options SideEffectOptions, f func(ctx Context) any) converter.EncodedValue
	// MutableSideEffect intercepts [MutableSideEffect].
	MutableSideEffect(
		ctx Context, id string, f func(ctx Context) any, equals func(a, b any) bool,
	) converter.EncodedValue
	// MutableSideEffectWithOptions intercepts [MutableSideEffectWithOptions].
	MutableSideEffectWithOptions(
		ctx Context, id string, options MutableSideEffectOptions,
		f func(ctx Context) any, equals func(a, b any) bool,
	) converter.EncodedValue
	// GetVersion intercepts [GetVersion].
	GetVersion(ctx Context, changeID string, minSupported, maxSupported Version) Version
	// IsReplaying intercepts [IsReplaying].
	IsReplaying(ctx Context) bool

	mustEmbedOutboundInterceptorBase()
}

// rootOutbound is the last of the outbound interceptors: it does the work. Its
// methods stand beside the functions whose work they do.
type rootOutbound struct{ run *run }

var _ OutboundInterceptor = rootOutbound{}

func (rootOutbound) mustEmbedOutboundInterceptorBase() {}

// OutboundInterceptorBase passes every call on to the next interceptor. Every
// [OutboundInterceptor] embeds it.
type OutboundInterceptorBase struct {
	// Next is who is called next.
	Next OutboundInterceptor
}

var _ OutboundInterceptor = (*OutboundInterceptorBase)(nil)

// Go passes on.
func (b *OutboundInterceptorBase) Go(ctx Context, name string, f func(ctx Context)) Context {
	return b.Next.Go(ctx, name, f)
}

// Await passes on.
func (b *OutboundInterceptorBase) Await(ctx Context, condition func() bool) error {
	return b.Next.Await(ctx, condition)
}

// AwaitWithTimeout passes on.
func (b *OutboundInterceptorBase) AwaitWithTimeout(
	ctx Context, timeout time.Duration, condition func() bool,
) (bool, error) {
	return b.Next.AwaitWithTimeout(ctx, timeout, condition)
}

// AwaitWithOptions passes on.
func (b *OutboundInterceptorBase) AwaitWithOptions(
	ctx Context, options AwaitOptions, condition func() bool,
) (bool, error) {
	return b.Next.AwaitWithOptions(ctx, options, condition)
}

// ExecuteActivity passes on.
func (b *OutboundInterceptorBase) ExecuteActivity(ctx Context, activityType string, args ...any) Future {
	return b.Next.ExecuteActivity(ctx, activityType, args...)
}

// ExecuteLocalActivity passes on.
func (b *OutboundInterceptorBase) ExecuteLocalActivity(ctx Context, activityType string, args ...any) Future {
	return b.Next.ExecuteLocalActivity(ctx, activityType, args...)
}

// ExecuteChildWorkflow passes on.
func (b *OutboundInterceptorBase) ExecuteChildWorkflow(
	ctx Context, childWorkflowType string, args ...any,
) ChildWorkflowFuture {
	return b.Next.ExecuteChildWorkflow(ctx, childWorkflowType, args...)
}

// RequestCancelExternalWorkflow passes on.
func (b *OutboundInterceptorBase) RequestCancelExternalWorkflow(ctx Context, workflowID, runID string) Future {
	return b.Next.RequestCancelExternalWorkflow(ctx, workflowID, runID)
}

// SignalExternalWorkflow passes on.
func (b *OutboundInterceptorBase) SignalExternalWorkflow(
	ctx Context, workflowID, runID, signalName string, arg any,
) Future {
	return b.Next.SignalExternalWorkflow(ctx, workflowID, runID, signalName, arg)
}

// SignalChildWorkflow passes on.
func (b *OutboundInterceptorBase) SignalChildWorkflow(
	ctx Context, workflowID, signalName string, arg any,
) Future {
	return b.Next.SignalChildWorkflow(ctx, workflowID, signalName, arg)
}

// NewContinueAsNewError passes on.
func (b *OutboundInterceptorBase) NewContinueAsNewError(ctx Context, wfn any, args ...any) error {
	return b.Next.NewContinueAsNewError(ctx, wfn, args...)
}

// HasLastCompletionResult passes on.
func (b *OutboundInterceptorBase) HasLastCompletionResult(ctx Context) bool {
	return b.Next.HasLastCompletionResult(ctx)
}

// GetLastCompletionResult passes on.
func (b *OutboundInterceptorBase) GetLastCompletionResult(ctx Context, d ...any) error {
	return b.Next.GetLastCompletionResult(ctx, d...)
}

// GetLastError passes on.
func (b *OutboundInterceptorBase) GetLastError(ctx Context) error { return b.Next.GetLastError(ctx) }

// GetInfo passes on.
func (b *OutboundInterceptorBase) GetInfo(ctx Context) *Info { return b.Next.GetInfo(ctx) }

// GetCurrentUpdateInfo passes on.
func (b *OutboundInterceptorBase) GetCurrentUpdateInfo(ctx Context) *UpdateInfo {
	return b.Next.GetCurrentUpdateInfo(ctx)
}

// GetLogger passes on.
func (b *OutboundInterceptorBase) GetLogger(ctx Context) log.Logger { return b.Next.GetLogger(ctx) }

// GetMetricsHandler passes on.
func (b *OutboundInterceptorBase) GetMetricsHandler(ctx Context) metrics.Handler {
	return b.Next.GetMetricsHandler(ctx)
}

// Now passes on.
func (b *OutboundInterceptorBase) Now(ctx Context) time.Time { return b.Next.Now(ctx) }

// NewTimer passes on.
func (b *OutboundInterceptorBase) NewTimer(ctx Context, d time.Duration) Future {
	return b.Next.NewTimer(ctx, d)
}

// NewTimerWithOptions passes on.
func (b *OutboundInterceptorBase) NewTimerWithOptions(
	ctx Context, d time.Duration, options TimerOptions,
) Future {
	return b.Next.NewTimerWithOptions(ctx, d, options)
}

// Sleep passes on.
func (b *OutboundInterceptorBase) Sleep(ctx Context, d time.Duration) (err error) {
	return b.Next.Sleep(ctx, d)
}

// GetSignalChannel passes on.
func (b *OutboundInterceptorBase) GetSignalChannel(ctx Context, signalName string) ReceiveChannel {
	return b.Next.GetSignalChannel(ctx, signalName)
}

// GetSignalChannelWithOptions passes on.
func (b *OutboundInterceptorBase) GetSignalChannelWithOptions(
	ctx Context, signalName string, options SignalChannelOptions,
) ReceiveChannel {
	return b.Next.GetSignalChannelWithOptions(ctx, signalName, options)
}

// SetQueryHandler passes on.
func (b *OutboundInterceptorBase) SetQueryHandler(ctx Context, queryType string, handler any) error {
	return b.Next.SetQueryHandler(ctx, queryType, handler)
}

// SetQueryHandlerWithOptions passes on.
func (b *OutboundInterceptorBase) SetQueryHandlerWithOptions(
	ctx Context, queryType string, handler any, options QueryHandlerOptions,
) error {
	return b.Next.SetQueryHandlerWithOptions(ctx, queryType, handler, options)
}

// SetUpdateHandler passes on.
func (b *OutboundInterceptorBase) SetUpdateHandler(
	ctx Context, updateName string, handler any, opts UpdateHandlerOptions,
) error {
	return b.Next.SetUpdateHandler(ctx, updateName, handler, opts)
}

// GetTypedSearchAttributes passes on.
func (b *OutboundInterceptorBase) GetTypedSearchAttributes(ctx Context) temporal.SearchAttributes {
	return b.Next.GetTypedSearchAttributes(ctx)
}

// UpsertTypedSearchAttributes passes on.
func (b *OutboundInterceptorBase) UpsertTypedSearchAttributes(
	ctx Context, attributes ...temporal.SearchAttributeUpdate,
) error {
	return b.Next.UpsertTypedSearchAttributes(ctx, attributes...)
}

// UpsertMemo passes on.
func (b *OutboundInterceptorBase) UpsertMemo(ctx Context, memo map[string]any) error {
	return b.Next.UpsertMemo(ctx, memo)
}

// SideEffect passes on.
func (b *OutboundInterceptorBase) SideEffect(ctx Context, f func(ctx Context) any) converter.EncodedValue {
	return b.Next.SideEffect(ctx, f)
}

// SideEffectWithOptions passes on.
func (b *OutboundInterceptorBase) SideEffectWithOptions(
	ctx Context, options SideEffectOptions, f func(ctx Context) any,
) converter.EncodedValue {
	return b.Next.SideEffectWithOptions(ctx, options, f)
}

// MutableSideEffect passes on.
func (b *OutboundInterceptorBase) MutableSideEffect(
	ctx Context, id string, f func(ctx Context) any, equals func(a, b any) bool,
) converter.EncodedValue {
	return b.Next.MutableSideEffect(ctx, id, f, equals)
}

// MutableSideEffectWithOptions passes on.
func (b *OutboundInterceptorBase) MutableSideEffectWithOptions(
	ctx Context, id string, options MutableSideEffectOptions,
	f func(ctx Context) any, equals func(a, b any) bool,
) converter.EncodedValue {
	return b.Next.MutableSideEffectWithOptions(ctx, id, options, f, equals)
}

// GetVersion passes on.
func (b *OutboundInterceptorBase) GetVersion(
	ctx Context, changeID string, minSupported, maxSupported Version,
) Version {
	return b.Next.GetVersion(ctx, changeID, minSupported, maxSupported)
}

// IsReplaying passes on.
func (b *OutboundInterceptorBase) IsReplaying(ctx Context) bool { return b.Next.IsReplaying(ctx) }

func (*OutboundInterceptorBase) mustEmbedOutboundInterceptorBase() {}
