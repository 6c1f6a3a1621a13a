package converter

import (
	"slices"

	commonpb "go.temporal.io/api/common/v1"
)

// Keys of payload metadata, and the values of the encoding key that this package writes.
const (
	// MetadataEncoding is the metadata key that names how the data is encoded.
	MetadataEncoding = "encoding"
	// MetadataMessageType is the metadata key that holds a protobuf message's full name.
	MetadataMessageType = "messageType"
	// MetadataEncodingBinary marks bytes that are passed through.
	MetadataEncodingBinary = "binary/plain"
	// MetadataEncodingJSON marks JSON.
	MetadataEncodingJSON = "json/plain"
	// MetadataEncodingNil marks the absence of a value. Such a payload has no data.
	MetadataEncodingNil = "binary/null"
	// MetadataEncodingProtoJSON marks a protobuf message in its JSON form.
	MetadataEncodingProtoJSON = "json/protobuf"
	// MetadataEncodingProto marks a protobuf message in its binary form.
	MetadataEncodingProto = "binary/protobuf"
)

// PayloadConverter turns values of some kind into payloads of one encoding and back.
// Implementations must be safe for concurrent use.
type PayloadConverter interface {
	// ToPayload encodes a value. It returns nil and no error for a value of a kind that it does
	// not handle, so that the next converter is asked.
	ToPayload(value any) (*commonpb.Payload, error)
	// FromPayload decodes a payload of this converter's encoding into what valuePtr points to.
	FromPayload(payload *commonpb.Payload, valuePtr any) error
	// ToString renders a payload of this converter's encoding for people.
	ToString(payload *commonpb.Payload) string
	// Encoding is the value of the encoding metadata key that this converter writes and reads.
	Encoding() string
}

// A fresh payload is one with room for the name of its encoding.
type fresh struct {
	payload  commonpb.Payload
	encoding [16]byte
}

func newPayload(data []byte, encoding string) *commonpb.Payload {
	f := new(fresh)
	name := append(f.encoding[:0], encoding...)
	f.payload.Metadata = map[string][]byte{MetadataEncoding: slices.Clip(name)}
	f.payload.Data = data
	return &f.payload
}

func newProtoPayload(data []byte, encoding, messageType string) *commonpb.Payload {
	payload := newPayload(data, encoding)
	if messageType != "" {
		payload.Metadata[MetadataMessageType] = []byte(messageType)
	}
	return payload
}

// encodingOf reads the encoding of a payload without allocating.
func encodingOf(payload *commonpb.Payload) ([]byte, error) {
	metadata := payload.GetMetadata()
	if metadata == nil {
		return nil, ErrMetadataIsNotSet
	}
	encoding, ok := metadata[MetadataEncoding]
	if !ok {
		return nil, ErrEncodingIsNotSet
	}
	return encoding, nil
}
