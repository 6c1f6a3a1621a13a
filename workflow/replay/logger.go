package replay

import (
	"context"
	"log/slog"

	"github.com/mainspring-go/mainspring/temporal/log"
)

// slogOf returns a logger as the one that runners take.
func slogOf(l log.Logger) *slog.Logger {
	if s, ok := l.(*slog.Logger); ok {
		return s
	}
	return slog.New(handler{to: l})
}

// A handler hands what is logged on to a logger of Temporal's shape.
type handler struct {
	to    log.Logger
	group string // prefix of keys
}

// Enabled implements [slog.Handler]: the logger has its own levels.
func (handler) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements [slog.Handler].
func (h handler) Handle(_ context.Context, r slog.Record) error {
	var keyvals []any
	r.Attrs(func(a slog.Attr) bool {
		keyvals = append(keyvals, h.group+a.Key, a.Value.Resolve().Any())
		return true
	})
	switch {
	case r.Level < slog.LevelInfo:
		h.to.Debug(r.Message, keyvals...)
	case r.Level < slog.LevelWarn:
		h.to.Info(r.Message, keyvals...)
	case r.Level < slog.LevelError:
		h.to.Warn(r.Message, keyvals...)
	default:
		h.to.Error(r.Message, keyvals...)
	}
	return nil
}

// WithAttrs implements [slog.Handler].
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var keyvals []any
	for _, a := range attrs {
		keyvals = append(keyvals, h.group+a.Key, a.Value.Resolve().Any())
	}
	return handler{to: log.With(h.to, keyvals...), group: h.group}
}

// WithGroup implements [slog.Handler].
func (h handler) WithGroup(name string) slog.Handler {
	return handler{to: h.to, group: h.group + name + "."}
}
