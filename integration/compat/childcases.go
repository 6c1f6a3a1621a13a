package compat

import (
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"

	"github.com/mainspring-go/mainspring/integration/scenarios"
)

func childCases() []Case {
	return slices.Concat(childEndCases(), childStartCases(), parentCloseCases(), childCancelCases(), chainCases())
}

// childEndCases have children that end in every way.
func childEndCases() []Case {
	return []Case{
		{
			Name: "children", Workflow: "Children", Covers: []Feature{Children, ChildFailures},
			Args: []any{[]string{"obedient", "fail", "continue"}},
			Drive: func(d *Driver) {
				d.tell("obedient", 1)
				d.tell("fail", 2)
				d.tell("continue", 3)
				d.awaitSecondRun("continue")
				d.Must(d.Client.SignalWorkflow(d.ctx, d.child("continue"), "", "go on", nil))
				d.Keep(d.child("obedient"), "")
			},
		},
		{
			Name: "children-ended", Workflow: "Children", Covers: []Feature{Children, ChildFailures},
			Args: []any{[]string{"canceled", "terminated", "timeout"}},
			Drive: func(d *Driver) {
				d.awaitChild(1)
				d.Must(d.Client.CancelWorkflow(d.ctx, d.child("canceled"), ""))
				d.awaitChild(2)
				d.Must(d.Client.TerminateWorkflow(d.ctx, d.child("terminated"), "", "enough"))
				d.Keep(d.child("canceled"), "")
			},
		},
	}
}

// childStartCases have children that are started, or not, in every way, and
// what is sent to them.
func childStartCases() []Case {
	return []Case{
		{
			Name: "child-options", Workflow: "ChildOptions", Covers: []Feature{ChildOptions},
			Options: client.StartWorkflowOptions{
				WorkflowRunTimeout: 40 * time.Minute, WorkflowExecutionTimeout: 50 * time.Minute,
			},
			Drive: func(d *Driver) {
				d.tell("full", 1)
				d.tell("bare", 2)
				d.Keep(d.child("full"), "")
				d.Keep(d.child("bare"), "")
			},
		},
		{
			Name: "child-refused", Workflow: "ChildRefused", Covers: []Feature{Children, ChildFailures},
			Drive: func(d *Driver) {
				d.tell("c", 1)
				d.tell("c", 2)
			},
		},
		{
			Name: "others", Workflow: "Others", Covers: []Feature{Externals},
		},
	}
}

// chainCases have runs that follow each other.
func chainCases() []Case {
	return []Case{
		{
			Name: "chain", Workflow: "Chain", Args: []any{4, []string{}}, Covers: []Feature{ContinueAsNew},
			Options: client.StartWorkflowOptions{
				Memo: map[string]any{"a": 1}, WorkflowExecutionTimeout: 2 * time.Hour, WorkflowRunTimeout: time.Hour,
				TypedSearchAttributes: sdktemporal.NewSearchAttributes(
					sdktemporal.NewSearchAttributeKeyKeyword("Color").ValueSet("red")),
			},
		},
		{
			Name: "schedule", Workflow: "Schedule", Covers: []Feature{Crons},
			Options: client.StartWorkflowOptions{CronSchedule: "@every 1s"},
			Ends:    enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
		},
	}
}

// parentCloseCases have a child that is there when its parent ends.
func parentCloseCases() (cases []Case) {
	for _, policy := range []enumspb.ParentClosePolicy{
		enumspb.PARENT_CLOSE_POLICY_UNSPECIFIED, enumspb.PARENT_CLOSE_POLICY_TERMINATE,
		enumspb.PARENT_CLOSE_POLICY_ABANDON, enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
	} {
		cases = append(cases, Case{
			Name: fmt.Sprint("parent-close-", policy), Workflow: "ParentClose", Args: []any{int32(policy)},
			Covers: []Feature{ParentClose},
			Drive: func(d *Driver) {
				d.awaitChild(1)
				d.GoOn()
				d.Must(d.Run.Get(d.ctx, nil))
				if policy == enumspb.PARENT_CLOSE_POLICY_ABANDON {
					d.Must(d.Client.SignalWorkflow(d.ctx, d.child("c"), "", "go on", nil))
				}
				d.Keep(d.child("c"), "")
			},
		})
	}
	return cases
}

