// Package verify finds workflow code that does not do the same again, while it
// is being written: a runner that, after each workflow task, runs the run again
// from its beginning, aside and in replay, and compares.
//
//	r := verify.New(native.New(native.Options{}), verify.Options{})
//
// core/worker makes one for Options.VerifyWorkflows.
//
// A task in which the two differ fails with a [*DifferenceError], before the
// server has heard of its commands. Commands, their order and all that is in
// them are compared, the messages that answer updates, requests for local
// activities, the SDK flags, and whether the run has ended. This catches code
// that reads the clock, uses math/rand, ranges over a map, starts goroutines or
// keeps state in variables of its package, as soon as it matters for a command.
//
// It cannot see what is the same by chance (a map of two keys is ranged over in
// the same order half of the time; each further task tries the earlier ones once
// more), what depends on the process, its
// environment or its code and so is the same within one process, what a
// workflow does besides commands, and answers to queries. Code that calls the
// world calls it again.
//
// It is for development: a run of n tasks costs n*n/2 of them, and all that it
// was told is kept.
package verify
