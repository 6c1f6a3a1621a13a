package main_test

import (
	"fmt"
	"runtime"
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

// A replay takes few allocations for an event and few bytes, beside what it takes once. The counts are
// those of the process, so this test runs alone.
func TestAReplayTakesFewAllocations(t *testing.T) {
	const most, mostBytes = 4.6, 640
	for _, events := range []int{1000, 10_000} {
		r, err := replays.Named(fmt.Sprintf("replay of %d events, parallel activities", events))
		if err != nil {
			t.Fatal(err)
		}
		do := r.Ours()
		if err := do(); err != nil { // the first one fills pools
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := do(); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		n := float64(after.Mallocs-before.Mallocs) / float64(r.Units)
		bytes := float64(after.TotalAlloc-before.TotalAlloc) / float64(r.Units)
		if n > slack*most || bytes > slack*mostBytes+50_000/float64(r.Units) {
			t.Errorf("%s takes %.1f allocations and %.0f bytes an event, want at most %.1f and %d: "+
				"BenchmarkReplay tells where", r.Name, n, bytes, most, mostBytes)
		}
	}
}
