// Package local runs one attempt of a local activity: one that a workflow's worker runs
// itself, while the workflow task waits.
//
// # Promises
//
// [Runner.Run] returns once the attempt has ended for the workflow: when the function has
// returned, when its time is over, or when its context is cancelled. A function that does not
// stop then goes on by itself, and what it returns is dropped; the caller is told when that
// happens. A panic, and a call of runtime.Goexit, end the attempt with an error. A Runner is
// safe for use by several goroutines.
//
// The activity finds in its context what any activity finds there: activity.GetInfo, whose
// IsLocalActivity is true, a logger and the channel of the worker's stop. Heartbeats are
// dropped, since nobody waits for them.
//
// # Usage
//
//	runner, err := local.New(local.Options{Middleware: middleware})
//	...
//	result, err := runner.Run(ctx, &local.Task{
//		Info: info, Definition: definition, Args: args,
//	}, func() { permit.Release() })
//
// # What it will not do
//
// It decides nothing about retries and holds no slot: whoever calls it does.
package local
