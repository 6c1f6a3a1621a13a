package workflow

import "github.com/mainspring-go/mainspring/temporal/converter"

// ContextAware is implemented by data converters that adapt to the context of
// workflow code: see [converter.ContextAware].
type ContextAware = converter.ContextAware

// WithDataConverter returns a context with a data converter of its own: for the
// arguments and results of what is called with it, for the channels of signals
// and the handlers of queries that are made with it, and for side effects. Nil is
// a mistake and panics.
func WithDataConverter(ctx Context, dc converter.DataConverter) Context {
	if dc == nil {
		mistake("data converter is nil for WithDataConverter")
	}
	runOf(ctx).converters = true
	return WithValue(ctx, dataConverterKey, converter.MakeTransferAware(dc))
}

// ownConverter returns the data converter that WithDataConverter has set, or nil.
func ownConverter(ctx Context) converter.DataConverter {
	if !runOf(ctx).converters {
		return nil // most runs: there is nothing to look for
	}
	dc, _ := ctx.Value(dataConverterKey).(converter.DataConverter)
	return dc
}

// converterOf returns the data converter of ctx.
func converterOf(ctx Context) converter.DataConverter {
	dc := ownConverter(ctx)
	if dc == nil {
		dc = runOf(ctx).env.DataConverter
	}
	return converter.WithWorkflowContext(ctx, dc)
}
