package metrics_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/temporal/metrics"
)

func TestFuncsAreInstruments(t *testing.T) {
	var got []string
	note := func(v any) { got = append(got, fmt.Sprint(v)) }
	var (
		c metrics.Counter = metrics.CounterFunc(func(n int64) { note(n) })
		g metrics.Gauge   = metrics.GaugeFunc(func(v float64) { note(v) })
		m metrics.Timer   = metrics.TimerFunc(func(d time.Duration) { note(d) })
	)
	c.Inc(3)
	g.Update(0.5)
	m.Record(time.Minute)
	if want := []string{"3", "0.5", "1m0s"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Dropping everything costs nothing.
func TestNopHandlerDoesNotAllocate(t *testing.T) {
	var h metrics.Handler = metrics.NopHandler{}
	if n := testing.AllocsPerRun(100, func() {
		tagged := h.WithTags(nil)
		tagged.Counter("c").Inc(1)
		tagged.Gauge("g").Update(1)
		tagged.Timer("t").Record(1)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
