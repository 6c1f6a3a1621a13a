package shutdown

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// run runs all stages and finishes the report.
func (c *Coordinator) run(base context.Context) {
	c.logger.LogAttrs(base, slog.LevelInfo, "shutdown begins", slog.Any("cause", c.Cause()))
	for _, s := range c.stages {
		c.runStage(base, s)
	}
	c.mu.Lock()
	c.finished = true
	c.took = time.Since(c.began)
	took := c.took
	c.mu.Unlock()
	c.logger.LogAttrs(base, slog.LevelInfo, "shutdown is done", slog.Duration("took", took))
	close(c.done)
}

// runStage stops the members of one stage and returns when all have returned or were abandoned.
func (c *Coordinator) runStage(base context.Context, s *stage) {
	ctx, cancel := c.begin(base, s)
	defer cancel()
	for _, m := range s.members {
		go c.stopMember(ctx, s, m)
	}
	c.await(ctx, s)
	report, abandoned := c.end(s)
	for _, m := range abandoned {
		c.announceMember(ctx, report.Name, m)
	}
	c.announceStage(ctx, report)
}

// await waits for the members, and no longer than they have time and linger.
func (c *Coordinator) await(ctx context.Context, s *stage) {
	reminder := time.NewTicker(c.remindEvery)
	defer reminder.Stop()
	over := ctx.Done()
	var lingered <-chan time.Time
	for {
		select {
		case <-s.idle:
			return
		case <-reminder.C:
			c.remind(ctx, s)
		case <-over:
			over, lingered = nil, time.After(c.linger)
		case <-lingered:
			return
		}
	}
}

// begin closes the stage to new members and makes the context of those it has.
func (c *Coordinator) begin(base context.Context, s *stage) (context.Context, func()) {
	ctx, stop := base, context.CancelFunc(func() {})
	if t := s.report.Timeout; t > 0 {
		ctx, stop = context.WithTimeoutCause(base, t,
			fmt.Errorf("shutdown: stage %q reached its deadline of %v: %w",
				s.report.Name, t, context.DeadlineExceeded))
	}
	ctx, cancel := context.WithCancelCause(ctx)

	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = s
	s.begun, s.report.Began = true, time.Now()
	s.cancel = cancel
	s.left = len(s.members)
	switch {
	case s.left == 0:
		close(s.idle)
	case c.cut != nil:
		s.hurry(c.cut)
		c.cut = nil
	}
	return ctx, func() { cancel(nil); stop() }
}

// hurry ends the members' context, unless they have all returned or it has ended. It is called with
// Coordinator.mu locked.
func (s *stage) hurry(why error) {
	expired := s.report.Timeout > 0 && time.Since(s.report.Began) >= s.report.Timeout
	if s.left == 0 || s.report.Cut != nil || expired {
		return
	}
	s.report.Cut = why
	s.cancel(fmt.Errorf("shutdown: a caller that waited for stage %q lost patience: %w",
		s.report.Name, why))
}

// end abandons the members that have not returned and returns their reports and the stage's.
func (c *Coordinator) end(s *stage) (StageReport, []MemberReport) {
	left := c.pending(s) // before the lock is taken: it asks the members
	c.mu.Lock()
	defer c.mu.Unlock()
	s.over = true
	s.report.Took = time.Since(s.report.Began)
	var abandoned []MemberReport
	for _, m := range s.members {
		if m.report.Outcome != Pending {
			continue
		}
		for _, l := range left {
			if l.Name == m.report.Name {
				m.report.Left, m.report.LeftOmitted = l.Left, l.LeftOmitted
			}
		}
		m.report.Outcome, m.report.Took = Abandoned, s.report.Took
		abandoned = append(abandoned, m.report)
	}
	return s.snapshot(), abandoned
}

// snapshot returns the stage's report with its members. It is called with Coordinator.mu locked.
func (s *stage) snapshot() StageReport {
	r := s.report
	if s.begun && !s.over {
		r.Took = time.Since(r.Began)
	}
	for _, m := range s.members {
		r.Members = append(r.Members, m.report)
	}
	return r
}

// stopMember runs one member's stop function, whatever it does.
func (c *Coordinator) stopMember(ctx context.Context, s *stage, m *member) {
	outcome, err := Failed, ErrExited // what is true if neither a return nor a panic follows
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
		c.memberReturned(ctx, s, m, outcome, err)
	}()
	err = m.stop(ctx)
	switch {
	case ctx.Err() != nil:
		outcome = Canceled
	case err == nil:
		outcome = Drained
	}
}

// memberReturned records the outcome of a member, if its stage is not over.
func (c *Coordinator) memberReturned(
	ctx context.Context, s *stage, m *member, outcome Outcome, err error,
) {
	var left MemberReport
	if outcome == Canceled {
		m.askLeft(&left)
	}
	c.mu.Lock()
	took := time.Since(s.report.Began)
	late := s.over
	if !late {
		m.report.Outcome, m.report.Err, m.report.Took = outcome, err, took
		m.report.Left, m.report.LeftOmitted = left.Left, left.LeftOmitted
	}
	report := m.report
	c.mu.Unlock()
	if late {
		c.logger.LogAttrs(ctx, slog.LevelWarn, "an abandoned member returned after all",
			slog.String("stage", s.report.Name), slog.String("member", report.Name),
			slog.Duration("took", took), slog.Any("error", err))
		return
	}
	c.announceMember(ctx, s.report.Name, report)

	c.mu.Lock()
	defer c.mu.Unlock()
	if s.left--; s.left == 0 {
		close(s.idle)
	}
}
