// Package coro runs coroutines one at a time, in a fixed order.
//
// It is the bottom of the deterministic world of a workflow: no clock, no
// channels, no scheduler of the Go runtime. A coroutine is an [iter.Pull]
// sequence, so a switch is a direct hand-over, nothing is allocated on a yield,
// and no coroutine is runnable outside [Dispatcher.Run].
//
// The order is part of the contract, since workflow histories depend on it:
// coroutines run in the order of their creation, pass after pass, until a pass
// makes no progress. One that becomes ready through a later one runs in the
// next pass; one that comes after it in the list still runs in the same pass.
//
// Coroutines run on nobody's time but that of the goroutine that drives them,
// which waits for each turn to end. If one does not, [Watch.Abandon] sets that
// goroutine free: the one that calls it waits in its place.
//
// A Dispatcher is not safe for concurrent use: one goroutine at a time drives
// it, and none that is locked to its thread; see [Unlocked].
package coro
