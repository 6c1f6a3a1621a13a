// Package runnertest checks that a runner keeps the contract of package
// workflow/runner: that workflows which are run by it leave the same commands as
// those of any other, in the same order, with the same ids, live and in replay.
//
// The contract is a list of clauses, each one sentence and the check of it. Each
// runs on a fresh runner in a synctest bubble of its own, so that a goroutine
// left behind is found. The suite needs workflows of its own: a runner of Go
// functions is given them, any other has workflows of these types itself, see
// [Return] and those that follow, and is asked to Prepare them by type alone. An
// implementor's whole test is
//
//	func TestMyRunner(t *testing.T) {
//		mk := func(t *testing.T) runner.Runner { return mine.New() }
//		runnertest.TestRunner(t, mk, runnertest.Abilities{GoFunctions: true})
//	}
//
// [Cuts] and [TestHistories] hold a runner to histories that were recorded: runs
// that are rebuilt from them at any task, in pages of any size, and kept from
// there on, do the same. They are for whoever writes a runner, and for whoever
// wants to know that a workflow does not depend on how its worker came by it.
//
// What it promises: clauses run in a fixed order and none is skipped. The suite
// is tested itself, on runners broken on purpose.
//
// What it will not do: it does not judge what a runner costs, nor the words of
// failures, nor features for which it has no workflow: signals to others, memo,
// timeouts of code that does not let go.
package runnertest
