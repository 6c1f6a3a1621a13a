// Package runner is the seam between the history machines and whatever runs
// the code of a workflow.
//
// The machines turn history into activations; a [Runner] turns activations
// into completions. One [Activation] is one workflow task: everything up to and
// including one WorkflowTaskStarted event, in the order of history. One
// [Completion] is what the workflow did about it, in the order in which it did.
//
// Both are plain data: no function, no channel, and no pointer into either
// side crosses the seam, so a runner may live in a sandbox or in another
// process. Payloads, failures, commands and messages are the protobuf messages
// of the Temporal API; neither side changes a message it has handed over.
//
// A workflow task that waits for local activities goes on in further
// activations, one for each that ends; the commands of all of them together are
// what the task did.
//
// The id rule is arithmetic that both sides can do. A command's id is the id
// of the event that it is predicted to cause: after a WorkflowTaskStarted event
// with id s, the first command made by code has id s+2+u, where u counts the
// commands made before any code ran (by a cancellation that was delivered with
// the task), and each further command adds one. Replay makes no commands for
// versions that are recorded, so their events are gone past: whenever the next id
// is that of the event of a Version marker of the activation, it moves on by one
// for the marker, and by one more for the search attribute that was upserted with
// it, unless the detail "version-search-attribute-updated" says that none was.
//
// Use it to write a runner:
//
//	type Verifying struct{ runner.Runner }
//
//	func (v Verifying) NewInstance(d runner.Details) (runner.Instance, error) {
//		inner, err := v.Runner.NewInstance(d)
//		return &checked{inner}, err
//	}
//
// It will not decode payloads, talk to a server, or decide what an event means.
package runner
