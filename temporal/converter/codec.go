package converter

import (
	"fmt"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
)

// PayloadCodec rewrites whole payloads, for instance to compress or encrypt them. It must be safe
// for concurrent use, and must not change the payloads it is given.
type PayloadCodec interface {
	// Encode returns the encoded payloads. None of the given ones is nil.
	Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error)
	// Decode undoes Encode. None of the given payloads is nil; those that Encode did not make
	// must be returned as they are.
	Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error)
}

// CodecDataConverter is a data converter with codecs around it. Make it with
// NewCodecDataConverter.
type CodecDataConverter struct {
	parent DataConverter
	codecs []PayloadCodec
}

// NewCodecDataConverter returns parent with codecs around it. On encode the last codec works
// first, so that earlier codecs wrap later ones; on decode it is the other way round.
func NewCodecDataConverter(parent DataConverter, codecs ...PayloadCodec) DataConverter {
	return &CodecDataConverter{parent: parent, codecs: codecs}
}

// ToPayload converts a value and encodes the payload. A codec that does not return exactly one
// payload is an error.
func (e *CodecDataConverter) ToPayload(value any) (*commonpb.Payload, error) {
	payload, err := e.parent.ToPayload(value)
	if payload == nil || err != nil {
		return payload, err
	}
	encoded, err := e.encode([]*commonpb.Payload{payload})
	if err != nil {
		return nil, err
	}
	return onlyPayload(encoded)
}

// FromPayload decodes a payload and converts it. A codec that does not return exactly one payload
// is an error. A nil payload goes to the parent as it is.
func (e *CodecDataConverter) FromPayload(payload *commonpb.Payload, valuePtr any) error {
	decoded, err := e.decodeOne(payload)
	if err != nil {
		return err
	}
	return e.parent.FromPayload(decoded, valuePtr)
}

// ToPayloads converts values and encodes the payloads together.
func (e *CodecDataConverter) ToPayloads(value ...any) (*commonpb.Payloads, error) {
	payloads, err := e.parent.ToPayloads(value...)
	if payloads == nil || err != nil {
		return payloads, err
	}
	encoded, err := e.encode(payloads.GetPayloads())
	if err != nil {
		return nil, err
	}
	return &commonpb.Payloads{Payloads: encoded}, nil
}

// FromPayloads decodes payloads together and converts them. Nil payloads go to the parent as they
// are.
func (e *CodecDataConverter) FromPayloads(payloads *commonpb.Payloads, valuePtrs ...any) error {
	if payloads == nil {
		return e.parent.FromPayloads(payloads, valuePtrs...)
	}
	decoded, err := e.decode(payloads.GetPayloads())
	if err != nil {
		return err
	}
	return e.parent.FromPayloads(&commonpb.Payloads{Payloads: decoded}, valuePtrs...)
}

// ToString decodes a payload and renders it for people; one that it cannot decode yields the
// reason.
func (e *CodecDataConverter) ToString(payload *commonpb.Payload) string {
	decoded, err := e.decodeOne(payload)
	if err != nil {
		return err.Error()
	}
	return e.parent.ToString(decoded)
}

// ToStrings renders each payload for people. Nil payloads yield nil.
func (e *CodecDataConverter) ToStrings(payloads *commonpb.Payloads) []string {
	if payloads == nil {
		return nil
	}
	result := make([]string, 0, len(payloads.GetPayloads()))
	for _, payload := range payloads.GetPayloads() {
		result = append(result, e.ToString(payload))
	}
	return result
}

// WithSerializationContext binds the parent and those codecs that can be bound. If there are
// none, it returns the converter itself.
func (e *CodecDataConverter) WithSerializationContext(ctx SerializationContext) DataConverter {
	parent := WithDataConverterSerializationContext(e.parent, ctx)
	changed := !identical(parent, e.parent)
	codecs := make([]PayloadCodec, len(e.codecs))
	for i, codec := range e.codecs {
		codecs[i] = codec
		if aware, ok := codec.(PayloadCodecWithSerializationContext); ok {
			codecs[i] = aware.WithSerializationContext(ctx)
			changed = changed || !identical(codecs[i], codec)
		}
	}
	if !changed {
		return e
	}
	return &CodecDataConverter{parent: parent, codecs: codecs}
}

func (e *CodecDataConverter) encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	for _, codec := range slices.Backward(e.codecs) {
		var err error
		if payloads, err = codec.Encode(payloads); err != nil {
			return nil, err
		}
	}
	return payloads, nil
}

func (e *CodecDataConverter) decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	for i, payload := range payloads {
		if payload == nil {
			return nil, fmt.Errorf("payload item %d: nil: %w", i, ErrUnableToDecode)
		}
	}
	for _, codec := range e.codecs {
		var err error
		if payloads, err = codec.Decode(payloads); err != nil {
			return nil, err
		}
	}
	return payloads, nil
}

func (e *CodecDataConverter) decodeOne(payload *commonpb.Payload) (*commonpb.Payload, error) {
	if payload == nil {
		return nil, nil // nothing to decode is no error
	}
	decoded, err := e.decode([]*commonpb.Payload{payload})
	if err != nil {
		return nil, err
	}
	return onlyPayload(decoded)
}

func onlyPayload(payloads []*commonpb.Payload) (*commonpb.Payload, error) {
	if len(payloads) != 1 {
		return nil, fmt.Errorf("received %d payloads from codec, expected 1", len(payloads))
	}
	return payloads[0], nil
}
