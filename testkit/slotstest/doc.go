// Package slotstest checks that a [slots.Supplier] keeps its contract, and that the code that uses
// one gives every permit back.
//
// The contract is a list of clauses, each one sentence and the check of it. Each runs on a fresh
// supplier in a synctest bubble of its own, so that times are exact and a goroutine left behind is
// found. An implementor's whole test is
//
//	func TestMySupplier(t *testing.T) {
//		slotstest.TestSupplier(t, func(t *testing.T, limit int) slots.Supplier {
//			s, err := mine.New(limit)
//			if err != nil {
//				t.Fatal(err)
//			}
//			return s
//		}, slotstest.Abilities{Stats: true})
//	}
//
// and the test of code that uses permits wraps its supplier in [Watch].
//
// What it promises: clauses run in a fixed order, and none is skipped in silence: a supplier that
// has an ability must declare it. The suite is tested itself, on suppliers broken on purpose.
//
// What it will not do: it does not judge how a supplier decides, only that the limit it was given
// holds; suppliers that limit by type or key need tests of their own for that.
package slotstest
