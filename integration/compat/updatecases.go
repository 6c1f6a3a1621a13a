package compat

import (
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
)

func updateCases() []Case {
	return []Case{
		{
			Name: "updates", Workflow: "Updates", Covers: []Feature{Updates, Validators},
			Drive: func(d *Driver) {
				d.Update("u1", "echo", "hello")
				d.Update("u2", "echo", "")
				d.Update("u3", "fail", "badly")
				d.Update("u4", "fail", "canceled")
				d.Update("u5", "now")
				d.Update("u6", "sleep")
				d.Update("u8", "echo", 5)
				d.Update("u1", "echo", "once more")
				d.GoOn()
			},
		},
		{
			Name: "updates-early", Workflow: "UpdatesEarly", Covers: []Feature{Updates, UpdatesEarly, UpdateWithStart},
			Begin: func(d *Driver, o client.StartWorkflowOptions) (client.WorkflowRun, error) {
				o.WorkflowIDConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL
				op := d.Client.NewWithStartWorkflowOperation(o, "UpdatesEarly")
				u, err := d.Client.UpdateWithStartWorkflow(d.ctx, client.UpdateWithStartWorkflowOptions{
					StartWorkflowOperation: op,
					UpdateOptions: client.UpdateWorkflowOptions{
						UpdateID: "early", UpdateName: "late", Args: []any{3},
						WaitForStage: client.WorkflowUpdateStageCompleted,
					},
				})
				if err != nil {
					return nil, err
				}
				var n int
				d.Must(u.Get(d.ctx, &n))
				d.Note("early: %d", n)
				return op.Get(d.ctx)
			},
			Drive: (*Driver).GoOn,
		},
		{
			Name: "updates-at-once", Workflow: "UpdatesAtOnce", Covers: []Feature{Updates, Validators, Locks},
			Drive: func(d *Driver) {
				var ends []func()
				for i, id := range []string{"a", "b", "c"} {
					ends = append(ends, d.UpdateTo(client.WorkflowUpdateStageAccepted, id, "add", i+1))
				}
				d.Update("d", "add", 200)
				for range ends {
					d.Signal("next", nil)
				}
				for _, end := range ends {
					end()
				}
			},
		},
		{
			Name: "update-left-over", Workflow: "UpdateLeftOver", Covers: []Feature{Updates},
			Drive: func(d *Driver) {
				end := d.UpdateTo(client.WorkflowUpdateStageAccepted, "long", "long")
				d.GoOn()
				end()
			},
		},
	}
}
