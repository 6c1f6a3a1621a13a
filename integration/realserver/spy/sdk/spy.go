package sdk

import (
	"context"
	"fmt"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/integration/realserver/spy/calls"
)

type tenantKey struct{}

// WithTenant returns a context of a client's call.
func WithTenant(ctx context.Context, tenant string) context.Context {
	return context.WithValue(ctx, tenantKey{}, tenant)
}

// Tenants propagates the tenant of a context.
type Tenants struct{}

func encoded(tenant any) *commonpb.Payload {
	return &commonpb.Payload{Data: fmt.Append(nil, tenant)}
}

func read(r workflow.HeaderReader) string {
	p, ok := r.Get("tenant")
	if !ok {
		return "none"
	}
	return string(p.GetData())
}

// Inject implements workflow.ContextPropagator.
func (Tenants) Inject(ctx context.Context, w workflow.HeaderWriter) error {
	w.Set("tenant", encoded(ctx.Value(tenantKey{})))
	return nil
}

// InjectFromWorkflow implements workflow.ContextPropagator.
func (Tenants) InjectFromWorkflow(ctx workflow.Context, w workflow.HeaderWriter) error {
	w.Set("tenant", encoded(ctx.Value(tenantKey{})))
	return nil
}

// Extract implements workflow.ContextPropagator.
func (Tenants) Extract(ctx context.Context, r workflow.HeaderReader) (context.Context, error) {
	return WithTenant(ctx, read(r)), nil
}

// ExtractToWorkflow implements workflow.ContextPropagator.
func (Tenants) ExtractToWorkflow(ctx workflow.Context, r workflow.HeaderReader) (workflow.Context, error) {
	return workflow.WithValue(ctx, tenantKey{}, read(r)), nil
}

// Tenant is an activity that returns for whom it runs.
func Tenant(ctx context.Context) (string, error) {
	return fmt.Sprint(ctx.Value(tenantKey{})), nil
}

// Child is a workflow that waits for two signals and returns for whom it runs.
func Child(ctx workflow.Context) (string, error) {
	workflow.GetSignalChannel(ctx, "child").Receive(ctx, nil)
	workflow.GetSignalChannel(ctx, "external").Receive(ctx, nil)
	return fmt.Sprint(ctx.Value(tenantKey{})), nil
}

// Parent is a workflow that sends headers wherever they can go, and calls what
// interceptors see.
func Parent(ctx workflow.Context, again bool) (string, error) {
	var said []string
	say := func(what string, v any) { said = append(said, fmt.Sprint(what, " ", v)) }
	say("run", ctx.Value(tenantKey{}))
	if err := handlers(ctx, say); err != nil {
		return "", err
	}
	other := workflow.WithValue(ctx, tenantKey{}, "other")
	for _, ctx := range []workflow.Context{ctx, other} {
		var got string
		remote := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		if err := workflow.ExecuteActivity(remote, "Tenant").Get(ctx, &got); err != nil {
			return "", err
		}
		say("activity", got)
		local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
		if err := workflow.ExecuteLocalActivity(local, Tenant).Get(ctx, &got); err != nil {
			return "", err
		}
		say("local activity", got)
	}
	id := workflow.GetInfo(ctx).WorkflowExecution.ID
	child := workflow.ExecuteChildWorkflow(workflow.WithWorkflowID(other, id+"/child"), "Child")
	if err := child.SignalChildWorkflow(other, "child", nil).Get(ctx, nil); err != nil {
		return "", err
	}
	if err := workflow.SignalExternalWorkflow(ctx, id+"/child", "", "external", nil).Get(ctx, nil); err != nil {
		return "", err
	}
	var got string
	if err := child.Get(ctx, &got); err != nil {
		return "", err
	}
	say("child", got)
	rest(ctx)
	workflow.GetSignalChannelWithOptions(ctx, "end", workflow.SignalChannelOptions{}).Receive(ctx, nil)
	if again {
		return "", workflow.NewContinueAsNewError(other, "Parent", false)
	}
	return strings.Join(said, ", "), nil
}

