// Package sandbox runs workflow code that is compiled to WebAssembly: each run gets an instance of
// its own, whose package variables are its own, whose clock is workflow time, and which has no file
// system, network or environment.
//
//	module, err := engine.Compile(ctx, file, engine.Options{})
//	...
//	inside, err := sandbox.New(ctx, module, sandbox.Options{})
//	...
//	w, err := worker.New(client, "orders", worker.Options{WorkflowRunner: inside, ...})
//
// The file is a program that was made with package guest. Code that reaches out of the sandbox,
// never ends or takes too much memory fails its workflow task with an error that names what it
// did, as long as no FailWorkflowOn says that it ends the workflow.
package sandbox
