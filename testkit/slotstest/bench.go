package slotstest

import (
	"testing"

	"github.com/mainspring-go/mainspring/slots"
)

// BenchmarkSupplier measures the suppliers that mk makes: a permit's life with nobody else there,
// and with many callers that wait for few permits.
func BenchmarkSupplier(b *testing.B, mk func(b *testing.B, limit int) slots.Supplier) {
	b.Helper()
	task := slots.Task{Type: "T", ID: "1"}
	b.Run("Alone", func(b *testing.B) {
		s := mk(b, 4)
		ctx := b.Context()
		b.ReportAllocs()
		for b.Loop() {
			p, err := s.Reserve(ctx, request())
			if err != nil || p.Use(ctx, task) != nil || !p.Release() {
				b.Fatalf("a permit did not go through its life (Reserve: error %v)", err)
			}
		}
	})
	b.Run("TryReserve", func(b *testing.B) {
		s := mk(b, 4)
		b.ReportAllocs()
		for b.Loop() {
			p, ok := s.TryReserve(request())
			if !ok || !p.Release() {
				b.Fatal("TryReserve found nothing, or a permit that was not out")
			}
		}
	})
	b.Run("Crowded", func(b *testing.B) {
		s := mk(b, 2)
		ctx := b.Context()
		b.ReportAllocs()
		b.SetParallelism(8)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				p, err := s.Reserve(ctx, request())
				if err != nil || p.Use(ctx, task) != nil || !p.Release() {
					b.Errorf("a permit did not go through its life (Reserve: error %v)", err)
					return
				}
			}
		})
	})
}
