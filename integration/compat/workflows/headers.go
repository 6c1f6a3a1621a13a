package workflows

import (
	"context"
	"time"

	"github.com/mainspring-go/mainspring/interceptor"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
)

// tenant is what contexts carry through headers.
type tenant struct{}

// WithTenant returns a context that tells whose work is done in it.
func WithTenant(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, tenant{}, name)
}

// Propagators carry the tenant.
func Propagators() []workflow.ContextPropagator { return []workflow.ContextPropagator{propagator{}} }

// propagator carries the tenant from client to workflow to activity.
type propagator struct{}

const tenantHeader = "tenant"

func inject(v any, w workflow.HeaderWriter) error {
	name, ok := v.(string)
	if !ok {
		return nil
	}
	p, err := converter.GetDefaultDataConverter().ToPayload(name)
	if err != nil {
		return err
	}
	w.Set(tenantHeader, p)
	return nil
}

func extract(r workflow.HeaderReader) (name string, ok bool, err error) {
	p, ok := r.Get(tenantHeader)
	if !ok {
		return "", false, nil
	}
	err = converter.GetDefaultDataConverter().FromPayload(p, &name)
	return name, true, err
}

// Inject implements ContextPropagator.
func (propagator) Inject(ctx context.Context, w workflow.HeaderWriter) error {
	return inject(ctx.Value(tenant{}), w)
}

// Extract implements ContextPropagator.
func (propagator) Extract(ctx context.Context, r workflow.HeaderReader) (context.Context, error) {
	name, ok, err := extract(r)
	if !ok || err != nil {
		return ctx, err
	}
	return WithTenant(ctx, name), nil
}

// InjectFromWorkflow implements ContextPropagator.
func (propagator) InjectFromWorkflow(ctx workflow.Context, w workflow.HeaderWriter) error {
	return inject(ctx.Value(tenant{}), w)
}

// ExtractToWorkflow implements ContextPropagator.
func (propagator) ExtractToWorkflow(ctx workflow.Context, r workflow.HeaderReader) (workflow.Context, error) {
	name, ok, err := extract(r)
	if !ok || err != nil {
		return ctx, err
	}
	return workflow.WithValue(ctx, tenant{}, name), nil
}

// Tenant tells whose work an activity is.
func (*Acts) Tenant(ctx context.Context) (string, error) {
	name, _ := ctx.Value(tenant{}).(string)
	return name, nil
}

// Headers passes on whose work it does, to an activity and to a child.
func Headers(ctx workflow.Context) ([]string, error) {
	d, err := open(ctx)
	if err != nil {
		return nil, err
	}
	var a *Acts
	d.note("tenant %v", ctx.Value(tenant{}))
	var s string
	d.failure("activity", workflow.ExecuteActivity(brief(ctx), a.Tenant).Get(ctx, &s))
	d.note("%s", s)
	other := workflow.WithValue(ctx, tenant{}, "other")
	d.failure("activity", workflow.ExecuteActivity(brief(other), a.Tenant).Get(ctx, &s))
	d.note("%s", s)
	d.failure("child", workflow.ExecuteChildWorkflow(other, Heir).Get(ctx, &s))
	d.note("%s", s)
	return d.lines, nil
}

// Heir tells whose work it does.
func Heir(ctx workflow.Context) (string, error) {
	name, _ := ctx.Value(tenant{}).(string)
	return name, workflow.Sleep(ctx, time.Second)
}

// Interceptors stand before and behind the workflow Intercepted.
func Interceptors() []interceptor.WorkerInterceptor {
	return []interceptor.WorkerInterceptor{&standing{}}
}

type standing struct {
	interceptor.WorkerInterceptorBase
}

// InterceptWorkflow implements WorkerInterceptor.
func (*standing) InterceptWorkflow(
	ctx workflow.Context, next interceptor.WorkflowInboundInterceptor,
) interceptor.WorkflowInboundInterceptor {
	if workflow.GetInfo(ctx).WorkflowType.Name != "Intercepted" {
		return next
	}
	return &before{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}}
}

// before stands before the workflow.
type before struct {
	interceptor.WorkflowInboundInterceptorBase
}

// Init puts another interceptor behind the workflow.
func (b *before) Init(outbound interceptor.WorkflowOutboundInterceptor) error {
	return b.Next.Init(&behind{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{
		Next: outbound,
	}})
}

// ExecuteWorkflow has an activity done first.
func (b *before) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	var a *Acts
	if err := workflow.ExecuteActivity(brief(ctx), a.Echo, "before").Get(ctx, nil); err != nil {
		return nil, err
	}
	return b.Next.ExecuteWorkflow(ctx, in)
}

// HandleSignal sees signals.
func (b *before) HandleSignal(ctx workflow.Context, in *interceptor.HandleSignalInput) error {
	if in.SignalName == "hidden" {
		return nil
	}
	return b.Next.HandleSignal(ctx, in)
}

// behind stands behind the workflow.
type behind struct {
	interceptor.WorkflowOutboundInterceptorBase
}

// ExecuteActivity writes a header.
func (b *behind) ExecuteActivity(ctx workflow.Context, activityType string, args ...any) workflow.Future {
	if p, err := converter.GetDefaultDataConverter().ToPayload("behind"); err == nil {
		interceptor.WorkflowHeader(ctx)["by"] = p
	}
	return b.Next.ExecuteActivity(ctx, activityType, append(args, "and more")...)
}

// Intercepted is stood before and behind.
func Intercepted(ctx workflow.Context) (string, error) {
	var a *Acts
	var s string
	if err := workflow.ExecuteActivity(brief(ctx), a.Echo, "within").Get(ctx, &s); err != nil {
		return "", err
	}
	wait(ctx)
	return s + fmtNames(workflow.GetUnhandledSignalNames(ctx)), nil
}

func fmtNames(names []string) (text string) {
	for _, n := range names {
		text += " " + n
	}
	return text
}
