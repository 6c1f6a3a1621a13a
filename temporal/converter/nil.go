package converter

import (
	"fmt"
	"reflect"

	commonpb "go.temporal.io/api/common/v1"
)

// NilPayloadConverter handles nil and nil pointers. The zero value is ready.
type NilPayloadConverter struct{}

// NewNilPayloadConverter returns a NilPayloadConverter.
func NewNilPayloadConverter() *NilPayloadConverter {
	return &NilPayloadConverter{}
}

// ToPayload returns a payload without data for nil and for nil pointers, of whatever type.
// Nil maps and slices are values, which other converters handle.
func (c *NilPayloadConverter) ToPayload(value any) (*commonpb.Payload, error) {
	if isNilPointer(value) {
		return newPayload(nil, c.Encoding()), nil
	}
	return nil, nil // the contract of PayloadConverter: not mine, no error
}

// FromPayload gives what valuePtr points to its zero value.
func (c *NilPayloadConverter) FromPayload(_ *commonpb.Payload, valuePtr any) error {
	return setZero(valuePtr)
}

// ToString returns "nil".
func (c *NilPayloadConverter) ToString(*commonpb.Payload) string {
	return "nil"
}

// Encoding returns MetadataEncodingNil.
func (c *NilPayloadConverter) Encoding() string {
	return MetadataEncodingNil
}

func isNilPointer(value any) bool {
	if value == nil {
		return true
	}
	v := reflect.ValueOf(value)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

func setZero(valuePtr any) error {
	target := reflect.ValueOf(valuePtr)
	if target.Kind() != reflect.Pointer {
		return fmt.Errorf("type: %T: %w", valuePtr, ErrValuePtrIsNotPointer)
	}
	if target.IsNil() {
		return fmt.Errorf("type: %T: %w", valuePtr, ErrUnableToSetValue)
	}
	target.Elem().SetZero()
	return nil
}
