package temporal

import (
	"reflect"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
)

// SearchAttributeKeyString is the key of a text attribute. Make it with
// NewSearchAttributeKeyString.
type SearchAttributeKeyString struct{ name string }

// NewSearchAttributeKeyString returns the key of a text attribute.
func NewSearchAttributeKeyString(name string) SearchAttributeKeyString {
	return SearchAttributeKeyString{name: name}
}

// GetName returns the attribute's name.
func (k SearchAttributeKeyString) GetName() string { return k.name }

// GetValueType returns the type that the server indexes.
func (k SearchAttributeKeyString) GetValueType() enumspb.IndexedValueType {
	return enumspb.INDEXED_VALUE_TYPE_TEXT
}

// GetReflectType returns the Go type of the value.
func (k SearchAttributeKeyString) GetReflectType() reflect.Type {
	return reflect.TypeFor[string]()
}

// ValueSet returns an update that sets the attribute.
func (k SearchAttributeKeyString) ValueSet(value string) SearchAttributeUpdate {
	return setAttribute(k, value)
}

// ValueUnset returns an update that removes the attribute.
func (k SearchAttributeKeyString) ValueUnset() SearchAttributeUpdate {
	return setAttribute(k, nil)
}

// SearchAttributeKeyKeyword is the key of a keyword attribute. Make it with
// NewSearchAttributeKeyKeyword.
type SearchAttributeKeyKeyword struct{ name string }

// NewSearchAttributeKeyKeyword returns the key of a keyword attribute.
func NewSearchAttributeKeyKeyword(name string) SearchAttributeKeyKeyword {
	return SearchAttributeKeyKeyword{name: name}
}

// GetName returns the attribute's name.
func (k SearchAttributeKeyKeyword) GetName() string { return k.name }

// GetValueType returns the type that the server indexes.
func (k SearchAttributeKeyKeyword) GetValueType() enumspb.IndexedValueType {
	return enumspb.INDEXED_VALUE_TYPE_KEYWORD
}

// GetReflectType returns the Go type of the value.
func (k SearchAttributeKeyKeyword) GetReflectType() reflect.Type {
	return reflect.TypeFor[string]()
}

// ValueSet returns an update that sets the attribute.
func (k SearchAttributeKeyKeyword) ValueSet(value string) SearchAttributeUpdate {
	return setAttribute(k, value)
}

// ValueUnset returns an update that removes the attribute.
func (k SearchAttributeKeyKeyword) ValueUnset() SearchAttributeUpdate {
	return setAttribute(k, nil)
}

// SearchAttributeKeyBool is the key of a boolean attribute. Make it with
// NewSearchAttributeKeyBool.
type SearchAttributeKeyBool struct{ name string }

// NewSearchAttributeKeyBool returns the key of a boolean attribute.
func NewSearchAttributeKeyBool(name string) SearchAttributeKeyBool {
	return SearchAttributeKeyBool{name: name}
}

// GetName returns the attribute's name.
func (k SearchAttributeKeyBool) GetName() string { return k.name }

// GetValueType returns the type that the server indexes.
func (k SearchAttributeKeyBool) GetValueType() enumspb.IndexedValueType {
	return enumspb.INDEXED_VALUE_TYPE_BOOL
}

// GetReflectType returns the Go type of the value.
func (k SearchAttributeKeyBool) GetReflectType() reflect.Type {
	return reflect.TypeFor[bool]()
}

// ValueSet returns an update that sets the attribute.
func (k SearchAttributeKeyBool) ValueSet(value bool) SearchAttributeUpdate {
	return setAttribute(k, value)
}

// ValueUnset returns an update that removes the attribute.
func (k SearchAttributeKeyBool) ValueUnset() SearchAttributeUpdate {
	return setAttribute(k, nil)
}

// SearchAttributeKeyInt64 is the key of an integer attribute. Make it with
// NewSearchAttributeKeyInt64.
type SearchAttributeKeyInt64 struct{ name string }

// NewSearchAttributeKeyInt64 returns the key of an integer attribute.
func NewSearchAttributeKeyInt64(name string) SearchAttributeKeyInt64 {
	return SearchAttributeKeyInt64{name: name}
}

// GetName returns the attribute's name.
func (k SearchAttributeKeyInt64) GetName() string { return k.name }

// GetValueType returns the type that the server indexes.
func (k SearchAttributeKeyInt64) GetValueType() enumspb.IndexedValueType {
	return enumspb.INDEXED_VALUE_TYPE_INT
}

