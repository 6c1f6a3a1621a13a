// Package histories writes histories for tests, as a server would, and takes
// runs through them.
//
//	h := histories.Start("Greet")
//	h.Task()
//	answer, err := d.Sticky(h)
//	h.Complete(answer)
//	h.FireTimer("5")
//
// It is a server's bookkeeping and nothing else: no clock but the one that
// ticks with each event, no matching, no limits.
package histories
