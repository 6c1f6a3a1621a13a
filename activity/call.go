package activity

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// Invocation is one call of an activity function with decoded arguments, as a [Middleware]
// sees it.
type Invocation struct {
	// Definition is the function that will run.
	Definition *Definition
	// Header is what the caller sent beside the arguments, such as a trace context; may be nil.
	Header *commonpb.Header
	// Args are the arguments. A middleware may change them.
	Args []any
}

// Invoke runs an invocation and returns the result of the function, not yet encoded.
type Invoke func(ctx context.Context, in *Invocation) (any, error)

// Middleware wraps every invocation. It is called once, when the worker is built; the Invoke
// that it returns is called from many goroutines. It may change the arguments, the context
// (see [WithOutbound]) and the result, and it may leave out the call of next.
type Middleware func(next Invoke) Invoke

// Chain puts middleware around the call of the function itself, the first one outermost.
func Chain(middleware ...Middleware) Invoke {
	invoke := func(ctx context.Context, in *Invocation) (any, error) {
		return in.Definition.Invoke(ctx, in.Args)
	}
	for _, wrap := range slices.Backward(middleware) {
		invoke = wrap(invoke)
	}
	return invoke
}

// Call is one call of an activity on its way to an [Executor]: encoded input in, encoded
// result out. An executor that runs calls in this process needs [Call.Run] only. One that
// runs them elsewhere sends Type, Input and Header there.
type Call struct {
	// Type is the activity type that was asked for.
	Type string
	// Input is the encoded arguments; may be nil.
	Input *commonpb.Payloads
	// Args, if not nil, are the arguments themselves, which a local activity shares with its
	// workflow; there is no Input then.
	Args []any
	// Header is what the caller sent beside them; may be nil.
	Header *commonpb.Header
	// Definition is the function registered for Type.
	Definition *Definition
	// DataConverter decodes Input and encodes the result; nil means the default one.
	DataConverter converter.DataConverter
	// Invoke calls the function; nil means that no [Middleware] stands before it.
	Invoke Invoke
}

// Run decodes the input, calls the function on this goroutine and encodes the result, which
// is nil if the function has none. A panic in any of the three becomes a
// *temporal.PanicError with its stack. A call may be run more than once.
func (c *Call) Run(ctx context.Context) (result *commonpb.Payloads, err error) {
	if c.Definition == nil {
		return nil, errors.New("Call.Definition is nil: take it from Registry.Lookup")
	}
	defer func() {
		if p := recover(); p != nil {
			result, err = nil, temporal.NewPanicError(p, string(debug.Stack()))
		}
	}()
	dc := c.DataConverter
	if dc == nil {
		dc = converter.GetDefaultDataConverter()
	}
	value, err := c.invoke(ctx, dc)
	if err != nil || value == nil {
		return nil, err
	}
	result, err = dc.ToPayloads(value)
	if err != nil {
		return nil, fmt.Errorf("unable to encode the result of activity %s: %w",
			c.Definition.functionName, err)
	}
	return result, nil
}

func (c *Call) invoke(ctx context.Context, dc converter.DataConverter) (any, error) {
	args, d := c.Args, c.Definition
	if args == nil && c.Invoke == nil { // nobody else wants to see them
		in, err := d.decode(dc, c.Input)
		if err != nil {
			return nil, err
		}
		return d.call(ctx, in)
	}
	if args == nil {
		var err error
		if args, err = d.Decode(dc, c.Input); err != nil {
			return nil, err
		}
	}
	if c.Invoke == nil {
		return d.Invoke(ctx, args)
	}
	return c.Invoke(ctx, &Invocation{Definition: d, Header: c.Header, Args: args})
}
