package converter

import (
	"encoding/json"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
)

// JSONPayloadConverter handles every value that encoding/json does. The zero value is ready.
type JSONPayloadConverter struct{}

// NewJSONPayloadConverter returns a JSONPayloadConverter.
func NewJSONPayloadConverter() *JSONPayloadConverter {
	return &JSONPayloadConverter{}
}

// ToPayload encodes a value as json.Marshal does.
func (c *JSONPayloadConverter) ToPayload(value any) (*commonpb.Payload, error) {
	switch value := value.(type) {
	case string:
		if data, ok := quoted(value); ok {
			return newPayload(data, c.Encoding()), nil
		}
	case int:
		return newPayload(decimal(value), c.Encoding()), nil
	}
	data, err := json.Marshal(value)
	if err != nil {
		return nil, encodeError(err)
	}
	return newPayload(data, c.Encoding()), nil
}

// FromPayload decodes as json.Unmarshal does.
func (c *JSONPayloadConverter) FromPayload(payload *commonpb.Payload, valuePtr any) error {
	switch target := valuePtr.(type) {
	case *string:
		if text, ok := unquoted(payload.GetData()); ok && target != nil {
			*target = text
			return nil
		}
	case *int:
		if n, ok := integer(payload.GetData()); ok && target != nil {
			*target = n
			return nil
		}
	}
	if err := json.Unmarshal(payload.GetData(), valuePtr); err != nil {
		return decodeError(err)
	}
	return nil
}

// ToString returns the JSON.
func (c *JSONPayloadConverter) ToString(payload *commonpb.Payload) string {
	return string(payload.GetData())
}

// Encoding returns MetadataEncodingJSON.
func (c *JSONPayloadConverter) Encoding() string {
	return MetadataEncodingJSON
}

// encodeError wraps the sentinel only. Wrapping both would change the type and the causes that a
// failure made of this error has in workflow histories.
func encodeError(err error) error {
	//nolint:errorlint // one %w on purpose, see above
	return fmt.Errorf("%w: %v", ErrUnableToEncode, err)
}

// decodeError is the decoding twin of encodeError.
func decodeError(err error) error {
	//nolint:errorlint // one %w on purpose, see encodeError
	return fmt.Errorf("%w: %v", ErrUnableToDecode, err)
}
