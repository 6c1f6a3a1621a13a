package sandbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/mainspring-go/mainspring/sandbox/wire"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// silent is a level that nothing is logged at.
const silent = slog.Level(1 << 20)

// lowest is the lowest of the usual levels that the logger takes: a guest need not tell what is below.
func lowest(l *slog.Logger) slog.Level {
	for _, level := range []slog.Level{slog.LevelDebug - 4, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if l.Enabled(context.Background(), level) {
			return level
		}
	}
	return silent
}

// tell hands on what code has logged and counted. A guest tells what it likes, also nonsense.
func (r *Runner) tell(ctx context.Context, notes []wire.Note) {
	for _, n := range notes {
		if n.Log != nil {
			r.log(ctx, n.Log)
		}
		if n.Metric != nil && r.options.MetricsHandler != nil {
			report(r.options.MetricsHandler, n.Metric)
		}
	}
}

func (r *Runner) log(ctx context.Context, l *wire.Log) {
	h := r.options.Logger.Handler()
	if !h.Enabled(ctx, slog.Level(l.Level)) {
		return
	}
	record := slog.NewRecord(time.Now(), slog.Level(l.Level), l.Message, 0)
	record.AddAttrs(l.Attrs...)
	_ = h.Handle(ctx, record) // as a slog.Logger does
}

func report(h metrics.Handler, m *wire.Metric) {
	if len(m.Tags) > 0 {
		tags := make(map[string]string, len(m.Tags))
		for _, t := range m.Tags {
			tags[t.Key] = t.Value
		}
		h = h.WithTags(tags)
	}
	switch m.Instrument {
	case wire.Counter:
		h.Counter(m.Name).Inc(m.N)
	case wire.Gauge:
		h.Gauge(m.Name).Update(m.Value)
	case wire.Timer:
		h.Timer(m.Name).Record(time.Duration(m.N))
	}
}
