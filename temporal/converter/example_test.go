package converter_test

import (
	"fmt"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

func ExampleGetDefaultDataConverter() {
	dc := converter.GetDefaultDataConverter()
	payloads, err := dc.ToPayloads("order-7", 42)
	if err != nil {
		fmt.Println(err)
		return
	}
	var id string
	var count int
	if err := dc.FromPayloads(payloads, &id, &count); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(id, count)
	fmt.Println(dc.ToStrings(payloads))
	// Output:
	// order-7 42
	// ["order-7" 42]
}

func ExampleNewCompositeDataConverter() {
	// Protobuf in its binary form, everything else as usual.
	dc := converter.NewCompositeDataConverter(
		converter.NewNilPayloadConverter(),
		converter.NewByteSlicePayloadConverter(),
		converter.NewProtoPayloadConverter(),
		converter.NewJSONPayloadConverter(),
	)
	payload, err := dc.ToPayload(&commonpb.WorkflowExecution{WorkflowId: "w"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s %q\n", payload.Metadata[converter.MetadataEncoding], payload.Data)
	// Output: binary/protobuf "\n\x01w"
}

func ExampleNewProtoJSONPayloadConverterWithOptions() {
	c := converter.NewProtoJSONPayloadConverterWithOptions(
		converter.ProtoJSONPayloadConverterOptions{UseProtoNames: true})
	payload, err := c.ToPayload(&commonpb.WorkflowExecution{WorkflowId: "w"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.ToString(payload))
	// Output: {"workflow_id":"w"}
}

func ExampleNewCodecDataConverter() {
	dc := converter.NewCodecDataConverter(
		converter.GetDefaultDataConverter(),
		converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true}),
	)
	payload, err := dc.ToPayload("order-7")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", payload.Metadata[converter.MetadataEncoding])
	fmt.Println(dc.ToString(payload))
	// Output:
	// binary/zlib
	// "order-7"
}

func ExampleNewRawValue() {
	dc := converter.GetDefaultDataConverter()
	var raw converter.RawValue // a parameter of an activity that only forwards
	payload, err := dc.ToPayload([]int{1, 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := dc.FromPayload(payload, &raw); err != nil {
		fmt.Println(err)
		return
	}
	forwarded, err := dc.ToPayload(raw)
	fmt.Println(dc.ToString(forwarded), err)
	// Output: [1,2] <nil>
}

func ExampleNewEncodedValues() {
	dc := converter.GetDefaultDataConverter()
	payloads, err := dc.ToPayloads("order-7", 42)
	if err != nil {
		fmt.Println(err)
		return
	}
	values := converter.NewEncodedValues(payloads, dc)
	var id string
	err = values.Get(&id)
	fmt.Println(values.HasValues(), id, err)
	// Output: true order-7 <nil>
}
