package compat

import (
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"

	"github.com/mainspring-go/mainspring/integration/compat/sdkworkflows"
)

func restCases() []Case {
	return []Case{
		{
			Name: "info", Workflow: "Info", Covers: []Feature{Info},
			Options: client.StartWorkflowOptions{
				Memo: map[string]any{"color": "blue"}, WorkflowExecutionTimeout: time.Hour,
				WorkflowRunTimeout: 50 * time.Minute, WorkflowTaskTimeout: 20 * time.Second,
				StaticSummary: "a summary", Priority: sdktemporal.Priority{PriorityKey: 3},
			},
			Drive: func(d *Driver) {
				d.GoOn()
				d.GoOn()
			},
		},
		{
			Name: "values", Workflow: "Values", Covers: []Feature{Values},
			Args: []any{
				"text", 5, []byte("bytes"), &sdkworkflows.Point{X: 1, Name: "p"},
				map[string]int{"one": 1},
				&commonpb.WorkflowExecution{WorkflowId: "proto"},
			},
		},
		{
			Name: "values-missing", Workflow: "Values", Covers: []Feature{Values},
			Args: []any{"text", 5, nil},
		},
		{
			Name: "values-wrong", Workflow: "Values", Covers: []Feature{Values},
			Args: []any{"text", "five"}, Ends: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
		},
		{
			Name: "steps", Workflow: "Steps", Args: []any{6}, Covers: []Feature{ManyTasks, Activities, Timers, Signals},
			Drive: func(d *Driver) {
				for i := range 6 {
					d.Signal("add", i)
				}
			},
		},
		{
			Name: "reset", Workflow: "Steps", Args: []any{3}, Covers: []Feature{Resets, Signals},
			Drive: reset,
		},
	}
}

// reset takes the run back to where its second round began.
func reset(d *Driver) {
	d.Signal("add", 1)
	d.Signal("add", 2)
	resetTo(d, 5)
	d.Signal("add", 3)
}

// resetTo takes the run back to where the n-th of its tasks began.
func resetTo(d *Driver, n int) {
	tasks := 0
	for _, e := range d.Idle() {
		if e.GetEventType() != enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			continue
		}
		if tasks++; tasks != n {
			continue
		}
		resp, err := d.Client.ResetWorkflowExecution(d.ctx, &workflowservice.ResetWorkflowExecutionRequest{
			Namespace: "default", Reason: "go back", RequestId: d.Run.GetRunID(),
			WorkflowExecution: &commonpb.WorkflowExecution{
				WorkflowId: d.Run.GetID(), RunId: d.Run.GetRunID(),
			},
			WorkflowTaskFinishEventId: e.GetEventId(),
		})
		d.Must(err)
		d.Run = d.Client.GetWorkflow(d.ctx, d.Run.GetID(), resp.GetRunId())
		d.Keep(d.Run.GetID(), d.Run.GetRunID())
	}
}
