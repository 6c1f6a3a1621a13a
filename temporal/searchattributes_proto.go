package temporal

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

const (
	// metadataType is the payload metadata key that holds a search attribute's type.
	metadataType = "type"
	// changeVersionAttribute is written by workflow versioning, without its type.
	changeVersionAttribute = "TemporalChangeVersion"
)

// EncodeSearchAttributes returns the attributes as they are sent: JSON with the type in the
// metadata. An attribute that was unset becomes a payload without data. No attributes yield nil.
// The user's data converter plays no part: the server must be able to read attributes.
func EncodeSearchAttributes(sa SearchAttributes) (*commonpb.SearchAttributes, error) {
	if len(sa.untyped) == 0 {
		return nil, nil // no attributes are no message: that is no error
	}
	dc := converter.GetDefaultDataConverter()
	fields := make(map[string]*commonpb.Payload, len(sa.untyped))
	for _, key := range slices.SortedFunc(maps.Keys(sa.untyped), compareKeys) {
		payload, err := dc.ToPayload(sa.untyped[key])
		if err != nil {
			return nil, fmt.Errorf("search attribute %q: %w", key.GetName(), err)
		}
		if payload.GetData() != nil {
			payload.Metadata[metadataType] = []byte(key.GetValueType().String())
		} else if fields[key.GetName()] != nil {
			continue // unset, and set under another type: the value wins
		}
		fields[key.GetName()] = payload
	}
	return &commonpb.SearchAttributes{IndexedFields: fields}, nil
}

// DecodeSearchAttributes is the inverse of EncodeSearchAttributes. Payloads without data are
// skipped; a null is the zero value of its type. Attributes that it cannot decode (an unknown or
// missing type, data that does not fit) are left out of the result and described by the error, one
// by one in order of their names: the result is usable whether or not there is an error.
func DecodeSearchAttributes(attributes *commonpb.SearchAttributes) (SearchAttributes, error) {
	fields := attributes.GetIndexedFields()
	sa := SearchAttributes{untyped: make(map[SearchAttributeKey]any, len(fields))}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		payload := fields[name]
		if len(payload.GetData()) == 0 {
			continue
		}
		update, err := decodeAttribute(name, payload)
		if err != nil {
			problems = append(problems, fmt.Errorf("search attribute %q: %w", name, err))
			continue
		}
		update(&sa)
	}
	return sa, errors.Join(problems...)
}

// compareKeys makes the outcome independent of map order when one name has several types.
func compareKeys(a, b SearchAttributeKey) int {
	return cmp.Or(
		strings.Compare(a.GetName(), b.GetName()),
		cmp.Compare(a.GetValueType(), b.GetValueType()),
	)
}

func decodeAttribute(name string, payload *commonpb.Payload) (SearchAttributeUpdate, error) {
	data := payload.GetData()
	switch valueType := attributeType(name, payload); valueType {
	case enumspb.INDEXED_VALUE_TYPE_TEXT:
		return decodeValue(data, NewSearchAttributeKeyString(name).ValueSet)
	case enumspb.INDEXED_VALUE_TYPE_KEYWORD:
		return decodeValue(data, NewSearchAttributeKeyKeyword(name).ValueSet)
	case enumspb.INDEXED_VALUE_TYPE_INT:
		return decodeValue(data, NewSearchAttributeKeyInt64(name).ValueSet)
	case enumspb.INDEXED_VALUE_TYPE_DOUBLE:
		return decodeValue(data, NewSearchAttributeKeyFloat64(name).ValueSet)
	case enumspb.INDEXED_VALUE_TYPE_BOOL:
		return decodeValue(data, NewSearchAttributeKeyBool(name).ValueSet)
	case enumspb.INDEXED_VALUE_TYPE_DATETIME:
		return decodeValue[time.Time](data, NewSearchAttributeKeyTime(name).ValueSet)
	case enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST:
		return decodeValue(data, NewSearchAttributeKeyKeywordList(name).ValueSet)
	default:
		return nil, fmt.Errorf("type metadata %q: %w",
			payload.GetMetadata()[metadataType], converter.ErrUnableToDecode)
	}
}

func decodeValue[T any](
	data []byte, set func(T) SearchAttributeUpdate,
) (SearchAttributeUpdate, error) {
	var value T
	if err := json.Unmarshal(data, &value); err != nil {
		return nil, fmt.Errorf("%w: %w", converter.ErrUnableToDecode, err)
	}
	return set(value), nil
}

// attributeType reads the type metadata, which is spelled in two ways: KeywordList and
// INDEXED_VALUE_TYPE_KEYWORD_LIST.
func attributeType(name string, payload *commonpb.Payload) enumspb.IndexedValueType {
	text, ok := payload.GetMetadata()[metadataType]
	if !ok && name == changeVersionAttribute {
		return enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST
	}
	valueType, err := enumspb.IndexedValueTypeFromString(strings.TrimSpace(string(text)))
	if err != nil {
		return enumspb.INDEXED_VALUE_TYPE_UNSPECIFIED
	}
	return valueType
}
