// Package task takes one workflow task from the server's answer to a poll to
// the answer to the server.
//
// A [Handler] finds or rebuilds the run, fetches the history that is missing,
// drives the machines and the runner, and answers: with what the workflow did,
// with why it could not, or with the result of a query. It declares the few
// calls it needs as [Service] and the cache it keeps runs in as [Cache]; it
// knows no connection, no slot and no poller.
//
//	h, err := task.New(task.Options{
//		Service: service, Runner: native.New(native.Options{}), Cache: cache,
//		Namespace: "default", Identity: "me", TaskQueue: "orders",
//	})
//	...
//	h.Handle(ctx, polled)
//
// A Handler is safe for concurrent use. Tasks of one run wait for each other in
// the cache. Handle returns when the server has the answer or cannot take it;
// it never panics for what workflow code does.
//
// A task that waits for local activities stays with Handle, and so do those that
// its heartbeats bring: Handle returns when they have ended, or when nobody waits
// for them any more. They run on goroutines of their own, by way of a
// [LocalExecutor], whose contexts end with Handle.
//
// It will not retry calls: that is the business of the Service it is given.
package task
