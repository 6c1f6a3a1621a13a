// Package native runs workflows that are Go functions in this process.
//
// Each run has its own coroutines, which run one at a time in a fixed order and
// only while an activation is applied. A Runner is safe for concurrent use; an
// instance is used by one goroutine at a time, which must not be locked to its
// thread.
//
//	r, err := native.New(native.Options{Logger: logger})
//	...
//	err = r.Prepare(runner.Definition{Type: "Greet", Func: Greet})
//	instance, err := r.NewInstance(runner.Details{WorkflowType: "Greet", ...})
//	completion := instance.Activate(ctx, activation)
//	instance.Close()
//
// It knows no history, no server and no time but the activation's, and it does
// not keep workflow code from what Go lets it do: a workflow that reads the
// clock, starts goroutines or ranges over a map is not caught here.
package native
