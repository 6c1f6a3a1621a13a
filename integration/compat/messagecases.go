package compat

import (
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/mainspring-go/mainspring/integration/compat/sdkworkflows"
)

func messageCases() []Case {
	return []Case{
		{
			Name: "signals-early", Workflow: "SignalsEarly", Covers: []Feature{Signals},
			Begin: func(d *Driver, o client.StartWorkflowOptions) (client.WorkflowRun, error) {
				return d.Client.SignalWithStartWorkflow(d.ctx, o.ID, "first", 1, o, "SignalsEarly")
			},
			Drive: func(d *Driver) {
				d.Signal("nobody", nil)
				d.Signal("first", 2)
				d.GoOn()
			},
		},
		{
			Name: "signals", Workflow: "Signals", Covers: []Feature{Signals, Coroutines},
			Drive: func(d *Driver) {
				d.Signal("say", "hello")
				d.Signal("point", sdkworkflows.Point{X: 3})
				d.Signal("say", nil)
				d.Signal("say", 5) // no string: it is passed over
				d.Signal("say", "stop")
			},
		},
		{
			Name: "queries", Workflow: "Queries", Covers: []Feature{Queries},
			Drive: func(d *Driver) {
				d.Query("add", 2, 3)
				d.Query("add", 2)
				d.Query("add", "two")
				d.Query("fails")
				d.Query("time")
				d.Query("none")
				d.Query("diary")
				d.GoOn()
				d.Await(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, 1)
				d.Query("add", 4, 5)
			},
		},
		{
			Name: "canceled", Workflow: "Canceled", Covers: []Feature{Cancellation, Disconnected},
			Ends:  enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
			Drive: (*Driver).Cancel,
		},
		{
			Name: "cancel-swallowed", Workflow: "CancelSwallowed", Covers: []Feature{Cancellation, ActivityCancel},
			Drive: (*Driver).Cancel,
		},
		{
			Name: "cancel-tree", Workflow: "CancelTree",
			Covers: []Feature{Cancellation, ContextTrees, ActivityCancel, TimerCancel},
			Drive: func(d *Driver) {
				d.Cancel()
				for _, id := range scheduled(d.Idle()) {
					d.CompleteActivity(id, "done", nil)
				}
			},
		},
	}
}
