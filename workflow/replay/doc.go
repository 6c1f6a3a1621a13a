// Package replay runs workflow code over histories that were recorded before,
// and says whether it still does what they say: in unit tests, before a
// deployment, or in a debugger.
//
//	r := replay.NewWorkflowReplayer()
//	_ = r.RegisterWorkflow(Order)
//	err := r.ReplayWorkflowHistoryFromJSONFile(nil, "testdata/order.json")
//
// Names and rules are those of the official Go SDK's replayer. A history has at
// least three events, of which the first is WorkflowExecutionStarted. Every
// workflow task that it completed is run again and its commands are compared
// with the events that followed: kinds, ids, names and order, but not inputs
// and timeouts. What came after the last completed task is not run. Activities
// are never run and need no registration.
//
// The official replayer compares the end of a run only if it completed or
// continued as new, this one always: code that now completes where history
// says that it failed differs.
//
// Many histories are replayed by [WorkflowReplayer.ReplayAll]: from files, from
// a server (see package server beneath this one), or from wherever a [Source]
// finds them. Package command makes a program of it.
//
// The package knows no server and no network. It does not run activities, ask
// queries, or change a history.
package replay
