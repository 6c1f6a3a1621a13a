// Package watchdog finds out that workflow code does not let go, and does not
// mistake a machine without time for that.
//
// Its clock is no wall clock. A dog beats: it sleeps a hundredth of its limit,
// then stands at the end of the scheduler's queue like any goroutine, and only
// when it has had its turn, that hundredth counts. A process that is throttled,
// a machine that is busy with others, a hundred workflows that replay at once:
// all slow the beats down as much as they slow the workflow down, so code that
// needs half its limit of processor time is never barked at, however long it
// waits for it. Code that sleeps, waits or spins uses up its beats, sooner or
// later.
//
// Beats during a conversion of payloads have a limit of their own, thirty times
// as long, since a converter may ask a key server; those that say so may take as
// long as they like.
package watchdog
