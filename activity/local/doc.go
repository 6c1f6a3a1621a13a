// Package local runs one attempt of a local activity: one that a workflow's worker runs
// itself, while the workflow task waits.
//
// # Promises
//
// [Runner.Run] waits until the attempt may begin, and returns once it has ended for the workflow:
// when the function has returned, when its time is over, or when its context is cancelled. The time
// of all attempts bounds the wait, too: a function does not begin when it is over. A function that
// does not stop goes on by itself, and what it returns is dropped; its [Ticket] is returned, and
// [Runner.Wait] waits, until it has. A panic, and a call of runtime.Goexit, end the attempt with an
// error. A Runner is safe for use by several goroutines.
//
// The activity finds in its context what any activity finds there: activity.GetInfo, whose
// IsLocalActivity is true, a logger and the channel of the worker's stop. Heartbeats are
// dropped, since nobody waits for them.
//
// # Usage
//
//	runner, err := local.New(local.Options{Middleware: middleware, Admit: slotAndRate})
//	...
//	result, err := runner.Run(ctx, &local.Task{Info: info, Definition: definition, Args: args})
//
// # What it will not do
//
// It decides nothing about retries: whoever calls it does. It has no slots and no rate of its own:
// Admit has.
package local
