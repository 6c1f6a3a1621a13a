// Package outcomes has thousands of activities end in every way in which an
// activity can, and compares what the server's histories say with what the
// activities did.
//
// Generate makes plans out of a seed. A [Plan] says what one activity does, attempt
// by attempt: return a result, fail, panic, be late, be silent, ask for its own
// cancellation and follow or ignore it, leave the answer to somebody else, and more;
// see [Kind]. An [Actor] has the activities that follow plans, and keeps a record of
// each attempt that ran. [Drive] starts workflows that call them, [FanOut], waits,
// reads the histories from the server and gives them to [Check], which returns what
// does not fit, in words.
//
// The same plans run on the real server (package realserver, TestOutcomes) and, on
// virtual time, on the service in memory of testkit (the tests here).
//
// What load does to an attempt with a short timeout is told apart: see [Rules].
// All others have timeouts that no load reaches, so that a timeout of theirs is a
// mismatch.
package outcomes
