package temporal_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// keys has one key of each type.
type keys struct {
	text    temporal.SearchAttributeKeyString
	keyword temporal.SearchAttributeKeyKeyword
	boolean temporal.SearchAttributeKeyBool
	integer temporal.SearchAttributeKeyInt64
	float   temporal.SearchAttributeKeyFloat64
	moment  temporal.SearchAttributeKeyTime
	list    temporal.SearchAttributeKeyKeywordList
}

func newKeys() keys {
	return keys{
		text:    temporal.NewSearchAttributeKeyString("text"),
		keyword: temporal.NewSearchAttributeKeyKeyword("keyword"),
		boolean: temporal.NewSearchAttributeKeyBool("boolean"),
		integer: temporal.NewSearchAttributeKeyInt64("integer"),
		float:   temporal.NewSearchAttributeKeyFloat64("float"),
		moment:  temporal.NewSearchAttributeKeyTime("moment"),
		list:    temporal.NewSearchAttributeKeyKeywordList("list"),
	}
}

func moment() time.Time {
	return time.Date(2024, 2, 29, 12, 30, 0, 123456789, time.UTC)
}

func (k keys) all() temporal.SearchAttributes {
	return temporal.NewSearchAttributes(
		k.text.ValueSet("t"), k.keyword.ValueSet("k"), k.boolean.ValueSet(true),
		k.integer.ValueSet(-7), k.float.ValueSet(1.5), k.moment.ValueSet(moment()),
		k.list.ValueSet([]string{"a", "b"}),
	)
}

// attribute is a search attribute's payload, written by hand.
func attribute(valueType, data string) *commonpb.Payload {
	p := &commonpb.Payload{
		Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(data),
	}
	if valueType != "" {
		p.Metadata["type"] = []byte(valueType)
	}
	return p
}

func TestSearchAttributesAreWrittenWithTheirTypes(t *testing.T) {
	t.Parallel()
	k := newKeys()
	got, err := temporal.EncodeSearchAttributes(k.all())
	if err != nil {
		t.Fatal(err)
	}
	want := &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{
		"text":    attribute("Text", `"t"`),
		"keyword": attribute("Keyword", `"k"`),
		"boolean": attribute("Bool", `true`),
		"integer": attribute("Int", `-7`),
		"float":   attribute("Double", `1.5`),
		"moment":  attribute("Datetime", `"2024-02-29T12:30:00.123456789Z"`),
		"list":    attribute("KeywordList", `["a","b"]`),
	}}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	back, err := temporal.DecodeSearchAttributes(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(k.all().GetUntypedValues(), back.GetUntypedValues(),
		cmp.Comparer(func(a, b temporal.SearchAttributeKey) bool { return a == b })); diff != "" {
		t.Errorf("round trip (-want +got):\n%s", diff)
	}
}

func TestSearchAttributesAreReadBack(t *testing.T) {
	t.Parallel()
	k := newKeys()
	sa := k.all()
	text, ok1 := sa.GetString(k.text)
	keyword, ok2 := sa.GetKeyword(k.keyword)
	boolean, ok3 := sa.GetBool(k.boolean)
	integer, ok4 := sa.GetInt64(k.integer)
	float, ok5 := sa.GetFloat64(k.float)
	when, ok6 := sa.GetTime(k.moment)
	list, ok7 := sa.GetKeywordList(k.list)
	got := []any{text, keyword, boolean, integer, float, when, list, ok1, ok2, ok3, ok4, ok5, ok6, ok7}
	want := []any{"t", "k", true, int64(-7), 1.5, moment(), []string{"a", "b"}, true, true, true, true, true, true, true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if sa.Size() != 7 {
		t.Errorf("size %d, want 7", sa.Size())
	}
	if _, ok := sa.GetInt64(temporal.NewSearchAttributeKeyInt64("text")); ok {
		t.Error("found a text under an integer key")
	}
	list[0] = "changed"
	if again, _ := sa.GetKeywordList(k.list); again[0] != "a" {
		t.Error("a caller changed the collection")
	}
}

func TestSearchAttributeUnset(t *testing.T) {
	t.Parallel()
	k := newKeys()
	base := k.all()
	sa := temporal.NewSearchAttributes(base.Copy(), nil, k.text.ValueUnset())
	if _, ok := sa.GetString(k.text); ok || sa.ContainsKey(k.text) || sa.Size() != 6 {
		t.Errorf("unset attribute is still there: %v", sa.GetUntypedValues())
	}
	if _, ok := sa.GetUntypedValues()[k.text]; ok {
		t.Error("unset attribute among the values")
	}
	if !base.ContainsKey(k.text) {
		t.Error("the copy changed its source")
	}
	got, err := temporal.EncodeSearchAttributes(temporal.NewSearchAttributes(k.text.ValueUnset()))
	if err != nil {
		t.Fatal(err)
	}
	want := &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{
		"text": {Metadata: map[string][]byte{"encoding": []byte("binary/null")}},
	}}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	back, err := temporal.DecodeSearchAttributes(got)
	if err != nil || back.Size() != 0 {
		t.Errorf("unset attribute came back as %v, %v", back.GetUntypedValues(), err)
	}
}

