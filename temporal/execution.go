package temporal

// WorkflowType is the type of a workflow: the name that it is started by. Packages workflow and
// activity have it too.
type WorkflowType struct {
	// Name is the registered name.
	Name string
}

// WorkflowExecution names one run of a workflow. Packages workflow and activity have it too.
type WorkflowExecution struct {
	// ID is the workflow id.
	ID string
	// RunID is the id of the run.
	RunID string
}
