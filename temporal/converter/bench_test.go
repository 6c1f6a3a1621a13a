package converter_test

import (
	"testing"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

func BenchmarkToPayloads(b *testing.B) {
	dc := converter.GetDefaultDataConverter()
	for name, value := range map[string]any{
		"nil": nil, "bytes": []byte("abc"), "string": "order-7", "struct": order{ID: 7},
		"message": execution(),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := dc.ToPayloads(value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFromPayloads(b *testing.B) {
	dc := converter.GetDefaultDataConverter()
	payloads, err := dc.ToPayloads(order{ID: 7}, "order-7")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var o order
		var s string
		if err := dc.FromPayloads(payloads, &o, &s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetDefaultDataConverter(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		converter.GetDefaultDataConverter()
	}
}
