package sandbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/mainspring-go/mainspring/sandbox/wire"
	"github.com/mainspring-go/mainspring/temporal/log"
)

// tell hands on what code has logged and counted. A guest tells what it likes, also nonsense.
func (r *Runner) tell(ctx context.Context, notes []wire.Note) {
	for _, n := range notes {
		if l := n.Log; l != nil {
			line := log.Record{Time: time.Now(), Level: slog.Level(l.Level), Message: l.Message, Attrs: l.Attrs}
			line.LogTo(ctx, r.options.Logger)
		}
		if n.Metric != nil && r.options.MetricsHandler != nil {
			n.Metric.ReportTo(r.options.MetricsHandler)
		}
	}
}
