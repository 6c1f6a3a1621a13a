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
	args    []any // of the workflow function, until that is called
	argsErr error
	decoded bool // args and argsErr are set
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

		lastResult:  e.Info.Started.GetLastCompletionResult(),
		lastFailure: e.Info.Started.GetContinuedFailure(),
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
	b.decodeEarly()
	return b, nil
}

// main is the root coroutine. What it calls stays on its stack while the workflow
// waits, so that is no more than it has to be.
func (b *Binding) main(ctx Context) {
	// What came with the first task must be in its place, updates included,
	// before the workflow looks.
	coroutineOf(ctx).Yield("before the workflow starts")
	ctx = b.run.root
	args, err := b.takeArguments(ctx)
	b.run.env.Info.Started = nil // nobody asks again, and it is large
	if err != nil {
		b.end(nil, err)
		return
	}
	b.end(b.run.inbound.ExecuteWorkflow(ctx, &ExecuteInput{Args: args}))
}

// decodeEarly decodes the arguments on the goroutine that starts the run, whose
// stack has had to grow for that before. A converter that panics may do so again
// where it counts as the workflow's.
func (b *Binding) decodeEarly() {
	defer func() { _ = recover() }()
	b.args, b.argsErr = b.arguments(b.run.root)
	b.decoded = true
}

// takeArguments returns the arguments of the workflow function, once.
func (b *Binding) takeArguments(ctx Context) ([]any, error) {
	if !b.decoded {
		return b.arguments(ctx)
	}
	args := b.args
	b.args = nil
	return args, b.argsErr
}

func (b *Binding) arguments(ctx Context) ([]any, error) {
	dc := converterOf(ctx)
	input := b.run.env.Info.Started.GetInput()
	if b.def.Dynamic {
		return []any{converter.NewEncodedValues(input, dc)}, nil
	}
	args, err := b.call.decode(dc, input)
	if err != nil {
		return nil, fmt.Errorf(
			"unable to decode the workflow function input payload with error: %w, function name: %s",
			err, b.def.Type)
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
