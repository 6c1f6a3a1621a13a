package scenarios

import (
	"time"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Upbringing says how Parent starts its child.
type Upbringing struct {
	Workflow, ID, Queue string
	Policy              enumspb.ParentClosePolicy
	Wait                bool          // for the child's cancellation; the SDK always does
	Timeout             time.Duration // of the child's run
	Leave               bool          // return once the child has started
	Say                 string        // a signal to the child
}

// Parent starts a child and returns what came of it.
func Parent(ctx workflow.Context, u Upbringing) (any, error) {
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: u.ID, TaskQueue: u.Queue, ParentClosePolicy: u.Policy, WaitForCancellation: u.Wait,
		WorkflowRunTimeout: u.Timeout, Memo: map[string]any{"color": "blue"},
		StaticSummary: "a child", Priority: temporal.Priority{PriorityKey: 2},
	}), u.Workflow)
	var execution workflow.Execution
	if err := child.GetChildWorkflowExecution().Get(ctx, &execution); err != nil || u.Leave {
		return execution.ID, err
	}
	if u.Say != "" {
		if err := child.SignalChildWorkflow(ctx, "say", u.Say).Get(ctx, nil); err != nil {
			return nil, err
		}
	}
	var result any
	err := child.Get(ctx, &result)
	return result, err
}

// child is the id of the scenario's child.
func (e *Env) child() string { return e.Name + "-child" }

// keepLatest makes the history of the workflow's latest run part of what was seen,
// once it waits for a worker: a child does so after its parent was told of its start.
func (e *Env) keepLatest(id string) string {
	e.Helper()
	e.Await(id, has("WorkflowTaskScheduled"))
	d, err := e.Client.DescribeWorkflowExecution(e.Ctx(), id, "")
	e.Must(err)
	run := d.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	e.Keep(id, run)
	return run
}

// raise starts a Parent whose child waits for a worker by hand, and waits until
// the parent has seen the child's start.
func (e *Env) raise(u Upbringing) client.WorkflowRun {
	e.Helper()
	e.Worker(worker.Options{}, Parent)
	u.Workflow, u.ID, u.Queue = "Child", e.child(), e.child()
	run := e.Start(Parent, u)
	e.Await(e.Name, nth("WorkflowTaskCompleted", 2))
	e.keepLatest(e.child())
	return run
}

// childEnds tells of a child that ends with the command.
func childEnds(command *commandpb.Command) func(*Env) {
	return func(e *Env) {
		run := e.raise(Upbringing{})
		e.respond(e.pollQueue(e.child()), nil, command)
		e.End(run)
	}
}

func childScenarios() []Scenario {
	return []Scenario{
		{"child-listens", func(e *Env) {
			e.Worker(worker.Options{}, Parent, Listen)
			run := e.Start(Parent, Upbringing{Workflow: "Listen", ID: e.child()})
			e.Await(e.Name, nth("WorkflowTaskCompleted", 2))
			e.Await(e.child(), has("WorkflowTaskCompleted"))
			e.Note("%s", describe(e, e.Name))
			e.Note("%s", describe(e, e.child()))
			e.keepLatest(e.child())
			e.Must(e.Client.SignalWorkflow(e.Ctx(), e.child(), "", "say", "stop"))
			e.End(run)
			e.Note("%s", describe(e, e.Name))
		}},
		{"child-completes", childEnds(complete())},
		{"child-fails", childEnds(failWorkflow())},
		{"child-is-canceled", childEnds(cancelWorkflow())},
		{"child-times-out", func(e *Env) {
			run := e.raise(Upbringing{Timeout: 300 * time.Millisecond})
			e.End(run)
		}},
		{"child-is-terminated", func(e *Env) {
			run := e.raise(Upbringing{})
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.child(), "", "enough", "details"))
			e.End(run)
		}},
		{"child-is-signaled", func(e *Env) {
			run := e.raise(Upbringing{Say: "hello"})
			e.Await(e.Name, nth("WorkflowTaskCompleted", 3))
			e.respond(e.pollQueue(e.child()), nil, complete())
			e.End(run)
		}},
		{"child-exists", func(e *Env) {
			e.Worker(worker.Options{}, Parent)
			other := e.StartWith(client.StartWorkflowOptions{ID: e.child(), TaskQueue: e.child()}, "Child")
			e.End(e.Start(Parent, Upbringing{Workflow: "Child", ID: e.child(), Queue: e.child()}))
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), other.GetID(), "", "enough"))
		}},
		{"child-is-left", func(e *Env) {
			e.Worker(worker.Options{}, Parent)
			e.End(e.Start(Parent, Upbringing{
				Workflow: "Child", ID: e.child(), Queue: e.child(), Leave: true,
				Policy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
			}))
			e.keepLatest(e.child())
			e.respond(e.pollQueue(e.child()), nil, complete())
		}},
		{"child-is-canceled-with-its-parent", func(e *Env) {
			run := e.raise(Upbringing{Wait: true})
			e.Must(e.Client.CancelWorkflow(e.Ctx(), e.Name, ""))
			e.Await(e.Name, nth("WorkflowTaskCompleted", 4))
			e.respond(e.pollQueue(e.child()), nil, cancelWorkflow())
			e.End(run)
		}},
		{"child-is-canceled-after-its-parent", func(e *Env) {
			e.Worker(worker.Options{}, Parent)
			e.End(e.Start(Parent, Upbringing{
				Workflow: "Child", ID: e.child(), Queue: e.child(), Leave: true,
				Policy: enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
			}))
			e.keepLatest(e.child())
			e.Await(e.child(), has("WorkflowExecutionCancelRequested"))
			e.respond(e.pollQueue(e.child()), nil, cancelWorkflow())
		}},
	}
}
