package converter

import (
	commonpb "go.temporal.io/api/common/v1"
)

// DataConverter turns lists of Go values into payloads and back. Workers use it for arguments,
// results, heartbeat details, memos and error details.
//
// Implementations must be safe for concurrent use, and deterministic where workflows use them.
// They must not keep or change what they are given.
//
//nolint:interfacebloat // the method set is the one that existing converters implement
type DataConverter interface {
	// ToPayload turns one value into a payload. A RawValue yields the payload it holds.
	ToPayload(value any) (*commonpb.Payload, error)
	// FromPayload decodes a payload into the variable that valuePtr points to. Decode into a
	// fresh variable: what the payload does not mention keeps its old content. A *RawValue
	// receives the payload as it is.
	FromPayload(payload *commonpb.Payload, valuePtr any) error
	// ToPayloads turns each value into a payload. No values yield nil.
	ToPayloads(value ...any) (*commonpb.Payloads, error)
	// FromPayloads decodes payload i into valuePtrs[i]. Surplus payloads are ignored, surplus
	// pointers are left alone.
	FromPayloads(payloads *commonpb.Payloads, valuePtrs ...any) error
	// ToString renders a payload for people: not for decoding.
	ToString(input *commonpb.Payload) string
	// ToStrings renders each payload for people.
	ToStrings(input *commonpb.Payloads) []string
}

// GetDefaultDataConverter returns a data converter that tries, in this order: nil, byte slices,
// protobuf as JSON, protobuf as binary (decoding only: encoding never gets so far), JSON. Values
// with a transfer type are turned into it first, see [MakeTransferAware]. Keep the data converter
// rather than calling this for every payload.
func GetDefaultDataConverter() DataConverter {
	return MakeTransferAware(NewCompositeDataConverter(
		NewNilPayloadConverter(),
		NewByteSlicePayloadConverter(),
		NewProtoJSONPayloadConverter(),
		NewProtoPayloadConverter(),
		NewJSONPayloadConverter(),
	))
}
