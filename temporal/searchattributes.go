package temporal

import (
	"maps"
	"reflect"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
)

// SearchAttributeKey names a search attribute and says what it holds. The implementations of this
// package are comparable: they serve as map keys.
type SearchAttributeKey interface {
	// GetName returns the attribute's name.
	GetName() string
	// GetValueType returns the type that the server indexes.
	GetValueType() enumspb.IndexedValueType
	// GetReflectType returns the Go type of the value.
	GetReflectType() reflect.Type
}

// SearchAttributeUpdate sets or unsets attributes. Keys make them; NewSearchAttributes and
// workflow.UpsertTypedSearchAttributes apply them.
type SearchAttributeUpdate func(*SearchAttributes)

// SearchAttributes are typed search attributes. They do not change once made. The zero value has
// none.
//
//nolint:recvcheck // only updates, while a collection is made, need a pointer
type SearchAttributes struct {
	// untyped holds nil for an attribute that is to be unset.
	untyped map[SearchAttributeKey]any
}

// NewSearchAttributes applies the updates in order to an empty collection.
func NewSearchAttributes(attributes ...SearchAttributeUpdate) SearchAttributes {
	sa := SearchAttributes{untyped: make(map[SearchAttributeKey]any, len(attributes))}
	for _, update := range attributes {
		if update != nil {
			update(&sa)
		}
	}
	return sa
}

// Size returns the number of attributes that have a value.
func (sa SearchAttributes) Size() int {
	n := 0
	for _, value := range sa.untyped {
		if value != nil {
			n++
		}
	}
	return n
}

// ContainsKey says whether the attribute has a value. A key of the same name and another type is
// another attribute.
func (sa SearchAttributes) ContainsKey(key SearchAttributeKey) bool {
	return sa.untyped[key] != nil
}

// GetUntypedValues returns a new map of the attributes that have a value.
func (sa SearchAttributes) GetUntypedValues() map[SearchAttributeKey]any {
	values := make(map[SearchAttributeKey]any, len(sa.untyped))
	for key, value := range sa.untyped {
		if list, ok := value.([]string); ok {
			value = slices.Clone(list)
		}
		if value != nil {
			values[key] = value
		}
	}
	return values
}

// Copy returns an update that sets what sa does. What sa unsets it leaves alone.
func (sa SearchAttributes) Copy() SearchAttributeUpdate {
	return func(target *SearchAttributes) {
		target.ensure()
		maps.Copy(target.untyped, sa.GetUntypedValues())
	}
}

// GetString returns the value of a text attribute and whether it has one.
func (sa SearchAttributes) GetString(key SearchAttributeKeyString) (string, bool) {
	return valueOf[string](sa, key)
}

// GetKeyword returns the value of a keyword attribute and whether it has one.
func (sa SearchAttributes) GetKeyword(key SearchAttributeKeyKeyword) (string, bool) {
	return valueOf[string](sa, key)
}

// GetBool returns the value of a boolean attribute and whether it has one.
func (sa SearchAttributes) GetBool(key SearchAttributeKeyBool) (value, ok bool) {
	return valueOf[bool](sa, key)
}

// GetInt64 returns the value of an integer attribute and whether it has one.
func (sa SearchAttributes) GetInt64(key SearchAttributeKeyInt64) (int64, bool) {
	return valueOf[int64](sa, key)
}

// GetFloat64 returns the value of a floating-point attribute and whether it has one.
func (sa SearchAttributes) GetFloat64(key SearchAttributeKeyFloat64) (float64, bool) {
	return valueOf[float64](sa, key)
}

// GetTime returns the value of a time attribute and whether it has one.
func (sa SearchAttributes) GetTime(key SearchAttributeKeyTime) (time.Time, bool) {
	return valueOf[time.Time](sa, key)
}

// GetKeywordList returns a copy of the value of a keyword list attribute and whether it has one.
func (sa SearchAttributes) GetKeywordList(key SearchAttributeKeyKeywordList) ([]string, bool) {
	list, ok := valueOf[[]string](sa, key)
	return slices.Clone(list), ok
}

func valueOf[T any](sa SearchAttributes, key SearchAttributeKey) (T, bool) {
	value, ok := sa.untyped[key].(T)
	return value, ok
}

func (sa *SearchAttributes) ensure() {
	if sa.untyped == nil {
		sa.untyped = make(map[SearchAttributeKey]any)
	}
}

func setAttribute(key SearchAttributeKey, value any) SearchAttributeUpdate {
	return func(sa *SearchAttributes) {
		sa.ensure()
		sa.untyped[key] = value
	}
}
