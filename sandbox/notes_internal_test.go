package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/temporal/metrics"
	"github.com/mainspring-go/mainspring/workflow"
)

var errTold = errors.New("told")

func Talk(ctx workflow.Context) error {
	log := workflow.GetLogger(ctx)
	log.Debug("low")
	log.Info("high", "n", 7, "err", errTold, "took", time.Second, "list", []int{1, 2})
	m := workflow.GetMetricsHandler(ctx).WithTags(map[string]string{"a": "1", "b": "2"})
	m.Counter("count").Inc(3)
	m.Gauge("level").Update(0.5)
	m.WithTags(map[string]string{"b": "3"}).Timer("took").Record(time.Minute)
	return nil
}

// told is a [metrics.Handler] that writes down what it is told.
type told struct {
	lines *[]string
	tags  map[string]string
}

func (h told) WithTags(tags map[string]string) metrics.Handler {
	all := maps.Clone(h.tags)
	if all == nil {
		all = make(map[string]string)
	}
	maps.Copy(all, tags)
	return told{h.lines, all}
}

func (h told) tell(what, name string, v any) {
	*h.lines = append(*h.lines, fmt.Sprintf("%s %s %v %v", what, name, v, h.tags))
}

func (h told) Counter(name string) metrics.Counter {
	return metrics.CounterFunc(func(n int64) { h.tell("counter", name, n) })
}

func (h told) Gauge(name string) metrics.Gauge {
	return metrics.GaugeFunc(func(v float64) { h.tell("gauge", name, v) })
}

func (h told) Timer(name string) metrics.Timer {
	return metrics.TimerFunc(func(d time.Duration) { h.tell("timer", name, d) })
}

// talked is what comes out of a run of Talk.
func talked(t *testing.T, replaying, inReplay bool) (log string, reports []string) {
	t.Helper()
	var b bytes.Buffer
	r := prepared(t, programOf(Talk), Options{
		Logger:                slog.New(slog.NewTextHandler(&b, nil)),
		MetricsHandler:        told{lines: &reports},
		EnableLoggingInReplay: inReplay,
	})
	i := begin(t, r, "Talk")
	defer i.Close()
	a := first()
	a.Replaying, a.Items[0].Replaying = replaying, replaying
	if c := i.Activate(t.Context(), a); c.Failure != nil {
		t.Fatal(c.Failure)
	}
	return b.String(), reports
}

func TestLogsAndMetricsComeOut(t *testing.T) {
	log, reports := talked(t, false, false)
	if strings.Count(log, "\n") != 1 || strings.Contains(log, "msg=low") {
		t.Errorf("logged %q", log)
	}
	for _, part := range []string{
		"level=INFO msg=high", "Namespace=ns", "WorkflowType=Talk", "n=7", "err=told", "took=1s", `list="[1 2]"`,
	} {
		if !strings.Contains(log, part) {
			t.Errorf("the log lacks %q: %q", part, log)
		}
	}
	want := []string{
		"counter count 3 map[a:1 b:2 workflow_type:Talk]",
		"gauge level 0.5 map[a:1 b:2 workflow_type:Talk]",
		"timer took 1m0s map[a:1 b:3 workflow_type:Talk]",
	}
	if !slices.Equal(reports, want) {
		t.Errorf("got %q\nwant %q", reports, want)
	}
}

func TestNothingComesOutOfAReplay(t *testing.T) {
	if log, reports := talked(t, true, false); log != "" || len(reports) > 0 {
		t.Errorf("logged %q, reported %q", log, reports)
	}
	if log, reports := talked(t, true, true); !strings.Contains(log, "msg=high") || len(reports) > 0 {
		t.Errorf("with EnableLoggingInReplay: logged %q, reported %q", log, reports)
	}
}
