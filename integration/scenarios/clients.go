package scenarios

import (
	"strconv"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	querypb "go.temporal.io/api/query/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/types/known/durationpb"
)

func clientScenarios() []Scenario {
	return []Scenario{
		{"run-timeout", func(e *Env) {
			e.Worker(worker.Options{}, Listen)
			e.End(e.StartWith(client.StartWorkflowOptions{WorkflowRunTimeout: time.Second}, Listen))
		}},
		{"execution-timeout", func(e *Env) {
			e.End(e.StartWith(client.StartWorkflowOptions{WorkflowExecutionTimeout: time.Second}, Listen))
		}},
		{"terminated", func(e *Env) {
			e.Worker(worker.Options{}, Listen)
			run := e.Start(Listen)
			e.Await(e.Name, has("WorkflowTaskCompleted"))
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "enough", "of", "this"))
			e.End(run)
			e.NoteErr("terminate", e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "once more"))
			e.NoteErr("signal", e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "say", "hello"))
			e.NoteErr("cancel", e.Client.CancelWorkflow(e.Ctx(), e.Name, run.GetRunID()))
			_, err := e.update("say", "hello")
			e.NoteErr("update", err)
			e.Note("%s", describe(e, e.Name))
		}},
		{"terminated-at-once", func(e *Env) {
			run := e.Start(Listen)
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", ""))
			e.End(run)
			_, err := e.Client.QueryWorkflow(e.Ctx(), e.Name, "", "what")
			e.NoteErr("query", err)
		}},
		{"id-reuse", reuse},
		{"id-conflict", conflict},
		{"signal-twice", func(e *Env) {
			run := e.Start(Listen)
			for i := range 3 {
				_, err := e.Service.SignalWorkflowExecution(e.Ctx(), &workflowservice.SignalWorkflowExecutionRequest{
					Namespace: "default", WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: e.Name},
					SignalName: "say", RequestId: "request " + strconv.Itoa(i/2), Identity: Identity,
				})
				e.NoteErr("signal", err)
			}
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, run.GetRunID(), "over"))
		}},
	}
}

// reuse starts an id again after its run has ended.
func reuse(e *Env) {
	e.Worker(worker.Options{}, Greet, Fail)
	again := func(id string, p enumspb.WorkflowIdReusePolicy) {
		run, err := e.Client.ExecuteWorkflow(e.Ctx(), client.StartWorkflowOptions{
			ID: id, TaskQueue: e.Name, WorkflowIDReusePolicy: p, WorkflowExecutionErrorWhenAlreadyStarted: true,
		}, Greet, p.String())
		e.NoteErr(p.String(), err)
		if err == nil {
			e.Keep(id, run.GetRunID())
			e.End(run)
		}
	}
	e.End(e.Start(Greet, "first"))
	again(e.Name, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE)
	again(e.Name, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY)
	again(e.Name, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE)
	failed := e.Name + "-failed"
	e.End(e.StartWith(client.StartWorkflowOptions{ID: failed}, Fail))
	again(failed, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY)
}

// conflict starts an id while its run is open.
func conflict(e *Env) {
	first := e.Start(Listen)
	again := func(what string, reuse enumspb.WorkflowIdReusePolicy, p enumspb.WorkflowIdConflictPolicy, request string) {
		resp, err := e.Service.StartWorkflowExecution(e.Ctx(), &workflowservice.StartWorkflowExecutionRequest{
			Namespace: "default", WorkflowId: e.Name, WorkflowType: &commonpb.WorkflowType{Name: "Listen"},
			TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name}, RequestId: request, Identity: Identity,
			WorkflowIdConflictPolicy: p, WorkflowIdReusePolicy: reuse,
		})
		e.NoteErr(what, err)
		if err == nil {
			e.Note("%s", Message(resp))
			e.Keep(e.Name, resp.GetRunId())
		}
	}
	again("fail", 0, enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL, "a")
	again("use", 0, enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, "b")
	again("terminate", 0, enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING, "c")
	again("the same request", 0, enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL, "c")
	again("terminate if running", enumspb.WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING, 0, "d") //nolint:staticcheck // older clients use it
	again("no sense", enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING, "e")
	again("no sense either", enumspb.WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING, //nolint:staticcheck // older clients use it
		enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL, "f")
	e.NoteErr("terminate the first", e.Client.TerminateWorkflow(e.Ctx(), e.Name, first.GetRunID(), "over"))
	e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "over"))
}

