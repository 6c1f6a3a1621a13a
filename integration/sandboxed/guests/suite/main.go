// Program suite is a guest with the workflows of the runners' suite, and those whose costs are measured.
package main

import (
	"github.com/mainspring-go/mainspring/integration/sandboxed/workflows"
	"github.com/mainspring-go/mainspring/sandbox/guest"
	"github.com/mainspring-go/mainspring/testkit/runnertest"
	"github.com/mainspring-go/mainspring/workflow"
)

var _ = guest.Serve(func(r *guest.Registry) {
	for _, d := range runnertest.Workflows() {
		_ = r.RegisterWorkflowWithOptions(d.Func, workflow.RegisterOptions{Name: d.Type}) // the registry keeps it
	}
	_ = r.RegisterWorkflow(workflows.Steps)
}, guest.Options{})

func main() {}
