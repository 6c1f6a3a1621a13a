package crosscheck_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	sdkconverter "go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

type item struct {
	SKU   string `json:"sku"`
	Count int    `json:"count,omitempty"`
}

type order struct {
	item

	ID     string
	Items  []item
	Note   *string
	Placed time.Time
	Tags   map[string]int
	Any    any
}

// shout has its own JSON.
type shout string

func (s shout) MarshalJSON() ([]byte, error) { return json.Marshal(strings.ToUpper(string(s))) }

// refuses cannot be written.
type refuses struct{}

func (refuses) MarshalJSON() ([]byte, error) { return nil, errors.New("refused") }

// values are what user code passes to workflows and activities.
func values() map[string]any {
	note := "<b>&\u2028\"quoted\"\\ \xff"
	return map[string]any{
		"nil":                     nil,
		"nil pointer":             (*item)(nil),
		"nil slice":               []string(nil),
		"nil map":                 map[string]int(nil),
		"nil bytes":               []byte(nil),
		"nil proto":               (*commonpb.Payload)(nil),
		"no bytes":                []byte{},
		"bytes":                   []byte{0, 1, 0xff},
		"named bytes":             json.RawMessage(`{"a": [1, 2]}`),
		"array of bytes":          [3]byte{1, 2, 3},
		"empty string":            "",
		"string":                  "grüße, 世界 🌍",
		"string for HTML":         note,
		"named string":            shout("quiet"),
		"true":                    true,
		"int":                     -42,
		"largest int":             int64(math.MaxInt64),
		"largest uint":            uint64(math.MaxUint64),
		"float":                   0.1,
		"large float":             1e300,
		"small float":             1e-9,
		"float32":                 float32(1) / 3,
		"duration":                90 * time.Second,
		"time":                    time.Date(2026, 2, 3, 4, 5, 6, 789, time.UTC),
		"struct":                  item{SKU: "a", Count: 1},
		"pointer":                 &item{SKU: "a"},
		"large struct":            order{item: item{SKU: "s"}, ID: "o", Items: []item{{}}, Note: &note},
		"map":                     map[string]any{"b": 1, "a": []int{1}, "c": nil},
		"map by int":              map[int]string{2: "b", 1: "a"},
		"slice of any":            []any{1, "a", nil, 2.5, []byte("x")},
		"proto":                   &commonpb.WorkflowType{Name: "T"},
		"proto with a duration":   durationpb.New(1500 * time.Millisecond),
		"proto wrapper":           wrapperspb.Int64(7),
		"proto enum":              enumspb.TASK_QUEUE_KIND_STICKY,
		"empty proto":             &commonpb.WorkflowExecution{},
		"slice of protos":         []*commonpb.WorkflowType{{Name: "T"}},
		"payload as a value":      &commonpb.Payload{Data: []byte("x")},
		"NaN":                     math.NaN(),
		"channel":                 make(chan int),
		"func":                    func() {},
		"refuses":                 refuses{},
		"map by struct":           map[item]int{{}: 1},
		"number too long to hold": json.Number("123456789012345678901234567890"),
	}
}

func TestPayloadsAreByteEqualAndReadableBothWays(t *testing.T) {
	t.Parallel()
	ours, theirs := converter.GetDefaultDataConverter(), sdkconverter.GetDefaultDataConverter()
	for name, value := range values() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, gotErr := ours.ToPayload(value)
			want, wantErr := theirs.ToPayload(value)
			wantSameError(t, gotErr, wantErr)
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Fatalf("payload (-SDK +ours):\n%s", diff)
			}
			if wantErr != nil {
				return
			}
			wantSameDecoding(t, want, reflect.TypeOf(value))
			if s, w := ours.ToString(got), theirs.ToString(got); s != w {
				t.Errorf("ToString is %q, the SDK has %q", s, w)
			}
		})
	}
}

// wantSameDecoding decodes the payload with both into new values of the type, and
// into some others, where both must fail or find the same.
func wantSameDecoding(t *testing.T, payload *commonpb.Payload, own reflect.Type) {
	t.Helper()
	targets := []reflect.Type{
		reflect.TypeFor[any](), reflect.TypeFor[string](), reflect.TypeFor[int](),
		reflect.TypeFor[[]byte](), reflect.TypeFor[*item](), reflect.TypeFor[order](),
		reflect.TypeFor[*commonpb.WorkflowType](), reflect.TypeFor[commonpb.WorkflowType](),
		reflect.TypeFor[map[string]any](), reflect.TypeFor[json.RawMessage](),
		reflect.TypeFor[time.Duration](), reflect.TypeFor[enumspb.TaskQueueKind](),
	}
	if own != nil {
		targets = append(targets, own)
	}
	for _, target := range targets {
		got, want := reflect.New(target), reflect.New(target)
		gotErr := converter.GetDefaultDataConverter().FromPayload(payload, got.Interface())
		wantErr := sdkconverter.GetDefaultDataConverter().FromPayload(payload, want.Interface())
		t.Run("into "+target.String(), func(t *testing.T) {
			wantSameError(t, gotErr, wantErr)
			if wantErr == nil && !sameValue(got.Interface(), want.Interface()) {
				t.Errorf("decoded %#v, the SDK %#v", got.Elem(), want.Elem())
			}
		})
	}
}