func errorScenarios() []Scenario {
	return []Scenario{
		{"not-found", func(e *Env) { notFound(e, &commonpb.WorkflowExecution{WorkflowId: "nowhere"}) }},
		{"run-not-found", func(e *Env) {
			notFound(e, &commonpb.WorkflowExecution{
				WorkflowId: "nowhere", RunId: "11111111-1111-4111-8111-111111111111",
			})
		}},
		{"bad-run-id", func(e *Env) { notFound(e, &commonpb.WorkflowExecution{WorkflowId: "nowhere", RunId: "x"}) }},
		{"no-execution", func(e *Env) { notFound(e, nil) }},
		{"bad-start", badStarts},
	}
}

// notFound makes every call about a run that is not there.
func notFound(e *Env, run *commonpb.WorkflowExecution) {
	const ns = "default"
	_, err := e.Service.DescribeWorkflowExecution(e.Ctx(),
		&workflowservice.DescribeWorkflowExecutionRequest{Namespace: ns, Execution: run})
	e.NoteErr("describe", err)
	_, err = e.Service.GetWorkflowExecutionHistory(e.Ctx(),
		&workflowservice.GetWorkflowExecutionHistoryRequest{Namespace: ns, Execution: run})
	e.NoteErr("history", err)
	_, err = e.Service.SignalWorkflowExecution(e.Ctx(),
		&workflowservice.SignalWorkflowExecutionRequest{Namespace: ns, WorkflowExecution: run, SignalName: "say"})
	e.NoteErr("signal", err)
	_, err = e.Service.SignalWorkflowExecution(e.Ctx(),
		&workflowservice.SignalWorkflowExecutionRequest{Namespace: ns, WorkflowExecution: run})
	e.NoteErr("signal without a name", err)
	_, err = e.Service.RequestCancelWorkflowExecution(e.Ctx(),
		&workflowservice.RequestCancelWorkflowExecutionRequest{Namespace: ns, WorkflowExecution: run})
	e.NoteErr("cancel", err)
	_, err = e.Service.TerminateWorkflowExecution(e.Ctx(),
		&workflowservice.TerminateWorkflowExecutionRequest{Namespace: ns, WorkflowExecution: run})
	e.NoteErr("terminate", err)
	_, err = e.Service.QueryWorkflow(e.Ctx(), &workflowservice.QueryWorkflowRequest{
		Namespace: ns, Execution: run, Query: &querypb.WorkflowQuery{QueryType: "what"},
	})
	e.NoteErr("query", err)
	_, err = e.Service.UpdateWorkflowExecution(e.Ctx(), &workflowservice.UpdateWorkflowExecutionRequest{
		Namespace: ns, WorkflowExecution: run, Request: &updatepb.Request{
			Meta: &updatepb.Meta{UpdateId: "u"}, Input: &updatepb.Input{Name: "say"},
		},
	})
	e.NoteErr("update", err)
	_, err = e.Service.RespondActivityTaskCompletedById(e.Ctx(), &workflowservice.RespondActivityTaskCompletedByIdRequest{
		Namespace: ns, WorkflowId: run.GetWorkflowId(), RunId: run.GetRunId(), ActivityId: "5",
	})
	if run.GetRunId() != "x" && run != nil {
		e.NoteErr("complete an activity", err)
	}
}

// badStarts are starts that no server takes.
func badStarts(e *Env) {
	good := func() *workflowservice.StartWorkflowExecutionRequest {
		return &workflowservice.StartWorkflowExecutionRequest{
			Namespace: "default", WorkflowId: e.Name, WorkflowType: &commonpb.WorkflowType{Name: "Listen"},
			TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name}, RequestId: "r",
		}
	}
	for _, bad := range []struct {
		what  string
		spoil func(*workflowservice.StartWorkflowExecutionRequest)
	}{
		{"no id", func(r *workflowservice.StartWorkflowExecutionRequest) { r.WorkflowId = "" }},
		{"no type", func(r *workflowservice.StartWorkflowExecutionRequest) { r.WorkflowType = nil }},
		{"no queue", func(r *workflowservice.StartWorkflowExecutionRequest) { r.TaskQueue = nil }},
		{"no queue name", func(r *workflowservice.StartWorkflowExecutionRequest) { r.TaskQueue.Name = "" }},
		{"their queue", func(r *workflowservice.StartWorkflowExecutionRequest) { r.TaskQueue.Name = "/_sys/x" }},
		{"past timeout", func(r *workflowservice.StartWorkflowExecutionRequest) {
			r.WorkflowRunTimeout = durationpb.New(-1)
		}},
		{"no namespace", func(r *workflowservice.StartWorkflowExecutionRequest) { r.Namespace = "nowhere" }},
	} {
		r := good()
		bad.spoil(r)
		_, err := e.Service.StartWorkflowExecution(e.Ctx(), r)
		e.NoteErr(bad.what, err)
	}
}