func TestOneNameWithTwoTypesHasOneOutcome(t *testing.T) {
	t.Parallel()
	text := temporal.NewSearchAttributeKeyString("x")
	integer := temporal.NewSearchAttributeKeyInt64("x")
	for range 20 { // map order varies
		got, err := temporal.EncodeSearchAttributes(temporal.NewSearchAttributes(
			text.ValueSet("t"), integer.ValueUnset()))
		if err != nil || string(got.GetIndexedFields()["x"].GetData()) != `"t"` {
			t.Fatalf("set and unset: %v, %v", got, err)
		}
		got, err = temporal.EncodeSearchAttributes(temporal.NewSearchAttributes(
			text.ValueSet("t"), integer.ValueSet(1)))
		if err != nil || string(got.GetIndexedFields()["x"].GetData()) != `1` {
			t.Fatalf("set twice: %v, %v", got, err)
		}
	}
}

func TestNoSearchAttributes(t *testing.T) {
	t.Parallel()
	var zero temporal.SearchAttributes
	if zero.Size() != 0 || zero.ContainsKey(newKeys().text) || len(zero.GetUntypedValues()) != 0 {
		t.Error("the zero value has attributes")
	}
	if got, err := temporal.EncodeSearchAttributes(zero); got != nil || err != nil {
		t.Errorf("encoded %v, %v; want nil", got, err)
	}
	if got, err := temporal.DecodeSearchAttributes(nil); got.Size() != 0 || err != nil {
		t.Errorf("decoded %v, %v", got.GetUntypedValues(), err)
	}
	newKeys().text.ValueSet("t")(&zero)
	if zero.Size() != 1 {
		t.Error("an update must work on the zero value")
	}
	unset := temporal.NewSearchAttributes(temporal.SearchAttributes{}.Copy())
	if unset.Size() != 0 {
		t.Error("a copy of nothing is nothing")
	}
}

func TestListsAreCopiedWhenSet(t *testing.T) {
	t.Parallel()
	k := newKeys()
	list := []string{"a"}
	sa := temporal.NewSearchAttributes(k.list.ValueSet(list))
	list[0] = "changed"
	if got, _ := sa.GetKeywordList(k.list); got[0] != "a" {
		t.Errorf("list %v, want a", got)
	}
	sa = temporal.NewSearchAttributes(k.list.ValueSet(nil))
	if got, ok := sa.GetKeywordList(k.list); !ok || len(got) != 0 {
		t.Errorf("nil list: %v, %v; want an empty value", got, ok)
	}
}

