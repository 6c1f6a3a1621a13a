package workflow

import (
	"context"
	"errors"
	"fmt"
	"maps"

	commonpb "go.temporal.io/api/common/v1"
)

// A HeaderReader reads the header of a workflow, a signal, an activity and the like.
type HeaderReader interface {
	// Get returns the value of a key, and whether it has one.
	Get(key string) (*commonpb.Payload, bool)
	// ForEachKey calls handler for every key, in no order, until it returns an error.
	ForEachKey(handler func(key string, value *commonpb.Payload) error) error
}

// A HeaderWriter writes a header.
type HeaderWriter interface {
	// Set gives a key a value.
	Set(key string, value *commonpb.Payload)
}

// A ContextPropagator carries what is in contexts through headers: from clients
// to workflows, and from workflows to activities, child workflows and whatever
// else they start. The worker gets it with its options.
type ContextPropagator interface {
	// Inject writes what is in a Go context.
	Inject(ctx context.Context, writer HeaderWriter) error
	// Extract returns ctx with what it reads: for activities.
	Extract(ctx context.Context, reader HeaderReader) (context.Context, error)
	// InjectFromWorkflow writes what is in a workflow's context.
	InjectFromWorkflow(ctx Context, writer HeaderWriter) error
	// ExtractToWorkflow returns ctx with what it reads: for workflows, signals,
	// queries and updates.
	ExtractToWorkflow(ctx Context, reader HeaderReader) (Context, error)
}

// fields is a header that can be read and written.
type fields map[string]*commonpb.Payload

func (f fields) Get(key string) (*commonpb.Payload, bool) {
	p, ok := f[key]
	return p, ok
}

func (f fields) ForEachKey(handler func(string, *commonpb.Payload) error) error {
	for key, value := range f {
		if err := handler(key, value); err != nil {
			return err
		}
	}
	return nil
}

func (f fields) Set(key string, value *commonpb.Payload) { f[key] = value }

// NewHeaderReader returns a reader of a header; nil is an empty one.
func NewHeaderReader(header *commonpb.Header) HeaderReader { return fields(header.GetFields()) }

// NewHeaderWriter returns a writer to a header.
func NewHeaderWriter(header *commonpb.Header) HeaderWriter {
	if header.Fields == nil {
		header.Fields = make(map[string]*commonpb.Payload)
	}
	return fields(header.Fields)
}

// Header returns the header for interceptors to read or write: that of what
// arrives, in the methods of [InboundInterceptor], and that of what is about to be
// sent, in those methods of [OutboundInterceptor] whose commands have one. Elsewhere,
// workflow code among it, it is nil.
func Header(ctx Context) map[string]*commonpb.Payload {
	f, _ := ctx.Value(headerKey).(fields)
	return f
}

// headers reports whether anybody looks at headers. If not, contexts carry none.
func (r *run) headers() bool {
	return len(r.between.Interceptors) > 0 || len(r.between.ContextPropagators) > 0
}

// withHeader returns the context in which outbound interceptors fill a header.
func (r *run) withHeader(ctx Context) Context {
	if !r.headers() {
		return ctx
	}
	return WithValue(ctx, headerKey, make(fields))
}

// withoutHeader returns the context that code gets.
func (r *run) withoutHeader(ctx Context) Context {
	if !r.headers() {
		return ctx
	}
	return WithValue(ctx, headerKey, nil)
}

var errNoHeader = errors.New("context missing workflow header")

// header returns the header of a command: what interceptors wrote, and what
// context propagators make of ctx.
func (r *run) header(ctx Context) (*commonpb.Header, error) {
	if !r.headers() {
		if r.noHeader == nil {
			r.noHeader = &commonpb.Header{}
		}
		return r.noHeader, nil
	}
	f, ok := ctx.Value(headerKey).(fields)
	if !ok {
		return nil, errNoHeader
	}
	for _, p := range r.between.ContextPropagators {
		if err := p.InjectFromWorkflow(ctx, f); err != nil {
			return nil, fmt.Errorf("failed propagating header: %w", err)
		}
	}
	return &commonpb.Header{Fields: f}, nil
}

// received returns ctx with the header of something that arrived, and with what
// context propagators make of it.
func (r *run) received(ctx Context, header *commonpb.Header) (Context, error) {
	if !r.headers() {
		return ctx, nil
	}
	f := make(fields, len(header.GetFields()))
	maps.Copy(f, header.GetFields()) // not ours to write to
	for _, p := range r.between.ContextPropagators {
		var err error
		if ctx, err = p.ExtractToWorkflow(ctx, f); err != nil {
			return nil, fmt.Errorf("failed propagating header: %w", err)
		}
	}
	return WithValue(ctx, headerKey, f), nil
}
