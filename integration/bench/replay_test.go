package main_test

import (
	"fmt"
	"log/slog"
	"testing"

	historypb "go.temporal.io/api/history/v1"
	sdkworker "go.temporal.io/sdk/worker"
	sdkworkflow "go.temporal.io/sdk/workflow"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/replay"
)

// replayed replays a history to its end and returns the result; ours and the SDK's do the same.
type replayed func(b *testing.B, h *historypb.History) (result int)

func replayOurs(name string, fn any) replayed {
	return func(b *testing.B, h *historypb.History) (result int) {
		b.Helper()
		r := replay.NewWorkflowReplayer()
		err := r.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
		if err == nil {
			err = r.ReplayWorkflowHistory(nil, h)
		}
		if err == nil {
			err = r.GetWorkflowResult("", &result)
		}
		if err != nil {
			b.Fatal(err)
		}
		return result
	}
}

// teller is what the SDK's replayers are beyond their interface.
type teller interface {
	GetWorkflowResult(workflowID string, valuePtr any) error
}

func replaySDK(name string, fn any) replayed {
	quiet := slog.New(slog.DiscardHandler)
	return func(b *testing.B, h *historypb.History) (result int) {
		b.Helper()
		r := sdkworker.NewWorkflowReplayer()
		r.RegisterWorkflowWithOptions(fn, sdkworkflow.RegisterOptions{Name: name})
		err := r.ReplayWorkflowHistory(quiet, h)
		if err == nil {
			err = r.(teller).GetWorkflowResult("ReplayId", &result) //nolint:errcheck // it does
		}
		if err != nil {
			b.Fatal(err)
		}
		return result
	}
}

// measure replays a history b.N times, and reports the time per unit of which it has so many.
func measure(b *testing.B, do replayed, h *historypb.History, want, units int, unit string) {
	b.Helper()
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if got := do(b, h); got != want {
			b.Fatalf("the workflow returned %d, want %d", got, want)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(units), unit)
}

// BenchmarkReplay replays a history that was decoded before, to its end.
func BenchmarkReplay(b *testing.B) {
	for _, kind := range []struct {
		name      string
		history   func(*testing.B, int) *historypb.History
		per       int // events per activity
		ours, sdk replayed
	}{
		{"sequential", sequentialHistory, 6, replayOurs("sequential", sequential), replaySDK("sequential", sdkSequential)},
		{"parallel", parallelHistory, 3, replayOurs("parallel", parallel), replaySDK("parallel", sdkParallel)},
	} {
		for _, events := range []int{1000, 10_000, 50_000} {
			n := events / kind.per
			h := kind.history(b, n)
			for name, do := range map[string]replayed{"ours": kind.ours, "sdk": kind.sdk} {
				b.Run(fmt.Sprintf("%s/%d/%s", kind.name, events, name), func(b *testing.B) {
					measure(b, do, h, n, len(h.GetEvents()), "ns/event")
				})
			}
		}
	}
}

// BenchmarkHandOver has two coroutines hand a value to and fro, in one workflow task.
func BenchmarkHandOver(b *testing.B) {
	const n = 20_000
	w := begin(b, "pingPong", n)
	h := w.end(w.task(), payloads(b, n/2))
	for name, do := range map[string]replayed{
		"ours": replayOurs("pingPong", pingPong), "sdk": replaySDK("pingPong", sdkPingPong),
	} {
		b.Run(name, func(b *testing.B) { measure(b, do, h, n/2, n, "ns/hand-over") })
	}
}
