package scenarios

import (
	"strings"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/durationpb"
)

type childAttributes = commandpb.StartChildWorkflowExecutionCommandAttributes

// startChild starts a child on the queue of the scenario's children.
func startChild(e *Env, id string, with ...func(*childAttributes)) *commandpb.Command {
	a := &childAttributes{
		WorkflowId: id, WorkflowType: &commonpb.WorkflowType{Name: "Child"},
		TaskQueue: &taskqueuepb.TaskQueue{Name: e.child()},
	}
	for _, w := range with {
		w(a)
	}
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_StartChildWorkflowExecutionCommandAttributes{
			StartChildWorkflowExecutionCommandAttributes: a,
		},
	}
}

func childPolicy(p enumspb.ParentClosePolicy) func(*childAttributes) {
	return func(a *childAttributes) { a.ParentClosePolicy = p }
}

func reusePolicy(p enumspb.WorkflowIdReusePolicy) func(*childAttributes) {
	return func(a *childAttributes) { a.WorkflowIdReusePolicy = p }
}

func childIn(namespace string) func(*childAttributes) {
	return func(a *childAttributes) {
		a.Namespace = namespace //nolint:staticcheck // older workers send it
	}
}

func failWorkflow() *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_FailWorkflowExecutionCommandAttributes{
			FailWorkflowExecutionCommandAttributes: &commandpb.FailWorkflowExecutionCommandAttributes{
				Failure: &failurepb.Failure{
					Message: "no", FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
						ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: "Refused"},
					},
				},
			},
		},
	}
}

func cancelWorkflow() *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_CancelWorkflowExecutionCommandAttributes{
			CancelWorkflowExecutionCommandAttributes: &commandpb.CancelWorkflowExecutionCommandAttributes{
				Details: payloads(`"gone"`),
			},
		},
	}
}

// pollQueue gets a workflow task from a queue and notes what it is.
func (e *Env) pollQueue(name string) *workflowTask {
	e.Helper()
	t, err := e.Service.PollWorkflowTaskQueue(e.Ctx(), &workflowservice.PollWorkflowTaskQueueRequest{
		Namespace: "default", Identity: Identity,
		TaskQueue: &taskqueuepb.TaskQueue{Name: name, Kind: enumspb.TASK_QUEUE_KIND_NORMAL},
	})
	e.Must(err)
	e.noteTask(t)
	return t
}

// closed waits until the latest run of the workflow is.
func (e *Env) closed(id string) {
	e.Helper()
	e.Until(func() bool {
		d, err := e.Client.DescribeWorkflowExecution(e.Ctx(), id, "")
		e.Must(err)
		return d.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	})
}

// afterParent tells what becomes of children when their parent ends in one way.
func afterParent(timeout time.Duration, end func(*Env)) func(*Env) {
	return func(e *Env) {
		e.StartWith(client.StartWorkflowOptions{WorkflowRunTimeout: timeout}, Listen)
		for i, policy := range []enumspb.ParentClosePolicy{
			enumspb.PARENT_CLOSE_POLICY_TERMINATE, enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
			enumspb.PARENT_CLOSE_POLICY_ABANDON,
		} {
			id := e.child() + policy.String()
			e.answers("ChildWorkflowExecutionStarted", i+1, startChild(e, id, childPolicy(policy)))
			e.keepLatest(id)
		}
		end(e)
		e.closed(e.child() + "Terminate")
		e.Await(e.child()+"RequestCancel", has("WorkflowExecutionCancelRequested"))
		for _, id := range []string{"RequestCancel", "Abandon"} {
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.child()+id, "", "enough"))
		}
	}
}

// everything starts a child with all that may go with it.
func everything(e *Env) {
	e.StartWith(client.StartWorkflowOptions{Priority: temporal.Priority{PriorityKey: 4, FairnessWeight: 2}}, Listen)
	c := startChild(e, e.child(), func(a *childAttributes) {
		a.Namespace = "default" //nolint:staticcheck // older workers send it
		a.Input = payloads(`"hello"`)
		a.Header = &commonpb.Header{Fields: map[string]*commonpb.Payload{"trace": payload(`"1"`)}}
		a.Memo, a.SearchAttributes = nulls()
		a.Control = "control"
		a.Priority = &commonpb.Priority{PriorityKey: 2, FairnessKey: "fair", FairnessWeight: 3}
		a.WorkflowExecutionTimeout = durationpb.New(time.Hour)
		a.WorkflowRunTimeout = durationpb.New(2 * time.Hour)
		a.WorkflowTaskTimeout = durationpb.New(time.Hour)
		a.ParentClosePolicy = enumspb.PARENT_CLOSE_POLICY_ABANDON
	})
	c.UserMetadata = &sdkpb.UserMetadata{Summary: payload(`"a child"`)}
	e.answers("ChildWorkflowExecutionStarted", 1, c)
	e.keepLatest(e.child())
	e.Note("%s", describe(e, e.Name))
	e.Note("%s", describe(e, e.child()))
	// The next one has nothing, not even a queue.
	second := e.Name + "-second"
	e.answers("ChildWorkflowExecutionStarted", 2, startChild(e, second, func(a *childAttributes) { a.TaskQueue = nil }))
	e.keepLatest(second)
	e.respond(e.pollQueue(e.child()), nil, complete())
	e.Await(e.Name, has("ChildWorkflowExecutionCompleted"))
	e.Must(e.Client.TerminateWorkflow(e.Ctx(), second, "", "enough"))
	e.Await(e.Name, has("ChildWorkflowExecutionTerminated"))
	e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "enough"))
}

