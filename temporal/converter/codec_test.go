package converter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// suffix is a codec that appends its name to the data and insists on it when decoding.
type suffix string

var errForeign = errors.New("not encoded by this codec")

func (s suffix) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	result := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		result[i] = proto.CloneOf(p)
		result[i].Data = append(result[i].Data, s...)
	}
	return result, nil
}

func (s suffix) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	result := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		data, ok := strings.CutSuffix(string(p.GetData()), string(s))
		if !ok {
			return nil, errForeign
		}
		result[i] = proto.CloneOf(p)
		result[i].Data = []byte(data)
	}
	return result, nil
}

func (s suffix) WithSerializationContext(
	ctx converter.SerializationContext,
) converter.PayloadCodec {
	if w, ok := ctx.(converter.WorkflowSerializationContext); ok {
		return suffix(string(s) + "@" + w.WorkflowID)
	}
	return s
}

// doubling is a codec that breaks the rule of as many out as in.
type doubling struct{}

func (doubling) Encode(p []*commonpb.Payload) ([]*commonpb.Payload, error) {
	return append(p, p...), nil
}

func (doubling) Decode(p []*commonpb.Payload) ([]*commonpb.Payload, error) {
	return append(p, p...), nil
}

func TestEarlierCodecsWrapLaterOnes(t *testing.T) {
	t.Parallel()
	dc := converter.NewCodecDataConverter(
		converter.GetDefaultDataConverter(), suffix("outer"), suffix("inner"))
	payloads, err := dc.ToPayloads(1, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := &commonpb.Payloads{Payloads: []*commonpb.Payload{
		encoded("json/plain", "1innerouter"), encoded("json/plain", "2innerouter"),
	}}
	if diff := cmp.Diff(want, payloads, protocmp.Transform()); diff != "" {
		t.Errorf("payloads (-want +got):\n%s", diff)
	}
	var one, two int
	if err := dc.FromPayloads(payloads, &one, &two); err != nil || one != 1 || two != 2 {
		t.Errorf("decoded %d, %d, %v", one, two, err)
	}
	single, err := dc.ToPayload(3)
	if err != nil || string(single.GetData()) != "3innerouter" {
		t.Errorf("single %v, %v", single, err)
	}
	var three int
	if err := dc.FromPayload(single, &three); err != nil || three != 3 {
		t.Errorf("decoded %d, %v", three, err)
	}
	if diff := cmp.Diff([]string{"1", "2"}, dc.ToStrings(payloads)); diff != "" {
		t.Errorf("strings (-want +got):\n%s", diff)
	}
}

func TestCodecDataConverterPassesNothingThrough(t *testing.T) {
	t.Parallel()
	dc := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), suffix("x"))
	number := 7
	if err := dc.FromPayload(nil, &number); err != nil || number != 7 {
		t.Errorf("nil payload: %d, %v", number, err)
	}
	if err := dc.FromPayloads(nil, &number); err != nil || number != 7 {
		t.Errorf("nil payloads: %d, %v", number, err)
	}
	if p, err := dc.ToPayloads(); p != nil || err != nil {
		t.Errorf("no values: %v, %v", p, err)
	}
	if dc.ToString(nil) != "" || dc.ToStrings(nil) != nil {
		t.Error("text made of nil")
	}
	err := dc.FromPayloads(&commonpb.Payloads{Payloads: []*commonpb.Payload{nil}}, &number)
	if !errors.Is(err, converter.ErrUnableToDecode) {
		t.Errorf("nil in a list: %v, want ErrUnableToDecode", err)
	}
}

func TestCodecErrorsReachTheCaller(t *testing.T) {
	t.Parallel()
	plain := encoded("json/plain", "1")
	foreign := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), suffix("x"))
	if err := foreign.FromPayload(plain, new(int)); !errors.Is(err, errForeign) {
		t.Errorf("decode: %v", err)
	}
	list := &commonpb.Payloads{Payloads: []*commonpb.Payload{plain}}
	if err := foreign.FromPayloads(list, new(int)); !errors.Is(err, errForeign) {
		t.Errorf("decode list: %v", err)
	}
	if got := foreign.ToString(plain); got != errForeign.Error() {
		t.Errorf("text %q, want the reason", got)
	}
	double := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), doubling{})
	if p, err := double.ToPayload(1); err == nil {
		t.Errorf("two payloads for one value: %v", p)
	}
	if err := double.FromPayload(plain, new(int)); err == nil {
		t.Error("two payloads for one payload: no error")
	}
	if p, err := foreign.ToPayload(func() {}); !errors.Is(err, converter.ErrUnableToEncode) {
		t.Errorf("parent's error: %v, %v", p, err)
	}
}

func TestRawValuesAreCoded(t *testing.T) {
	t.Parallel()
	dc := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), suffix("!"))
	p, err := dc.ToPayload(converter.NewRawValue(encoded("foo", "bar")))
	if err != nil || string(p.GetData()) != "bar!" {
		t.Fatalf("payload %v, error %v", p, err)
	}
	var raw converter.RawValue
	if err := dc.FromPayload(p, &raw); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(encoded("foo", "bar"), raw.Payload(), protocmp.Transform()); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
}

