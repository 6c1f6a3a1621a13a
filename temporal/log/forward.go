package log

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"time"
)

// A Record is a line of a log as plain data: it can be kept, encoded and sent, and be written by a
// logger elsewhere.
type Record struct {
	// Time is when it was logged; zero if unknown.
	Time time.Time
	// Level is one of package slog's.
	Level slog.Level
	// Message is the text.
	Message string
	// PC is the program counter of where it was logged, as in a [slog.Record]; zero if unknown. It
	// means nothing in other processes.
	PC uintptr
	// Attrs are all attributes of the line, also those of the logger, in their groups. Values have
	// slog's kinds, but no LogValuer is among them, and what is of [slog.KindAny] is a [Foreign].
	// At most DeepestGroup groups lie in each other.
	Attrs []slog.Attr
}

// Forward returns a handler that gives lines of the level and above to take, as plain data. What a
// line refers to is read before it returns. Take may be called by several goroutines at a time,
// and must not change the attributes; its errors are those of the handler.
func Forward(level slog.Level, take func(Record) error) slog.Handler {
	return &forwarder{level: level, take: take}
}

// forwarder is the handler of Forward.
type forwarder struct {
	level  slog.Level
	take   func(Record) error
	groups int // that are open
	scopes []scope
}

// scope is what WithAttrs or WithGroup has added: attributes, or a group of that name.
type scope struct {
	group string
	attrs []slog.Attr
}

// Enabled implements [slog.Handler].
func (f *forwarder) Enabled(_ context.Context, level slog.Level) bool { return level >= f.level }

// WithAttrs implements [slog.Handler].
func (f *forwarder) WithAttrs(attrs []slog.Attr) slog.Handler {
	return f.with(scope{attrs: plain(attrs, f.groups)}, 0)
}

// WithGroup implements [slog.Handler].
func (f *forwarder) WithGroup(name string) slog.Handler {
	if name == "" {
		return f
	}
	return f.with(scope{group: name}, 1)
}

func (f *forwarder) with(s scope, groups int) slog.Handler {
	next := *f
	next.groups += groups
	next.scopes = append(slices.Clip(f.scopes), s)
	return &next
}

// Handle implements [slog.Handler].
func (f *forwarder) Handle(_ context.Context, r slog.Record) error {
	attrs := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	attrs = plain(attrs, f.groups)
	depth := f.groups
	for _, s := range slices.Backward(f.scopes) {
		switch {
		case s.group == "":
			attrs = slices.Concat(s.attrs, attrs)
			continue
		case len(attrs) > 0:
			attrs = []slog.Attr{{Key: s.group, Value: group(attrs, depth)}}
		}
		depth--
	}
	return f.take(Record{Time: r.Time, Level: r.Level, Message: r.Message, PC: r.PC, Attrs: attrs})
}

// LogTo has the logger write the line, if it writes lines of that level. One that has a handler of
// package slog, as [slog.Logger] has, writes it with its time and its place.
func (r *Record) LogTo(ctx context.Context, logger Logger) {
	if h := handlerOf(logger); h != nil {
		if h.Enabled(ctx, r.Level) {
			line := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
			line.AddAttrs(r.Attrs...)
			_ = h.Handle(ctx, line) // as slog.Logger does
		}
		return
	}
	pairs := make([]any, 0, 2*len(r.Attrs))
	for _, a := range r.Attrs {
		pairs = append(pairs, a.Key, a.Value.Any())
	}
	switch {
	case r.Level < slog.LevelInfo:
		logger.Debug(r.Message, pairs...)
	case r.Level < slog.LevelWarn:
		logger.Info(r.Message, pairs...)
	case r.Level < slog.LevelError:
		logger.Warn(r.Message, pairs...)
	default:
		logger.Error(r.Message, pairs...)
	}
}

// Lowest is a level below which the logger certainly writes nothing, so that such lines need not be
// forwarded to it.
func Lowest(logger Logger) slog.Level {
	lowest := slog.Level(math.MinInt32)
	h := handlerOf(logger)
	if h == nil {
		return lowest
	}
	ctx := context.Background() // a handler that looks at it is asked again for each line
	for _, usual := range []slog.Level{
		slog.LevelDebug - 4, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError,
	} {
		if h.Enabled(ctx, usual) {
			break
		}
		lowest = usual + 1
	}
	return lowest
}

// handlerOf is the handler behind a logger of package slog; nil if it is none.
func handlerOf(logger Logger) slog.Handler {
	if l, ok := logger.(interface{ Handler() slog.Handler }); ok {
		return l.Handler()
	}
	return nil
}
