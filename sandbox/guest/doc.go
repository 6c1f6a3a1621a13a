// Package guest makes a program of workflow functions that a sandbox can run.
//
// It is the whole of a guest's main:
//
//	var _ = guest.Serve(func(r *guest.Registry) {
//		r.RegisterWorkflow(orders.Process)
//	}, guest.Options{})
//
//	func main() {} // is never called
//
// and is built by
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o guest.wasm .
//
// The workflow functions are those that run natively; package native runs them here too, inside.
// What the worker has of converters, interceptors and propagators cannot come in: a guest names
// its own in [Options], the same ones. What workflows log and count goes out to the worker, replay
// left out as natively.
//
// What cannot be had inside: local activities get their arguments encoded, so they share no memory
// with their workflow; no code is looked for that does not let go, which the sandbox does itself;
// deferred functions do not run when a run is evicted: all that they could touch is gone with it.
package guest
