package converter

import (
	commonpb "go.temporal.io/api/common/v1"
)

// EncodedValue is one value that is still encoded.
type EncodedValue interface {
	// HasValue says whether there is a value.
	HasValue() bool
	// Get decodes the value into what valuePtr points to, or returns ErrNoData. Decode into a
	// fresh variable.
	Get(valuePtr any) error
}

// EncodedValues are values that are still encoded, such as the details of an error.
type EncodedValues interface {
	// HasValues says whether there is at least one value.
	HasValues() bool
	// Get decodes value i into what valuePtr[i] points to, or returns ErrNoData when there is no
	// value at all. Decode into fresh variables.
	Get(valuePtr ...any) error
}

// ValuesPayloads is implemented by EncodedValue and EncodedValues that can show their payloads.
type ValuesPayloads interface {
	// Payloads returns the payloads without decoding them. They are shared: do not change them.
	Payloads() *commonpb.Payloads
}

// NewEncodedValue returns the first of the payloads as an EncodedValue, to be decoded by dc (nil
// means the default data converter).
func NewEncodedValue(payloads *commonpb.Payloads, dc DataConverter) EncodedValue {
	return encodedValue{payloads: payloads, dc: dc}
}

// NewEncodedValues returns the payloads as EncodedValues, to be decoded by dc (nil means the
// default data converter). The constructors of package temporal's errors take such a value in
// place of details and pass the payloads on as they are.
func NewEncodedValues(payloads *commonpb.Payloads, dc DataConverter) EncodedValues {
	return encodedValues{payloads: payloads, dc: dc}
}

// GetPayloads returns the payloads of an EncodedValue or EncodedValues, or nil when encoded does
// not implement ValuesPayloads.
func GetPayloads(encoded any) *commonpb.Payloads {
	if p, ok := encoded.(ValuesPayloads); ok {
		return p.Payloads()
	}
	return nil
}

type encodedValue struct {
	payloads *commonpb.Payloads
	dc       DataConverter
}

func (v encodedValue) HasValue() bool { return len(v.payloads.GetPayloads()) > 0 }

func (v encodedValue) Get(valuePtr any) error {
	if !v.HasValue() {
		return ErrNoData
	}
	return orDefault(v.dc).FromPayload(v.payloads.GetPayloads()[0], valuePtr)
}

func (v encodedValue) Payloads() *commonpb.Payloads { return v.payloads }

type encodedValues struct {
	payloads *commonpb.Payloads
	dc       DataConverter
}

func (v encodedValues) HasValues() bool { return len(v.payloads.GetPayloads()) > 0 }

func (v encodedValues) Get(valuePtr ...any) error {
	if !v.HasValues() {
		return ErrNoData
	}
	return orDefault(v.dc).FromPayloads(v.payloads, valuePtr...)
}

func (v encodedValues) Payloads() *commonpb.Payloads { return v.payloads }

func orDefault(dc DataConverter) DataConverter {
	if dc == nil {
		return GetDefaultDataConverter()
	}
	return dc
}
