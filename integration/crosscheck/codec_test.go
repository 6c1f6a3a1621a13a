package crosscheck_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	sdkconverter "go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// A scripted codec fits both sides: it appends its mark, cuts it off, and does
// wrong as it is told to.
type scripted struct {
	mark   string
	copies int // of each payload
	fails  bool
}

var errScripted = errors.New("as told")

func (s scripted) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	if s.fails {
		return payloads, errScripted
	}
	var out []*commonpb.Payload
	for _, p := range payloads {
		for range s.copies {
			out = append(out, &commonpb.Payload{
				Metadata: p.GetMetadata(), Data: append(p.GetData(), s.mark...),
			})
		}
	}
	return out, nil
}

func (s scripted) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	if s.fails {
		return payloads, errScripted
	}
	var out []*commonpb.Payload
	for _, p := range payloads {
		n := len(p.GetData()) - len(s.mark)
		if n < 0 || string(p.GetData()[n:]) != s.mark {
			return payloads, fmt.Errorf("no %s", s.mark)
		}
		for range s.copies {
			out = append(out, &commonpb.Payload{Metadata: p.GetMetadata(), Data: p.GetData()[:n]})
		}
	}
	return out, nil
}

func TestCodecDataConvertersAreEqual(t *testing.T) {
	t.Parallel()
	for name, codecs := range map[string][]scripted{
		"none":    nil,
		"one":     {{mark: "~", copies: 1}},
		"two":     {{mark: "~", copies: 1}, {mark: "+", copies: 1}},
		"loses":   {{copies: 0}},
		"doubles": {{copies: 2}},
		"fails":   {{mark: "~", copies: 1}, {fails: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mine []converter.PayloadCodec
			var sdks []sdkconverter.PayloadCodec
			for _, c := range codecs {
				mine, sdks = append(mine, c), append(sdks, c)
			}
			ours := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), mine...)
			theirs := sdkconverter.NewCodecDataConverter(sdkconverter.GetDefaultDataConverter(), sdks...)
			got, gotErr := ours.ToPayload("x")
			want, wantErr := theirs.ToPayload("x")
			wantSameError(t, gotErr, wantErr)
			if diff := cmp.Diff(want, got, protocmp.Transform()); wantErr == nil && diff != "" {
				t.Errorf("payload (-SDK +ours):\n%s", diff)
			}
			gots, gotErr := ours.ToPayloads("x", 2)
			wants, wantErr := theirs.ToPayloads("x", 2)
			wantSameError(t, gotErr, wantErr)
			if diff := cmp.Diff(wants, gots, protocmp.Transform()); wantErr == nil && diff != "" {
				t.Errorf("payloads (-SDK +ours):\n%s", diff)
			}
			for _, payload := range []*commonpb.Payload{nil, want, {
				Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(`"foreign"`),
			}} {
				var g, w string
				wantSameError(t, ours.FromPayload(payload, &g), theirs.FromPayload(payload, &w))
				if payload != nil { // the SDK's codecs are given nil to decode
					list := &commonpb.Payloads{Payloads: []*commonpb.Payload{payload, payload}}
					wantSameError(t, ours.FromPayloads(list, &g), theirs.FromPayloads(list, &w))
					if s, x := ours.ToStrings(list), theirs.ToStrings(list); !reflect.DeepEqual(s, x) {
						t.Errorf("strings %q, the SDK %q", s, x)
					}
				}
				if g != w {
					t.Errorf("decoded %q, the SDK %q", g, w)
				}
			}
			wantSameError(t, ours.FromPayloads(nil, nil), theirs.FromPayloads(nil, nil))
		})
	}
}

// bound are codecs that show the context that they were bound to.
type bound struct{ scripted }

func (b bound) WithSerializationContext(c converter.SerializationContext) converter.PayloadCodec {
	b.mark = fmt.Sprintf("%+v", c)
	return b
}

type sdkBound struct{ scripted }

func (b sdkBound) WithSerializationContext(c sdkconverter.SerializationContext) sdkconverter.PayloadCodec {
	b.mark = fmt.Sprintf("%+v", c)
	return b
}

func TestSerializationContextsReachCodecs(t *testing.T) {
	t.Parallel()
	for _, about := range []struct {
		ours   converter.SerializationContext
		theirs sdkconverter.SerializationContext
	}{
		{
			converter.WorkflowSerializationContext{Namespace: "n", WorkflowID: "w"},
			sdkconverter.WorkflowSerializationContext{Namespace: "n", WorkflowID: "w"},
		},
		{
			converter.ActivitySerializationContext{
				Namespace: "n", WorkflowID: "w", WorkflowType: "W", ActivityType: "A", TaskQueue: "q", IsLocal: true,
			},
			sdkconverter.ActivitySerializationContext{
				Namespace: "n", WorkflowID: "w", WorkflowType: "W", ActivityType: "A", TaskQueue: "q", IsLocal: true,
			},
		},
	} {
		ours := converter.WithDataConverterSerializationContext(converter.MakeTransferAware(
			converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), bound{scripted{copies: 1}})), about.ours)
		theirs := sdkconverter.WithDataConverterSerializationContext(sdkconverter.MakeTransferAware(
			sdkconverter.NewCodecDataConverter(sdkconverter.GetDefaultDataConverter(),
				sdkBound{scripted{copies: 1}})), about.theirs)
		got, err := ours.ToPayload(1)
		if err != nil {
			t.Fatal(err)
		}
		want, err := theirs.ToPayload(1)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("payload (-SDK +ours):\n%s", diff)
		}
	}
}
