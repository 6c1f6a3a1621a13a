// Package slots decides how many tasks a worker may run at once.
//
// A [Supplier] hands out permits. A worker reserves a [Permit] before it asks for a task, tells
// the permit which task it got ([Permit.Use]), and releases it when the task has been answered or
// when none came:
//
//	supplier, err := slots.NewFixed(slots.FixedOptions{Limit: 100})
//	if err != nil {
//		return err
//	}
//	permit, err := supplier.Reserve(ctx, slots.Request{Kind: "activity", Queue: "orders"})
//	if err != nil {
//		return err // ctx ended
//	}
//	defer permit.Release()
//	if err := permit.Use(ctx, slots.Task{Type: "Charge", ID: "42"}); err != nil {
//		return err
//	}
//	return charge(ctx)
//
// There is a supplier for each way to say how many:
//
//   - [Fixed]: a number.
//   - [Weighted]: a number of units, of which a task takes as many as it weighs.
//   - [Keyed]: so many of each type, tenant or whatever a function says, inside a total.
//   - [Resource]: as many as the memory and the CPUs of the machine or the container stand, by the
//     word of a [Controller] that all suppliers of a process can share.
//
// Each can work Within another: two workers' limits within one budget for the process, weights
// within what the machine stands. A permit then counts with both.
//
// What it promises: no more permits are out than the limit; waiting callers are served first come,
// first served; a caller that gives up waiting takes nothing with it; a permit frees its slot
// exactly once, however often it is released; issued = used + idle in every snapshot. Resize never
// takes a permit from its holder and never loses one. Everything is safe for concurrent use and
// starts no goroutine.
//
// What it will not do: it knows no task queue and no server, it never takes a permit back from its
// holder, and it does not find permits that were forgotten (the testkit module does, in tests).
package slots
