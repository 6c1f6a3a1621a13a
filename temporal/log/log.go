package log

import (
	"log/slog"
	"slices"
)

// Logger writes messages with alternating keys and values.
type Logger interface {
	// Debug writes a message for whoever debugs.
	Debug(msg string, keyvals ...any)
	// Info writes a message about the normal course.
	Info(msg string, keyvals ...any)
	// Warn writes a message about something that may become a problem.
	Warn(msg string, keyvals ...any)
	// Error writes a message about a problem.
	Error(msg string, keyvals ...any)
}

// WithLogger is implemented by loggers that can make a child with fixed keys and values.
type WithLogger interface {
	// With returns a child that adds keyvals to every message, before the message's own. It must
	// not change the logger.
	With(keyvals ...any) Logger
}

// WithSkipCallers is implemented by loggers that report the caller's source line.
type WithSkipCallers interface {
	// WithCallerSkip returns a child that skips depth more stack frames. It must not change the
	// logger.
	WithCallerSkip(depth int) Logger
}

// With returns a child of logger that adds keyvals to every message, before the message's own. It
// uses the logger's own With if it is a WithLogger or a *slog.Logger.
func With(logger Logger, keyvals ...any) Logger {
	switch l := logger.(type) {
	case WithLogger:
		return l.With(keyvals...)
	case *slog.Logger:
		return l.With(keyvals...)
	default:
		return &withLogger{logger: Skip(logger, 1), keyvals: slices.Clone(keyvals)}
	}
}

// Skip returns a child of logger that skips depth more stack frames when it looks for its caller,
// if it is a WithSkipCallers; otherwise it returns logger.
func Skip(logger Logger, depth int) Logger {
	if s, ok := logger.(WithSkipCallers); ok {
		return s.WithCallerSkip(depth)
	}
	return logger
}

// NewStructuredLogger returns a *slog.Logger as a Logger that is also a WithLogger.
func NewStructuredLogger(logger *slog.Logger) Logger {
	return structuredLogger{Logger: logger}
}

type structuredLogger struct {
	*slog.Logger
}

// With hides the method of slog.Logger, which returns another type.
func (l structuredLogger) With(keyvals ...any) Logger {
	return structuredLogger{Logger: l.Logger.With(keyvals...)}
}

type withLogger struct {
	logger  Logger
	keyvals []any
}

func (l *withLogger) Debug(msg string, keyvals ...any) { l.logger.Debug(msg, l.all(keyvals)...) }
func (l *withLogger) Info(msg string, keyvals ...any)  { l.logger.Info(msg, l.all(keyvals)...) }
func (l *withLogger) Warn(msg string, keyvals ...any)  { l.logger.Warn(msg, l.all(keyvals)...) }
func (l *withLogger) Error(msg string, keyvals ...any) { l.logger.Error(msg, l.all(keyvals)...) }

func (l *withLogger) With(keyvals ...any) Logger {
	return &withLogger{logger: l.logger, keyvals: l.all(keyvals)}
}

// all never shares its result with the receiver, which others use concurrently.
func (l *withLogger) all(keyvals []any) []any {
	return slices.Concat(l.keyvals, keyvals)
}
