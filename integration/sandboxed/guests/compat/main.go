// Program compat is a guest with the workflows whose histories are stored.
package main

import (
	"github.com/mainspring-go/mainspring/integration/compat/workflows"
	"github.com/mainspring-go/mainspring/interceptor"
	"github.com/mainspring-go/mainspring/sandbox/guest"
	"github.com/mainspring-go/mainspring/workflow"
)

var _ = guest.Serve(func(r *guest.Registry) {
	for _, f := range workflows.Workflows() {
		_ = r.RegisterWorkflow(f) // the registry keeps what is wrong
	}
	_ = r.RegisterDynamicWorkflow(workflows.Anything, workflow.DynamicRegisterOptions{})
	for _, a := range workflows.Activities() {
		_ = r.RegisterActivity(a)
	}
}, guest.Options{
	Interceptors:       interceptor.Workflows(workflows.Interceptors()),
	ContextPropagators: workflows.Propagators(),
})

func main() {}
