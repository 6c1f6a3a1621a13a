// Package engine runs guests: programs of Go that are compiled to WebAssembly and reached through a
// request and an answer, both plain bytes. It knows nothing of Temporal.
//
//	module, err := engine.Compile(ctx, file, engine.Options{})
//	...
//	instance, err := module.Start(ctx, engine.Host{Now: clock, Random: random})
//	...
//	answer, err := instance.Call(ctx, request)
//	...
//	instance.Close()
//
// An instance has memory of its own, package variables and goroutines included, which stays
// between calls. It has no file system, network, environment or processes, its clocks are the
// host's, and its memory and the time of a call are limited. What reaches for more ends the call
// with an error that says what it was, and the instance with it. Package engine/abi is what a
// guest is written with.
//
// It starts fast and stays small: the guest is initialised once, when it is compiled, and an
// instance begins with what its memory then held, mapped so that only pages that it writes are
// its own. The code and its tables belong to as many slots as there are processors, which get
// the memory of one instance after another.
//
// What it does not do: it does not preempt a call for another, so that calls should be short; it
// does not keep instances over a restart of the process.
package engine