// boundFailures is a failure converter that records its context.
type boundFailures struct {
	converter.FailureConverter
	ctx converter.SerializationContext
}

func (f boundFailures) WithSerializationContext(
	ctx converter.SerializationContext,
) converter.FailureConverter {
	return boundFailures{ctx: ctx}
}

type plainFailures struct{}

func (plainFailures) ErrorToFailure(error) *failurepb.Failure { return nil }
func (plainFailures) FailureToError(*failurepb.Failure) error { return nil }

func TestSerializationContextReachesThoseThatWantIt(t *testing.T) {
	t.Parallel()
	ctx := converter.WorkflowSerializationContext{Namespace: "n", WorkflowID: "w"}
	plain := converter.GetDefaultDataConverter()
	if converter.WithDataConverterSerializationContext(plain, ctx) != plain {
		t.Error("a converter without context must be returned as it is")
	}
	inner := converter.NewCodecDataConverter(plain, suffix("in"))
	outer := converter.NewCodecDataConverter(inner, suffix("out"), identity{})
	bound := converter.WithDataConverterSerializationContext(outer, ctx)
	p, err := bound.ToPayload(1)
	if err != nil || string(p.GetData()) != "1in@wout@w" {
		t.Errorf("payload %v, error %v; want parent and codec bound", p, err)
	}
	p, err = outer.ToPayload(1)
	if err != nil || string(p.GetData()) != "1inout" {
		t.Errorf("payload %v, error %v; want the original unbound", p, err)
	}
	fc := converter.WithFailureConverterSerializationContext(boundFailures{}, ctx)
	if got, ok := fc.(boundFailures); !ok || got.ctx != converter.SerializationContext(ctx) {
		t.Errorf("failure converter %#v is not bound", fc)
	}
	if fc := converter.WithFailureConverterSerializationContext(plainFailures{}, ctx); fc != converter.FailureConverter(plainFailures{}) {
		t.Error("a failure converter without context must be returned as it is")
	}
}

// identity is a codec that changes nothing and knows no context.
type identity struct{}

func (identity) Encode(p []*commonpb.Payload) ([]*commonpb.Payload, error) { return p, nil }
func (identity) Decode(p []*commonpb.Payload) ([]*commonpb.Payload, error) { return p, nil }

func TestZlibKeepsTheSmaller(t *testing.T) {
	t.Parallel()
	small := encoded("json/plain", "1")
	large := encoded("json/plain", `"`+strings.Repeat("a", 1000)+`"`)
	codec := converter.NewZlibCodec(converter.ZlibCodecOptions{})
	got, err := codec.Encode([]*commonpb.Payload{small, large})
	if err != nil {
		t.Fatal(err)
	}
	if got[0] != small {
		t.Errorf("small payload became %v", got[0])
	}
	if e := string(got[1].GetMetadata()["encoding"]); e != "binary/zlib" || proto.Size(got[1]) > 100 {
		t.Errorf("large payload became %d bytes of %s", proto.Size(got[1]), e)
	}
	back, err := codec.Decode(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]*commonpb.Payload{small, large}, back, protocmp.Transform()); diff != "" {
		t.Errorf("round trip (-want +got):\n%s", diff)
	}
	always := converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true})
	got, err = always.Encode([]*commonpb.Payload{small})
	if err != nil || string(got[0].GetMetadata()["encoding"]) != "binary/zlib" {
		t.Errorf("AlwaysEncode: %v, %v", got, err)
	}
}

func TestZlibReadsWhatTheGoSDKWrote(t *testing.T) {
	t.Parallel()
	// {"encoding": "json/plain"} with data "x", marshalled and deflated.
	written := encoded("binary/zlib", "x\x9c\xe2\x12\xe3\xe2H\xcdK\xceO\xc9\xccK\x17\xe2\xca*\xce"+
		"\xcf\xd3/\xc8I\xcc\xcc\x13bV\xaaP\x02\x04\x00\x00\xff\xffy\x98\x08d")
	got, err := converter.NewZlibCodec(converter.ZlibCodecOptions{}).
		Decode([]*commonpb.Payload{written})
	if err != nil {
		t.Fatal(err)
	}
	want := []*commonpb.Payload{encoded("json/plain", `"x"`)}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
}

func TestZlibRefusesBrokenData(t *testing.T) {
	t.Parallel()
	codec := converter.NewZlibCodec(converter.ZlibCodecOptions{})
	good, err := converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true}).
		Encode([]*commonpb.Payload{encoded("json/plain", "1")})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"garbage": "bad", "empty": "", "cut": string(good[0].GetData()[:10]),
	} {
		_, err := codec.Decode([]*commonpb.Payload{encoded("binary/zlib", data)})
		if !errors.Is(err, converter.ErrUnableToDecode) {
			t.Errorf("%s: %v, want ErrUnableToDecode", name, err)
		}
	}
}
