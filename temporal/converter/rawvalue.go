package converter

import (
	commonpb "go.temporal.io/api/common/v1"
)

// RawValue is a payload that data converters pass through unconverted. Codecs still apply. Use it
// as a parameter or result of a workflow or an activity that forwards what it does not understand.
// It must be the whole value: it cannot be a field of another.
type RawValue struct {
	payload *commonpb.Payload
}

// NewRawValue returns a RawValue that holds the payload, which is shared and not copied.
func NewRawValue(payload *commonpb.Payload) RawValue {
	return RawValue{payload: payload}
}

// Payload returns the payload, which is shared and not copied. It is nil for the zero RawValue.
func (v RawValue) Payload() *commonpb.Payload {
	return v.payload
}

// MarshalJSON always fails with ErrRawValueNotSerializable: a payload inside of JSON would lose
// its metadata.
func (v RawValue) MarshalJSON() ([]byte, error) {
	return nil, ErrRawValueNotSerializable
}

// UnmarshalJSON always fails with ErrRawValueNotSerializable.
func (v *RawValue) UnmarshalJSON([]byte) error {
	return ErrRawValueNotSerializable
}
