// Package sharedstatetest checks that an [activity.SharedStateManager] keeps its contract.
//
// The contract is a list of clauses, each one sentence and the check of it. The two halves of a call
// are joined in one process here, by messages that each takes to the other. An implementor's whole
// test is
//
//	func TestMyManager(t *testing.T) {
//		sharedstatetest.TestManager(t, func() activity.SharedStateManager { return mine.New() })
//	}
//
// What it promises: clauses run in a fixed order, and none is skipped in silence. The suite is tested
// itself, on managers broken on purpose.
//
// What it will not do: it starts no process, so a manager that has a way of its own for its messages
// is to be checked with an executor, too.
package sharedstatetest
