// Package workflow is what workflow code is written with: activities, timers,
// signals, queries, updates, and deterministic stand-ins for goroutines,
// channels, select, context, sync and the clock.
//
// A workflow is a Go function that can be run again from its history and then
// does the same again. It promises to do nothing but what its parameters and
// this package give it: no time.Now, no go statements, no Go channels, no
// ranging over maps where order matters, no I/O. In return it may wait for
// months, and survives the process it runs in.
//
//	func Order(ctx workflow.Context, id string) error {
//		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
//			StartToCloseTimeout: time.Minute,
//		})
//		if err := workflow.ExecuteActivity(ctx, "Charge", id).Get(ctx, nil); err != nil {
//			return err
//		}
//		if err := workflow.Sleep(ctx, 24*time.Hour); err != nil {
//			return err
//		}
//		return workflow.ExecuteActivity(ctx, "Ship", id).Get(ctx, nil)
//	}
//
// Names and behaviour are those of the official Go SDK's package of this name:
// a workflow moves by changing an import, and so do its histories, both ways.
//
// All code of one run runs on one coroutine at a time, so it needs no locks
// for its own state. A [Context] belongs to the coroutine it was given to.
// What is wrong with the code (a panic, blocking on another coroutine's
// context, changing the workflow in a query) fails the workflow task, not the
// workflow: the task is tried again until better code is there.
//
// Interceptors ([InboundInterceptor], [OutboundInterceptor]) stand before and
// behind workflow code; package interceptor has the names that the official SDK
// gives them.
//
// Package typed has variants of these functions that know types: a call that does
// not fit what it calls does not compile.
//
// The package runs nothing itself: package native does, driven by packages
// machine and task. It knows no server, and it does not check workflow code for
// what it must not do.
package workflow
