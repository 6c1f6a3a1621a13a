package converter

import (
	"encoding/base64"
	"fmt"
	"reflect"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"
)

// ProtoPayloadConverter handles protobuf messages in their binary form. The zero value is ready.
type ProtoPayloadConverter struct {
	options ProtoPayloadConverterOptions
}

// ProtoPayloadConverterOptions are the options of NewProtoPayloadConverterWithOptions.
type ProtoPayloadConverterOptions struct {
	// ExcludeProtobufMessageTypes leaves the message's full name out of the metadata.
	ExcludeProtobufMessageTypes bool
}

// NewProtoPayloadConverter returns a ProtoPayloadConverter with the default options.
func NewProtoPayloadConverter() *ProtoPayloadConverter {
	return &ProtoPayloadConverter{}
}

// NewProtoPayloadConverterWithOptions returns a ProtoPayloadConverter.
func NewProtoPayloadConverterWithOptions(
	options ProtoPayloadConverterOptions,
) *ProtoPayloadConverter {
	return &ProtoPayloadConverter{options: options}
}

// ToPayload encodes a message, given by pointer or by value. The bytes are deterministic for one
// version of the protobuf library.
func (c *ProtoPayloadConverter) ToPayload(value any) (*commonpb.Payload, error) {
	message := asMessage(value)
	if message == nil {
		return nil, nil // the contract of PayloadConverter: not mine, no error
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		return nil, encodeError(err)
	}
	name := messageTypeOf(message, c.options.ExcludeProtobufMessageTypes)
	return newProtoPayload(data, c.Encoding(), name), nil
}

// FromPayload decodes into a message or into a pointer to a message, which is allocated when nil.
func (c *ProtoPayloadConverter) FromPayload(payload *commonpb.Payload, valuePtr any) error {
	message, commit, err := messageTarget(valuePtr)
	if err != nil {
		return err
	}
	if err := proto.Unmarshal(payload.GetData(), message); err != nil {
		return decodeError(err)
	}
	commit()
	return nil
}

// ToString returns the bytes in unpadded standard base64.
func (c *ProtoPayloadConverter) ToString(payload *commonpb.Payload) string {
	return base64.RawStdEncoding.EncodeToString(payload.GetData())
}

// Encoding returns MetadataEncodingProto.
func (c *ProtoPayloadConverter) Encoding() string {
	return MetadataEncodingProto
}

// ExcludeProtobufMessageTypes says whether the message's full name is left out of the metadata.
func (c *ProtoPayloadConverter) ExcludeProtobufMessageTypes() bool {
	return c.options.ExcludeProtobufMessageTypes
}

func messageTypeOf(message proto.Message, exclude bool) string {
	if exclude {
		return ""
	}
	return string(message.ProtoReflect().Descriptor().FullName())
}

// asMessage returns value as a message, or nil. A message by value is copied by reflection: its
// pointer has the methods.
func asMessage(value any) proto.Message {
	if message, ok := value.(proto.Message); ok {
		return message
	}
	v := reflect.ValueOf(value)
	if !v.IsValid() || v.Kind() != reflect.Struct {
		return nil
	}
	if !reflect.PointerTo(v.Type()).Implements(reflect.TypeFor[proto.Message]()) {
		return nil
	}
	pointer := reflect.New(v.Type())
	pointer.Elem().Set(v)
	message, _ := reflect.TypeAssert[proto.Message](pointer)
	return message
}

// messageTarget finds the message to decode into. commit makes it visible to the caller, after a
// successful decode only.
func messageTarget(valuePtr any) (message proto.Message, commit func(), err error) {
	target := reflect.ValueOf(valuePtr)
	if target.Kind() != reflect.Pointer {
		return nil, nil, fmt.Errorf("type: %T: %w", valuePtr, ErrValuePtrIsNotPointer)
	}
	if target.IsNil() {
		return nil, nil, fmt.Errorf("type: %T: %w", valuePtr, ErrUnableToSetValue)
	}
	if message, ok := valuePtr.(proto.Message); ok {
		return message, func() {}, nil
	}
	elem := target.Elem()
	if elem.Kind() == reflect.Interface {
		return nil, nil, fmt.Errorf("value type: %v: %w", elem.Type(), ErrValuePtrMustConcreteType)
	}
	if elem.Kind() != reflect.Pointer {
		return nil, nil, fmt.Errorf("type: %T: %w", valuePtr, ErrTypeNotImplementProtoMessage)
	}
	if !elem.Type().Implements(reflect.TypeFor[proto.Message]()) {
		return nil, nil, fmt.Errorf("type: %v: %w", elem.Type(), ErrTypeNotImplementProtoMessage)
	}
	fresh := elem
	if elem.IsNil() {
		fresh = reflect.New(elem.Type().Elem())
	}
	message, ok := reflect.TypeAssert[proto.Message](fresh)
	if !ok {
		return nil, nil, fmt.Errorf("type: %T: %w", valuePtr, ErrTypeNotImplementProtoMessage)
	}
	return message, func() { elem.Set(fresh) }, nil
}
