package temporal

import (
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
)

// ActivityErrorAttributes say which activity an ActivityError is about.
type ActivityErrorAttributes struct {
	// ScheduledEventID is the id of the event that scheduled the activity.
	ScheduledEventID int64
	// StartedEventID is the id of the event that started it, zero if it never started.
	StartedEventID int64
	// Identity is the worker that had the last attempt.
	Identity string
	// ActivityType is the activity's type.
	ActivityType string
	// ActivityID is the activity's id.
	ActivityID string
	// RetryState says why there was no further attempt.
	RetryState enumspb.RetryState
}

// ActivityError is what a workflow receives when an activity did not succeed. Its cause says why.
type ActivityError struct {
	attributes ActivityErrorAttributes
	cause      error
	failure    *failurepb.Failure
}

// NewActivityError returns an *ActivityError with the cause. It is for the implementation of
// workers and test environments.
func NewActivityError(attributes ActivityErrorAttributes, cause error) *ActivityError {
	return &ActivityError{attributes: attributes, cause: cause}
}

// Error names the activity and its cause.
func (e *ActivityError) Error() string {
	return withCause(fmt.Sprintf(
		"activity error (type: %s, scheduledEventID: %d, startedEventID: %d, identity: %s)",
		e.attributes.ActivityType, e.attributes.ScheduledEventID, e.attributes.StartedEventID,
		e.attributes.Identity), e.cause)
}

// Unwrap returns the reason why the activity did not succeed.
func (e *ActivityError) Unwrap() error { return e.cause }

// ScheduledEventID returns the id of the event that scheduled the activity.
func (e *ActivityError) ScheduledEventID() int64 { return e.attributes.ScheduledEventID }

// StartedEventID returns the id of the event that started the activity, zero if none did.
func (e *ActivityError) StartedEventID() int64 { return e.attributes.StartedEventID }

// Identity returns the worker that had the last attempt.
func (e *ActivityError) Identity() string { return e.attributes.Identity }

// ActivityType returns the activity's type. It is a copy.
func (e *ActivityError) ActivityType() *commonpb.ActivityType {
	return &commonpb.ActivityType{Name: e.attributes.ActivityType}
}

// ActivityID returns the activity's id.
func (e *ActivityError) ActivityID() string { return e.attributes.ActivityID }

// RetryState says why there was no further attempt.
func (e *ActivityError) RetryState() enumspb.RetryState { return e.attributes.RetryState }

// Failure returns the failure that the error was made from, or nil. Do not change it.
func (e *ActivityError) Failure() *failurepb.Failure { return e.failure }

// ChildWorkflowExecutionErrorAttributes say which child a ChildWorkflowExecutionError is about.
type ChildWorkflowExecutionErrorAttributes struct {
	// Namespace is the child's namespace.
	Namespace string
	// WorkflowID is the child's workflow id.
	WorkflowID string
	// RunID is the child's run id, empty if it never started.
	RunID string
	// WorkflowType is the child's type.
	WorkflowType string
	// InitiatedEventID is the id of the event that asked for the child.
	InitiatedEventID int64
	// StartedEventID is the id of the event that started it, zero if it never started.
	StartedEventID int64
	// RetryState says why there was no further run.
	RetryState enumspb.RetryState
}

// ChildWorkflowExecutionError is what a workflow receives when a child workflow did not succeed.
// Its cause says why.
type ChildWorkflowExecutionError struct {
	attributes ChildWorkflowExecutionErrorAttributes
	cause      error
	failure    *failurepb.Failure
}

// NewChildWorkflowExecutionError returns a *ChildWorkflowExecutionError with the cause. It is for
// the implementation of workers and test environments.
func NewChildWorkflowExecutionError(
	attributes ChildWorkflowExecutionErrorAttributes, cause error,
) *ChildWorkflowExecutionError {
	return &ChildWorkflowExecutionError{attributes: attributes, cause: cause}
}

// Error names the child and its cause.
func (e *ChildWorkflowExecutionError) Error() string {
	a := e.attributes
	return withCause(fmt.Sprintf("child workflow execution error (type: %s, workflowID: %s, "+
		"runID: %s, initiatedEventID: %d, startedEventID: %d)",
		a.WorkflowType, a.WorkflowID, a.RunID, a.InitiatedEventID, a.StartedEventID), e.cause)
}

// Unwrap returns the reason why the child did not succeed.
func (e *ChildWorkflowExecutionError) Unwrap() error { return e.cause }

// Namespace returns the child's namespace.
func (e *ChildWorkflowExecutionError) Namespace() string { return e.attributes.Namespace }

// WorkflowID returns the child's workflow id.
func (e *ChildWorkflowExecutionError) WorkflowID() string { return e.attributes.WorkflowID }

// RunID returns the child's run id, empty if it never started.
func (e *ChildWorkflowExecutionError) RunID() string { return e.attributes.RunID }

// WorkflowType returns the child's type.
func (e *ChildWorkflowExecutionError) WorkflowType() string { return e.attributes.WorkflowType }

// InitiatedEventID returns the id of the event that asked for the child.
func (e *ChildWorkflowExecutionError) InitiatedEventID() int64 {
	return e.attributes.InitiatedEventID
}

// StartedEventID returns the id of the event that started the child, zero if none did.
func (e *ChildWorkflowExecutionError) StartedEventID() int64 { return e.attributes.StartedEventID }

// RetryState says why there was no further run.
func (e *ChildWorkflowExecutionError) RetryState() enumspb.RetryState {
	return e.attributes.RetryState
}

// Failure returns the failure that the error was made from, or nil. Do not change it.
func (e *ChildWorkflowExecutionError) Failure() *failurepb.Failure { return e.failure }

// WorkflowExecutionError is what whoever waits for a workflow receives when it did not succeed.
// Its cause says why.
type WorkflowExecutionError struct {
	workflowID   string
	runID        string
	workflowType string
	cause        error
}

// NewWorkflowExecutionError returns a *WorkflowExecutionError with the cause. It is for the
// implementation of clients and test environments.
func NewWorkflowExecutionError(
	workflowID, runID, workflowType string, cause error,
) *WorkflowExecutionError {
	return &WorkflowExecutionError{
		workflowID:   workflowID,
		runID:        runID,
		workflowType: workflowType,
		cause:        cause,
	}
}

// Error names the workflow and its cause.
func (e *WorkflowExecutionError) Error() string {
	return withCause(fmt.Sprintf(
		"workflow execution error (type: %s, workflowID: %s, runID: %s)",
		e.workflowType, e.workflowID, e.runID), e.cause)
}

// Unwrap returns the reason why the workflow did not succeed.
func (e *WorkflowExecutionError) Unwrap() error { return e.cause }
