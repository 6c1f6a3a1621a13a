package guest

import (
	"log/slog"

	"github.com/mainspring-go/mainspring/sandbox/wire"
	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// logger notes what is logged at the level and above for the host. The host adds the time, which
// here is the workflow's.
func (r *run) logger(level slog.Level) *slog.Logger {
	return slog.New(log.Forward(level, func(line log.Record) error {
		r.notes = append(r.notes, wire.Note{Log: &wire.Log{
			Level: int(line.Level), Message: line.Message, Attrs: line.Attrs,
		}})
		return nil
	}))
}

// meter notes what is reported for the host.
func (r *run) meter() metrics.Handler {
	return metrics.Forward(func(m metrics.Report) { r.notes = append(r.notes, wire.Note{Metric: &m}) })
}