func handlers(ctx workflow.Context, say func(string, any)) error {
	update := func(ctx workflow.Context) error {
		say("update "+workflow.GetCurrentUpdateInfo(ctx).Name, ctx.Value(tenantKey{}))
		return nil
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, "update", update, workflow.UpdateHandlerOptions{}); err != nil {
		return err
	}
	query := func() (string, error) { return "asked", nil }
	if err := workflow.SetQueryHandlerWithOptions(ctx, "p", query, workflow.QueryHandlerOptions{}); err != nil {
		return err
	}
	return workflow.SetQueryHandler(ctx, "q", query)
}

// rest calls what has no header.
func rest(ctx workflow.Context) {
	yes := func() bool { return true }
	_ = workflow.Await(ctx, yes)
	_, _ = workflow.AwaitWithTimeout(ctx, time.Hour, yes)
	_, _ = workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{Timeout: time.Hour}, yes)
	_ = workflow.Sleep(ctx, time.Millisecond)
	_ = workflow.NewTimer(ctx, time.Millisecond).Get(ctx, nil)
	_ = workflow.NewTimerWithOptions(ctx, time.Millisecond, workflow.TimerOptions{}).Get(ctx, nil)
	one := func(workflow.Context) any { return 1 }
	same := func(a, b any) bool { return a == b }
	workflow.SideEffect(ctx, one)
	workflow.SideEffectWithOptions(ctx, workflow.SideEffectOptions{}, one)
	workflow.MutableSideEffect(ctx, "m", one, same)
	workflow.MutableSideEffectWithOptions(ctx, "n", workflow.MutableSideEffectOptions{}, one, same)
	workflow.GetVersion(ctx, "change", workflow.DefaultVersion, 1)
	_ = workflow.UpsertMemo(ctx, map[string]any{"memo": 1})
	workflow.GetTypedSearchAttributes(ctx)
	workflow.HasLastCompletionResult(ctx)
	_ = workflow.GetLastCompletionResult(ctx)
	_ = workflow.GetLastError(ctx)
	workflow.GetLogger(ctx).Debug("here")
	workflow.GetMetricsHandler(ctx)
	workflow.IsReplaying(ctx)
	wg := workflow.NewWaitGroup(ctx)
	wg.Add(2)
	workflow.Go(ctx, func(workflow.Context) { wg.Done() })
	workflow.GoNamed(ctx, "named", func(workflow.Context) { wg.Done() })
	wg.Wait(ctx)
}

// Interceptor counts every call and writes its name into every header.
type Interceptor struct {
	interceptor.WorkerInterceptorBase
	Calls *calls.Counter
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (i *Interceptor) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &activityIn{interceptor.ActivityInboundInterceptorBase{Next: next}, i.Calls}
}

// InterceptWorkflow implements interceptor.WorkerInterceptor.
func (i *Interceptor) InterceptWorkflow(
	_ workflow.Context, next interceptor.WorkflowInboundInterceptor,
) interceptor.WorkflowInboundInterceptor {
	return &in{interceptor.WorkflowInboundInterceptorBase{Next: next}, i.Calls}
}

type activityIn struct {
	interceptor.ActivityInboundInterceptorBase
	calls *calls.Counter
}

func (i *activityIn) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	i.calls.Saw("activity with header from " + string(interceptor.Header(ctx)["by"].GetData()))
	return i.Next.ExecuteActivity(ctx, in)
}

type in struct {
	interceptor.WorkflowInboundInterceptorBase
	calls *calls.Counter
}

// saw counts the calls of the live workflow: how often it is replayed is
// anybody's guess.
func saw(ctx workflow.Context, c *calls.Counter, replaying bool, name string) {
	if !replaying {
		c.Saw(name + headerOf(ctx))
	}
}

func headerOf(ctx workflow.Context) string {
	if h := interceptor.WorkflowHeader(ctx); h != nil {
		return fmt.Sprintf(" with header for %s from %s", h["tenant"].GetData(), h["by"].GetData())
	}
	return ""
}

func (i *in) Init(o interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&out{interceptor.WorkflowOutboundInterceptorBase{Next: o}, i.calls})
}

func (i *in) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	saw(ctx, i.calls, workflow.IsReplaying(ctx), "ExecuteWorkflow")
	return i.Next.ExecuteWorkflow(ctx, in)
}

