// Command replay replays histories on the workflows of integration/compat, whose
// histories are stored beside them:
//
//	go run ./integration/cmd/replay integration/compat/testdata
//
// It is also how a program of one's own does it: with one's own workflows. Those that
// have neither interceptors nor propagators nor a dynamic workflow need replay.Main only.
package main

import (
	"os"

	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/replay"
	"github.com/mainspring-go/mainspring/integration/compat/workflows"
	"github.com/mainspring-go/mainspring/interceptor"
	"github.com/mainspring-go/mainspring/workflow"
	workflowreplay "github.com/mainspring-go/mainspring/workflow/replay"
	"github.com/mainspring-go/mainspring/workflow/replay/command"
)

func main() { os.Exit(run()) }

// run is the program, with its exit code.
func run() int {
	return replay.MainWithOptions(connect.Options{}, command.Options{
		Workflows: workflows.Workflows(),
		Register: func(r *workflowreplay.WorkflowReplayer) error {
			return r.RegisterDynamicWorkflow(workflows.Anything, workflow.DynamicRegisterOptions{})
		},
		Replayer: workflowreplay.WorkflowReplayerOptions{
			Interceptors:       interceptor.Workflows(workflows.Interceptors()),
			ContextPropagators: workflows.Propagators(),
		},
	})
}
