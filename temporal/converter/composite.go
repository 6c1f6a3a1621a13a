package converter

import (
	"fmt"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
)

// CompositeDataConverter is a DataConverter made of payload converters. Make it with
// NewCompositeDataConverter; the zero value accepts no value.
type CompositeDataConverter struct {
	converters []PayloadConverter
}

// NewCompositeDataConverter returns a data converter that asks the given payload converters in
// order: on encode the first that returns a payload wins, so the last should accept everything
// (JSON does). On decode the encoding metadata chooses; of two converters with one encoding the
// later decodes. Nil converters are skipped.
func NewCompositeDataConverter(payloadConverters ...PayloadConverter) DataConverter {
	converters := make([]PayloadConverter, 0, len(payloadConverters))
	for _, c := range payloadConverters {
		if c != nil {
			converters = append(converters, c)
		}
	}
	return &CompositeDataConverter{converters: converters}
}

// ToPayload encodes one value with the first converter that accepts it.
func (dc *CompositeDataConverter) ToPayload(value any) (*commonpb.Payload, error) {
	if raw, ok := value.(RawValue); ok {
		return raw.Payload(), nil
	}
	for _, c := range dc.converters {
		payload, err := c.ToPayload(value)
		if err != nil {
			return nil, err
		}
		if payload != nil {
			return payload, nil
		}
	}
	return nil, fmt.Errorf("value: %v of type: %T: %w", value, value, ErrUnableToFindConverter)
}

// FromPayload decodes one payload with the converter of its encoding. A nil payload leaves the
// target alone.
func (dc *CompositeDataConverter) FromPayload(payload *commonpb.Payload, valuePtr any) error {
	if payload == nil {
		return nil
	}
	if raw, ok := valuePtr.(*RawValue); ok {
		if raw == nil {
			return fmt.Errorf("type: %T: %w", valuePtr, ErrUnableToSetValue)
		}
		*raw = NewRawValue(payload)
		return nil
	}
	c, err := dc.converterFor(payload)
	if err != nil {
		return err
	}
	return c.FromPayload(payload, valuePtr)
}

// ToPayloads encodes each value. The error names the position of the value that failed.
func (dc *CompositeDataConverter) ToPayloads(values ...any) (*commonpb.Payloads, error) {
	if len(values) == 0 {
		return nil, nil // no values are no payloads: that is no error
	}
	list := new(shortList)
	payloads := list.room[:]
	if len(values) != len(payloads) {
		payloads = make([]*commonpb.Payload, len(values))
	}
	for i, value := range values {
		payload, err := dc.ToPayload(value)
		if err != nil {
			return nil, fmt.Errorf("values[%d]: %w", i, err)
		}
		payloads[i] = payload
	}
	list.payloads.Payloads = payloads
	return &list.payloads, nil
}

// A shortList has room for the payload of one value, which most lists are.
type shortList struct {
	payloads commonpb.Payloads
	room     [1]*commonpb.Payload
}

// FromPayloads decodes payloads into the variables pointed to, by position. The error names the
// position of the payload that failed; earlier ones are decoded by then.
func (dc *CompositeDataConverter) FromPayloads(
	payloads *commonpb.Payloads, valuePtrs ...any,
) error {
	for i, payload := range payloads.GetPayloads() {
		if i >= len(valuePtrs) {
			break
		}
		if err := dc.FromPayload(payload, valuePtrs[i]); err != nil {
			return fmt.Errorf("payload item %d: %w", i, err)
		}
	}
	return nil
}

// ToString renders one payload for people; a payload it cannot read yields the reason.
func (dc *CompositeDataConverter) ToString(payload *commonpb.Payload) string {
	if payload == nil {
		return ""
	}
	c, err := dc.converterFor(payload)
	if err != nil {
		return err.Error()
	}
	return c.ToString(payload)
}

// ToStrings renders each payload for people. Nil payloads yield nil.
func (dc *CompositeDataConverter) ToStrings(payloads *commonpb.Payloads) []string {
	if payloads == nil {
		return nil
	}
	result := make([]string, 0, len(payloads.GetPayloads()))
	for _, payload := range payloads.GetPayloads() {
		result = append(result, dc.ToString(payload))
	}
	return result
}

// converterFor walks the few converters from the end: cheaper than building a map.
func (dc *CompositeDataConverter) converterFor(
	payload *commonpb.Payload,
) (PayloadConverter, error) {
	encoding, err := encodingOf(payload)
	if err != nil {
		return nil, err
	}
	for _, c := range slices.Backward(dc.converters) {
		if c.Encoding() == string(encoding) {
			return c, nil
		}
	}
	return nil, fmt.Errorf("encoding %s: %w", encoding, ErrEncodingIsNotSupported)
}
