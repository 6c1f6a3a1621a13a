// Guest is the program that is compiled to WebAssembly: the workflows, and nothing else.
package main

import (
	"github.com/mainspring-go/mainspring/integration/examples/sandbox/flows"
	"github.com/mainspring-go/mainspring/sandbox/guest"
	"github.com/mainspring-go/mainspring/workflow"
)

var _ = guest.Serve(func(r *guest.Registry) { // the registry keeps what is wrong
	_ = r.RegisterWorkflow(flows.Order)
	_ = r.RegisterWorkflow(flows.Misbehave)
	_ = r.RegisterWorkflowWithOptions(flows.Misbehave, workflow.RegisterOptions{Name: "MisbehaveOnce"})
}, guest.Options{})

func main() {} // is never called