// GetReflectType returns the Go type of the value.
func (k SearchAttributeKeyInt64) GetReflectType() reflect.Type {
	return reflect.TypeFor[int64]()
}

// ValueSet returns an update that sets the attribute.
func (k SearchAttributeKeyInt64) ValueSet(value int64) SearchAttributeUpdate {
	return setAttribute(k, value)
}

// ValueUnset returns an update that removes the attribute.
func (k SearchAttributeKeyInt64) ValueUnset() SearchAttributeUpdate {
	return setAttribute(k, nil)
}

// SearchAttributeKeyFloat64 is the key of a floating-point attribute. Make it with
// NewSearchAttributeKeyFloat64.
type SearchAttributeKeyFloat64 struct{ name string }

// NewSearchAttributeKeyFloat64 returns the key of a floating-point attribute.
func NewSearchAttributeKeyFloat64(name string) SearchAttributeKeyFloat64 {
	return SearchAttributeKeyFloat64{name: name}
}

// GetName returns the attribute's name.
func (k SearchAttributeKeyFloat64) GetName() string { return k.name }

// GetValueType returns the type that the server indexes.
func (k SearchAttributeKeyFloat64) GetValueType() enumspb.IndexedValueType {
	return enumspb.INDEXED_VALUE_TYPE_DOUBLE
}

// GetReflectType returns the Go type of the value.
func (k SearchAttributeKeyFloat64) GetReflectType() reflect.Type {
	return reflect.TypeFor[float64]()
}

// ValueSet returns an update that sets the attribute.
func (k SearchAttributeKeyFloat64) ValueSet(value float64) SearchAttributeUpdate {
	return setAttribute(k, value)
}

// ValueUnset returns an update that removes the attribute.
func (k SearchAttributeKeyFloat64) ValueUnset() SearchAttributeUpdate {
	return setAttribute(k, nil)
}

// SearchAttributeKeyTime is the key of a time attribute. Make it with
// NewSearchAttributeKeyTime.
type SearchAttributeKeyTime struct{ name string }

// NewSearchAttributeKeyTime returns the key of a time attribute.
func NewSearchAttributeKeyTime(name string) SearchAttributeKeyTime {
	return SearchAttributeKeyTime{name: name}
}

// GetName returns the attribute's name.
func (k SearchAttributeKeyTime) GetName() string { return k.name }

// GetValueType returns the type that the server indexes.
func (k SearchAttributeKeyTime) GetValueType() enumspb.IndexedValueType {
	return enumspb.INDEXED_VALUE_TYPE_DATETIME
}

// GetReflectType returns the Go type of the value.
func (k SearchAttributeKeyTime) GetReflectType() reflect.Type {
	return reflect.TypeFor[time.Time]()
}

// ValueSet returns an update that sets the attribute.
func (k SearchAttributeKeyTime) ValueSet(value time.Time) SearchAttributeUpdate {
	return setAttribute(k, value)
}

// ValueUnset returns an update that removes the attribute.
func (k SearchAttributeKeyTime) ValueUnset() SearchAttributeUpdate {
	return setAttribute(k, nil)
}

// SearchAttributeKeyKeywordList is the key of a keyword list attribute. Make it with
// NewSearchAttributeKeyKeywordList.
type SearchAttributeKeyKeywordList struct{ name string }

// NewSearchAttributeKeyKeywordList returns the key of a keyword list attribute.
func NewSearchAttributeKeyKeywordList(name string) SearchAttributeKeyKeywordList {
	return SearchAttributeKeyKeywordList{name: name}
}

// GetName returns the attribute's name.
func (k SearchAttributeKeyKeywordList) GetName() string { return k.name }

// GetValueType returns the type that the server indexes.
func (k SearchAttributeKeyKeywordList) GetValueType() enumspb.IndexedValueType {
	return enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST
}

// GetReflectType returns the Go type of the value.
func (k SearchAttributeKeyKeywordList) GetReflectType() reflect.Type {
	return reflect.TypeFor[[]string]()
}

// ValueSet returns an update that sets the attribute to a copy of value. An empty list is a value,
// and sent as null, as the Go SDK does.
func (k SearchAttributeKeyKeywordList) ValueSet(value []string) SearchAttributeUpdate {
	return setAttribute(k, append([]string(nil), value...))
}

// ValueUnset returns an update that removes the attribute.
func (k SearchAttributeKeyKeywordList) ValueUnset() SearchAttributeUpdate {
	return setAttribute(k, nil)
}
