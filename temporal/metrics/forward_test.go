package metrics_test

import (
	"fmt"
	"maps"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// taker notes what it is asked for.
type taker struct {
	tags  map[string]string
	lines *[]string
}

func (t taker) note(name string, v any) {
	*t.lines = append(*t.lines, fmt.Sprint(name, " ", v, " ", t.tags))
}

func (t taker) WithTags(tags map[string]string) metrics.Handler {
	all := map[string]string{}
	maps.Copy(all, t.tags)
	maps.Copy(all, tags)
	return taker{all, t.lines}
}

func (t taker) Counter(name string) metrics.Counter {
	return metrics.CounterFunc(func(n int64) { t.note("counter "+name, n) })
}

func (t taker) Gauge(name string) metrics.Gauge {
	return metrics.GaugeFunc(func(v float64) { t.note("gauge "+name, v) })
}

func (t taker) Timer(name string) metrics.Timer {
	return metrics.TimerFunc(func(d time.Duration) { t.note("timer "+name, d) })
}

// What is reported to a forwarder arrives as if it were reported at once.
func TestForwardedReportsAreAsWithoutForwarder(t *testing.T) {
	report := func(h metrics.Handler) {
		h.Counter("c").Inc(3)
		h.Counter("c").Inc(-1)
		tags := map[string]string{"a": "1", "b": ""}
		tagged := h.WithTags(tags)
		tags["a"] = "changed afterwards"
		tagged.Gauge("g").Update(-2.5)
		tagged.Gauge("g").Update(math.NaN())
		tagged.WithTags(map[string]string{"a": "2", "c": "3"}).Timer("t").Record(time.Minute)
		tagged.WithTags(nil).Timer("").Record(-1)
		tagged.Counter("after").Inc(math.MaxInt64)
	}
	var want, got []string
	report(taker{lines: &want})
	report(metrics.Forward(func(r metrics.Report) { r.ReportTo(taker{lines: &got}) }))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("without (-) and with a forwarder (+):\n%s", diff)
	}
}

func TestReportsArePlain(t *testing.T) {
	var got []metrics.Report
	h := metrics.Forward(func(r metrics.Report) { got = append(got, r) })
	h.Counter("c").Inc(2)
	h.WithTags(map[string]string{"a": "1"}).Gauge("g").Update(0.5)
	h.Timer("t").Record(time.Second)
	want := []metrics.Report{
		{Kind: metrics.KindCounter, Name: "c", N: 2},
		{Kind: metrics.KindGauge, Name: "g", Tags: map[string]string{"a": "1"}, Value: 0.5},
		{Kind: metrics.KindTimer, Name: "t", N: int64(time.Second)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var lines []string
	(&metrics.Report{Kind: 9, Name: "nonsense"}).ReportTo(taker{lines: &lines})
	if len(lines) > 0 {
		t.Errorf("of no kind: %q", lines)
	}
}

func ExampleForward() {
	h := metrics.Forward(func(r metrics.Report) {
		fmt.Println(r.Name, r.N, r.Tags) // or send it away
	})
	h.WithTags(map[string]string{"queue": "orders"}).Counter("shipped").Inc(2)
	// Output: shipped 2 map[queue:orders]
}
