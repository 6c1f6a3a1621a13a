// Package pollertest checks that an implementation of a seam of package poller keeps its contract:
// a [poller.Source], a [poller.Admission] or a [poller.Scaler].
//
// # What it promises
//
// A suite is a list of clauses, each one sentence of the contract and the check of it. Each clause
// gets an object of its own, made inside a synctest bubble: time is virtual, waits of hours take
// no time, and "at the same moment" is meant literally. Goroutines that an implementation leaves
// behind are found by the bubble. A failure prints the clause it broke.
//
// # Usage
//
//	func TestQueue(t *testing.T) {
//		pollertest.TestSource(t, func(t *testing.T) pollertest.SourceUnderTest[Job] {
//			q := myqueue.New()
//			return pollertest.SourceUnderTest[Job]{
//				Source:   q,
//				Put:      func(id int) { q.Add(Job{ID: id}) },
//				ID:       func(j Job) int { return j.ID },
//				LongPoll: time.Minute,
//			}
//		})
//	}
//
// # What it will not do
//
// It needs a source that runs on the bubble's clock, so none that speaks to a network; put a fake
// of the other side into the bubble. It does not measure speed.
package pollertest
