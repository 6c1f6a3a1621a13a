package runner

import (
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
)

// A Completion is what the workflow did in one activation.
type Completion struct {
	// Commands in the order in which they were made. The last one ends the run
	// if Closed.
	Commands []*commandpb.Command
	// Messages answer updates. Those that have an event are named by a command
	// at their place in Commands.
	Messages []*protocolpb.Message
	// Flags are SDK flags used for the first time.
	Flags []uint32
	// Locals are the local activities that code has asked for, in order.
	Locals []*LocalRequest
	// CanceledLocals are the IDs of those that are to stop. How they end is
	// still waited for.
	CanceledLocals []string
	// EndedLocal is the ID of the one that the activation has ended; empty if it
	// ended none that was open.
	EndedLocal string
	// Answers to the queries, in their order.
	Answers []Answer
	// Closed says that the workflow function has returned.
	Closed bool
	// VersioningBehavior is what the workflow wants to happen to its run when
	// other versions of its worker come; unspecified leaves it to the worker.
	VersioningBehavior enumspb.VersioningBehavior
	// Failure says that the task failed: nothing else of the completion counts,
	// and the instance can only be closed. If code panicked, commands, messages and
	// flags are those made before, for who would rather end the run.
	Failure *TaskFailure
	// Trace is set if the activation asked for it and the runner can give it.
	Trace *Trace
}

// A Trace says where in the workflow's code things happened.
type Trace struct {
	// Commands has the stack on which each command of the completion was made;
	// empty for one that no code made, as that which ends the run.
	Commands []string
	// Blocked has the stacks of the coroutines that wait, as the query
	// __stack_trace shows them.
	Blocked string
}

// An Answer to a query: a result, or the words of an error.
type Answer struct {
	ID     string
	Result *commonpb.Payloads
	// Error is empty if the query was answered.
	Error string
	// Failure is the error in full; only some queries can carry it.
	Failure *failurepb.Failure
}

// A TaskFailure says why a workflow task failed.
type TaskFailure struct {
	Cause   enumspb.WorkflowTaskFailedCause
	Failure *failurepb.Failure
	// Panicked says that workflow code is to blame: it panicked or did not let go.
	Panicked bool
}
