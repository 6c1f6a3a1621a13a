// Package executortest checks that an [activity.Executor] keeps its contract, wherever it runs calls.
//
// The contract is a list of clauses, each one sentence and the check of it. Each runs on a fresh
// executor in a synctest bubble of its own, so that a goroutine left behind is found. An implementor's
// whole test is
//
//	func TestMyExecutor(t *testing.T) {
//		executortest.TestExecutor(t, func(t *testing.T, capacity int) activity.Executor {
//			e, err := mine.New(capacity)
//			if err != nil {
//				t.Fatal(err)
//			}
//			return e
//		}, executortest.Abilities{
//			Close: func(e activity.Executor) { e.(*mine.Executor).Close() },
//			Break: func(e activity.Executor) { e.(*mine.Executor).Close() },
//		})
//	}
//
// The activities of the suite take encoded input and speak through their context only. An executor
// that runs calls in other processes declares Remote and has [Register] called in those; its clauses
// run in real time, and only those are left out for which a Go value would have to cross.
//
// What it promises: clauses run in a fixed order, and none is skipped in silence. The suite is tested
// itself, on executors broken on purpose.
//
// What it will not do: it does not judge speed, nor how an executor isolates what it runs.
package executortest