// badChildren are commands that start no child.
func badChildren(e *Env) {
	e.Start(Listen)
	long := strings.Repeat("x", 1001)
	e.respond(e.poll(""), nil, startChild(e, ""))
	t := e.poll("") // the second attempt stays in flight
	id := e.child()
	for _, spoil := range []func(*childAttributes){
		func(a *childAttributes) { a.WorkflowType = nil },
		func(a *childAttributes) { a.WorkflowId = long },
		func(a *childAttributes) { a.WorkflowType.Name = long },
		childIn("nowhere"), childIn("other"),
		func(a *childAttributes) { a.WorkflowExecutionTimeout = durationpb.New(-time.Hour) },
		func(a *childAttributes) { a.WorkflowRunTimeout = durationpb.New(-time.Hour) },
		func(a *childAttributes) { a.WorkflowTaskTimeout = durationpb.New(-time.Hour) },
		func(a *childAttributes) { a.RetryPolicy = &commonpb.RetryPolicy{BackoffCoefficient: 0.5} },
		func(a *childAttributes) { a.CronSchedule = "now and then" },
		func(a *childAttributes) { a.Priority = &commonpb.Priority{PriorityKey: -1} },
		func(a *childAttributes) { a.Priority = &commonpb.Priority{FairnessKey: long} },
		func(a *childAttributes) { a.Priority = &commonpb.Priority{FairnessWeight: -1} },
		func(a *childAttributes) { a.TaskQueue.Name = long },
		func(a *childAttributes) { a.TaskQueue.Name = "/_sys/x" },
		func(a *childAttributes) { a.InheritBuildId = true }, //nolint:staticcheck // older workers use it
	} {
		e.respond(t, nil, startChild(e, id, spoil))
	}
	e.respond(t, nil, startChild(e, id), cancelExternal(id, ""))
	// A workflow that closes starts no child.
	e.respond(t, nil, startChild(e, id, childPolicy(enumspb.PARENT_CLOSE_POLICY_ABANDON)), complete())
	_, err := e.Client.DescribeWorkflowExecution(e.Ctx(), id, "")
	e.NoteErr("describe", err)
}

// reusedIDs are children with ids that were used before.
func reusedIDs(e *Env) {
	e.Start(Listen)
	id := e.child()
	e.answers("ChildWorkflowExecutionStarted", 1, startChild(e, id))
	e.keepLatest(id)
	e.answers("StartChildWorkflowExecutionFailed", 1, startChild(e, id, func(a *childAttributes) {
		a.Control = "control"
	}))
	//nolint:staticcheck // older workers use it
	replaces := reusePolicy(enumspb.WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING)
	e.answers("ChildWorkflowExecutionStarted", 2, startChild(e, id, replaces))
	e.keepLatest(id)
	e.Await(e.Name, has("ChildWorkflowExecutionTerminated"))
	e.respond(e.pollQueue(id), nil, complete())
	e.Await(e.Name, has("ChildWorkflowExecutionCompleted"))
	for i, policy := range []enumspb.WorkflowIdReusePolicy{
		enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
	} {
		e.answers("StartChildWorkflowExecutionFailed", i+2, startChild(e, id, reusePolicy(policy)))
	}
	e.answers("StartChildWorkflowExecutionFailed", 4, startChild(e, e.Name)) // itself
	e.answers("ChildWorkflowExecutionStarted", 3, startChild(e, id))
	e.keepLatest(id)
	e.respond(e.pollQueue(id), nil, failWorkflow())
	e.Await(e.Name, has("ChildWorkflowExecutionFailed"))
	e.answers("ChildWorkflowExecutionStarted", 4,
		startChild(e, id, reusePolicy(enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY)))
	e.keepLatest(id)
	e.respond(e.poll(""), nil, complete())
	e.closed(id)
}

