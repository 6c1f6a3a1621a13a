package scenarios

import (
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// panics runs a workflow whose first tasks fail.
func panics(times int32) func(e *Env) {
	return func(e *Env) {
		var attempts atomic.Int32
		e.Worker(worker.Options{}, named{"Panics", func(ctx workflow.Context) (string, error) {
			if attempts.Add(1) <= times {
				panic("not today") //nolint:forbidigo // what a workflow of a user may do
			}
			err := workflow.Sleep(ctx, 10*time.Millisecond)
			return "well", err
		}})
		e.End(e.StartWith(client.StartWorkflowOptions{WorkflowTaskTimeout: time.Second}, "Panics"))
	}
}

func taskScenarios() []Scenario {
	return []Scenario{
		{"task-panics", panics(1)},
		{"task-panics-twice", panics(2)},
		{"moves-to-another-worker", func(e *Env) {
			stop := e.Worker(worker.Options{}, Listen)
			run := e.Start(Listen)
			e.Await(e.Name, has("WorkflowTaskCompleted"))
			stop()
			e.Worker(worker.Options{}, Listen)
			e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "say", "stop"))
			e.End(run)
		}},
	}
}
