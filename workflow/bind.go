package workflow

import (
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A Binding connects the authoring API to the world that a runner keeps for
// one run. It is for runners: the world can be made inside this module only.
type Binding struct {
	run     *run
	def     runner.Definition
	call    *callable
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

// Bind connects the definition def to the world e, whose Info says how the run
// was started. The root coroutine runs when the coroutines of e are run.
func Bind(e *env.Env, def runner.Definition, o BindOptions) (*Binding, error) {
	call, err := newCallable(def.Func, shape{what: "workflow " + def.Type, context: true})
	if err != nil {
		return nil, err
	}
	if w := e.Coroutines.Watch; w != nil {
		e.DataConverter = timedConverter(e.DataConverter, w)
		e.RootDataConverter = timedConverter(e.RootDataConverter, w)
		e.FailureConverter = &timedFailures{e.FailureConverter, w}
		e.RootFailureConverter = &timedFailures{e.RootFailureConverter, w}
	}
	r := &run{
		env:     e,
		signals: make(map[string]*channel),
		queries: make(map[string]*queryHandler),

		summaries: make(map[string]*sdkpb.UserMetadata),

		intercepted: len(o.Interceptors) > 0,
		propagators: o.ContextPropagators,
		preferred:   o.PreferredVersion,
	}
	r.logger = replayLogger{env: e, to: e.Logger}
	r.info = newInfo(e)
	r.updates.run = r
	b := &Binding{run: r, def: def, call: call}
	ctx := WithValue(rootContext{}, runKey, r)
	if err := r.intercept(ctx, o.Interceptors, call); err != nil {
		return nil, err
	}
	ctx, err = r.received(r.outbound.Go(ctx, "root", b.main), e.Info.Started.GetHeader())
	if err != nil {
		return nil, err
	}
	root, cancel := WithCancel(ctx)
	r.root = root
	e.Hooks = env.Hooks{
		Signal: r.signal,
		Cancel: cancel,
		Update: r.update,
		Query:  r.query,
		Idle:   r.updates.releaseAll,

		MemoChanged: func(m *commonpb.Memo) { r.info.Memo = m },
	}
	return b, nil
}

// main is the root coroutine.
func (b *Binding) main(ctx Context) {
	// What came with the first task must be in its place, updates included,
	// before the workflow looks.
	coroutineOf(ctx).Yield("before the workflow starts")
	b.result, b.failure = b.invoke(b.run.root)
	b.done = true
}

func (b *Binding) invoke(ctx Context) (*commonpb.Payloads, error) {
	dc := converterOf(ctx)
	input := b.run.env.Info.Started.GetInput()
	if b.def.Dynamic {
		return b.execute(ctx, []any{converter.NewEncodedValues(input, dc)})
	}
	args, err := b.call.decode(dc, input)
	if err != nil {
		return nil, fmt.Errorf(
			"unable to decode the workflow function input payload with error: %w, function name: %s",
			err, b.def.Type)
	}
	return b.execute(ctx, args)
}

func (b *Binding) execute(ctx Context, args []any) (*commonpb.Payloads, error) {
	result, err := b.run.inbound.ExecuteWorkflow(ctx, &ExecuteInput{Args: args})
	if err != nil {
		return nil, err
	}
	return encode(converterOf(ctx), result)
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
