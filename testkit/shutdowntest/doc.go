// Package shutdowntest checks that a coordinator keeps the contract of package shutdown: ordered
// stages, deadlines that hold, and a report that leaves nobody out.
//
// The contract is a list of clauses, each one sentence and the check of it. Each runs on a fresh
// coordinator in a synctest bubble of its own, so that times are exact and a goroutine left behind
// is found. An implementor's whole test is
//
//	func TestMyCoordinator(t *testing.T) {
//		mk := func(t *testing.T, stages ...shutdown.Stage) shutdowntest.Coordinator {
//			c, err := mine.New(stages...)
//			if err != nil {
//				t.Fatal(err)
//			}
//			return c
//		}
//		shutdowntest.TestCoordinator(t, mk)
//		shutdowntest.Stress(t, mk, 100)
//	}
//
// What it promises: clauses run in a fixed order and none is skipped. The suite is tested itself,
// on coordinators broken on purpose.
//
// What it will not do: it does not judge logs, observers or the text of a report; and a coordinator
// that hangs for good, or lets a member's panic escape, ends the test run with a stack trace
// instead of failing politely.
package shutdowntest
