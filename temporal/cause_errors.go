package temporal

// ChildWorkflowExecutionAlreadyStartedError is the cause of a ChildWorkflowExecutionError when a
// workflow with that id exists already. The zero value is ready.
type ChildWorkflowExecutionAlreadyStartedError struct{}

// Error returns a fixed text.
func (e *ChildWorkflowExecutionAlreadyStartedError) Error() string {
	return "child workflow execution already started"
}

// NamespaceNotFoundError is the cause when a namespace does not exist. The zero value is ready.
type NamespaceNotFoundError struct{}

// Error returns a fixed text.
func (e *NamespaceNotFoundError) Error() string { return "namespace not found" }

// UnknownExternalWorkflowExecutionError is returned when a workflow that was to be signaled or
// canceled does not exist. The zero value is ready.
type UnknownExternalWorkflowExecutionError struct{}

// Error returns a fixed text.
func (e *UnknownExternalWorkflowExecutionError) Error() string {
	return "unknown external workflow execution"
}

// InvalidVersioningOverrideError is the cause of a ChildWorkflowExecutionError when the child's
// versioning override was refused. The zero value is ready.
type InvalidVersioningOverrideError struct{}

// Error returns a fixed text.
func (e *InvalidVersioningOverrideError) Error() string { return "invalid versioning override" }