// sameValue compares what two pointers point to; messages as messages.
func sameValue(a, b any) bool {
	v, w := reflect.ValueOf(a), reflect.ValueOf(b)
	m, ok := reflect.TypeAssert[proto.Message](v)
	n, both := reflect.TypeAssert[proto.Message](w)
	if ok && both {
		return proto.Equal(m, n)
	}
	if v.Elem().Kind() == reflect.Pointer && !v.Elem().IsNil() && !w.Elem().IsNil() {
		return sameValue(v.Elem().Interface(), w.Elem().Interface())
	}
	return reflect.DeepEqual(a, b)
}

// wantSameError compares errors as a user sees them.
func wantSameError(t *testing.T, got, want error) {
	t.Helper()
	if (got == nil) != (want == nil) || got != nil && got.Error() != want.Error() {
		t.Errorf("error\n\t%v\nwant that of the SDK:\n\t%v", got, want)
	}
}

func TestPayloadListsAreEqual(t *testing.T) {
	t.Parallel()
	ours, theirs := converter.GetDefaultDataConverter(), sdkconverter.GetDefaultDataConverter()
	raw := &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("x/y")}, Data: []byte("z")}
	lists := []struct{ ours, theirs []any }{
		{nil, nil},
		{[]any{}, []any{}},
		{[]any{1, "two", nil}, []any{1, "two", nil}},
		{[]any{converter.NewRawValue(raw), 2}, []any{sdkconverter.NewRawValue(raw), 2}},
		{[]any{1, make(chan int)}, []any{1, make(chan int)}},
	}
	for i, list := range lists {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			got, gotErr := ours.ToPayloads(list.ours...)
			want, wantErr := theirs.ToPayloads(list.theirs...)
			wantSameError(t, gotErr, wantErr)
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("payloads (-SDK +ours):\n%s", diff)
			}
			if s, w := ours.ToStrings(got), theirs.ToStrings(want); !reflect.DeepEqual(s, w) {
				t.Errorf("ToStrings is %q, the SDK has %q", s, w)
			}
		})
	}
}

// payloads are what a converter may meet that no converter of ours wrote.
func payloads() map[string]*commonpb.Payload {
	with := func(encoding, data string) *commonpb.Payload {
		return &commonpb.Payload{
			Metadata: map[string][]byte{"encoding": []byte(encoding)}, Data: []byte(data),
		}
	}
	typed := func(encoding, data, messageType string) *commonpb.Payload {
		p := with(encoding, data)
		p.Metadata["messageType"] = []byte(messageType)
		return p
	}
	return map[string]*commonpb.Payload{
		"nothing":                {},
		"no encoding":            {Metadata: map[string][]byte{"other": []byte("x")}},
		"unknown encoding":       with("json/xml", "x"),
		"broken JSON":            with("json/plain", "{"),
		"empty JSON":             with("json/plain", ""),
		"two JSON values":        with("json/plain", "1 2"),
		"JSON null":              with("json/plain", "null"),
		"JSON string":            with("json/plain", `"x"`),
		"JSON object":            with("json/plain", `{"sku":"a","SKU":"b","extra":1}`),
		"null with data":         with("binary/null", "x"),
		"proto JSON":             typed("json/protobuf", `{"name":"T"}`, "temporal.api.common.v1.WorkflowType"),
		"proto JSON, bare":       with("json/protobuf", `{"name":"T"}`),
		"proto JSON, extra":      with("json/protobuf", `{"name":"T","unheard":1}`),
		"proto JSON, broken":     with("json/protobuf", `{"name":`),
		"proto binary":           with("binary/protobuf", "\x0a\x01T"),
		"proto binary, typed":    typed("binary/protobuf", "\x0a\x01T", "temporal.api.common.v1.WorkflowType"),
		"proto binary, broken":   with("binary/protobuf", "\x0a\xff"),
		"plain bytes":            with("binary/plain", "\x00\x01"),
		"plain bytes, no string": with("binary/plain", "\xff\xfe"),
	}
}

func TestForeignPayloadsAreReadTheSame(t *testing.T) {
	t.Parallel()
	for name, payload := range payloads() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantSameDecoding(t, payload, nil)
			got := converter.GetDefaultDataConverter().ToString(payload)
			if want := sdkconverter.GetDefaultDataConverter().ToString(payload); got != want {
				t.Errorf("ToString is %q, the SDK has %q", got, want)
			}
		})
	}
}

func TestZlibCodecsReadEachOther(t *testing.T) {
	t.Parallel()
	for _, always := range []bool{false, true} {
		ours := converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: always})
		theirs := sdkconverter.NewZlibCodec(sdkconverter.ZlibCodecOptions{AlwaysEncode: always})
		plain := []*commonpb.Payload{
			{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte("1")},
			{
				Metadata: map[string][]byte{"encoding": []byte("binary/plain")},
				Data:     []byte(strings.Repeat("mainspring ", 1000)),
			},
		}
		got, err := ours.Encode(plain)
		if err != nil {
			t.Fatal(err)
		}
		want, err := theirs.Encode(plain)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("always %t: encoded (-SDK +ours):\n%s", always, diff)
		}
		for _, decode := range []func([]*commonpb.Payload) ([]*commonpb.Payload, error){
			ours.Decode, theirs.Decode,
		} {
			for _, encoded := range [][]*commonpb.Payload{got, want} {
				back, err := decode(encoded)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(plain, back, protocmp.Transform()); diff != "" {
					t.Errorf("always %t: decoded (-want +got):\n%s", always, diff)
				}
			}
		}
	}
}
