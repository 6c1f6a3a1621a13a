package embedded

import (
	"context"
	"fmt"
	"log/slog"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// logger gives the server's logs to log/slog.
type logger struct {
	to *slog.Logger
}

func newLogger(to *slog.Logger) log.Logger {
	if to == nil {
		to = slog.New(slog.DiscardHandler)
	}
	return logger{to: to}
}

func (l logger) Debug(msg string, tags ...tag.Tag) { l.log(slog.LevelDebug, msg, tags) }
func (l logger) Info(msg string, tags ...tag.Tag)  { l.log(slog.LevelInfo, msg, tags) }
func (l logger) Warn(msg string, tags ...tag.Tag)  { l.log(slog.LevelWarn, msg, tags) }
func (l logger) Error(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

// DPanic is for what should not happen and may be survived: the process of a test
// is not ours to end.
func (l logger) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

func (l logger) Panic(msg string, tags ...tag.Tag) { l.die(msg, tags) }

// Fatal panics where the server's own logger would exit, so that the process
// says where it died, and deferred calls run. The server calls it when it cannot
// go on, for example when another process has taken one of its ports.
func (l logger) Fatal(msg string, tags ...tag.Tag) { l.die(msg, tags) }

// With implements log.WithLogger: without it the server copies the tags of a
// logger at each line.
func (l logger) With(tags ...tag.Tag) log.Logger {
	return logger{to: slog.New(l.to.Handler().WithAttrs(attributes(tags)))}
}

func (l logger) log(level slog.Level, msg string, tags []tag.Tag) {
	ctx := context.Background()
	if !l.to.Enabled(ctx, level) {
		return
	}
	l.to.LogAttrs(ctx, level, msg, attributes(tags)...) //nolint:sloglint // The server chose msg.
}

func (l logger) die(msg string, tags []tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	text := fmt.Sprintf("embedded: the Temporal server gave up: %s %v", msg, attributes(tags))
	panic(text) //nolint:forbidigo // The server's contract of Panic and Fatal is not to return.
}

func attributes(tags []tag.Tag) []slog.Attr {
	attrs := make([]slog.Attr, len(tags))
	for i, t := range tags {
		attrs[i] = slog.Any(t.Key(), t.Value())
	}
	return attrs
}
