package converter

import (
	"encoding/base64"
	"fmt"
	"reflect"

	commonpb "go.temporal.io/api/common/v1"
)

// ByteSlicePayloadConverter passes []byte through as it is. The zero value is ready.
type ByteSlicePayloadConverter struct{}

// NewByteSlicePayloadConverter returns a ByteSlicePayloadConverter.
func NewByteSlicePayloadConverter() *ByteSlicePayloadConverter {
	return &ByteSlicePayloadConverter{}
}

// ToPayload accepts exactly []byte: named byte slices and pointers to byte slices are left to
// other converters. The payload shares the bytes with the value.
func (c *ByteSlicePayloadConverter) ToPayload(value any) (*commonpb.Payload, error) {
	if data, ok := value.([]byte); ok {
		return newPayload(data, c.Encoding()), nil
	}
	return nil, nil // the contract of PayloadConverter: not mine, no error
}

// FromPayload sets a []byte, a named byte slice, or an any. The value shares the bytes with the
// payload.
func (c *ByteSlicePayloadConverter) FromPayload(payload *commonpb.Payload, valuePtr any) error {
	target := reflect.ValueOf(valuePtr)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return fmt.Errorf("type: %T: %w", valuePtr, ErrValuePtrIsNotPointer)
	}
	data := reflect.ValueOf(payload.GetData())
	elem := target.Elem()
	if !data.Type().AssignableTo(elem.Type()) {
		return fmt.Errorf("type %T: %w", valuePtr, ErrTypeIsNotByteSlice)
	}
	elem.Set(data)
	return nil
}

// ToString returns the bytes in unpadded standard base64.
func (c *ByteSlicePayloadConverter) ToString(payload *commonpb.Payload) string {
	return base64.RawStdEncoding.EncodeToString(payload.GetData())
}

// Encoding returns MetadataEncodingBinary.
func (c *ByteSlicePayloadConverter) Encoding() string {
	return MetadataEncodingBinary
}
