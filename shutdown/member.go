package shutdown

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// maxLeft bounds MemberReport.Left.
const maxLeft = 16

// A Member is a part that is stopped in a stage.
type Member struct {
	// Name names the member in its stage and in the report.
	Name string
	// Stop stops it: see Coordinator.Add.
	Stop func(ctx context.Context) error
	// Left says what the member still waits for, a line for each thing, the worst first: what
	// hinders a stop should have a name. It is called while Stop runs or when it was too late, by
	// Report and by the coordinator, without a lock and concurrently, and must return soon. A panic
	// in it is contained. Nil: the member cannot say.
	Left func() []string
}

// AddMember is Add for a member that may say what it waits for.
func (c *Coordinator) AddMember(stage string, m Member) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.find(stage)
	switch {
	case s == nil:
		return &OptionError{
			Field: "stage", Value: fmt.Sprintf("%q", stage), Fix: "give one of " + c.names(),
		}
	case m.Name == "":
		return &OptionError{Field: "name", Value: `""`, Fix: "give the member a name"}
	case m.Stop == nil:
		return &OptionError{
			Field: "stop", Value: "nil", Fix: fmt.Sprintf("give a function that stops %q", m.Name),
		}
	case s.begun:
		return fmt.Errorf("%w: %q came too late for %q, stop it yourself", ErrStageBegun, m.Name, stage)
	}
	for _, other := range s.members {
		if other.report.Name == m.Name {
			return &OptionError{
				Field: "name", Value: fmt.Sprintf("%q", m.Name),
				Fix: fmt.Sprintf("give every member of %q a name of its own", stage),
			}
		}
	}
	s.members = append(s.members, &member{
		stop:   m.Stop,
		left:   m.Left,
		report: MemberReport{Name: m.Name, Outcome: Pending},
	})
	return nil
}

// askLeft puts what the member waits for into its report r, a copy. It runs foreign code, so
// Coordinator.mu must not be locked.
func (m *member) askLeft(r *MemberReport) {
	if m.left == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			r.Left, r.LeftOmitted = []string{fmt.Sprintf("unknown, asking panicked: %v", p)}, 0
		}
	}()
	left := m.left()
	n := min(len(left), maxLeft)
	r.Left, r.LeftOmitted = slices.Clone(left[:n]), len(left)-n
}

// pending returns the reports of the members of s that have not returned. The stage has begun.
func (c *Coordinator) pending(s *stage) []MemberReport {
	c.mu.Lock()
	var reports []MemberReport
	var members []*member
	for _, m := range s.members {
		if m.report.Outcome == Pending {
			reports, members = append(reports, m.report), append(members, m)
		}
	}
	c.mu.Unlock()
	for i, m := range members {
		m.askLeft(&reports[i])
	}
	return reports
}

// remind names in the log whom the stage waits for. While it has time left that is how things
// should be; without a deadline, someone may be waiting for ever.
func (c *Coordinator) remind(ctx context.Context, s *stage) {
	level := slog.LevelInfo
	if s.report.Timeout == 0 {
		level = slog.LevelWarn
	}
	if !c.logger.Enabled(ctx, level) {
		return
	}
	for _, m := range c.pending(s) {
		attrs := []slog.Attr{
			slog.String("stage", s.report.Name), slog.String("member", m.Name),
			slog.Duration("waited", time.Since(s.report.Began)),
		}
		c.logger.LogAttrs(ctx, level, "a member is still stopping", append(attrs, m.leftAttrs()...)...)
	}
}

// leftAttrs say in a log what the member has left.
func (m *MemberReport) leftAttrs() []slog.Attr {
	lines := m.leftLines()
	if len(lines) == 0 {
		return nil
	}
	return []slog.Attr{slog.String("left", strings.Join(lines, "; "))}
}

// leftLines are what the member has left, and what was omitted.
func (m *MemberReport) leftLines() []string {
	if m.LeftOmitted == 0 {
		return m.Left
	}
	return append(slices.Clone(m.Left), fmt.Sprintf("and %d more", m.LeftOmitted))
}
