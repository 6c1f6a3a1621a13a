package machine

import (
	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
)

// replayNamespace is the namespace of runs that are replayed without knowing
// the one that they were in.
const replayNamespace = "ReplayNamespace"

// matchesOther reports whether e is what cmd would have caused, for commands
// that concern other runs.
//
//nolint:staticcheck // histories have these fields, deprecated as they are
func matchesOther(cmd *commandpb.Command, e *historypb.HistoryEvent) bool {
	switch cmd.GetCommandType() {
	case enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION:
		have := cmd.GetStartChildWorkflowExecutionCommandAttributes()
		want := e.GetStartChildWorkflowExecutionInitiatedEventAttributes()
		return want != nil && lastPart(have.GetWorkflowType().GetName()) == lastPart(want.GetWorkflowType().GetName())
	case enumspb.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION:
		have := cmd.GetRequestCancelExternalWorkflowExecutionCommandAttributes()
		want := e.GetRequestCancelExternalWorkflowExecutionInitiatedEventAttributes()
		return want != nil && have.GetWorkflowId() == want.GetWorkflowExecution().GetWorkflowId() &&
			sameNamespace(have.GetNamespace(), want.GetNamespace())
	case enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION:
		have := cmd.GetSignalExternalWorkflowExecutionCommandAttributes()
		want := e.GetSignalExternalWorkflowExecutionInitiatedEventAttributes()
		return want != nil && have.GetSignalName() == want.GetSignalName() &&
			have.GetExecution().GetWorkflowId() == want.GetWorkflowExecution().GetWorkflowId() &&
			sameNamespace(have.GetNamespace(), want.GetNamespace())
	case enumspb.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION:
		return e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
	default:
		return false
	}
}

// sameNamespace compares namespaces as far as the command knows its own.
func sameNamespace(have, want string) bool {
	return have == "" || have == replayNamespace || have == want
}

// isChildCancel reports whether cmd asks a child to cancel itself, as the
// cancellation of a context does.
func isChildCancel(cmd *commandpb.Command) bool {
	return cmd.GetRequestCancelExternalWorkflowExecutionCommandAttributes().GetChildWorkflowOnly()
}
