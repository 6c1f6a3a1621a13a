package converter_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/workflowcontext"
)

func TestPayloadListsMatchByPosition(t *testing.T) {
	t.Parallel()
	dc := converter.GetDefaultDataConverter()
	payloads, err := dc.ToPayloads(1, "a")
	if err != nil {
		t.Fatal(err)
	}
	number, text, surplus := 0, "", 9
	if err := dc.FromPayloads(payloads, &number, &text, &surplus); err != nil {
		t.Fatal(err)
	}
	if number != 1 || text != "a" || surplus != 9 {
		t.Errorf("got %d, %q, %d; want 1, a and an untouched 9", number, text, surplus)
	}
	if err := dc.FromPayloads(payloads, new(int)); err != nil {
		t.Errorf("surplus payloads: %v", err)
	}
	if err := dc.FromPayloads(nil, new(int)); err != nil {
		t.Errorf("no payloads: %v", err)
	}
	err = dc.FromPayloads(payloads, new(int), new(int))
	if !errors.Is(err, converter.ErrUnableToDecode) ||
		!strings.HasPrefix(err.Error(), "payload item 1: ") {
		t.Errorf("error %v, want ErrUnableToDecode of item 1", err)
	}
	_, err = dc.ToPayloads(1, func() {})
	if !errors.Is(err, converter.ErrUnableToEncode) || !strings.HasPrefix(err.Error(), "values[1]: ") {
		t.Errorf("error %v, want ErrUnableToEncode of value 1", err)
	}
	if none, err := dc.ToPayloads(); none != nil || err != nil {
		t.Errorf("no values: %v, %v; want nil", none, err)
	}
	if diff := cmp.Diff([]string{"1", `"a"`}, dc.ToStrings(payloads)); diff != "" {
		t.Errorf("strings (-want +got):\n%s", diff)
	}
	if got := dc.ToStrings(nil); got != nil {
		t.Errorf("strings of nil: %v", got)
	}
}

func TestEncodeErrorWrapsOnlyTheSentinel(t *testing.T) {
	t.Parallel()
	// Failures made of this error hold the names of the Go types in its chain.
	_, err := converter.GetDefaultDataConverter().ToPayload(func() {})
	if got := errors.Unwrap(err); got != converter.ErrUnableToEncode { //nolint:errorlint // exact
		t.Errorf("unwrapped %v, want ErrUnableToEncode itself", got)
	}
	if want := "unable to encode: json: unsupported type: func()"; err.Error() != want {
		t.Errorf("text %q, want %q", err, want)
	}
}

func TestCompositeWithoutAConverterForTheValue(t *testing.T) {
	t.Parallel()
	dc := converter.NewCompositeDataConverter(nil, converter.NewNilPayloadConverter())
	_, err := dc.ToPayload(3)
	if !errors.Is(err, converter.ErrUnableToFindConverter) {
		t.Errorf("error %v, want ErrUnableToFindConverter", err)
	}
	var zero converter.CompositeDataConverter
	if _, err := zero.ToPayload(nil); !errors.Is(err, converter.ErrUnableToFindConverter) {
		t.Errorf("zero value: error %v, want ErrUnableToFindConverter", err)
	}
}

// tagged is a JSON converter that notes its name in the payload it writes.
type tagged struct {
	*converter.JSONPayloadConverter
	name string
}

func (c tagged) ToPayload(any) (*commonpb.Payload, error) {
	return payload(`"`+c.name+`"`, "encoding", c.Encoding()), nil
}

func (c tagged) FromPayload(_ *commonpb.Payload, valuePtr any) error {
	if s, ok := valuePtr.(*string); ok {
		*s += c.name
	}
	return nil
}

func TestFirstConverterEncodesAndLastDecodes(t *testing.T) {
	t.Parallel()
	dc := converter.NewCompositeDataConverter(tagged{name: "first"}, tagged{name: "last"})
	p, err := dc.ToPayload(1)
	if err != nil || string(p.GetData()) != `"first"` {
		t.Errorf("payload %v, error %v; want the first converter's", p, err)
	}
	decodedBy := ""
	if err := dc.FromPayload(p, &decodedBy); err != nil || decodedBy != "last" {
		t.Errorf("decoded by %q, error %v; want the last", decodedBy, err)
	}
}