func (i *in) HandleSignal(ctx workflow.Context, in *interceptor.HandleSignalInput) error {
	saw(ctx, i.calls, workflow.IsReplaying(ctx), "HandleSignal "+in.SignalName)
	return i.Next.HandleSignal(ctx, in)
}

func (i *in) HandleQuery(ctx workflow.Context, in *interceptor.HandleQueryInput) (any, error) {
	saw(ctx, i.calls, false, "HandleQuery")
	return i.Next.HandleQuery(ctx, in)
}

func (i *in) ValidateUpdate(ctx workflow.Context, in *interceptor.UpdateInput) error {
	saw(ctx, i.calls, workflow.IsReplaying(ctx), "ValidateUpdate")
	return i.Next.ValidateUpdate(ctx, in)
}

func (i *in) ExecuteUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (any, error) {
	saw(ctx, i.calls, workflow.IsReplaying(ctx), "ExecuteUpdate")
	return i.Next.ExecuteUpdate(ctx, in)
}

type out struct {
	interceptor.WorkflowOutboundInterceptorBase
	calls *calls.Counter
}

func (o *out) saw(ctx workflow.Context, name string) {
	if h := interceptor.WorkflowHeader(ctx); h != nil {
		h["by"] = &commonpb.Payload{Data: []byte(name)}
	}
	saw(ctx, o.calls, o.Next.IsReplaying(ctx), name)
}

func (o *out) Go(ctx workflow.Context, name string, f func(workflow.Context)) workflow.Context {
	saw(ctx, o.calls, o.Next.IsReplaying(ctx), "Go "+name)
	return o.Next.Go(ctx, name, f)
}

func (o *out) Await(ctx workflow.Context, condition func() bool) error {
	o.saw(ctx, "Await")
	return o.Next.Await(ctx, condition)
}

func (o *out) AwaitWithTimeout(ctx workflow.Context, d time.Duration, condition func() bool) (bool, error) {
	o.saw(ctx, "AwaitWithTimeout")
	return o.Next.AwaitWithTimeout(ctx, d, condition)
}

func (o *out) AwaitWithOptions(
	ctx workflow.Context, options workflow.AwaitOptions, condition func() bool,
) (bool, error) {
	o.saw(ctx, "AwaitWithOptions")
	return o.Next.AwaitWithOptions(ctx, options, condition)
}

func (o *out) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	o.saw(ctx, "ExecuteActivity")
	return o.Next.ExecuteActivity(ctx, name, args...)
}

func (o *out) ExecuteLocalActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	o.saw(ctx, "ExecuteLocalActivity")
	return o.Next.ExecuteLocalActivity(ctx, name, args...)
}

func (o *out) ExecuteChildWorkflow(ctx workflow.Context, name string, args ...any) workflow.ChildWorkflowFuture {
	o.saw(ctx, "ExecuteChildWorkflow")
	return o.Next.ExecuteChildWorkflow(ctx, name, args...)
}

func (o *out) SignalExternalWorkflow(ctx workflow.Context, id, runID, name string, arg any) workflow.Future {
	o.saw(ctx, "SignalExternalWorkflow")
	return o.Next.SignalExternalWorkflow(ctx, id, runID, name, arg)
}

func (o *out) SignalChildWorkflow(ctx workflow.Context, id, name string, arg any) workflow.Future {
	o.saw(ctx, "SignalChildWorkflow")
	return o.Next.SignalChildWorkflow(ctx, id, name, arg)
}

func (o *out) NewContinueAsNewError(ctx workflow.Context, wfn any, args ...any) error {
	o.saw(ctx, "NewContinueAsNewError")
	return o.Next.NewContinueAsNewError(ctx, wfn, args...)
}

func (o *out) GetInfo(ctx workflow.Context) *workflow.Info {
	o.saw(ctx, "GetInfo")
	return o.Next.GetInfo(ctx)
}

func (o *out) GetCurrentUpdateInfo(ctx workflow.Context) *workflow.UpdateInfo {
	o.saw(ctx, "GetCurrentUpdateInfo")
	return o.Next.GetCurrentUpdateInfo(ctx)
}

func (o *out) GetLogger(ctx workflow.Context) log.Logger {
	o.saw(ctx, "GetLogger")
	return o.Next.GetLogger(ctx)
}

