package compat

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
)

// A Case is one workflow run and its story.
type Case struct {
	// Name is unique; it names the runs and their histories.
	Name string
	// Workflow is its type.
	Workflow string
	// Args are its arguments.
	Args []any
	// Options of the start; ID and TaskQueue are set by Run.
	Options client.StartWorkflowOptions
	// Covers are the features of the authoring API that the case is about.
	Covers []Feature
	// Begin starts it in another way than ExecuteWorkflow; nil is that.
	Begin func(d *Driver, o client.StartWorkflowOptions) (client.WorkflowRun, error)
	// Random says that no two of its histories are the same, even on one side.
	Random bool
	// Drive is what a client does meanwhile; nil is nothing.
	Drive func(d *Driver)
	// Ends is how the run ends; zero is completed.
	Ends enumspb.EventType
}

// ends is how the run of the case ends.
func (c Case) ends() enumspb.EventType {
	if c.Ends == enumspb.EVENT_TYPE_UNSPECIFIED {
		return enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
	}
	return c.Ends
}

// patience is how long a story may take.
const patience = 60 * time.Second
