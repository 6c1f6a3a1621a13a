// Program suite is a guest with the workflows of the runners' suite, and with those
// whose costs are measured.
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
	for _, w := range []any{workflows.Steps, workflows.CountSignals, workflows.OneActivity} {
		_ = r.RegisterWorkflow(w)
	}
}, guest.Options{})

func main() {}
