package workflow

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/internal/coro"
)

// DataConverterWithoutDeadlockDetection returns a converter that may take as
// long as it likes within a workflow: for converters that ask other machines.
// Other conversions may take thirty times as long as workflow code.
func DataConverterWithoutDeadlockDetection(c converter.DataConverter) converter.DataConverter {
	return &timed{inner: c, exempt: true}
}

// timed tells the deadlock detector when a conversion is going on. Outside of a
// run, with no watch, it does nothing.
type timed struct {
	inner  converter.DataConverter
	exempt bool
	watch  *coro.Watch
}

// workflowContextAware is what [converter.WithWorkflowContext] looks for.
type workflowContextAware interface {
	WithWorkflowContext(ctx Context) converter.DataConverter
}

// timedConverter is how a run converts with c.
func timedConverter(c converter.DataConverter, w *coro.Watch) timed {
	if t, ok := c.(*timed); ok {
		return timed{inner: t.inner, exempt: t.exempt, watch: w}
	}
	return timed{inner: c, watch: w}
}

// count is called with 1 before a conversion and with -1 after it.
func (t *timed) count(n int32) {
	switch {
	case t.watch == nil:
	case t.exempt:
		t.watch.Exempt.Add(n)
	default:
		t.watch.Converting.Add(n)
	}
}

func (t *timed) bound(inner converter.DataConverter) *timed {
	return &timed{inner: inner, exempt: t.exempt, watch: t.watch}
}

// WithContext implements [converter.ContextAware].
func (t *timed) WithContext(ctx context.Context) converter.DataConverter {
	return t.bound(converter.WithContext(ctx, t.inner))
}

// WithSerializationContext implements [converter.DataConverterWithSerializationContext].
func (t *timed) WithSerializationContext(ctx converter.SerializationContext) converter.DataConverter {
	return t.bound(converter.WithDataConverterSerializationContext(t.inner, ctx))
}

// WithWorkflowContext binds the converter to a run.
func (t *timed) WithWorkflowContext(ctx Context) converter.DataConverter {
	inner, aware := t.inner.(workflowContextAware)
	if !aware && t.watch != nil {
		return t
	}
	b := t.bound(t.inner)
	if aware {
		b.inner = inner.WithWorkflowContext(ctx)
	}
	if r, ok := ctx.Value(runKey).(*run); ok {
		b.watch = r.env.Coroutines.Watch
	}
	return b
}

// ToPayload implements [converter.DataConverter].
func (t *timed) ToPayload(value any) (*commonpb.Payload, error) {
	t.count(1)
	defer t.count(-1)
	return t.inner.ToPayload(value)
}

// FromPayload implements [converter.DataConverter].
func (t *timed) FromPayload(payload *commonpb.Payload, valuePtr any) error {
	t.count(1)
	defer t.count(-1)
	return t.inner.FromPayload(payload, valuePtr)
}

// ToPayloads implements [converter.DataConverter].
func (t *timed) ToPayloads(value ...any) (*commonpb.Payloads, error) {
	t.count(1)
	defer t.count(-1)
	return t.inner.ToPayloads(value...)
}

// FromPayloads implements [converter.DataConverter].
func (t *timed) FromPayloads(payloads *commonpb.Payloads, valuePtrs ...any) error {
	t.count(1)
	defer t.count(-1)
	return t.inner.FromPayloads(payloads, valuePtrs...)
}

// ToString implements [converter.DataConverter].
func (t *timed) ToString(input *commonpb.Payload) string {
	t.count(1)
	defer t.count(-1)
	return t.inner.ToString(input)
}

// ToStrings implements [converter.DataConverter].
func (t *timed) ToStrings(input *commonpb.Payloads) []string {
	t.count(1)
	defer t.count(-1)
	return t.inner.ToStrings(input)
}

// timedFailures is timed for the errors of a run.
type timedFailures struct {
	inner converter.FailureConverter
	watch *coro.Watch
}

// WithSerializationContext implements [converter.FailureConverterWithSerializationContext].
func (t *timedFailures) WithSerializationContext(ctx converter.SerializationContext) converter.FailureConverter {
	return &timedFailures{converter.WithFailureConverterSerializationContext(t.inner, ctx), t.watch}
}

// ErrorToFailure implements [converter.FailureConverter].
func (t *timedFailures) ErrorToFailure(err error) *failurepb.Failure {
	t.watch.Converting.Add(1)
	defer t.watch.Converting.Add(-1)
	return t.inner.ErrorToFailure(err)
}

// FailureToError implements [converter.FailureConverter].
func (t *timedFailures) FailureToError(failure *failurepb.Failure) error {
	t.watch.Converting.Add(1)
	defer t.watch.Converting.Add(-1)
	return t.inner.FailureToError(failure)
}