func TestEncodedValues(t *testing.T) {
	t.Parallel()
	payloads, err := converter.GetDefaultDataConverter().ToPayloads("a", 2)
	if err != nil {
		t.Fatal(err)
	}
	values := converter.NewEncodedValues(payloads, nil)
	var text string
	var number int
	if err := values.Get(&text, &number); err != nil || text != "a" || number != 2 {
		t.Errorf("got %q, %d, %v", text, number, err)
	}
	value := converter.NewEncodedValue(payloads, converter.GetDefaultDataConverter())
	text = ""
	if err := value.Get(&text); err != nil || text != "a" {
		t.Errorf("got %q, %v", text, err)
	}
	if !values.HasValues() || !value.HasValue() {
		t.Error("values not found")
	}
	if converter.GetPayloads(values) != payloads || converter.GetPayloads(value) != payloads {
		t.Error("GetPayloads must return the very payloads")
	}
	if converter.GetPayloads("no payloads") != nil {
		t.Error("GetPayloads found payloads in a string")
	}
	for _, none := range []*commonpb.Payloads{nil, {}} {
		values, value := converter.NewEncodedValues(none, nil), converter.NewEncodedValue(none, nil)
		if values.HasValues() || value.HasValue() {
			t.Errorf("values found in %v", none)
		}
		if err := values.Get(&text); !errors.Is(err, converter.ErrNoData) {
			t.Errorf("values: %v, want ErrNoData", err)
		}
		if err := value.Get(&text); !errors.Is(err, converter.ErrNoData) {
			t.Errorf("value: %v, want ErrNoData", err)
		}
	}
}

// fakeWorkflow stands for the context of a workflow.
type fakeWorkflow struct{ workflowcontext.Context }

func (fakeWorkflow) Value(any) any { return "wf-1" }

// contextual is a data converter that writes what it was bound to.
type contextual struct {
	converter.DataConverter
	bound string
}

func (c contextual) ToPayload(any) (*commonpb.Payload, error) {
	return c.DataConverter.ToPayload(c.bound)
}

func (c contextual) WithContext(context.Context) converter.DataConverter {
	c.bound = "context"
	return c
}

func (c contextual) WithWorkflowContext(ctx converter.WorkflowContext) converter.DataConverter {
	c.bound, _ = ctx.Value(nil).(string)
	return c
}

func TestContextsReachConvertersThatWantThem(t *testing.T) {
	t.Parallel()
	plain := converter.NewCompositeDataConverter(converter.NewJSONPayloadConverter())
	dc := contextual{DataConverter: plain}
	if got := converter.WithContext(t.Context(), dc).ToString(mustPayload(t, converter.WithContext(t.Context(), dc))); got != `"context"` {
		t.Errorf("bound to %s, want the context", got)
	}
	ctx := fakeWorkflow{}
	bound := converter.WithWorkflowContext(ctx, dc)
	if got := bound.ToString(mustPayload(t, bound)); got != `"wf-1"` {
		t.Errorf("bound to %s, want the workflow", got)
	}
	if converter.WithContext(t.Context(), plain) != plain ||
		converter.WithWorkflowContext(ctx, plain) != plain {
		t.Error("a converter that wants no context must be returned as it is")
	}
}

func mustPayload(t *testing.T, dc converter.DataConverter) *commonpb.Payload {
	t.Helper()
	p, err := dc.ToPayload(nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCommonFailureAttributesRoundTrip(t *testing.T) {
	t.Parallel()
	dc := converter.GetDefaultDataConverter()
	original := &failurepb.Failure{Message: "secret", StackTrace: "line 1", Source: "s"}
	failure := proto.CloneOf(original)
	if err := converter.EncodeCommonFailureAttributes(dc, failure); err != nil {
		t.Fatal(err)
	}
	want := &failurepb.Failure{
		Message: "Encoded failure",
		Source:  "s",
		EncodedAttributes: encoded("json/plain",
			`{"message":"secret","stack_trace":"line 1"}`),
	}
	if diff := cmp.Diff(want, failure, protocmp.Transform()); diff != "" {
		t.Errorf("encoded (-want +got):\n%s", diff)
	}
	converter.DecodeCommonFailureAttributes(dc, failure)
	failure.EncodedAttributes = nil
	if diff := cmp.Diff(original, failure, protocmp.Transform()); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
}

func TestCommonFailureAttributesThatCannotBeConverted(t *testing.T) {
	t.Parallel()
	undecodable := &failurepb.Failure{
		Message: "Encoded failure", EncodedAttributes: encoded("zz", ""),
	}
	converter.DecodeCommonFailureAttributes(converter.GetDefaultDataConverter(), undecodable)
	if undecodable.GetMessage() != "Encoded failure" {
		t.Errorf("message %q, want it unchanged", undecodable.GetMessage())
	}
	failure := &failurepb.Failure{Message: "m"}
	none := converter.NewCompositeDataConverter()
	if err := converter.EncodeCommonFailureAttributes(none, failure); err == nil {
		t.Error("no error from a converter that cannot encode")
	}
	if failure.GetMessage() != "m" {
		t.Errorf("message %q, want it unchanged", failure.GetMessage())
	}
	converter.DecodeCommonFailureAttributes(none, nil)
	if err := converter.EncodeCommonFailureAttributes(none, nil); err != nil {
		t.Errorf("nil failure: %v", err)
	}
}