func TestDecodeSearchAttributesReadsBothSpellings(t *testing.T) {
	t.Parallel()
	sa, err := temporal.DecodeSearchAttributes(&commonpb.SearchAttributes{
		IndexedFields: map[string]*commonpb.Payload{
			"list":                  attribute("INDEXED_VALUE_TYPE_KEYWORD_LIST", `["a"]`),
			"integer":               attribute("INDEXED_VALUE_TYPE_INT", `3`),
			"TemporalChangeVersion": attribute("", `["change-1"]`),
			"null":                  attribute("Keyword", `null`),
			"empty":                 attribute("Keyword", ``),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"list": []string{"a"}, "integer": int64(3), "TemporalChangeVersion": []string{"change-1"},
		"null": "",
	}
	got := map[string]any{}
	for key, value := range sa.GetUntypedValues() {
		got[key.GetName()] = value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func TestDecodeSearchAttributesNamesWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	sa, err := temporal.DecodeSearchAttributes(&commonpb.SearchAttributes{
		IndexedFields: map[string]*commonpb.Payload{
			"good":    attribute("Keyword", `"k"`),
			"untyped": attribute("", `"k"`),
			"unknown": attribute("Colour", `"red"`),
			"unfit":   attribute("Int", `"k"`),
			"broken":  attribute("Keyword", `{`),
		},
	})
	if sa.Size() != 1 {
		t.Errorf("attributes %v, want the good one", sa.GetUntypedValues())
	}
	if !errors.Is(err, converter.ErrUnableToDecode) {
		t.Fatalf("error %v, want ErrUnableToDecode", err)
	}
	lines := strings.Split(err.Error(), "\n")
	for i, name := range []string{"broken", "unfit", "unknown", "untyped"} {
		if i >= len(lines) || !strings.HasPrefix(lines[i], `search attribute "`+name+`": `) {
			t.Errorf("line %d of %q does not name %s", i, lines, name)
		}
	}
}

func TestSearchAttributeKeys(t *testing.T) {
	t.Parallel()
	k := newKeys()
	tests := []struct {
		key       temporal.SearchAttributeKey
		name      string
		valueType enumspb.IndexedValueType
		goType    reflect.Type
	}{
		{k.text, "text", enumspb.INDEXED_VALUE_TYPE_TEXT, reflect.TypeFor[string]()},
		{k.keyword, "keyword", enumspb.INDEXED_VALUE_TYPE_KEYWORD, reflect.TypeFor[string]()},
		{k.boolean, "boolean", enumspb.INDEXED_VALUE_TYPE_BOOL, reflect.TypeFor[bool]()},
		{k.integer, "integer", enumspb.INDEXED_VALUE_TYPE_INT, reflect.TypeFor[int64]()},
		{k.float, "float", enumspb.INDEXED_VALUE_TYPE_DOUBLE, reflect.TypeFor[float64]()},
		{k.moment, "moment", enumspb.INDEXED_VALUE_TYPE_DATETIME, reflect.TypeFor[time.Time]()},
		{k.list, "list", enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST, reflect.TypeFor[[]string]()},
	}
	unset := []temporal.SearchAttributeUpdate{
		k.text.ValueUnset(), k.keyword.ValueUnset(), k.boolean.ValueUnset(), k.integer.ValueUnset(),
		k.float.ValueUnset(), k.moment.ValueUnset(), k.list.ValueUnset(),
	}
	for i, test := range tests {
		if test.key.GetName() != test.name || test.key.GetValueType() != test.valueType ||
			test.key.GetReflectType() != test.goType {
			t.Errorf("%s: %v of %v", test.key.GetName(), test.key.GetValueType(),
				test.key.GetReflectType())
		}
		sa := k.all()
		sa = temporal.NewSearchAttributes(sa.Copy(), unset[i])
		if sa.ContainsKey(test.key) || sa.Size() != 6 {
			t.Errorf("%s: not unset: %v", test.name, sa.GetUntypedValues())
		}
	}
}

func TestCopiesLeaveAloneWhatIsUnset(t *testing.T) {
	t.Parallel()
	k := newKeys()
	unset := temporal.NewSearchAttributes(k.text.ValueUnset(), k.integer.ValueSet(2))
	sa := temporal.NewSearchAttributes(k.text.ValueSet("t"), unset.Copy())
	text, _ := sa.GetString(k.text)
	if integer, _ := sa.GetInt64(k.integer); text != "t" || integer != 2 {
		t.Errorf("got %v, want t and 2", sa.GetUntypedValues())
	}
	got, err := temporal.EncodeSearchAttributes(temporal.NewSearchAttributes(k.list.ValueSet([]string{})))
	if err != nil || string(got.GetIndexedFields()["list"].GetData()) != "null" {
		t.Errorf("an empty list is %v, %v; want null", got, err)
	}
}
