package main_test

import (
	"testing"

	"github.com/mainspring-go/mainspring/integration/bench/replays"
)

// BenchmarkReplay replays histories that were decoded before, to their ends.
func BenchmarkReplay(b *testing.B) {
	for _, r := range replays.All() {
		b.Run(r.Name+"/ours", func(b *testing.B) { measure(b, r, r.Ours()) })
		b.Run(r.Name+"/sdk", func(b *testing.B) { measure(b, r, r.SDK()) })
	}
}

// measure replays b.N times, and reports the time per unit.
func measure(b *testing.B, r replays.Replay, do replays.Do) {
	b.Helper()
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if err := do(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(r.Units), "ns/"+r.Unit)
}
