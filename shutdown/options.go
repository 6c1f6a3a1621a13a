package shutdown

import (
	"fmt"
	"log/slog"
	"time"
)

// Defaults of Options that are left 0.
const (
	// DefaultLinger is that of Linger.
	DefaultLinger = 100 * time.Millisecond
	// DefaultRemindEvery is that of RemindEvery.
	DefaultRemindEvery = 10 * time.Second
)

// A Stage is one step of a shutdown.
type Stage struct {
	// Name names the stage in Add and in the report. It must not be empty, nor be given twice.
	Name string
	// Timeout is when, counted from the stage's begin, the context of its members ends. 0: never,
	// the stage waits for them as long as it takes. Negative is an error.
	Timeout time.Duration
}

// Options configure a Coordinator. The zero value is ready to use.
type Options struct {
	// Logger is told of each stage's end and of each member that did not drain. Nil: nobody is.
	Logger *slog.Logger
	// Linger is how long after its context has ended a member may still take to return before it
	// is abandoned; the time it needs to notice. It is added to a stage that reaches its deadline.
	// 0: DefaultLinger. Negative is an error.
	Linger time.Duration
	// RemindEvery is how often Logger is told, while a stage waits, who has not stopped and what
	// for: see Member.Left. 0: DefaultRemindEvery. Negative is an error.
	RemindEvery time.Duration
	// StageObserver is told of the end of each stage; nil costs nothing.
	StageObserver StageObserver
	// MemberObserver is told of the end of each member; nil costs nothing.
	MemberObserver MemberObserver
}

// A StageObserver is told of each stage when it has ended. The call is made without a lock, and the
// next stage waits for it, so it must return soon. A panic in it is logged and otherwise ignored.
type StageObserver interface {
	ObserveStage(StageReport)
}

// A MemberObserver is told of each member when it returned in time or was abandoned. The call is
// made without a lock; the stage waits for it, so it must return soon. It may be called
// concurrently. A panic in it is logged and otherwise ignored.
type MemberObserver interface {
	ObserveMember(stage string, member MemberReport)
}

// validate returns the first refused option or stage.
func validate(o Options, stages []Stage) error {
	if o.Linger < 0 {
		return &OptionError{
			Field: "Linger", Value: o.Linger,
			Fix: fmt.Sprintf("give 0 for %v, or a positive duration", DefaultLinger),
		}
	}
	if o.RemindEvery < 0 {
		return &OptionError{
			Field: "RemindEvery", Value: o.RemindEvery,
			Fix: fmt.Sprintf("give 0 for %v, or a positive duration", DefaultRemindEvery),
		}
	}
	names := make(map[string]bool)
	for i, s := range stages {
		field := fmt.Sprintf("stages[%d]", i)
		switch {
		case s.Name == "":
			return &OptionError{Field: field + ".Name", Value: `""`, Fix: "give the stage a name"}
		case names[s.Name]:
			return &OptionError{
				Field: field + ".Name", Value: fmt.Sprintf("%q", s.Name),
				Fix: "give every stage a name of its own",
			}
		case s.Timeout < 0:
			return &OptionError{
				Field: field + ".Timeout", Value: s.Timeout,
				Fix: "give 0 to wait for the members, or a positive duration",
			}
		}
		names[s.Name] = true
	}
	return nil
}
