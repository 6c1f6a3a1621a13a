package engine_test

import (
	"bytes"
	"os"
	"strconv"
	"testing"

	"github.com/mainspring-go/mainspring/sandbox/engine"
)

// BenchmarkCompile compiles the guest without a cache and with one, initialisation included.
func BenchmarkCompile(b *testing.B) {
	file, err := guest()
	if err != nil {
		b.Fatal(err)
	}
	for name, dir := range map[string]string{"anew": "", "cached": b.TempDir()} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				m, err := engine.Compile(b.Context(), file, engine.Options{CacheDir: dir})
				if err != nil {
					b.Fatal(err)
				}
				if err := m.Close(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStart starts an instance, calls it once and drops it, in all ways to start.
func BenchmarkStart(b *testing.B) {
	for name, s := range starts {
		b.Run(name, func(b *testing.B) {
			m := compile(b, engine.Options{Start: s.start})
			b.ReportAllocs()
			for b.Loop() {
				i, err := m.Start(b.Context(), engine.Host{Random: zeros{}})
				if err != nil {
					b.Fatal(err)
				}
				ask(b, i, "echo")
				i.Close()
			}
		})
	}
}

// BenchmarkCall calls an instance.
func BenchmarkCall(b *testing.B) {
	m := compile(b, engine.Options{})
	i := start(b, m, engine.Host{})
	b.ReportAllocs()
	for b.Loop() {
		ask(b, i, "echo")
	}
}

// BenchmarkIdle says how much memory of its own an instance has that was called once and waits.
func BenchmarkIdle(b *testing.B) {
	m := compile(b, engine.Options{})
	ask(b, start(b, m, engine.Host{}), "echo") // so that a slot is there
	before := anonymous(b)
	for b.Loop() {
		ask(b, start(b, m, engine.Host{}), "echo")
	}
	b.ReportMetric(float64(anonymous(b)-before)/float64(b.N), "KiB/instance")
}

// anonymous is how much memory the process has that it shares with no file, in KiB.
func anonymous(b *testing.B) int {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("no /proc")
	}
	_, rest, _ := bytes.Cut(status, []byte("RssAnon:"))
	n, err := strconv.Atoi(string(bytes.Fields(rest)[0]))
	if err != nil {
		b.Skip("no RssAnon in /proc/self/status")
	}
	return n
}

// zeros are random numbers that cost nothing.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
