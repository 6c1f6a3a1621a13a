package workflow

import (
	"fmt"
	"reflect"
	"strings"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/internal/direct"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

// reservedPrefix is kept for names that the runtime itself answers, and
// temporalPrefix for names that Temporal gives, except to workflow streams.
const (
	reservedPrefix = "__"
	temporalPrefix = "__temporal_"
	streamPrefix   = "__temporal_workflow_stream_"
)

func errorType() reflect.Type   { return reflect.TypeFor[error]() }
func contextType() reflect.Type { return reflect.TypeFor[Context]() }

// A callable is a handler function whose shape has been checked.
type callable struct {
	fn          reflect.Value
	direct      direct.Call // nil if there is none
	takesCtx    bool
	givesResult bool
}

// shape says what a handler must look like.
type shape struct {
	what      string
	context   bool // the first parameter must be a Context
	result    bool // must return (T, error)
	errorOnly bool // must return error
}

// newCallable checks that fn is a function of the shape.
func newCallable(fn any, s shape) (*callable, error) {
	fn, call := functionOf(fn)
	v := reflect.ValueOf(fn)
	if !v.IsValid() || v.Kind() != reflect.Func || v.IsNil() {
		return nil, fmt.Errorf("%s must be a function but was %T", s.what, fn)
	}
	t := v.Type()
	c := &callable{fn: v, direct: call}
	c.takesCtx = t.NumIn() > 0 && t.In(0) == contextType()
	if s.context && !c.takesCtx {
		return nil, fmt.Errorf("%s must take a workflow.Context as its first parameter, but is %s",
			s.what, t)
	}
	c.givesResult = t.NumOut() == 2
	last := t.NumOut() - 1
	switch {
	case last < 0 || last > 1 || t.Out(last) != errorType():
		return nil, fmt.Errorf("%s must return an error, alone or after its result, but is %s", s.what, t)
	case s.result && !c.givesResult:
		return nil, fmt.Errorf("%s must return a result and an error, but is %s", s.what, t)
	case s.errorOnly && c.givesResult:
		return nil, fmt.Errorf("%s must return nothing but an error, but is %s", s.what, t)
	case t.IsVariadic():
		return nil, fmt.Errorf("%s must not be variadic, but is %s: take a slice", s.what, t)
	}
	return c, nil
}

// decode makes the arguments of c from payloads: missing ones are zero, extra
// ones are ignored.
func (c *callable) decode(dc converter.DataConverter, in *commonpb.Payloads) ([]any, error) {
	t, first := c.fn.Type(), c.first()
	if t.NumIn() == first {
		return nil, nil
	}
	targets := make([]any, t.NumIn()-first)
	for i := range targets {
		targets[i] = reflect.New(t.In(first + i)).Interface()
	}
	if n := min(len(in.GetPayloads()), len(targets)); n > 0 {
		if err := dc.FromPayloads(in, targets[:n]...); err != nil {
			return nil, err
		}
	}
	for i, p := range targets {
		targets[i] = reflect.ValueOf(p).Elem().Interface()
	}
	return targets, nil
}

// A decoding is the job to make the arguments of a handler.
type decoding struct {
	ctx  Context
	call *callable
	in   *commonpb.Payloads
	args []any
	err  error
}

// Do implements [coro.Job].
func (d *decoding) Do() { d.args, d.err = d.call.decode(converterOf(d.ctx), d.in) }

// arguments has a helper make the arguments of a handler, as a coroutine of it.
func (r *run) arguments(ctx Context, call *callable, in *commonpb.Payloads) ([]any, error) {
	d := &decoding{ctx: ctx, call: call, in: in}
	r.env.Coroutines.Watch.Help(d)
	return d.args, d.err
}

// first is the index of the first parameter that is an argument.
func (c *callable) first() int {
	if c.takesCtx {
		return 1
	}
	return 0
}

// call runs c and returns what it returned. Arguments that do not fit, as an
// interceptor may give them, are a mistake; nil stands for a zero value.
func (c *callable) call(ctx Context, args []any) (any, error) {
	return c.how(args)(ctx, args)
}

// how returns how c is to be called with args.
func (c *callable) how(args []any) direct.Call {
	if c.direct != nil && c.exact(args) {
		return c.direct
	}
	return c.reflected
}

// exact reports whether no argument needs to be converted.
func (c *callable) exact(args []any) bool {
	t, first := c.fn.Type(), c.first()
	if t.NumIn()-first != len(args) {
		return false
	}
	for i, arg := range args {
		have, want := reflect.TypeOf(arg), t.In(first+i)
		if have != nil && have != want && (want.Kind() != reflect.Interface || !have.Implements(want)) {
			return false
		}
	}
	return true
}

// reflected is call for what is called by reflection. It keeps nothing on its own
// frame that the call needs not.
func (c *callable) reflected(ctx Context, args []any) (any, error) {
	return c.returned(c.fn.Call(c.values(ctx, args)))
}

// values are the parameters of a call.
func (c *callable) values(ctx Context, args []any) []reflect.Value {
	t, first := c.fn.Type(), c.first()
	if t.NumIn()-first != len(args) {
		mistake("%s takes %d arguments and was given %d", t, t.NumIn()-first, len(args))
	}
	in := make([]reflect.Value, 0, t.NumIn())
	if c.takesCtx {
		in = append(in, reflect.ValueOf(ctx))
	}
	for i, arg := range args {
		v, want := reflect.ValueOf(arg), t.In(first+i)
		switch {
		case !v.IsValid():
			v = reflect.Zero(want)
		case !v.Type().AssignableTo(want):
			mistake("%s was given a %T as argument %d", t, arg, i+1)
		}
		in = append(in, v)
	}
	return in
}

// returned is what a call has returned.
func (c *callable) returned(out []reflect.Value) (any, error) {
	err, _ := reflect.TypeAssert[error](out[len(out)-1])
	if !c.givesResult {
		return nil, err
	}
	return out[0].Interface(), err
}

// encode turns a result into payloads; nil, and a nil pointer, is no payload.
func encode(e *env.Env, dc converter.DataConverter, result any) (*commonpb.Payloads, error) {
	if v := reflect.ValueOf(result); !v.IsValid() || (v.Kind() == reflect.Pointer && v.IsNil()) {
		return nil, nil //nolint:nilnil // no result is encoded as no payloads
	}
	return e.Encode(dc, result)
}

// encodeAnswer encodes what a handler of queries or updates returned: the SDK
// answers with a null where a workflow would return nothing.
func encodeAnswer(e *env.Env, dc converter.DataConverter, result any) (*commonpb.Payloads, error) {
	payloads, err := encode(e, dc, result)
	if payloads != nil || err != nil {
		return payloads, err
	}
	return e.Encode(dc, nil)
}

// checkHandlerName refuses names that the runtime itself answers.
func checkHandlerName(problem, name string) error {
	if strings.HasPrefix(name, reservedPrefix) && !strings.HasPrefix(name, streamPrefix) {
		return fmt.Errorf("%s: %q: choose another name", problem, name)
	}
	return nil
}