// inFlight leads to a task in flight whose workflow has got a child meanwhile,
// that has ended, and a signal.
func inFlight(e *Env) *workflowTask {
	e.Start(Listen)
	t := e.respond(e.poll(""), both(more, heartbeat), startChild(e, e.child()))
	grandchild := e.Name + "-grandchild"
	c := e.pollQueue(e.child())
	e.keepLatest(e.child())
	e.respond(c, nil, startChild(e, grandchild,
		func(a *childAttributes) { a.TaskQueue.Name = e.Name + "-idle" }))
	c = e.pollQueue(e.child())
	e.keepLatest(grandchild)
	// The child's parent learns of the end before its children do.
	e.respond(c, nil, complete())
	e.closed(grandchild)
	e.signal()
	return t
}

// admitted reports whether the server knows the update.
func (e *Env) admitted(id string) bool {
	_, err := e.Service.PollWorkflowExecutionUpdate(e.Ctx(), &workflowservice.PollWorkflowExecutionUpdateRequest{
		Namespace: "default", UpdateRef: &updatepb.UpdateRef{
			WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: e.Name}, UpdateId: id,
		},
	})
	return err == nil
}

func childHandScenarios() []Scenario {
	return []Scenario{
		{"hand-child", everything},
		{"hand-bad-children", badChildren},
		{"hand-reused-ids", reusedIDs},
		{"hand-child-in-flight", func(e *Env) {
			t := inFlight(e)
			e.respond(t, nil, startTimer("a", time.Hour))
			e.respond(e.poll(""), nil, complete())
		}},
		{"hand-child-unhandled", func(e *Env) {
			t := inFlight(e)
			e.respond(t, nil, complete())
			e.respond(e.poll(""), nil, complete())
		}},
		{"hand-child-and-failure", func(e *Env) {
			e.fail(inFlight(e))
			e.respond(e.poll(""), nil, complete())
		}},
		{"hand-child-and-termination", func(e *Env) {
			inFlight(e)
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "enough"))
			e.Note("%s", describe(e, e.Name))
		}},
		{"hand-child-is-deleted", func(e *Env) {
			e.Start(Listen)
			e.answers("ChildWorkflowExecutionStarted", 1, startChild(e, e.child()))
			_, err := e.Service.DeleteWorkflowExecution(e.Ctx(), &workflowservice.DeleteWorkflowExecutionRequest{
				Namespace: "default", WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: e.child()},
			})
			e.Must(err)
			e.Await(e.Name, has("ChildWorkflowExecutionTerminated"))
			e.respond(e.poll(""), nil, complete())
		}},
		{"hand-child-and-update", func(e *Env) {
			// The task that carries the update would be speculative, if no child came.
			e.Start(Listen)
			t := e.respond(e.poll(""), both(more, heartbeat))
			done := e.inBackground(func() error { _, err := e.update("say", "hello"); return err })
			e.Until(func() bool { return e.admitted("say-hello") })
			t = e.respond(t, more, startChild(e, e.child()))
			c := e.pollQueue(e.child())
			e.keepLatest(e.child())
			e.respond(t, reject(t))
			e.NoteErr("update", <-done)
			e.respond(c, nil, complete())
			e.Await(e.Name, has("ChildWorkflowExecutionCompleted"))
			e.respond(e.poll(""), nil, complete())
		}},
		{"hand-child-only", func(e *Env) {
			e.Start(Listen)
			e.answers("ChildWorkflowExecutionStarted", 1, startChild(e, e.child()))
			run := e.keepLatest(e.child())
			e.answers("ExternalWorkflowExecutionSignaled", 1, signalExternal(e.child(), run,
				func(a *commandpb.SignalExternalWorkflowExecutionCommandAttributes) { a.ChildWorkflowOnly = true }))
			e.answers("ExternalWorkflowExecutionCancelRequested", 1, cancelExternal(e.child(), "",
				func(a *commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes) {
					a.ChildWorkflowOnly, a.Reason = true, "enough"
				}))
			e.respond(e.pollQueue(e.child()), nil, cancelWorkflow())
			e.Await(e.Name, has("ChildWorkflowExecutionCanceled"))
			e.respond(e.poll(""), nil, complete())
		}},
	}
}

func afterParentScenarios() []Scenario {
	answer := func(c *commandpb.Command) func(*Env) {
		return func(e *Env) { e.respond(e.poll(""), nil, c) }
	}
	return []Scenario{
		{"parent-completes", afterParent(0, answer(complete()))},
		{"parent-fails", afterParent(0, answer(failWorkflow()))},
		{"parent-is-canceled", afterParent(0, answer(cancelWorkflow()))},
		{"parent-is-terminated", afterParent(0, func(e *Env) {
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "enough"))
		})},
		{"parent-times-out", afterParent(2*time.Second, func(e *Env) { e.closed(e.Name) })},
	}
}
