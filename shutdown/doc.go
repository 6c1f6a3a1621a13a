// Package shutdown stops a program, or a part of one, in ordered stages with deadlines, and
// reports what became of every part.
//
// A [Coordinator] has named stages; parts are added to a stage as functions that stop them. It
// promises:
//
//   - Stages run one after the other, in the order given; the members of one run concurrently.
//   - A member's context ends at its stage's deadline. A member that does not return then is
//     abandoned, by name, and the next stage begins: nothing a member does holds up the rest. Its
//     goroutine is no longer waited for; if it returns later, nothing breaks. One that returns, but
//     only after its context has ended, was canceled: see [Outcome].
//   - A panic in a member becomes an error in the report.
//   - Who holds up a stage is named in the log, with what it waits for if it says so: see Member.
//   - Shutdown happens once. Everyone who asks gets the same [Report]; whoever loses patience stops
//     waiting at once, and the stage in progress gets no more time.
//
// Usage:
//
//	c, err := shutdown.New(shutdown.Options{Logger: logger},
//		shutdown.Stage{Name: "stop polls", Timeout: 5 * time.Second},
//		shutdown.Stage{Name: "drain", Timeout: 30 * time.Second},
//		shutdown.Stage{Name: "release", Timeout: time.Second})
//	...
//	err = c.Add("drain", "activities", pool.Drain) // func(context.Context) error
//	...
//	select {
//	case <-interrupted:
//	case <-c.Triggered(): // someone called c.Fatal(err)
//	}
//	report, err := c.Shutdown(context.Background(), nil) // report.String() is for the log
//
// It does not listen to signals, does not start the parts, does not order the members of a stage
// (make two stages), and cannot stop a goroutine that ignores its context.
package shutdown