// childCancelCases has a case for every moment at which a child is canceled.
func childCancelCases() []Case {
	canceled := func(name string, drive func(*Driver), args ...any) Case {
		return Case{
			Name: "child-cancel-" + name, Workflow: "ChildCanceled", Args: args, Covers: []Feature{ChildCancel}, Drive: drive,
		}
	}
	nothing := func(*Driver) {}
	whole := canceled("with-parent", func(d *Driver) { d.awaitChild(1); d.Cancel() }, "never", "obedient")
	stubborn := canceled("with-parent-in-vain", func(d *Driver) {
		d.awaitChild(1)
		d.Cancel()
		d.Await(enumspb.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED, 1)
		d.tell("c", 1)
	}, "never", "stubborn")
	return []Case{
		canceled("before", nothing, "before", "obedient"),
		canceled("at-once", nothing, "at once", "obedient"),
		canceled("later", func(d *Driver) { d.awaitChild(1); d.GoOn() }, "later", "obedient"),
		canceled("stubborn", func(d *Driver) {
			d.awaitChild(1)
			d.GoOn()
			d.Await(enumspb.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED, 1)
			d.tell("c", 1)
		}, "later", "stubborn"),
		canceled("after", func(d *Driver) { d.tell("c", 1) }, "after", "obedient"),
		canceled("with-others", func(d *Driver) {
			d.awaitChild(1)
			d.GoOn()
			d.Await(enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED, 1)
			d.CompleteActivity("11", nil, sdktemporal.NewCanceledError("late"))
		}, "with others", "obedient"),
		whole, stubborn,
	}
}

// child is the id of a child that the workflow has named.
func (d *Driver) child(name string) string { return d.Run.GetID() + "-" + name }

// tell lets the nth child of the run go on.
func (d *Driver) tell(child string, nth int) {
	d.Helper()
	d.awaitChild(nth)
	d.Must(d.Client.SignalWorkflow(d.ctx, d.child(child), "", "go on", nil))
}

// awaitChild waits until the nth child that was started waits, and so does the run.
func (d *Driver) awaitChild(nth int) {
	d.Helper()
	d.Await(enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED, nth)
	for _, e := range d.Idle() {
		a := e.GetChildWorkflowExecutionStartedEventAttributes()
		if a == nil {
			continue
		}
		if nth--; nth > 0 {
			continue
		}
		run := a.GetWorkflowExecution()
		if events, err := follow(d.ctx, d.Client, run.GetWorkflowId(), run.GetRunId(), idle); err != nil {
			d.Fatalf("%s does not wait: %v\n%s", run.GetWorkflowId(), err, outline(events))
		}
		return
	}
}

// awaitSecondRun waits until a child was continued as new.
func (d *Driver) awaitSecondRun(child string) {
	d.Helper()
	wait := scenarios.Env{TB: d.TB}
	wait.Until(func() bool {
		run, err := d.Client.DescribeWorkflowExecution(d.ctx, d.child(child), "")
		d.Must(err)
		info := run.GetWorkflowExecutionInfo()
		return info.GetFirstRunId() != info.GetExecution().GetRunId()
	})
}

// otherDecided is [decided] for what is sent to other workflows.
func otherDecided(e *historypb.HistoryEvent) int64 {
	return e.GetChildWorkflowExecutionStartedEventAttributes().GetInitiatedEventId() +
		e.GetStartChildWorkflowExecutionFailedEventAttributes().GetInitiatedEventId() +
		e.GetExternalWorkflowExecutionSignaledEventAttributes().GetInitiatedEventId() +
		e.GetSignalExternalWorkflowExecutionFailedEventAttributes().GetInitiatedEventId() +
		e.GetExternalWorkflowExecutionCancelRequestedEventAttributes().GetInitiatedEventId() +
		e.GetRequestCancelExternalWorkflowExecutionFailedEventAttributes().GetInitiatedEventId()
}
