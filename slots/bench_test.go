package slots_test

import (
	"testing"

	"github.com/mainspring-go/mainspring/slots"
)

var request = slots.Request{Kind: "activity", Queue: "orders"}

func TestUncontendedPermitAllocatesNothing(t *testing.T) {
	f := fixed(t, 4)
	ctx := t.Context()
	task := slots.Task{Type: "Charge", ID: "42"}
	n := testing.AllocsPerRun(1000, func() {
		p, err := f.Reserve(ctx, request)
		if err != nil || p.Use(ctx, task) != nil || !p.Release() {
			t.Fatal("a permit did not go through its life")
		}
	})
	if n != 0 {
		t.Errorf("a permit's life allocates %v times, want 0", n)
	}
}

func BenchmarkReserveRelease(b *testing.B) {
	f := fixed(b, 4)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		p, err := f.Reserve(ctx, request)
		if err != nil || !p.Release() {
			b.Fatal("a permit did not go through its life")
		}
	}
}

func BenchmarkReserveUseRelease(b *testing.B) {
	for _, bench := range []struct {
		name      string
		observers []any
	}{{"unobserved", nil}, {"observed", []any{&gauge{}}}} {
		b.Run(bench.name, func(b *testing.B) {
			f := fixed(b, 4, bench.observers...)
			ctx := b.Context()
			task := slots.Task{Type: "Charge", ID: "42"}
			b.ReportAllocs()
			for b.Loop() {
				p, err := f.Reserve(ctx, request)
				if err != nil || p.Use(ctx, task) != nil || !p.Release() {
					b.Fatal("a permit did not go through its life")
				}
			}
		})
	}
}

// BenchmarkWaiting hands one permit around among goroutines that all wait for it.
func BenchmarkWaiting(b *testing.B) {
	f := fixed(b, 1)
	ctx := b.Context()
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p, err := f.Reserve(ctx, request)
			if err != nil || !p.Release() {
				b.Error("a permit did not go through its life")
				return
			}
		}
	})
}
