package env

import (
	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// A conversion is a job for a helper: converters need more of a stack than the
// coroutine of a run that waits should have.
type conversion struct {
	with     converter.DataConverter
	decode   bool
	payloads *commonpb.Payloads
	values   []any
	err      error
}

// Do implements [coro.Job].
func (c *conversion) Do() {
	if c.decode {
		c.err = c.with.FromPayloads(c.payloads, c.values...)
		return
	}
	c.payloads, c.err = c.with.ToPayloads(c.values...)
}

// Encode is ToPayloads of dc, which a coroutine of the run has a helper call.
func (e *Env) Encode(dc converter.DataConverter, values ...any) (*commonpb.Payloads, error) {
	if !e.Executing {
		return dc.ToPayloads(values...)
	}
	c := e.conversion(dc)
	c.values = values
	e.Coroutines.Watch.Help(c)
	payloads, err := c.payloads, c.err
	e.over(c)
	return payloads, err
}

// Decode is FromPayloads of dc, which a coroutine of the run has a helper call.
func (e *Env) Decode(dc converter.DataConverter, payloads *commonpb.Payloads, into ...any) error {
	if !e.Executing {
		return dc.FromPayloads(payloads, into...)
	}
	c := e.conversion(dc)
	c.decode, c.payloads, c.values = true, payloads, into
	e.Coroutines.Watch.Help(c)
	err := c.err
	e.over(c)
	return err
}

// conversion returns one that is empty. Neither it nor over is inlined, so that what
// stays on the stack of a coroutine is little.
//
//go:noinline
func (e *Env) conversion(with converter.DataConverter) *conversion {
	c, ok := e.Conversions.Get().(*conversion)
	if !ok {
		c = new(conversion)
	}
	c.with = with
	return c
}

// over makes room for the next one.
//
//go:noinline
func (e *Env) over(c *conversion) {
	*c = conversion{}
	e.Conversions.Put(c)
}
