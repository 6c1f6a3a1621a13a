package subprocess

import (
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// Bodies of frames are fields in protobuf's encoding, without generated code: a number, and a
// number or bytes. Fields that are not known are passed over.

// writer appends fields.
type writer struct{ b []byte }

func (w *writer) num(field protowire.Number, v uint64) {
	if v == 0 {
		return
	}
	w.b = protowire.AppendTag(w.b, field, protowire.VarintType)
	w.b = protowire.AppendVarint(w.b, v)
}

func (w *writer) signed(field protowire.Number, v int64) { w.num(field, protowire.EncodeZigZag(v)) }

func (w *writer) flag(field protowire.Number, v bool) {
	if v {
		w.num(field, 1)
	}
}

func (w *writer) float(field protowire.Number, v float64) { w.num(field, math.Float64bits(v)) }

func (w *writer) text(field protowire.Number, v string) {
	if v != "" {
		w.list(field, v)
	}
}

// list appends also an empty text, so that the place of each in a list stays.
func (w *writer) list(field protowire.Number, v string) {
	w.b = protowire.AppendTag(w.b, field, protowire.BytesType)
	w.b = protowire.AppendString(w.b, v)
}

// bytes appends also an empty v, but not nil.
func (w *writer) bytes(field protowire.Number, v []byte) {
	if v == nil {
		return
	}
	w.b = protowire.AppendTag(w.b, field, protowire.BytesType)
	w.b = protowire.AppendBytes(w.b, v)
}

// message appends a protobuf message that is not nil.
func (w *writer) message(field protowire.Number, m proto.Message) error {
	if !m.ProtoReflect().IsValid() {
		return nil
	}
	b, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	if b == nil {
		b = []byte{}
	}
	w.bytes(field, b)
	return nil
}

// value is what a field holds: n or b.
type value struct {
	n uint64
	b []byte
}

func (v value) signed() int64       { return protowire.DecodeZigZag(v.n) }
func (v value) flag() bool          { return v.n != 0 }
func (v value) float() float64      { return math.Float64frombits(v.n) }
func (v value) text() string        { return string(v.b) }
func (v value) long() time.Duration { return time.Duration(v.signed()) }
func (v value) into(m proto.Message) error {
	return proto.Unmarshal(v.b, m)
}

// scan calls set for each field of a body. Errors are garbage.
func scan(body []byte, set func(field int32, v value) error) error {
	for len(body) > 0 {
		field, typ, n := protowire.ConsumeTag(body)
		if n < 0 {
			return &garbageError{protowire.ParseError(n)}
		}
		body = body[n:]
		var v value
		switch typ {
		case protowire.VarintType:
			v.n, n = protowire.ConsumeVarint(body)
		case protowire.BytesType:
			v.b, n = protowire.ConsumeBytes(body)
		default:
			return garbage("field %d has the type %d", field, typ)
		}
		if n < 0 {
			return &garbageError{protowire.ParseError(n)}
		}
		body = body[n:]
		if err := set(int32(field), v); err != nil {
			return &garbageError{fmt.Errorf("field %d: %w", field, err)}
		}
	}
	return nil
}
