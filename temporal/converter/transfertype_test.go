package converter_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/workflowcontext"
)

// money travels as its text, with the name of who turned it.
type money struct{ cents int }

func (money) TransferTypeConverter() (converter.TransferTypeConverter, error) {
	return converter.NewContextualTransferTypeConverter(
		func(ctx context.Context, m *money) (*string, error) { return write(m, ctx.Value(who{})) },
		func(_ context.Context, s *string, m *money) error { return read(m, *s) },
		func(ctx converter.WorkflowContext, m *money) (*string, error) { return write(m, ctx.Value(who{})) },
		func(_ converter.WorkflowContext, s *string, m *money) error { return read(m, *s) },
	)
}

type who struct{}

var errNoMoney = errors.New("no money")

func write(m *money, by any) (*string, error) {
	if m.cents < 0 {
		return nil, errNoMoney
	}
	s := fmt.Sprintf("%d by %v", m.cents, by)
	return &s, nil
}

func read(m *money, s string) error {
	if _, err := fmt.Sscanf(s, "%d by", &m.cents); err != nil {
		return errNoMoney
	}
	return nil
}

// plain has a converter without contexts.
type plain struct{ n int }

func (plain) TransferTypeConverter() (converter.TransferTypeConverter, error) {
	return converter.NewTransferTypeConverter(
		func(p *plain) (*int, error) { return &p.n, nil },
		func(n *int, p *plain) error { p.n = *n; return nil },
	)
}

// workflowOf is a workflow's context with a name.
type workflowOf struct {
	workflowcontext.Context
	name string
}

func (w workflowOf) Value(any) any { return w.name }

