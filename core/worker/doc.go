// Package worker is the conventional Temporal worker: it polls a task queue and
// runs the workflows and activities that are registered with it.
//
//	w, err := worker.New(client, "orders", worker.Options{
//		Workflows:  []any{Order},
//		Activities: []any{Charge, &Warehouse{}},
//	})
//	if err != nil {
//		return err
//	}
//	return w.Run(ctx) // until ctx ends, then stops in order
//
// [New] takes any client with a WorkflowService method: connect's or the
// official SDK's. What is wrong with the options is one error that names each
// field, its value and what to do. A worker runs once; its methods are safe for
// concurrent use, except that everything is registered before it starts.
//
// A worker stops in stages: polls end, what was polled is finished within
// Options.GracefulShutdownTimeout, then activities are canceled, and Run returns
// when the last one has ended, however long that takes. A task that a poll has
// returned is never dropped.
//
// It composes Mainspring's modules and holds nothing of its own: any part can be
// replaced through Options.Parts, and nothing is shared between two workers
// unless both were given the same value.
package worker
