package guest

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/mainspring-go/mainspring/sandbox/wire"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// A handler is a [slog.Handler] that notes what is logged for the host.
type handler struct {
	run   *run
	level slog.Level
	outer *handler // that this one was made from; nil if it is the first
	group string   // that it opens
	attrs []slog.Attr
}

var _ slog.Handler = (*handler)(nil)

// Enabled implements [slog.Handler].
func (h *handler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

// Handle implements [slog.Handler].
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	all := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		all = append(all, a)
		return true
	})
	for ; h != nil; h = h.outer {
		all = slices.Concat(h.attrs, all)
		if h.group != "" {
			all = []slog.Attr{{Key: h.group, Value: slog.GroupValue(all...)}}
		}
		if h.outer == nil {
			h.run.notes = append(h.run.notes, wire.Note{
				Log: &wire.Log{Level: int(r.Level), Message: r.Message, Attrs: all},
			})
		}
	}
	return nil
}

// WithAttrs implements [slog.Handler].
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{run: h.run, level: h.level, outer: h, attrs: attrs}
}

// WithGroup implements [slog.Handler].
func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{run: h.run, level: h.level, outer: h, group: name}
}

// A meter is a [metrics.Handler] that notes what is reported for the host.
type meter struct {
	run  *run
	tags map[string]string
}

var _ metrics.Handler = meter{}

// WithTags implements [metrics.Handler].
func (m meter) WithTags(tags map[string]string) metrics.Handler {
	all := make(map[string]string, len(m.tags)+len(tags))
	maps.Copy(all, m.tags)
	maps.Copy(all, tags)
	return meter{m.run, all}
}

func (m meter) note(by wire.Instrument, name string, n int64, value float64) {
	x := &wire.Metric{Instrument: by, Name: name, N: n, Value: value}
	for _, k := range slices.Sorted(maps.Keys(m.tags)) {
		x.Tags = append(x.Tags, wire.Tag{Key: k, Value: m.tags[k]})
	}
	m.run.notes = append(m.run.notes, wire.Note{Metric: x})
}

// Counter implements [metrics.Handler].
func (m meter) Counter(name string) metrics.Counter {
	return metrics.CounterFunc(func(n int64) { m.note(wire.Counter, name, n, 0) })
}

// Gauge implements [metrics.Handler].
func (m meter) Gauge(name string) metrics.Gauge {
	return metrics.GaugeFunc(func(v float64) { m.note(wire.Gauge, name, 0, v) })
}

// Timer implements [metrics.Handler].
func (m meter) Timer(name string) metrics.Timer {
	return metrics.TimerFunc(func(d time.Duration) { m.note(wire.Timer, name, int64(d), 0) })
}
