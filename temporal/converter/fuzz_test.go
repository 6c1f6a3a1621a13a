package converter_test

import (
	"bytes"
	"encoding/json"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// FuzzFromPayload: whatever a payload holds, decoding returns and rendering returns.
func FuzzFromPayload(f *testing.F) {
	for _, seed := range []*commonpb.Payload{
		encoded("json/plain", `{"id":1,"Notes":"n"}`),
		encoded("json/plain", `[null]`),
		encoded("json/protobuf", `{"workflowId":"w"}`),
		payload("null", "encoding", "json/protobuf", "messageType", "google.protobuf.Value"),
		encoded("binary/protobuf", "\n\x01w"),
		encoded("binary/plain", "abc"),
		encoded("binary/null", ""),
		encoded("binary/zlib", "x\x9c\x03\x00\x00\x00\x00\x01"),
		{},
	} {
		data, err := proto.Marshal(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	dc := converter.MakeTransferAware(converter.NewCodecDataConverter(converter.NewCompositeDataConverter(
		converter.NewNilPayloadConverter(),
		converter.NewByteSlicePayloadConverter(),
		converter.NewProtoJSONPayloadConverterWithOptions(
			converter.ProtoJSONPayloadConverterOptions{LegacyTemporalProtoCompat: true}),
		converter.NewProtoPayloadConverter(),
		converter.NewJSONPayloadConverter(),
	), converter.NewZlibCodec(converter.ZlibCodecOptions{})))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := &commonpb.Payload{}
		if proto.Unmarshal(data, p) != nil {
			t.Skip("no payload")
		}
		before := proto.CloneOf(p)
		for _, target := range []any{
			new(any), new(order), new(*order), new([]byte), new(string), new(error),
			new(*commonpb.WorkflowExecution), new(commonpb.WorkflowExecution),
			new(*structpb.Value), new(proto.Message), new(converter.RawValue), new(money),
			new(plain), 3, nil,
		} {
			_ = dc.FromPayload(p, target) // an error is fine
		}
		dc.ToString(p)
		if !proto.Equal(before, p) {
			t.Errorf("decoding changed the payload from %v to %v", before, p)
		}
	})
}

// FuzzJSONRoundTrip: what json holds to be valid decodes and encodes to the same value.
func FuzzJSONRoundTrip(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2,{"b":null}]}`, `"\u2028<"`, `1e21`, `-0`, `true`} {
		f.Add([]byte(seed))
	}
	dc := converter.GetDefaultDataConverter()
	f.Fuzz(func(t *testing.T, data []byte) {
		if !json.Valid(data) {
			t.Skip("no JSON")
		}
		var value any
		if err := dc.FromPayload(payload(string(data), "encoding", "json/plain"), &value); err != nil {
			t.Skip("numbers beyond float64")
		}
		once, err := dc.ToPayload([]any{value}) // in a list: a bare nil is no JSON
		if err != nil {
			t.Fatal(err)
		}
		var again []any
		if err := dc.FromPayload(once, &again); err != nil {
			t.Fatal(err)
		}
		twice, err := dc.ToPayload(again)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(once.GetData(), twice.GetData()) {
			t.Errorf("%s became %s", once.GetData(), twice.GetData())
		}
	})
}
