package temporal_test

import (
	"testing"

	"github.com/mainspring-go/mainspring/temporal"
)

func BenchmarkErrorToFailure(b *testing.B) {
	fc := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{})
	err := temporal.NewActivityError(activityAttributes(),
		temporal.NewApplicationErrorWithCause("m", "T", errRoot, "detail"))
	b.ReportAllocs()
	for b.Loop() {
		fc.ErrorToFailure(err)
	}
}

func BenchmarkFailureToError(b *testing.B) {
	fc := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{})
	failure := fc.ErrorToFailure(temporal.NewActivityError(activityAttributes(),
		temporal.NewApplicationErrorWithCause("m", "T", errRoot, "detail")))
	b.ReportAllocs()
	for b.Loop() {
		if err := fc.FailureToError(failure); err == nil {
			b.Fatal("no error")
		}
	}
}
