package converter_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

type order struct {
	ID    int `json:"id"`
	Notes string
}

type namedBytes []byte

const executionType = "temporal.api.common.v1.WorkflowExecution"

// payload writes a payload by hand: data, then metadata as pairs.
func payload(data string, metadata ...string) *commonpb.Payload {
	p := &commonpb.Payload{Metadata: map[string][]byte{}, Data: []byte(data)}
	for i := 0; i+1 < len(metadata); i += 2 {
		p.Metadata[metadata[i]] = []byte(metadata[i+1])
	}
	return p
}

func encoded(encoding, data string) *commonpb.Payload {
	return payload(data, "encoding", encoding)
}

func execution() *commonpb.WorkflowExecution {
	return &commonpb.WorkflowExecution{WorkflowId: "w<&>", RunId: "r"}
}

func TestDefaultDataConverterWritesThePayloadsThatOtherSDKsRead(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value any
		want  *commonpb.Payload
	}{
		"nil":             {nil, encoded("binary/null", "")},
		"nil pointer":     {(*order)(nil), encoded("binary/null", "")},
		"nil message":     {(*commonpb.WorkflowExecution)(nil), encoded("binary/null", "")},
		"nil bytes":       {[]byte(nil), encoded("binary/plain", "")},
		"nil map":         {map[string]int(nil), encoded("json/plain", "null")},
		"nil slice":       {[]string(nil), encoded("json/plain", "null")},
		"bytes":           {[]byte("abc"), encoded("binary/plain", "abc")},
		"named bytes":     {namedBytes("abc"), encoded("json/plain", `"YWJj"`)},
		"raw JSON":        {json.RawMessage(`{"x": 1}`), encoded("json/plain", `{"x":1}`)},
		"struct":          {order{1, "<b>&"}, encoded("json/plain", `{"id":1,"Notes":"\u003cb\u003e\u0026"}`)},
		"struct pointer":  {&order{ID: 1}, encoded("json/plain", `{"id":1,"Notes":""}`)},
		"string":          {"hi\u2028", encoded("json/plain", `"hi\u2028"`)},
		"int":             {7, encoded("json/plain", "7")},
		"float":           {1e21, encoded("json/plain", "1e+21")},
		"duration":        {time.Second, encoded("json/plain", "1000000000")},
		"error":           {errors.New("x"), encoded("json/plain", "{}")},
		"message":         {execution(), payload(`{"workflowId":"w<&>","runId":"r"}`, "encoding", "json/protobuf", "messageType", executionType)},
		"message value":   {*execution(), payload(`{"workflowId":"w<&>","runId":"r"}`, "encoding", "json/protobuf", "messageType", executionType)},
		"empty message":   {&commonpb.WorkflowExecution{}, payload(`{}`, "encoding", "json/protobuf", "messageType", executionType)},
		"wrapper message": {wrapperspb.Int64(5), payload(`"5"`, "encoding", "json/protobuf", "messageType", "google.protobuf.Int64Value")},
		"proto duration":  {durationpb.New(time.Second), payload(`"1s"`, "encoding", "json/protobuf", "messageType", "google.protobuf.Duration")},
		"enum in message": {
			&taskqueuepb.TaskQueue{Name: "x", Kind: enumspb.TASK_QUEUE_KIND_STICKY},
			payload(`{"name":"x","kind":"TASK_QUEUE_KIND_STICKY"}`,
				"encoding", "json/protobuf", "messageType", "temporal.api.taskqueue.v1.TaskQueue"),
		},
		"messages in slice": {
			[]*commonpb.WorkflowExecution{execution()},
			encoded("json/plain", `[{"workflow_id":"w\u003c\u0026\u003e","run_id":"r"}]`),
		},
		"raw value":      {converter.NewRawValue(encoded("foo", "bar")), encoded("foo", "bar")},
		"zero raw value": {converter.RawValue{}, nil},
	}
	dc := converter.GetDefaultDataConverter()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := dc.ToPayload(test.value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, protocmp.Transform()); diff != "" {
				t.Errorf("payload (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDefaultDataConverterRefusesWhatHasNoEncoding(t *testing.T) {
	t.Parallel()
	raw := converter.NewRawValue(encoded("foo", "bar"))
	for name, value := range map[string]any{
		"function":         func() {},
		"channel":          make(chan int),
		"raw value inside": struct{ R converter.RawValue }{raw},
		"raw pointer":      &raw,
	} {
		p, err := converter.GetDefaultDataConverter().ToPayload(value)
		if !errors.Is(err, converter.ErrUnableToEncode) || p != nil {
			t.Errorf("%s: payload %v, error %v; want ErrUnableToEncode", name, p, err)
		}
	}
}

// decodeCase decodes a payload into a fresh target and compares what the target then holds.
type decodeCase struct {
	payload *commonpb.Payload
	target  any
	want    any
	err     error
}

func TestDefaultDataConverterReads(t *testing.T) {
	t.Parallel()
	jsonExecution := encoded("json/protobuf", `{"workflowId":"w<&>","runId":"r"}`)
	binaryExecution := encoded("binary/protobuf", "\n\x04w<&>\x12\x01r")
	const untouched = 9
	tests := map[string]decodeCase{
		"nil payload":        {nil, new(untouched), new(untouched), nil},
		"null":               {encoded("binary/null", ""), new(untouched), new(0), nil},
		"null pointer":       {encoded("binary/null", ""), new(&order{ID: 1}), new(*order), nil},
		"bytes":              {encoded("binary/plain", "abc"), new([]byte), new([]byte("abc")), nil},
		"bytes, named":       {encoded("binary/plain", "abc"), new(namedBytes), new(namedBytes("abc")), nil},
		"bytes into any":     {encoded("binary/plain", "abc"), new(any), new(any([]byte("abc"))), nil},
		"JSON":               {encoded("json/plain", `{"id":3}`), new(order), &order{ID: 3}, nil},
		"JSON into any":      {encoded("json/plain", `[1,"a"]`), new(any), new(any([]any{1.0, "a"})), nil},
		"proto JSON":         {jsonExecution, new(*commonpb.WorkflowExecution), new(execution()), nil},
		"proto JSON, value":  {jsonExecution, new(commonpb.WorkflowExecution), execution(), nil},
		"proto JSON null":    {encoded("json/protobuf", "null"), new(execution()), new(*commonpb.WorkflowExecution), nil},
		"proto null value":   {payload("null", "encoding", "json/protobuf", "messageType", "google.protobuf.Value"), new(*structpb.Value), new(structpb.NewNullValue()), nil},
		"proto JSON, reused": {jsonExecution, new(&commonpb.WorkflowExecution{RunId: "old"}), new(execution()), nil},
		"proto":              {binaryExecution, new(*commonpb.WorkflowExecution), new(execution()), nil},
		"proto, value":       {binaryExecution, new(commonpb.WorkflowExecution), execution(), nil},

		"no metadata":               {&commonpb.Payload{}, new(int), nil, converter.ErrMetadataIsNotSet},
		"no encoding":               {payload("", "x", "y"), new(int), nil, converter.ErrEncodingIsNotSet},
		"unknown encoding":          {encoded("zz", ""), new(int), nil, converter.ErrEncodingIsNotSupported},
		"null, no pointer":          {encoded("binary/null", ""), 3, nil, converter.ErrValuePtrIsNotPointer},
		"null, nil":                 {encoded("binary/null", ""), nil, nil, converter.ErrValuePtrIsNotPointer},
		"null, nil pointer":         {encoded("binary/null", ""), (*int)(nil), nil, converter.ErrUnableToSetValue},
		"bytes into string":         {encoded("binary/plain", "a"), new(string), nil, converter.ErrTypeIsNotByteSlice},
		"bytes into error":          {encoded("binary/plain", "a"), new(error), nil, converter.ErrTypeIsNotByteSlice},
		"bytes, no pointer":         {encoded("binary/plain", "a"), []byte{}, nil, converter.ErrValuePtrIsNotPointer},
		"bytes, nil":                {encoded("binary/plain", "a"), nil, nil, converter.ErrValuePtrIsNotPointer},
		"bytes, nil pointer":        {encoded("binary/plain", "a"), (*[]byte)(nil), nil, converter.ErrValuePtrIsNotPointer},
		"JSON into wrong type":      {encoded("json/plain", "{}"), new(int), nil, converter.ErrUnableToDecode},
		"JSON, no pointer":          {encoded("json/plain", "{}"), order{}, nil, converter.ErrUnableToDecode},
		"JSON, nil":                 {encoded("json/plain", "{}"), nil, nil, converter.ErrUnableToDecode},
		"JSON, two values":          {encoded("json/plain", "3 4"), new(int), nil, converter.ErrUnableToDecode},
		"JSON, empty":               {encoded("json/plain", ""), new(int), nil, converter.ErrUnableToDecode},
		"proto JSON into any":       {jsonExecution, new(any), nil, converter.ErrValuePtrMustConcreteType},
		"proto JSON into interface": {jsonExecution, new(proto.Message), nil, converter.ErrValuePtrMustConcreteType},
		"proto JSON into map":       {jsonExecution, new(map[string]any), nil, converter.ErrTypeNotImplementProtoMessage},
		"proto JSON into *struct":   {jsonExecution, new(*order), nil, converter.ErrTypeNotImplementProtoMessage},
		"proto JSON, no pointer":    {jsonExecution, 3, nil, converter.ErrValuePtrIsNotPointer},
		"proto JSON, nil pointer":   {jsonExecution, (*commonpb.WorkflowExecution)(nil), nil, converter.ErrUnableToSetValue},
		"proto JSON, broken":        {encoded("json/protobuf", "{"), new(*commonpb.WorkflowExecution), nil, converter.ErrUnableToDecode},
		"proto JSON, unknown field": {encoded("json/protobuf", `{"zz":1}`), new(*commonpb.WorkflowExecution), nil, converter.ErrUnableToDecode},
		"proto into any":            {binaryExecution, new(any), nil, converter.ErrValuePtrMustConcreteType},
		"proto into map":            {binaryExecution, new(map[string]any), nil, converter.ErrTypeNotImplementProtoMessage},
		"proto, nil":                {binaryExecution, nil, nil, converter.ErrValuePtrIsNotPointer},
		"proto, broken":             {encoded("binary/protobuf", "{"), new(*commonpb.WorkflowExecution), nil, converter.ErrUnableToDecode},
		"raw, nil pointer":          {encoded("zz", ""), (*converter.RawValue)(nil), nil, converter.ErrUnableToSetValue},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := converter.GetDefaultDataConverter().FromPayload(test.payload, test.target)
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if test.err != nil {
				return
			}
			if diff := cmp.Diff(test.want, test.target, protocmp.Transform()); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFailedProtoDecodeLeavesTargetNil(t *testing.T) {
	t.Parallel()
	var target *commonpb.WorkflowExecution
	err := converter.NewProtoPayloadConverter().FromPayload(encoded("", "{"), &target)
	if err == nil || target != nil {
		t.Errorf("error %v, target %v; want an error and nil", err, target)
	}
}

func TestToStringIsForPeople(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		payload *commonpb.Payload
		want    string
	}{
		"nil payload": {nil, ""},
		"null":        {encoded("binary/null", ""), "nil"},
		"bytes":       {encoded("binary/plain", "a"), "YQ"},
		"JSON":        {encoded("json/plain", `{"a":1}`), `{"a":1}`},
		"proto JSON":  {encoded("json/protobuf", `{"a":1}`), `{"a":1}`},
		"proto":       {encoded("binary/protobuf", "\n\x01a"), "CgFh"},
		"unknown":     {encoded("foo", ""), "encoding foo: payload encoding is not supported"},
		"no metadata": {&commonpb.Payload{}, "metadata is not set"},
	}
	for name, test := range tests {
		if got := converter.GetDefaultDataConverter().ToString(test.payload); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestProtoConverterEncodes(t *testing.T) {
	t.Parallel()
	c := converter.NewProtoPayloadConverter()
	got, err := c.ToPayload(execution())
	if err != nil {
		t.Fatal(err)
	}
	want := payload("\n\x04w<&>\x12\x01r",
		"encoding", "binary/protobuf", "messageType", executionType)
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
	for _, value := range []any{nil, order{}, &order{}, 3, "x"} {
		if got, err := c.ToPayload(value); got != nil || err != nil {
			t.Errorf("ToPayload(%#v) = %v, %v; want it left to the next converter", value, got, err)
		}
	}
	bare := converter.NewProtoPayloadConverterWithOptions(
		converter.ProtoPayloadConverterOptions{ExcludeProtobufMessageTypes: true})
	got, err = bare.ToPayload(execution())
	if err != nil || got.GetMetadata()["messageType"] != nil || !bare.ExcludeProtobufMessageTypes() {
		t.Errorf("payload %v, error %v; want no messageType", got, err)
	}
}

func TestProtoJSONOptions(t *testing.T) {
	t.Parallel()
	queue := &taskqueuepb.TaskQueue{Kind: enumspb.TASK_QUEUE_KIND_STICKY, NormalName: "n"}
	tests := map[string]struct {
		options converter.ProtoJSONPayloadConverterOptions
		want    string
		untyped bool
	}{
		"default":     {want: `{"kind":"TASK_QUEUE_KIND_STICKY","normalName":"n"}`},
		"untyped":     {converter.ProtoJSONPayloadConverterOptions{ExcludeProtobufMessageTypes: true}, `{"kind":"TASK_QUEUE_KIND_STICKY","normalName":"n"}`, true},
		"proto names": {converter.ProtoJSONPayloadConverterOptions{UseProtoNames: true}, `{"kind":"TASK_QUEUE_KIND_STICKY","normal_name":"n"}`, false},
		"numbers":     {converter.ProtoJSONPayloadConverterOptions{UseEnumNumbers: true}, `{"kind":2,"normalName":"n"}`, false},
		"unpopulated": {converter.ProtoJSONPayloadConverterOptions{EmitUnpopulated: true}, `{"name":"","kind":"TASK_QUEUE_KIND_STICKY","normalName":"n"}`, false},
		"legacy":      {converter.ProtoJSONPayloadConverterOptions{LegacyTemporalProtoCompat: true}, `{"kind":"TASK_QUEUE_KIND_STICKY","normalName":"n"}`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := converter.NewProtoJSONPayloadConverterWithOptions(test.options)
			got, err := c.ToPayload(queue)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.GetData()) != test.want {
				t.Errorf("data %s, want %s", got.GetData(), test.want)
			}
			if untyped := got.GetMetadata()["messageType"] == nil; untyped != test.untyped {
				t.Errorf("no message type: %v, want %v", untyped, test.untyped)
			}
			var back *taskqueuepb.TaskQueue
			if err := c.FromPayload(got, &back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(queue, back, protocmp.Transform()); diff != "" {
				t.Errorf("round trip (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProtoJSONReadsLegacyEnumsAndUnknownFieldsOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	legacy := encoded("json/protobuf", `{"kind":"Sticky"}`)
	unknown := encoded("json/protobuf", `{"zz":1}`)
	tests := []struct {
		options   converter.ProtoJSONPayloadConverterOptions
		payload   *commonpb.Payload
		wantError bool
	}{
		{converter.ProtoJSONPayloadConverterOptions{}, legacy, true},
		{converter.ProtoJSONPayloadConverterOptions{LegacyTemporalProtoCompat: true}, legacy, false},
		{converter.ProtoJSONPayloadConverterOptions{}, unknown, true},
		{converter.ProtoJSONPayloadConverterOptions{AllowUnknownFields: true}, unknown, false},
		{converter.ProtoJSONPayloadConverterOptions{LegacyTemporalProtoCompat: true}, unknown, true},
		{converter.ProtoJSONPayloadConverterOptions{LegacyTemporalProtoCompat: true, AllowUnknownFields: true}, unknown, false},
	}
	for _, test := range tests {
		var queue *taskqueuepb.TaskQueue
		err := converter.NewProtoJSONPayloadConverterWithOptions(test.options).
			FromPayload(test.payload, &queue)
		if (err != nil) != test.wantError {
			t.Errorf("%+v reading %s: error %v", test.options, test.payload.GetData(), err)
		}
	}
}

func TestProtoJSONConverterAloneHandlesNil(t *testing.T) {
	t.Parallel()
	c := converter.NewProtoJSONPayloadConverter()
	got, err := c.ToPayload((*commonpb.WorkflowExecution)(nil))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(encoded("json/protobuf", "null"), got, protocmp.Transform()); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
}

func TestRawValuePassesAnyPayload(t *testing.T) {
	t.Parallel()
	for _, want := range []*commonpb.Payload{
		encoded("unheard/of", "x"), encoded("binary/null", ""), {},
	} {
		var raw converter.RawValue
		if err := converter.GetDefaultDataConverter().FromPayload(want, &raw); err != nil {
			t.Fatal(err)
		}
		if raw.Payload() != want {
			t.Errorf("payload %v, want the very same as %v", raw.Payload(), want)
		}
	}
	var raw converter.RawValue
	if err := json.Unmarshal([]byte("{}"), &raw); !errors.Is(err, converter.ErrRawValueNotSerializable) {
		t.Errorf("error %v, want ErrRawValueNotSerializable", err)
	}
}
