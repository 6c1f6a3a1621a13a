package workflow

import (
	"fmt"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A Prepared is a workflow function that was checked once for all its runs.
type Prepared struct {
	// Definition is what it was made of.
	Definition runner.Definition

	call *callable
}

// Prepare checks the function of a definition.
func Prepare(def runner.Definition) (*Prepared, error) {
	call, err := newCallable(def.Func, shape{what: "workflow " + def.Type, context: true})
	if err != nil {
		return nil, err
	}
	return &Prepared{Definition: def, call: call}, nil
}

// As returns p, which is dynamic, for runs of a type.
func (p *Prepared) As(workflowType string) *Prepared {
	return &Prepared{Definition: p.Definition.As(workflowType), call: p.call}
}

// A Binding connects the authoring API to the world that a runner keeps for
// one run. It is for runners: the world can be made inside this module only.
type Binding struct {
	run     run
	main    *Prepared
	done    bool
	result  *commonpb.Payloads
	failure error
}

// BindOptions are what stands between a workflow and its world. The zero value
// is nothing.
type BindOptions struct {
	// Interceptors see what arrives and what the workflow does, the first one outermost.
	Interceptors []Interceptor
	// ContextPropagators carry values of contexts through headers.
	ContextPropagators []ContextPropagator
	// PreferredVersion chooses versions; nil is the newest.
	PreferredVersion PreferredVersionProvider
}

// Bind connects the workflow p to the world e, whose Info says how the run was
// started. The root coroutine runs when the coroutines of e are run.
func Bind(e *env.Env, p *Prepared, o BindOptions) (*Binding, error) {
	b := &Binding{main: p}
	r := &b.run
	r.begin(e, o)
	ctx := WithValue(rootContext{}, runKey, r)
	if err := r.intercept(ctx, o.Interceptors, p.call); err != nil {
		return nil, err
	}
	ctx, err := r.received(r.outbound.Go(ctx, "root", b.work), e.Info.Started.GetHeader())
	if err != nil {
		return nil, err
	}
	r.root = withCancel(ctx)
	return b, nil
}

// work is the root coroutine. What it calls stays on its stack while the workflow
// waits, so that is no more than it has to be.
func (b *Binding) work(ctx Context) {
	// What came with the first task must be in its place, updates included,
	// before the workflow looks.
	coroutineOf(ctx).Yield("before the workflow starts")
	ctx = b.run.root
	args, err := b.arguments(ctx)
	b.run.env.Info.Started = nil // nobody asks again, and it is large
	if err != nil {
		b.end(nil, err)
		return
	}
	b.end(b.run.inbound.ExecuteWorkflow(ctx, &ExecuteInput{Args: args}))
}

func (b *Binding) arguments(ctx Context) ([]any, error) {
	dc := converterOf(ctx)
	input := b.run.env.Info.Started.GetInput()
	if b.main.Definition.Dynamic {
		return []any{converter.NewEncodedValues(input, dc)}, nil
	}
	args, err := b.main.call.decode(dc, input)
	if err != nil {
		return nil, fmt.Errorf(
			"unable to decode the workflow function input payload with error: %w, function name: %s",
			err, b.main.Definition.Type)
	}
	return args, nil
}

// end keeps what the workflow function has returned.
func (b *Binding) end(result any, err error) {
	if err == nil {
		b.result, err = encode(converterOf(b.run.root), result)
	}
	b.failure, b.done = err, true
}

// Outcome returns what the workflow function has returned, and whether it has.
func (b *Binding) Outcome() (result *commonpb.Payloads, failure error, done bool) {
	return b.result, b.failure, b.done
}

// Abandoned logs what a workflow left behind when it returned.
func (b *Binding) Abandoned() {
	b.run.warnUnhandled()
	if b.failure == nil || temporal.IsCanceledError(b.failure) || IsContinueAsNewError(b.failure) {
		b.run.updates.warnUnfinished()
	}
}
