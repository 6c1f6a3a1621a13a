package activity

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// Definition is a registered activity function, ready to be called. It is immutable.
type Definition struct {
	name         string
	functionName string
	fn           reflect.Value
	params       []reflect.Type // without the context
	takesContext bool
	hasResult    bool
	dynamic      bool

	autoHeartbeat bool
	longestPause  time.Duration // between heartbeats, 0 for the worker's
}

// Name is the type name it was registered with, empty for the dynamic activity.
func (d *Definition) Name() string { return d.name }

// FunctionName is the Go name of the function, without package and receiver.
func (d *Definition) FunctionName() string { return d.functionName }

// IsDynamic says whether it is the fallback for types that nobody registered.
func (d *Definition) IsDynamic() bool { return d.dynamic }

// NumArgs is how many arguments the function takes, a leading context not counted.
func (d *Definition) NumArgs() int { return len(d.params) }

// Params are the types of its arguments, a leading context not counted.
func (d *Definition) Params() []reflect.Type { return slices.Clone(d.params) }

// Result is the type of its result, nil if it returns an error only.
func (d *Definition) Result() reflect.Type {
	if !d.hasResult {
		return nil
	}
	return d.fn.Type().Out(0)
}

// AutoHeartbeat is what it was registered with.
func (d *Definition) AutoHeartbeat() bool { return d.autoHeartbeat }

// MaxHeartbeatThrottleInterval is what it was registered with, 0 for nothing.
func (d *Definition) MaxHeartbeatThrottleInterval() time.Duration { return d.longestPause }

// newDefinition checks the shape of fn, which must be of kind Func and not nil.
func newDefinition(name, functionName string, fn reflect.Value) (*Definition, error) {
	t := fn.Type()
	d := &Definition{name: name, functionName: functionName, fn: fn}
	if t.IsVariadic() {
		return nil, fmt.Errorf("activity %s is variadic (%s): take a slice instead", functionName, t)
	}
	for i := range t.NumIn() {
		in := t.In(i)
		switch {
		case i == 0 && in == reflect.TypeFor[context.Context]():
			d.takesContext = true
		case in.Implements(reflect.TypeFor[context.Context]()):
			return nil, fmt.Errorf("activity %s takes a %s as parameter %d: "+
				"take a context.Context as first parameter, or none", functionName, in, i+1)
		default:
			d.params = append(d.params, in)
		}
	}
	if err := checkResults(functionName, t); err != nil {
		return nil, err
	}
	d.hasResult = t.NumOut() == 2
	return d, nil
}

func checkResults(functionName string, t reflect.Type) error {
	n := t.NumOut()
	if n != 1 && n != 2 {
		return fmt.Errorf("activity %s has %d results (%s): return error or (T, error)",
			functionName, n, t)
	}
	if last := t.Out(n - 1); !last.Implements(reflect.TypeFor[error]()) {
		return fmt.Errorf("activity %s returns a %s last (%s): return error or (T, error)",
			functionName, last, t)
	}
	if n == 1 {
		return nil
	}
	switch first := t.Out(0); first.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return fmt.Errorf("activity %s returns a %s (%s): return a value that can be encoded",
			functionName, first, t)
	default:
		return nil
	}
}

// newDynamicDefinition checks that fn is func(context.Context, converter.EncodedValues) with
// one or two results.
func newDynamicDefinition(functionName string, fn reflect.Value) (*Definition, error) {
	d, err := newDefinition("", functionName, fn)
	if err != nil {
		return nil, err
	}
	if !d.takesContext || len(d.params) != 1 ||
		d.params[0] != reflect.TypeFor[converter.EncodedValues]() {
		return nil, fmt.Errorf("dynamic activity %s is a %s: write it as "+
			"func(context.Context, converter.EncodedValues) (T, error)", functionName, fn.Type())
	}
	d.dynamic = true
	return d, nil
}

// Decode makes the arguments of one call out of its input, one payload for each. Missing
// payloads leave zero values and surplus ones are ignored, so that a function may gain and
// lose trailing parameters. The dynamic activity gets all of the input undecoded.
func (d *Definition) Decode(
	dc converter.DataConverter, input *commonpb.Payloads,
) ([]any, error) {
	in, err := d.decode(dc, input)
	if err != nil || len(d.params) == 0 {
		return nil, err
	}
	args := make([]any, len(d.params))
	for i, v := range in[len(in)-len(args):] {
		args[i] = v.Interface()
	}
	return args, nil
}

// decode is Decode for [Definition.call].
func (d *Definition) decode(
	dc converter.DataConverter, input *commonpb.Payloads,
) ([]reflect.Value, error) {
	in := d.begin()
	if d.dynamic {
		return append(in, reflect.ValueOf(converter.NewEncodedValues(input, dc))), nil
	}
	pointers := make([]any, len(d.params))
	for i, t := range d.params {
		v := reflect.New(t)
		pointers[i] = v.Interface()
		in = append(in, v.Elem())
	}
	if n := len(input.GetPayloads()); n < len(pointers) {
		// Converters need not agree on what fewer payloads mean; we promise zero values.
		pointers = pointers[:n]
	}
	if len(pointers) > 0 {
		if err := dc.FromPayloads(input, pointers...); err != nil {
			return nil, fmt.Errorf("unable to decode the activity function input payload "+
				"with error: %w for function name: %v", err, d.functionName)
		}
	}
	return in, nil
}

// begin returns a list that takes the arguments of a call, after the place of the context if the
// function has one.
func (d *Definition) begin() []reflect.Value {
	in := make([]reflect.Value, 0, 1+len(d.params))
	if d.takesContext {
		in = append(in, reflect.Value{})
	}
	return in
}

// Invoke calls the function. args must fit its parameters, the context not counted; nil
// stands for a zero value. A nil pointer as result counts as no result. A panic of the
// function passes through; [Call.Run] is where panics are caught.
func (d *Definition) Invoke(ctx context.Context, args []any) (any, error) {
	if len(args) != len(d.params) {
		return nil, fmt.Errorf("activity %s takes %d arguments and was given %d",
			d.functionName, len(d.params), len(args))
	}
	in := d.begin()
	for i, arg := range args {
		v := reflect.ValueOf(arg)
		switch {
		case arg == nil:
			v = reflect.Zero(d.params[i])
		case !v.Type().AssignableTo(d.params[i]):
			return nil, fmt.Errorf("activity %s takes a %s as argument %d and was given a %T",
				d.functionName, d.params[i], i+1, arg)
		}
		in = append(in, v)
	}
	return d.call(ctx, in)
}

// call calls the function with arguments that fit.
func (d *Definition) call(ctx context.Context, in []reflect.Value) (any, error) {
	if d.takesContext {
		in[0] = reflect.ValueOf(ctx)
	}
	return d.results(d.fn.Call(in))
}

func (d *Definition) results(out []reflect.Value) (any, error) {
	if err := errorOf(out[len(out)-1]); err != nil {
		return nil, err
	}
	if !d.hasResult || (out[0].Kind() == reflect.Pointer && out[0].IsNil()) {
		return nil, nil
	}
	return out[0].Interface(), nil
}

// errorOf unpacks the last result, which may be of a concrete type that implements error: a
// nil pointer of such a type is no error.
func errorOf(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		if v.IsNil() {
			return nil
		}
	default:
	}
	err, ok := reflect.TypeAssert[error](v)
	if !ok {
		return errors.New("activity returned an error that is none")
	}
	return err
}
