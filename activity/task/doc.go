// Package task carries one activity task from the poll response to the report.
//
// # Promises
//
// [Handler.Handle] runs one task and returns once its outcome is reported, or known not to
// need a report. It may be called from any number of goroutines and leaves none behind. Every
// task that reaches it is answered, also one of an unknown type, with input that cannot be
// decoded, or whose function panics or ends its goroutine. A report is never cut short by the
// cancellation that ended the activity. Deadlines are kept on this machine's clock from
// durations of the server's clock, so that the two need not agree.
//
// # Usage
//
//	handler, err := task.New(task.Options{
//		Service:   service, // the four calls, over gRPC or in memory
//		Registry:  registry,
//		Namespace: "default",
//		TaskQueue: "images",
//	})
//	if err != nil {
//		return err
//	}
//	outcome, err := handler.Handle(ctx, pollResponse)
//
// # Shutdown
//
// Options.WorkerStop tells activities that the worker begins to stop. Cancel the context of
// Handle with the cause activity.ErrWorkerShutdown when the grace period is over: activities
// that stop for it are reported as failed and retryable, and run again elsewhere at once. Give
// tasks that will not be started any more to [Handler.HandBack].
//
// # What it will not do
//
// It polls nothing, holds no slot and retries no call: whoever implements [Service] does that.
package task
