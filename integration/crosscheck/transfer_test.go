package crosscheck_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	sdkconverter "go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// weight is what both sides' values hold: it travels as text, and refuses to if
// it is negative.
type weight struct{ Grams int }

func write(w weight) (*string, error) {
	if w.Grams < 0 {
		return nil, errors.New("less than nothing")
	}
	s := fmt.Sprintf("%dg", w.Grams)
	return &s, nil
}

func read(w *weight, s string) error {
	_, err := fmt.Sscanf(s, "%dg", &w.Grams)
	return err
}

type ourWeight struct{ weight }

func (ourWeight) TransferTypeConverter() (converter.TransferTypeConverter, error) {
	return converter.NewTransferTypeConverter(
		func(w *ourWeight) (*string, error) { return write(w.weight) },
		func(s *string, w *ourWeight) error { return read(&w.weight, *s) })
}

type sdkWeight struct{ weight }

func (sdkWeight) TransferTypeConverter() (sdkconverter.TransferTypeConverter, error) {
	return sdkconverter.NewTransferTypeConverter(
		func(w *sdkWeight) (*string, error) { return write(w.weight) },
		func(s *string, w *sdkWeight) error { return read(&w.weight, *s) })
}

func TestTransferTypesAreEqual(t *testing.T) {
	t.Parallel()
	ours, theirs := converter.GetDefaultDataConverter(), sdkconverter.GetDefaultDataConverter()
	for name, list := range map[string]struct{ ours, theirs []any }{
		"values":        {[]any{1, ourWeight{weight{2}}}, []any{1, sdkWeight{weight{2}}}},
		"pointers":      {[]any{&ourWeight{weight{2}}}, []any{&sdkWeight{weight{2}}}},
		"a nil pointer": {[]any{(*ourWeight)(nil)}, []any{(*sdkWeight)(nil)}},
		"inside":        {[]any{[]ourWeight{{weight{2}}}}, []any{[]sdkWeight{{weight{2}}}}},
		"a refusal":     {[]any{ourWeight{weight{-1}}}, []any{sdkWeight{weight{-1}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, gotErr := ours.ToPayloads(list.ours...)
			want, wantErr := theirs.ToPayloads(list.theirs...)
			wantSameError(t, gotErr, wantErr)
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("payloads (-SDK +ours):\n%s", diff)
			}
		})
	}
	for _, data := range []string{`"3g"`, `"3"`, `{`, `null`, `3`} {
		t.Run(data, func(t *testing.T) {
			t.Parallel()
			payload := &commonpb.Payload{
				Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(data),
			}
			many := &commonpb.Payloads{Payloads: []*commonpb.Payload{nil, payload, payload}}
			var got, got1 ourWeight
			var want, want1 sdkWeight
			wantSameError(t, ours.FromPayload(payload, &got), theirs.FromPayload(payload, &want))
			wantSameError(t, ours.FromPayloads(many, nil, &got1), theirs.FromPayloads(many, nil, &want1))
			if got.weight != want.weight || got1.weight != want1.weight {
				t.Errorf("decoded %v and %v, the SDK %v and %v", got, got1, want, want1)
			}
		})
	}
}
