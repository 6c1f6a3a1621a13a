package scenarios

import (
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
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

func childChainScenarios() []Scenario {
	return []Scenario{
		{"hand-child-continues", func(e *Env) {
			first := e.bear()
			e.respond(e.pollQueue(e.child()), nil, continueAsNew(nil))
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
			e.respond(e.pollQueue(e.child()), nil, continueAsNew(nil))
			e.next(first)
			e.respond(e.poll(""), nil, complete())
			e.closed(e.child())
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
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.child(), "", "enough"))
			e.Await(e.Name, has("ChildWorkflowExecutionTerminated"))
			e.respond(e.poll(""), nil, complete())
		}},
		{"parent-continues", afterParent(0, func(e *Env) {
			run := e.keepLatest(e.Name)
			e.respond(e.poll(""), nil, continueAsNew(nil))
			e.next(&commonpb.WorkflowExecution{WorkflowId: e.Name, RunId: run})
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "enough"))
		})},
	}
}
