package worker_test

import (
	"context"
	"sync/atomic"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A slowRunner runs any workflow the same way: it takes its time and completes.
type slowRunner struct {
	takes    time.Duration
	prepared atomic.Int32
	runs     atomic.Int32
}

func newSlowRunner(takes time.Duration) *slowRunner { return &slowRunner{takes: takes} }

func (r *slowRunner) Prepare(runner.Definition) error {
	r.prepared.Add(1)
	return nil
}

func (r *slowRunner) NewInstance(runner.Details) (runner.Instance, error) {
	return slowInstance{r}, nil
}

type slowInstance struct{ *slowRunner }

func (i slowInstance) Activate(context.Context, *runner.Activation) *runner.Completion {
	i.runs.Add(1)
	time.Sleep(i.takes)
	return &runner.Completion{
		Closed: true,
		Commands: []*commandpb.Command{{
			CommandType: enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
			Attributes: &commandpb.Command_CompleteWorkflowExecutionCommandAttributes{
				CompleteWorkflowExecutionCommandAttributes: &commandpb.CompleteWorkflowExecutionCommandAttributes{},
			},
		}},
	}
}

func (i slowInstance) Close() {}
