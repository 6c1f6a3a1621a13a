// Package machine turns the history of a workflow run into activations, and
// what the workflow did into the answer to a workflow task.
//
// A [Machine] is pure: no I/O, no clock, no goroutine, no lock. It is driven:
//
//	m.Begin(machine.Task{...})
//	for {
//		a, next, err := m.Next()
//		switch next {
//		case machine.NeedHistory:
//			err = m.Feed(page, isLast) // fetch it however you like
//		case machine.Activate:
//			err = m.Apply(instance.Activate(ctx, a))
//		case machine.AwaitLocal:
//			start, cancel := m.Locals() // run them, and when one has ended:
//			m.EndLocal(result)          // or m.Heartbeat() to go on in another task
//		case machine.Done:
//			return m.Answer()
//		}
//	}
//
// The caller's duties: feed events in order and without gaps, from the event
// after [Machine.LastStarted] on or from the first; give every activation to
// the same instance; stop using the machine after an error. One goroutine at a
// time may use a Machine.
//
// The commands that a task has caused stand at the head of the chunk of history
// after its own. A machine looks ahead for them: the markers of a task that is
// replayed come with its activation, so that code knows the versions and values
// that it once recorded before it asks for them. Markers of local activities are
// kept apart, since code has to run first and again after each: each of them is an
// activation of its own, a further step of the same task, and so is each local
// activity that ends in a live one. What the steps did together is compared with
// history, and is the answer.
//
// It promises that the same history gives the same activations, however it is
// cut into tasks and pages, and that a workflow whose commands differ from what
// history says is found at the first command that differs.
package machine
