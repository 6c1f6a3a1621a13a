package shutdown

import (
	"fmt"
	"strings"
	"time"
)

// An Outcome is what became of a member.
type Outcome string

// The outcomes. A final report has no Pending one.
const (
	// Pending: the member's stage has not begun, or the member has not returned yet.
	Pending Outcome = "pending"
	// Drained: the member returned nil before its context ended.
	Drained Outcome = "drained"
	// Canceled: the member returned, nil or an error, but only after its context had ended: it
	// stopped, and may have left something undone.
	Canceled Outcome = "canceled"
	// Failed: the member returned an error before its context ended, or it panicked or ended its
	// goroutine at any time.
	Failed Outcome = "failed"
	// Abandoned: the member did not return in time.
	Abandoned Outcome = "abandoned"
)

// A Report says how a shutdown went. It is a copy: reading and changing it is safe.
type Report struct {
	// Cause is why: the first of Fatal's error and Shutdown's cause, ErrRequested if there was
	// none. It is nil before either was called.
	Cause error
	// Fatals are further errors given to Fatal, or to Shutdown as its cause, in order, at most 16.
	Fatals []error
	// FatalsOmitted counts those beyond the 16.
	FatalsOmitted int
	// Began is when Shutdown was first called; zero before that.
	Began time.Time
	// Took is the time from Began to the end of the last stage, or to the moment of the report.
	Took time.Duration
	// Stages are the stages in their order.
	Stages []StageReport
}

// A StageReport says how one stage went.
type StageReport struct {
	// Name is the stage's name.
	Name string
	// Timeout is the time it had; 0 is unlimited.
	Timeout time.Duration
	// Began is when it began; zero before that.
	Began time.Time
	// Took is how long it ran, or has run until the moment of the report.
	Took time.Duration
	// Cut is set when an impatient caller of Shutdown ended the stage's grace early: the error of
	// that caller's context.
	Cut error
	// Members are its members, in the order of Add.
	Members []MemberReport
}

// A MemberReport says what became of one member.
type MemberReport struct {
	// Name is the member's name.
	Name string
	// Outcome is what became of it.
	Outcome Outcome
	// Err is what it returned, or a *PanicError; nil unless Failed or Canceled.
	Err error
	// Took is the time from the begin of its stage until it returned or was abandoned; zero while
	// Pending.
	Took time.Duration
	// Left is what it waits for while it stops, or still waited for when it was Canceled or
	// Abandoned; at most 16 lines. Empty if it cannot say: see Member.Left.
	Left []string
	// LeftOmitted counts the lines beyond the 16.
	LeftOmitted int
}

// Err returns nil if every member drained, or else an *IncompleteError. Neither Pending members are
// counted as trouble, nor Canceled ones that returned nil and so say that all is well.
func (r Report) Err() error {
	e := &IncompleteError{}
	for _, s := range r.Stages {
		e.Members += len(s.Members)
		for _, m := range s.Members {
			name := s.Name + "/" + m.Name
			switch {
			case m.Outcome == Failed:
				e.Failed = append(e.Failed, name)
				e.errs = append(e.errs, m.Err)
			case m.Outcome == Canceled && m.Err != nil:
				e.Canceled = append(e.Canceled, name)
				e.errs = append(e.errs, m.Err)
				e.Left = append(e.Left, m.leftLines()...)
			case m.Outcome == Abandoned:
				e.Abandoned = append(e.Abandoned, name)
				e.Left = append(e.Left, m.leftLines()...)
			}
		}
	}
	if len(e.Failed)+len(e.Canceled)+len(e.Abandoned) == 0 {
		return nil
	}
	return e
}

// String returns the report as a few lines for a log: a line for each stage, and below it one for
// each member that did not drain.
func (r Report) String() string {
	var b strings.Builder
	switch {
	case r.Cause == nil:
		b.WriteString("not shut down")
	case r.Began.IsZero():
		fmt.Fprintf(&b, "not shut down yet, cause: %v", r.Cause)
	default:
		fmt.Fprintf(&b, "shutdown took %v, cause: %v", round(r.Took), r.Cause)
	}
	for _, err := range r.Fatals {
		fmt.Fprintf(&b, "\n  also fatal: %v", err)
	}
	if r.FatalsOmitted > 0 {
		fmt.Fprintf(&b, "\n  also fatal: %d more", r.FatalsOmitted)
	}
	for _, s := range r.Stages {
		b.WriteString("\n  ")
		s.write(&b)
	}
	return b.String()
}

// write writes the stage's line, and those of its members that did not drain.
func (s StageReport) write(b *strings.Builder) {
	if s.Began.IsZero() {
		fmt.Fprintf(b, "%s: not begun, %d members", s.Name, len(s.Members))
		return
	}
	fmt.Fprintf(b, "%s: %v", s.Name, round(s.Took))
	if s.Timeout > 0 {
		fmt.Fprintf(b, " of %v", s.Timeout)
	}
	for _, outcome := range []Outcome{Drained, Canceled, Failed, Abandoned, Pending} {
		if n := s.count(outcome); n > 0 {
			fmt.Fprintf(b, ", %d %s", n, outcome)
		}
	}
	if len(s.Members) == 0 {
		b.WriteString(", no members")
	}
	if s.Cut != nil {
		fmt.Fprintf(b, ", cut short: %v", s.Cut)
	}
	for _, m := range s.Members {
		switch m.Outcome {
		case Drained:
			continue
		case Pending:
			fmt.Fprintf(b, "\n    still stopping: %s", m.Name)
		default:
			fmt.Fprintf(b, "\n    %s after %v: %s", m.Outcome, round(m.Took), m.Name)
		}
		if m.Err != nil {
			fmt.Fprintf(b, ": %v", m.Err)
		}
		for _, left := range m.leftLines() {
			fmt.Fprintf(b, "\n      left: %s", left)
		}
	}
}

func (s StageReport) count(outcome Outcome) int {
	n := 0
	for _, m := range s.Members {
		if m.Outcome == outcome {
			n++
		}
	}
	return n
}

// pending returns the members of the stage of that name that have not returned.
func (r Report) pending(stage string) []MemberReport {
	var pending []MemberReport
	for _, s := range r.Stages {
		for _, m := range s.Members {
			if s.Name == stage && m.Outcome == Pending {
				pending = append(pending, m)
			}
		}
	}
	return pending
}

// round shortens d to what a reader of a log wants to see.
func round(d time.Duration) time.Duration {
	if d >= time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(time.Microsecond)
}
