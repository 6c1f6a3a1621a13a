package scenarios

import (
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"
)

// A child may be a chain of runs: its parent knows the first and learns of the
// end of the last.

// bear starts a child by hand, and returns its first run.
func (e *Env) bear(with ...func(*childAttributes)) *commonpb.WorkflowExecution {
	e.Helper()
	e.Start(Listen)
	e.answers("ChildWorkflowExecutionStarted", 1, startChild(e, e.child(), with...))
	return &commonpb.WorkflowExecution{WorkflowId: e.child(), RunId: e.keepLatest(e.child())}
}

// later lets the next run of a chain sleep for longer than the scenario takes.
func later(a *commandpb.ContinueAsNewWorkflowExecutionCommandAttributes) {
	a.BackoffStartInterval = durationpb.New(time.Hour)
}

// nulls are fields of memos and search attributes that say that there is nothing.
func nulls() (*commonpb.Memo, *commonpb.SearchAttributes) {
	return &commonpb.Memo{Fields: map[string]*commonpb.Payload{"color": payload(`"blue"`), "shape": payload("null")}},
		&commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{
			"TemporalChangeVersion": payload(`["change-1"]`), "BuildIds": payload("[]"),
		}}
}

// startsWithNulls starts a workflow and the next of its chain with nulls.
func startsWithNulls(e *Env) {
	memo, attributes := nulls()
	started, err := e.Service.StartWorkflowExecution(e.Ctx(), &workflowservice.StartWorkflowExecutionRequest{
		Namespace: "default", WorkflowId: e.Name, WorkflowType: &commonpb.WorkflowType{Name: "Listen"},
		TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name}, RequestId: "a", Identity: Identity,
		Memo: memo, SearchAttributes: attributes,
	})
	e.Must(err)
	e.Keep(e.Name, started.GetRunId())
	e.respond(e.poll(""), nil, continueAsNew(func(a *commandpb.ContinueAsNewWorkflowExecutionCommandAttributes) {
		later(a)
		a.Memo, a.SearchAttributes = nulls()
	}))
	e.next(&commonpb.WorkflowExecution{WorkflowId: e.Name, RunId: started.GetRunId()})
	e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "enough"))
}

func childChainScenarios() []Scenario {
	return []Scenario{
		{"hand-child-continues", func(e *Env) {
			first := e.bear()
			e.respond(e.pollQueue(e.child()), nil, continueAsNew(later))
			e.next(first)
			// Signals and cancellations reach the latest run, which is not yet awake.
			e.answers("ExternalWorkflowExecutionSignaled", 1, signalExternal(e.child(), "",
				func(a *commandpb.SignalExternalWorkflowExecutionCommandAttributes) { a.ChildWorkflowOnly = true }))
			e.answers("SignalExternalWorkflowExecutionFailed", 1, signalExternal(e.child(), first.GetRunId()))
			e.answers("ExternalWorkflowExecutionCancelRequested", 1, cancelExternal(e.child(), "",
				func(a *commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes) { a.ChildWorkflowOnly = true }))
			e.Note("%s", describe(e, e.child()))
			e.respond(e.pollQueue(e.child()), nil, cancelWorkflow())
			e.Await(e.Name, has("ChildWorkflowExecutionCanceled"))
			e.respond(e.poll(""), nil, complete())
		}},
		{"hand-child-continues-alone", func(e *Env) {
			first := e.bear()
			e.respond(e.pollQueue(e.child()), nil, continueAsNew(later))
			e.next(first)
			e.respond(e.poll(""), nil, complete())
			e.closed(e.child())
			e.Note("%s", describe(e, e.Name))
		}},
		{"hand-child-retries", func(e *Env) {
			first := e.bear(func(a *childAttributes) {
				a.RetryPolicy = &commonpb.RetryPolicy{
					InitialInterval: durationpb.New(10 * time.Millisecond), MaximumAttempts: 2,
				}
			})
			e.respond(e.pollQueue(e.child()), nil, failWorkflow())
			e.next(first)
			e.respond(e.pollQueue(e.child()), nil, failWorkflow())
			e.Await(e.Name, has("ChildWorkflowExecutionFailed"))
			e.respond(e.poll(""), nil, complete())
		}},
		{"hand-child-of-cron", func(e *Env) {
			first := e.bear(func(a *childAttributes) { a.CronSchedule = "@every 1s" })
			e.respond(e.pollQueue(e.child()), nil, complete())
			e.next(first)
			e.pollQueue(e.child()) // it does not matter how long the pause was
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.child(), "", "enough"))
			e.Await(e.Name, has("ChildWorkflowExecutionTerminated"))
			e.respond(e.poll(""), nil, complete())
		}},
		{"starts-with-nulls", startsWithNulls},
		{"parent-continues", afterParent(0, func(e *Env) {
			run := e.keepLatest(e.Name)
			e.respond(e.poll(""), nil, continueAsNew(later))
			e.next(&commonpb.WorkflowExecution{WorkflowId: e.Name, RunId: run})
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "enough"))
		})},
	}
}
