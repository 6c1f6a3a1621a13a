package slots_test

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
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

// BenchmarkCrowd is 64 goroutines that do nothing but reserve and release: with room for all of
// them, and with room for few.
func BenchmarkCrowd(b *testing.B) {
	for _, limit := range []int{64, 4} {
		b.Run(fmt.Sprint("limit", limit), func(b *testing.B) {
			f := fixed(b, limit)
			ctx := b.Context()
			b.ReportAllocs()
			b.SetParallelism(max(1, 64/runtime.GOMAXPROCS(0)))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					p, err := f.Reserve(ctx, request)
					if err != nil || !p.Release() {
						b.Error("a permit did not go through its life")
						return
					}
				}
			})
			wantStats(b, f, slots.Stats{Limit: limit})
		})
	}
}

// one weighs every task alike, without looking at it.
func one(slots.Request, slots.Task) int { return 1 }

// BenchmarkSuppliers is a permit's life with each supplier, unused and used.
func BenchmarkSuppliers(b *testing.B) {
	w, err := slots.NewWeighted(slots.WeightedOptions{Limit: 4, Weight: one})
	if err != nil {
		b.Fatal(err)
	}
	suppliers := map[string]slots.Supplier{
		"Fixed":       fixed(b, 4),
		"Weighted":    w,
		"Keyed":       keyed(b, 4, 2, nil),
		"FixedWithin": child(b, 4, fixed(b, 4)),
		"Resource":    resource(b, slots.ResourceOptions{Controller: controller(b, &machine{}), Limit: 4}),
	}
	for _, name := range slices.Sorted(maps.Keys(suppliers)) {
		s := suppliers[name]
		b.Run(name+"/unused", func(b *testing.B) {
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				p, err := s.Reserve(ctx, request)
				if err != nil || !p.Release() {
					b.Fatal("a permit did not go through its life")
				}
			}
		})
		b.Run(name+"/used", func(b *testing.B) {
			ctx := b.Context()
			task := slots.Task{Type: "T", ID: "42"}
			b.ReportAllocs()
			for b.Loop() {
				p, err := s.Reserve(ctx, request)
				if err != nil || p.Use(ctx, task) != nil || !p.Release() {
					b.Fatal("a permit did not go through its life")
				}
			}
		})
	}
}