func TestValuesTravelAsTheirTransferType(t *testing.T) {
	t.Parallel()
	dc := converter.GetDefaultDataConverter()
	m := money{5}
	payloads, err := dc.ToPayloads("a", m, &m, plain{3}, (*money)(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`"a"`, `"5 by \u003cnil\u003e"`, `"5 by \u003cnil\u003e"`, "3", "nil"}
	if got := dc.ToStrings(payloads); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("payloads %q, want %q", got, want)
	}
	var s string
	var m1, m2 money
	var p plain
	if err := dc.FromPayloads(payloads, &s, &m1, &m2, &p); err != nil {
		t.Fatal(err)
	}
	if s != "a" || m1 != m || m2 != m || p.n != 3 {
		t.Errorf("came back as %q, %v, %v, %v", s, m1, m2, p)
	}
	payload, err := dc.ToPayload(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := dc.FromPayload(payload, &m1); err != nil || m1 != m {
		t.Errorf("came back as %v, %v", m1, err)
	}
}

func TestTransferTypesSeeTheContext(t *testing.T) {
	t.Parallel()
	dc := converter.MakeTransferAware(converter.GetDefaultDataConverter())
	ctx := context.WithValue(t.Context(), who{}, "caller")
	about := converter.WorkflowSerializationContext{WorkflowID: "w"}
	for want, bound := range map[string]converter.DataConverter{
		`"1 by caller"`:   converter.WithContext(ctx, dc),
		`"1 by workflow"`: converter.WithWorkflowContext(workflowOf{name: "workflow"}, dc),
		`"1 by later"`: converter.WithWorkflowContext(workflowOf{name: "later"},
			converter.WithDataConverterSerializationContext(converter.WithContext(ctx, dc), about)),
	} {
		payload, err := bound.ToPayload(money{1})
		if err != nil || bound.ToString(payload) != want {
			t.Errorf("payload %s, %v, want %s", bound.ToString(payload), err, want)
		}
		var m money
		if err := bound.FromPayload(payload, &m); err != nil || m.cents != 1 {
			t.Errorf("%s came back as %v, %v", want, m, err)
		}
	}
}

// broken has the converter that it is given, by value.
type broken struct{}

var errBroken = errors.New("broken")

func (broken) TransferTypeConverter() (converter.TransferTypeConverter, error) { return nil, errBroken }

type none struct{}

func (none) TransferTypeConverter() (converter.TransferTypeConverter, error) { return nil, nil }

// borrowed has the converter of another type.
type borrowed struct{}

func (borrowed) TransferTypeConverter() (converter.TransferTypeConverter, error) {
	return money{}.TransferTypeConverter()
}

func TestTransferTypeErrors(t *testing.T) {
	t.Parallel()
	dc := converter.GetDefaultDataConverter()
	for _, tt := range []struct {
		value any
		want  string
	}{
		{money{-1}, "no money"},
		{broken{}, "transfer type converter for converter_test.broken: broken"},
		{none{}, "transfer type converter for converter_test.none is nil"},
		{borrowed{}, "transfer type converter: want value of type converter_test.money or " +
			"*converter_test.money, got converter_test.borrowed"},
	} {
		_, one := dc.ToPayload(tt.value)
		_, many := dc.ToPayloads(1, tt.value)
		for _, err := range []error{one, many} {
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		}
	}
	payload := encoded("json/plain", `"x"`)
	for _, target := range []any{&money{}, &broken{}, &none{}, &borrowed{}, money{}, (*money)(nil)} {
		one := dc.FromPayload(payload, target)
		many := dc.FromPayloads(&commonpb.Payloads{Payloads: []*commonpb.Payload{payload}}, target)
		if one == nil || many == nil {
			t.Errorf("decoding into %T: %v, %v; want errors", target, one, many)
		}
	}
}

// pointing is its own transfer type by way of pointers.
type pointing = *money

func TestTransferTypesAreNoPointers(t *testing.T) {
	t.Parallel()
	_, model := converter.NewTransferTypeConverter(
		func(*pointing) (*int, error) { return nil, nil },
		func(*int, *pointing) error { return nil })
	_, transfer := converter.NewTransferTypeConverter(
		func(*money) (**int, error) { return nil, nil },
		func(**int, *money) error { return nil })
	for _, err := range []error{model, transfer} {
		if err == nil || !strings.Contains(err.Error(), "must not be a pointer") {
			t.Errorf("error %v", err)
		}
	}
}

func TestMakeTransferAwareKeepsWhatIsAware(t *testing.T) {
	t.Parallel()
	dc := converter.GetDefaultDataConverter()
	if converter.MakeTransferAware(dc) != dc {
		t.Error("made anew")
	}
	if converter.MakeTransferAware(nil) == nil {
		t.Error("nil is the default")
	}
	plain := converter.NewCompositeDataConverter(converter.NewJSONPayloadConverter())
	aware := converter.MakeTransferAware(plain)
	about := converter.WorkflowSerializationContext{WorkflowID: "w"}
	zlib := converter.NewCodecDataConverter(dc, converter.NewZlibCodec(converter.ZlibCodecOptions{}))
	for _, dc := range []converter.DataConverter{dc, aware, zlib, converter.MakeTransferAware(zlib)} {
		if converter.WithDataConverterSerializationContext(dc, about) != dc {
			t.Errorf("%T: what cannot be bound must be returned as it is", dc)
		}
	}
	adapts := converter.MakeTransferAware(converter.NewCodecDataConverter(dc, listed{suffix("x")}))
	if payload, err := converter.WithDataConverterSerializationContext(adapts, about).ToPayload(1); err != nil ||
		string(payload.GetData()) != "1x@w" {
		t.Errorf("what can be bound must be: %v, %v", payload, err)
	}
}

// listed are codecs that cannot be compared.
type listed []suffix

func (l listed) Encode(p []*commonpb.Payload) ([]*commonpb.Payload, error) { return l[0].Encode(p) }
func (l listed) Decode(p []*commonpb.Payload) ([]*commonpb.Payload, error) { return l[0].Decode(p) }

func (l listed) WithSerializationContext(about converter.SerializationContext) converter.PayloadCodec {
	bound, _ := l[0].WithSerializationContext(about).(suffix)
	return listed{bound}
}
