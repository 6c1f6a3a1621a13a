package workflow

import (
	"reflect"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

// SideEffectOptions are the options of [SideEffectWithOptions].
type SideEffectOptions struct {
	// Summary is one line that people see beside the side effect.
	Summary string
}

// MutableSideEffectOptions are the options of [MutableSideEffectWithOptions].
type MutableSideEffectOptions struct {
	// Summary is one line that people see beside the side effect.
	Summary string
}

// SideEffect runs f once, records what it returns in history, and returns that
// ever after: it is for what is quick and would differ each time, like a random
// number or a new id.
//
//	var id string
//	err := workflow.SideEffect(ctx, func(workflow.Context) any {
//		return uuid.NewString()
//	}).Get(&id)
//
// Use the value that is returned, not one that f has set: f is not called in
// replay. It must not block nor change the workflow. It cannot fail but by
// panicking, which fails the workflow task; so does a result that cannot be
// encoded. What can fail is an activity.
func SideEffect(ctx Context, f func(ctx Context) any) converter.EncodedValue {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.SideEffect(ctx, f)
}

func (o rootOutbound) SideEffect(ctx Context, f func(ctx Context) any) converter.EncodedValue {
	return o.SideEffectWithOptions(ctx, SideEffectOptions{}, f)
}

// SideEffectWithOptions is [SideEffect] with options.
func SideEffectWithOptions(
	ctx Context, options SideEffectOptions, f func(ctx Context) any,
) converter.EncodedValue {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.SideEffectWithOptions(ctx, options, f)
}

func (o rootOutbound) SideEffectWithOptions(
	ctx Context, options SideEffectOptions, f func(ctx Context) any,
) converter.EncodedValue {
	r := o.run
	dc := converterOf(ctx)
	me := coroutineOf(ctx)
	result, err := r.env.SideEffect(func() (*commonpb.Payloads, error) {
		return r.env.Encode(dc, r.once(ctx, f))
	}, r.metadata(options.Summary))
	if err != nil {
		env.Fail(err)
	}
	me.Advance()
	return converter.NewEncodedValue(result, dc)
}

// once runs the function of a side effect.
func (r *run) once(ctx Context, f func(ctx Context) any) (value any) {
	_ = r.readOnly(func() error {
		value = f(ctx)
		return nil
	})
	return value
}

// MutableSideEffect is a [SideEffect] whose value may change: each call runs f,
// and records what it returns if that is not equal to the value that id has so
// far. It is for reading what changes now and then, like a configuration, without
// a record for each time it was read.
//
// It returns the value that id has in the end. In replay neither f nor equals is
// called. Use the value that is returned, not one that f has set. Of the
// arguments of equals the first is what f returned, the second the value so far,
// decoded into the same type. A nil is compared as it is encoded, without equals.
func MutableSideEffect(
	ctx Context, id string, f func(ctx Context) any, equals func(a, b any) bool,
) converter.EncodedValue {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.MutableSideEffect(ctx, id, f, equals)
}

func (o rootOutbound) MutableSideEffect(
	ctx Context, id string, f func(ctx Context) any, equals func(a, b any) bool,
) converter.EncodedValue {
	return o.MutableSideEffectWithOptions(ctx, id, MutableSideEffectOptions{}, f, equals)
}

// MutableSideEffectWithOptions is [MutableSideEffect] with options.
func MutableSideEffectWithOptions(
	ctx Context, id string, options MutableSideEffectOptions,
	f func(ctx Context) any, equals func(a, b any) bool,
) converter.EncodedValue {
	r := runOf(ctx)
	r.mustMutate()
	return r.outbound.MutableSideEffectWithOptions(ctx, id, options, f, equals)
}

func (o rootOutbound) MutableSideEffectWithOptions(
	ctx Context, id string, options MutableSideEffectOptions,
	f func(ctx Context) any, equals func(a, b any) bool,
) converter.EncodedValue {
	r := o.run
	dc := r.env.DataConverter
	value := r.env.MutableSideEffect(id, func(old *commonpb.Payloads) (*commonpb.Payloads, bool) {
		v := r.once(ctx, f)
		if old != nil && r.unchanged(dc, v, old, equals) {
			return nil, false
		}
		return r.encoded(dc, v), true
	}, r.metadata(options.Summary))
	return converter.NewEncodedValue(value, dc)
}

// unchanged reports whether a new value is equal to an old one.
func (r *run) unchanged(
	dc converter.DataConverter, value any, old *commonpb.Payloads, equals func(a, b any) bool,
) bool {
	if value == nil {
		return proto.Equal(r.encoded(dc, nil), old)
	}
	was := reflect.New(reflect.TypeOf(value))
	if err := converter.NewEncodedValue(old, dc).Get(was.Interface()); err != nil {
		env.Fail(err)
	}
	return equals(value, was.Elem().Interface())
}

// encoded encodes what a side effect returned; what cannot be encoded fails the
// workflow task.
func (r *run) encoded(dc converter.DataConverter, value any) *commonpb.Payloads {
	p, err := r.env.Encode(dc, value)
	if err != nil {
		env.Fail(err)
	}
	return p
}
