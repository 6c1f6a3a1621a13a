package native_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mainspring-go/mainspring/temporal/metrics"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
)

// reported writes down what is reported.
type reported struct {
	tags map[string]string
	to   *[]string
}

func (r reported) note(name string, value any) {
	*r.to = append(*r.to, fmt.Sprint(name, " ", value, " ", r.tags))
}

func (r reported) WithTags(tags map[string]string) metrics.Handler {
	all := make(map[string]string)
	maps.Copy(all, r.tags)
	maps.Copy(all, tags)
	return reported{tags: all, to: r.to}
}

func (r reported) Counter(name string) metrics.Counter {
	return metrics.CounterFunc(func(n int64) { r.note(name, n) })
}

func (r reported) Gauge(name string) metrics.Gauge {
	return metrics.GaugeFunc(func(v float64) { r.note(name, v) })
}

func (r reported) Timer(name string) metrics.Timer {
	return metrics.TimerFunc(func(d time.Duration) { r.note(name, d) })
}

// reports is a workflow that reports before and after a timer.
func reports(ctx workflow.Context) error {
	h := workflow.GetMetricsHandler(ctx)
	c := h.Counter("count")
	c.Inc(1)
	workflow.GetLogger(ctx).Info("before")
	if err := workflow.Sleep(ctx, time.Second); err != nil {
		return err
	}
	c.Inc(2)
	workflow.GetLogger(ctx).Info("after")
	tagged := h.WithTags(map[string]string{"more": "yes"})
	tagged.Gauge("level").Update(0.5)
	tagged.Timer("took").Record(time.Minute)
	return nil
}

// What a run that is rebuilt reports again is dropped.
func TestMetricsCountOnce(t *testing.T) {
	var got []string
	l := startWith(t, native.Options{MetricsHandler: reported{to: &got}}, reports)
	l.does("StartTimer 5 1s")
	l.FireTimer("5")
	if want := []string{"count 1 map[workflow_type:wf]"}; !cmp.Equal(want, got) {
		t.Errorf("the first task reported %q, want %q", got, want)
	}
	got = nil
	l.evict()
	l.does("CompleteWorkflow")
	want := []string{
		"count 2 map[workflow_type:wf]",
		"level 0.5 map[more:yes workflow_type:wf]",
		"took 1m0s map[more:yes workflow_type:wf]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the second task, on a rebuilt run (-want +got):\n%s", diff)
	}
}

func TestLogsInReplay(t *testing.T) {
	for _, tt := range []struct {
		enabled bool
		want    int // lines of both tasks and one replay
	}{{false, 2}, {true, 4}} {
		var out bytes.Buffer
		l := startWith(t, native.Options{
			Logger: slog.New(slog.NewTextHandler(&out, nil)), EnableLoggingInReplay: tt.enabled,
		}, reports)
		l.does("StartTimer 5 1s")
		l.FireTimer("5")
		l.does("CompleteWorkflow")
		l.replay()
		if got := strings.Count(out.String(), "\n"); got != tt.want {
			t.Errorf("EnableLoggingInReplay=%v: %d lines, want %d:\n%s", tt.enabled, got, tt.want, &out)
		}
	}
}
