//go:build unix

package subprocess_test

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/subprocess"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// BenchmarkExecute is what one call costs in place and in another process: an activity that does
// next to nothing, with so many bytes of input, with 16 callers for each processor, and one that
// sends a heartbeat.
func BenchmarkExecute(b *testing.B) {
	remote, err := subprocess.New(subprocess.Options{Stderr: io.Discard, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer remote.Close()
	for _, where := range []struct {
		name     string
		executor activity.Executor
	}{{"in-place", activity.InPlace{}}, {"subprocess", remote}} {
		ctx := in(b.Context(), &activity.Environment{})
		for name, arg := range map[string]any{"0B": []byte{}, "64KiB": make([]byte, 64<<10)} {
			c := benchCall(b, "Size", arg)
			b.Run(where.name+"/"+name, func(b *testing.B) {
				execute(b, func() error {
					_, err := where.executor.Execute(ctx, c)
					return err
				})
			})
		}
		beat := benchCall(b, "BeatOnce")
		b.Run(where.name+"/heartbeat", func(b *testing.B) {
			execute(b, func() error {
				_, err := where.executor.Execute(ctx, beat)
				return err
			})
		})
		c := benchCall(b, "Size", []byte{})
		b.Run(where.name+"/parallel", func(b *testing.B) {
			b.SetParallelism(16)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := where.executor.Execute(ctx, c); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func execute(b *testing.B, call func() error) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if err := call(); err != nil {
			b.Fatal(err)
		}
	}
}

func benchCall(b *testing.B, name string, args ...any) *activity.Call {
	b.Helper()
	d, err := registry().Lookup(name)
	if err != nil {
		b.Fatal(err)
	}
	input, err := converter.GetDefaultDataConverter().ToPayloads(args...)
	if err != nil {
		b.Fatal(err)
	}
	return &activity.Call{Type: name, Input: input, Definition: d}
}

// BenchmarkStart is what a child costs, from its start until its first call has ended and it is
// gone.
func BenchmarkStart(b *testing.B) {
	c := benchCall(b, "PID")
	for b.Loop() {
		e, err := subprocess.New(subprocess.Options{Size: 1, PingTimeout: time.Minute})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := e.Execute(b.Context(), c); err != nil {
			b.Fatal(err)
		}
		e.Close()
	}
}
