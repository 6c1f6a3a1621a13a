package compat

import (
	"go.temporal.io/sdk/client"

	"github.com/mainspring-go/mainspring/integration/compat/sdkworkflows"
)

func aroundCases() []Case {
	return []Case{
		{
			Name: "headers", Workflow: "Headers", Covers: []Feature{Propagators, Activities, Children},
			Begin: func(d *Driver, o client.StartWorkflowOptions) (client.WorkflowRun, error) {
				return d.Client.ExecuteWorkflow(sdkworkflows.WithTenant(d.ctx, "acme"), o, "Headers")
			},
		},
		{
			Name: "intercepted", Workflow: "Intercepted", Covers: []Feature{Interceptors, Signals, Activities},
			Drive: func(d *Driver) {
				d.Signal("hidden", nil)
				d.Signal("seen", nil)
				d.GoOn()
			},
		},
	}
}
