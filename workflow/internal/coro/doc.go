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
// A Dispatcher is not safe for concurrent use: one goroutine at a time drives it.
package coro
