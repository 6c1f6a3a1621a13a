package service

import (
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
)

// The words of the real server.
const (
	textNoNamespace     = "Namespace not set on request."
	textCompleted       = "workflow execution already completed"
	textTaskNotFound    = "Workflow task not found."
	textActivityGone    = "invalid activityID or activity already timed out or invoking workflow is completed"
	textNotCancelled    = "unable to mark activity as canceled without activity being request canceled first"
	textBadToken        = "error deserializing task token"  //nolint:gosec // no secret
	textBadTokenAtFront = "Error deserializing task token." //nolint:gosec // no secret
	textTokenMismatch   = "RunId in the request does not match the NextPageToken."
	textBadPageToken    = "Invalid NextPageToken."
	textNoPoller        = "no poller seen for task queue recently, worker may be down"
	textQueryGone       = "query task not found, or already expired"
	textQueryTimeout    = "query timed out before a worker could process it"
	textUpdateClosed    = "workflow update was aborted by closing workflow"
	textUpdateTaskFail  = "Unable to perform workflow execution update due to unexpected workflow task failure."
	textUpdateAborted   = "workflow update was aborted"
	textUpdateAdmitted  = "UpdateWorkflowExecution issued asynchronously and waiting on update admitted is not supported."
	textBlob            = "Blob data size exceeds limit."
	textResultTooBig    = "Complete result exceeds size limit."
	textDetailsTooBig   = "Cancel details exceed size limit."
	textHeartbeatTooBig = "Heartbeat details exceed size limit."
	textTooManySignals  = "exceeded workflow execution limit for signal events"
	textTooManyUpdates  = "The limit on the total number of distinct updates in this workflow has been reached (%d). " +
		"Make sure any duplicate updates share an Update ID so the server can deduplicate them, " +
		"and consider rejecting updates that you aren't going to process. " +
		"You can also Continue-as-New to avoid this; we recommend you check Continue-as-New Suggested in your Workflow."
	textUpdatesInFlight = "limit on number of concurrent in-flight updates has been reached (%d)"
	textNoUpdates       = "UpdateWorkflowExecution operation is disabled on this namespace."
	textNoAsyncUpdates  = "UpdateWorkflowExecution issued asynchronously and waiting on update accepted " +
		"is disabled on this namespace."
	textUpdateFailing   = "Unable to perform workflow execution update due to Workflow Task in failed state."
	textQueryFailing    = "Unable to query workflow due to Workflow Task in failed state."
	textClosedUnstarted = "Workflow execution closed before WorkflowTaskStarted event"
	textParent          = "workflow parent does not match"
	textCrossNamespace  = "cross namespace commands are not allowed"
	textUnscheduled     = "Workflow task is not scheduled yet."
	textClosing         = "workflow operation can not be applied because workflow is closing"
)

func errClosed() error { return serviceerror.NewUnavailable("the service is closed") }

func errCompleted() error { return serviceerror.NewNotFound(textCompleted) }

func invalid(format string, args ...any) error {
	return serviceerror.NewInvalidArgumentf(format, args...)
}

// unimplemented says which part of a method is missing.
func unimplemented(method, what string) error {
	return serviceerror.NewUnimplemented(fmt.Sprintf("%s: %s is not implemented", method, what))
}

// firstUnimplemented returns the error of the first that is used.
func firstUnimplemented(method string, uses []use) error {
	for _, u := range uses {
		if u.used {
			return unimplemented(method, u.what)
		}
	}
	return nil
}

type use struct {
	what string
	used bool
}

func errAlreadyStarted(format string, r *run) error {
	return serviceerror.NewWorkflowExecutionAlreadyStartedWithFirstExecutionRunId(
		fmt.Sprintf(format, r.workflowID, r.id), r.requestID, r.id, r.started.GetFirstExecutionRunId())
}

func errClosing() error {
	return &serviceerror.ResourceExhausted{
		Cause:   enumspb.RESOURCE_EXHAUSTED_CAUSE_BUSY_WORKFLOW,
		Scope:   enumspb.RESOURCE_EXHAUSTED_SCOPE_NAMESPACE,
		Message: textClosing,
	}
}

// callerError is how the server refuses a command that does not fit the state.
func callerError(action, details string) error {
	return invalid("invalid history builder state for action: %v, %v", action, details)
}
