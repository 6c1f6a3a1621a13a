package shutdown

import (
	"context"
	"errors"
	"log/slog"
)

// announceMember logs a member that did not drain, and tells the observer of any.
func (c *Coordinator) announceMember(ctx context.Context, stage string, m MemberReport) {
	attrs := []slog.Attr{
		slog.String("stage", stage), slog.String("member", m.Name), slog.Duration("took", m.Took),
	}
	switch m.Outcome {
	case Failed:
		attrs = append(attrs, slog.Any("error", m.Err))
		if p := (*PanicError)(nil); errors.As(m.Err, &p) {
			attrs = append(attrs, slog.String("stack", string(p.Stack)))
		}
		c.logger.LogAttrs(ctx, slog.LevelWarn, "a member failed to stop", attrs...)
	case Canceled:
		if m.Err != nil {
			attrs = append(attrs, slog.Any("error", m.Err))
		}
		attrs = append(attrs, m.leftAttrs()...)
		c.logger.LogAttrs(ctx, slog.LevelWarn, "a member stopped only when its time was over", attrs...)
	case Abandoned:
		attrs = append(attrs, m.leftAttrs()...)
		c.logger.LogAttrs(ctx, slog.LevelWarn, "a member did not stop in time", attrs...)
	default:
	}
	if c.memberObserver != nil {
		defer c.containObserver(ctx)
		c.memberObserver.ObserveMember(stage, m)
	}
}

// announceStage logs a stage's end and tells the observer.
func (c *Coordinator) announceStage(ctx context.Context, s StageReport) {
	level := slog.LevelInfo
	if s.count(Drained) < len(s.Members) || s.Cut != nil {
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{
		slog.String("stage", s.Name), slog.Duration("took", s.Took),
		slog.Int("drained", s.count(Drained)), slog.Int("canceled", s.count(Canceled)),
		slog.Int("failed", s.count(Failed)), slog.Int("abandoned", s.count(Abandoned)),
	}
	if s.Cut != nil {
		attrs = append(attrs, slog.Any("cut", s.Cut))
	}
	c.logger.LogAttrs(ctx, level, "a shutdown stage ended", attrs...)
	if c.stageObserver != nil {
		defer c.containObserver(ctx)
		c.stageObserver.ObserveStage(s)
	}
}

// containObserver is deferred around an observer: whoever only watches must not stop the stopping.
func (c *Coordinator) containObserver(ctx context.Context) {
	if v := recover(); v != nil {
		c.logger.LogAttrs(ctx, slog.LevelError, "a shutdown observer panicked", slog.Any("panic", v))
	}
}
