package temporal_test

import (
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/temporal"
)

// FuzzFailureToError: any failure becomes an error, and that error the very same failure.
func FuzzFailureToError(f *testing.F) {
	plain := temporal.GetDefaultFailureConverter()
	hiding := temporal.NewDefaultFailureConverter(
		temporal.DefaultFailureConverterOptions{EncodeCommonAttributes: true})
	for _, tests := range []map[string]encoding{applicationEncodings(), otherEncodings()} {
		for _, test := range tests {
			for _, fc := range []interface {
				ErrorToFailure(err error) *failurepb.Failure
			}{plain, hiding} {
				data, err := proto.Marshal(fc.ErrorToFailure(test.err))
				if err != nil {
					f.Fatal(err)
				}
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		failure := &failurepb.Failure{}
		if proto.Unmarshal(data, failure) != nil {
			t.Skip("no failure")
		}
		err := plain.FailureToError(failure)
		if err == nil {
			t.Fatal("no error")
		}
		_ = err.Error() // must not panic
		exercise(err)
		if got := hiding.ErrorToFailure(err); !proto.Equal(failure, got) {
			t.Errorf("failure %v became %v", failure, got)
		}
	})
}

// exercise asks an error for its details.
func exercise(err error) {
	targets := []any{new(string), new([]byte), new(*commonpb.Payload)}
	switch e := err.(type) { //nolint:errorlint // the fuzzed error itself
	case *temporal.ApplicationError:
		_ = e.Details(targets...)
	case *temporal.CanceledError:
		_ = e.Details(targets...)
	case *temporal.TimeoutError:
		_ = e.LastHeartbeatDetails(targets...)
	}
}

// FuzzDecodeSearchAttributes: whatever decodes encodes again, to the same values.
func FuzzDecodeSearchAttributes(f *testing.F) {
	seed, err := temporal.EncodeSearchAttributes(newKeys().all())
	if err != nil {
		f.Fatal(err)
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(seed)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		attributes := &commonpb.SearchAttributes{}
		if proto.Unmarshal(data, attributes) != nil {
			t.Skip("no search attributes")
		}
		sa, _ := temporal.DecodeSearchAttributes(attributes) // the error describes what is missing
		once, err := temporal.EncodeSearchAttributes(sa)
		if err != nil {
			t.Fatalf("decoded attributes do not encode: %v", err)
		}
		again, err := temporal.DecodeSearchAttributes(once)
		if err != nil || again.Size() != sa.Size() {
			t.Fatalf("%v came back as %v, %v", sa.GetUntypedValues(), again.GetUntypedValues(), err)
		}
		if twice, err := temporal.EncodeSearchAttributes(again); err != nil || !proto.Equal(once, twice) {
			t.Errorf("%v became %v, %v", once, twice, err)
		}
	})
}
