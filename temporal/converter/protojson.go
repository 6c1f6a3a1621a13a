package converter

import (
	"bytes"
	"encoding/json"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/temporalproto"
	"google.golang.org/protobuf/encoding/protojson"
)

const jsonNull = "null"

// ProtoJSONPayloadConverter handles protobuf messages in their JSON form. The zero value is ready.
type ProtoJSONPayloadConverter struct {
	options ProtoJSONPayloadConverterOptions
}

// ProtoJSONPayloadConverterOptions are the options of NewProtoJSONPayloadConverterWithOptions.
type ProtoJSONPayloadConverterOptions struct {
	// ExcludeProtobufMessageTypes leaves the message's full name out of the metadata.
	ExcludeProtobufMessageTypes bool
	// AllowUnknownFields ignores fields of the JSON that the message does not have, instead of
	// returning an error.
	AllowUnknownFields bool
	// UseProtoNames writes field names as in the .proto file instead of in lowerCamelCase.
	UseProtoNames bool
	// UseEnumNumbers writes enum values as numbers instead of names.
	UseEnumNumbers bool
	// EmitUnpopulated also writes fields that are not set.
	EmitUnpopulated bool
	// LegacyTemporalProtoCompat also reads enum values in the CamelCase spelling that Temporal's
	// older gogoproto messages wrote.
	LegacyTemporalProtoCompat bool
}

// NewProtoJSONPayloadConverter returns a ProtoJSONPayloadConverter with the default options.
func NewProtoJSONPayloadConverter() *ProtoJSONPayloadConverter {
	return &ProtoJSONPayloadConverter{}
}

// NewProtoJSONPayloadConverterWithOptions returns a ProtoJSONPayloadConverter.
func NewProtoJSONPayloadConverterWithOptions(
	options ProtoJSONPayloadConverterOptions,
) *ProtoJSONPayloadConverter {
	return &ProtoJSONPayloadConverter{options: options}
}

// ToPayload encodes a message, given by pointer or by value. It also accepts nil, and nil pointers
// of whatever type; in the default data converter these never get so far.
func (c *ProtoJSONPayloadConverter) ToPayload(value any) (*commonpb.Payload, error) {
	if isNilPointer(value) {
		return newPayload([]byte(jsonNull), c.Encoding()), nil
	}
	message := asMessage(value)
	if message == nil {
		return nil, nil // the contract of PayloadConverter: not mine, no error
	}
	spaced, err := protojson.MarshalOptions{
		UseProtoNames:   c.options.UseProtoNames,
		UseEnumNumbers:  c.options.UseEnumNumbers,
		EmitUnpopulated: c.options.EmitUnpopulated,
	}.Marshal(message)
	if err != nil {
		return nil, encodeError(err)
	}
	// protojson adds spaces that differ between builds of a program: payloads should not.
	var data bytes.Buffer
	data.Grow(len(spaced))
	if err := json.Compact(&data, spaced); err != nil {
		return nil, encodeError(err)
	}
	name := messageTypeOf(message, c.options.ExcludeProtobufMessageTypes)
	return newProtoPayload(data.Bytes(), c.Encoding(), name), nil
}

// FromPayload decodes into a message or into a pointer to a message, which is allocated when nil.
// An encoded nil sets the target to its zero value.
func (c *ProtoJSONPayloadConverter) FromPayload(payload *commonpb.Payload, valuePtr any) error {
	if isNullMessage(payload) {
		return setZero(valuePtr)
	}
	message, commit, err := messageTarget(valuePtr)
	if err != nil {
		return err
	}
	if c.options.LegacyTemporalProtoCompat {
		err = temporalproto.CustomJSONUnmarshalOptions{
			DiscardUnknown: c.options.AllowUnknownFields,
		}.Unmarshal(payload.GetData(), message)
	} else {
		err = protojson.UnmarshalOptions{
			DiscardUnknown: c.options.AllowUnknownFields,
		}.Unmarshal(payload.GetData(), message)
	}
	if err != nil {
		return decodeError(err)
	}
	commit()
	return nil
}

// ToString returns the JSON.
func (c *ProtoJSONPayloadConverter) ToString(payload *commonpb.Payload) string {
	return string(payload.GetData())
}

// Encoding returns MetadataEncodingProtoJSON.
func (c *ProtoJSONPayloadConverter) Encoding() string {
	return MetadataEncodingProtoJSON
}

// ExcludeProtobufMessageTypes says whether the message's full name is left out of the metadata.
func (c *ProtoJSONPayloadConverter) ExcludeProtobufMessageTypes() bool {
	return c.options.ExcludeProtobufMessageTypes
}

// isNullMessage tells an encoded nil from a message whose JSON form is null: only the message has
// a type.
func isNullMessage(payload *commonpb.Payload) bool {
	_, typed := payload.GetMetadata()[MetadataMessageType]
	return !typed && string(payload.GetData()) == jsonNull
}