func (o *out) NewTimer(ctx workflow.Context, d time.Duration) workflow.Future {
	o.saw(ctx, "NewTimer")
	return o.Next.NewTimer(ctx, d)
}

func (o *out) NewTimerWithOptions(
	ctx workflow.Context, d time.Duration, options workflow.TimerOptions,
) workflow.Future {
	o.saw(ctx, "NewTimerWithOptions")
	return o.Next.NewTimerWithOptions(ctx, d, options)
}

func (o *out) Sleep(ctx workflow.Context, d time.Duration) error {
	o.saw(ctx, "Sleep")
	return o.Next.Sleep(ctx, d)
}

func (o *out) GetSignalChannel(ctx workflow.Context, name string) workflow.ReceiveChannel {
	o.saw(ctx, "GetSignalChannel")
	return o.Next.GetSignalChannel(ctx, name)
}

func (o *out) GetSignalChannelWithOptions(
	ctx workflow.Context, name string, options workflow.SignalChannelOptions,
) workflow.ReceiveChannel {
	o.saw(ctx, "GetSignalChannelWithOptions")
	return o.Next.GetSignalChannelWithOptions(ctx, name, options)
}

func (o *out) SideEffect(ctx workflow.Context, f func(workflow.Context) any) converter.EncodedValue {
	o.saw(ctx, "SideEffect")
	return o.Next.SideEffect(ctx, f)
}

func (o *out) SideEffectWithOptions(
	ctx workflow.Context, options workflow.SideEffectOptions, f func(workflow.Context) any,
) converter.EncodedValue {
	o.saw(ctx, "SideEffectWithOptions")
	return o.Next.SideEffectWithOptions(ctx, options, f)
}

func (o *out) MutableSideEffect(
	ctx workflow.Context, id string, f func(workflow.Context) any, equals func(a, b any) bool,
) converter.EncodedValue {
	o.saw(ctx, "MutableSideEffect")
	return o.Next.MutableSideEffect(ctx, id, f, equals)
}

func (o *out) MutableSideEffectWithOptions(
	ctx workflow.Context, id string, options workflow.MutableSideEffectOptions,
	f func(workflow.Context) any, equals func(a, b any) bool,
) converter.EncodedValue {
	o.saw(ctx, "MutableSideEffectWithOptions")
	return o.Next.MutableSideEffectWithOptions(ctx, id, options, f, equals)
}

func (o *out) GetVersion(ctx workflow.Context, id string, low, high workflow.Version) workflow.Version {
	o.saw(ctx, "GetVersion")
	return o.Next.GetVersion(ctx, id, low, high)
}

func (o *out) UpsertMemo(ctx workflow.Context, memo map[string]any) error {
	o.saw(ctx, "UpsertMemo")
	return o.Next.UpsertMemo(ctx, memo)
}

func (o *out) SetQueryHandler(ctx workflow.Context, name string, handler any) error {
	o.saw(ctx, "SetQueryHandler")
	return o.Next.SetQueryHandler(ctx, name, handler)
}

func (o *out) SetQueryHandlerWithOptions(
	ctx workflow.Context, name string, handler any, options workflow.QueryHandlerOptions,
) error {
	o.saw(ctx, "SetQueryHandlerWithOptions")
	return o.Next.SetQueryHandlerWithOptions(ctx, name, handler, options)
}

func (o *out) SetUpdateHandler(
	ctx workflow.Context, name string, handler any, options workflow.UpdateHandlerOptions,
) error {
	o.saw(ctx, "SetUpdateHandler")
	return o.Next.SetUpdateHandler(ctx, name, handler, options)
}

func (o *out) HasLastCompletionResult(ctx workflow.Context) bool {
	o.saw(ctx, "HasLastCompletionResult")
	return o.Next.HasLastCompletionResult(ctx)
}

func (o *out) GetLastCompletionResult(ctx workflow.Context, d ...any) error {
	o.saw(ctx, "GetLastCompletionResult")
	return o.Next.GetLastCompletionResult(ctx, d...)
}

func (o *out) GetLastError(ctx workflow.Context) error {
	o.saw(ctx, "GetLastError")
	return o.Next.GetLastError(ctx)
}
