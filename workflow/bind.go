package workflow

import (
	"fmt"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/internal/direct"
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
	input   *input // until the workflow function is called
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
// The options stay as they are.
func Bind(e *env.Env, p *Prepared, o *BindOptions) (*Binding, error) {
	b := &Binding{main: p}
	r := &b.run
	r.begin(e, o)
	ctx := Context(rootContext{r})
	if err := r.intercept(ctx, o.Interceptors, (*rootInbound)(b)); err != nil {
		return nil, err
	}
	ctx, err := r.received(r.outbound.Go(ctx, "root", b.work()), e.Info.Started.GetHeader())
	if err != nil {
		return nil, err
	}
	r.root = withCancel(ctx)
	b.input = &input{decoding: decoding{ctx: r.root, call: p.call, in: e.Info.Started.GetInput()}, main: p}
	return b, nil
}

// work is the root coroutine. What it calls stays on its stack while the workflow
// waits, so that is no more than it has to be. It is not inlined, so that it has the
// name in stacks by which it is left out of what authors see.
//
//go:noinline
func (b *Binding) work() func(ctx Context) {
	return func(ctx Context) {
		if call, args := b.prepare(ctx); call != nil {
			b.end(call(b.run.root, args))
		}
	}
}

// prepare returns how the workflow function is to be called and with what, nil if
// it is not.
func (b *Binding) prepare(ctx Context) (direct.Call, []any) {
	// What came with the first task must be in its place, updates included,
	// before the workflow looks.
	coroutineOf(ctx).Yield("before the workflow starts")
	in := b.input
	b.run.env.Coroutines.Watch.Help(in)
	b.input, b.run.env.Info.Started = nil, nil // nobody asks again, and it is large
	switch {
	case in.err != nil:
		b.end(nil, in.err)
		return nil, nil
	case b.run.headers():
		return b.execute, in.args
	default:
		return b.main.call.how(in.args), in.args
	}
}

// execute calls the workflow function by way of interceptors.
func (b *Binding) execute(ctx Context, args []any) (any, error) {
	return b.run.inbound.ExecuteWorkflow(ctx, &ExecuteInput{Args: args})
}

// An input is that of the workflow function, which a helper decodes.
type input struct {
	decoding
	main *Prepared
}

// Do implements [coro.Job].
func (i *input) Do() {
	if i.main.Definition.Dynamic {
		i.args = []any{converter.NewEncodedValues(i.in, converterOf(i.ctx))}
		return
	}
	if i.decoding.Do(); i.err != nil {
		i.err = fmt.Errorf(
			"unable to decode the workflow function input payload with error: %w, function name: %s",
			i.err, i.main.Definition.Type)
	}
}

// end keeps what the workflow function has returned.
func (b *Binding) end(result any, err error) {
	if err == nil {
		b.result, err = encode(b.run.env, converterOf(b.run.root), result)
	}
	b.failure, b.run.done = err, true
}

// Outcome returns what the workflow function has returned, and whether it has.
func (b *Binding) Outcome() (result *commonpb.Payloads, failure error, done bool) {
	return b.result, b.failure, b.run.done
}

// Abandoned logs what a workflow left behind when it returned.
func (b *Binding) Abandoned() {
	b.run.warnUnhandled()
	if b.failure == nil || temporal.IsCanceledError(b.failure) || IsContinueAsNewError(b.failure) {
		b.run.updates.warnUnfinished()
	}
}
