package scenarios

import (
	"errors"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	failOnConflict = enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL
	useExisting    = enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
)

// updateWithStart makes an update of the scenario's workflow, which it starts if
// need be, with the SDK's client; it returns the run if there is one.
func (e *Env) updateWithStart(o client.StartWorkflowOptions, stage client.WorkflowUpdateStage, id, what string) client.WorkflowRun {
	e.Helper()
	o.ID, o.TaskQueue = e.Name, e.Name
	begin := e.Client.NewWithStartWorkflowOperation(o, Talk)
	h, err := e.Client.UpdateWithStartWorkflow(e.Ctx(), client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: begin,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: id, UpdateName: "say", Args: []any{what}, WaitForStage: stage,
		},
	})
	e.NoteErr("update with start "+id, err)
	var aborted *serviceerror.MultiOperationAborted
	e.Note("aborted: %v", errors.As(err, &aborted))
	if err != nil {
		return nil
	}
	run, err := begin.Get(e.Ctx())
	e.Must(err)
	e.Keep(run.GetID(), run.GetRunID())
	var was string
	e.NoteErr("its end", h.Get(e.Ctx(), &was))
	e.Note("update %s of %s %s: it was %s", h.UpdateID(), h.WorkflowID(), h.RunID(), was)
	return run
}

func (e *Env) stop(run client.WorkflowRun) {
	e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "stop", nil))
	e.End(run)
}

func updateWithStartScenarios() []Scenario {
	const completed, accepted = client.WorkflowUpdateStageCompleted, client.WorkflowUpdateStageAccepted
	return alone([]Scenario{
		{"update-with-start", func(e *Env) {
			e.Worker(worker.Options{}, Talk)
			o := client.StartWorkflowOptions{WorkflowIDConflictPolicy: failOnConflict}
			run := e.updateWithStart(o, completed, "a", "hello")
			e.updateWithStart(o, completed, "a", "hello") // it has been done
			e.updateWithStart(o, completed, "b", "again") // the workflow is open
			o.WorkflowIDConflictPolicy = useExisting
			e.updateWithStart(o, completed, "c", "slowly")
			e.updateWithStart(o, accepted, "d", "nonsense")
			e.updateWithStart(o, completed, "e", "") // it is rejected
			e.stop(run)
		}},
		{"update-with-start-accepted", func(e *Env) {
			e.Worker(worker.Options{}, Talk)
			e.stop(e.updateWithStart(client.StartWorkflowOptions{WorkflowIDConflictPolicy: useExisting}, accepted, "a", "slowly"))
		}},
		{"update-with-start-rejected", func(e *Env) {
			e.Worker(worker.Options{}, Talk)
			e.stop(e.updateWithStart(client.StartWorkflowOptions{WorkflowIDConflictPolicy: failOnConflict}, completed, "a", ""))
		}},
		{"update-with-start-closed", func(e *Env) {
			e.Worker(worker.Options{}, Talk)
			o := client.StartWorkflowOptions{WorkflowIDConflictPolicy: useExisting}
			e.stop(e.updateWithStart(o, completed, "a", "hello"))
			e.updateWithStart(o, completed, "a", "hello") // it has been done
			o.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
			e.updateWithStart(o, completed, "b", "hello")
			o.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
			e.stop(e.updateWithStart(o, completed, "b", "hello"))
		}},
		{"update-with-start-timeout", func(e *Env) {
			o := client.StartWorkflowOptions{ID: e.Name, TaskQueue: e.Name, WorkflowIDConflictPolicy: useExisting}
			_, err := e.Client.UpdateWithStartWorkflow(e.within(1200*millisecond), client.UpdateWithStartWorkflowOptions{
				StartWorkflowOperation: e.Client.NewWithStartWorkflowOperation(o, Talk),
				UpdateOptions: client.UpdateWorkflowOptions{
					UpdateID: "u", UpdateName: "say", Args: []any{"hello"}, WaitForStage: accepted,
				},
			})
			var timeout *client.WorkflowUpdateServiceTimeoutOrCanceledError
			e.Note("it is a timeout: %v", errors.As(err, &timeout))
			e.Keep(e.Name, "")
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "over"))
		}},
	})
}

type (
	startPart    = workflowservice.StartWorkflowExecutionRequest
	updatePart   = workflowservice.UpdateWorkflowExecutionRequest
	multiRequest = workflowservice.ExecuteMultiOperationRequest
	operation    = workflowservice.ExecuteMultiOperationRequest_Operation
)

// multi is the request that updates the scenario's workflow or starts it.
func (e *Env) multi(with func(*startPart, *updatePart)) *multiRequest {
	what, err := converter.GetDefaultDataConverter().ToPayloads("hello")
	e.Must(err)
	start := &startPart{
		Namespace: "default", WorkflowId: e.Name, WorkflowType: &commonpb.WorkflowType{Name: "Talk"},
		TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name}, RequestId: "request", Identity: Identity,
	}
	update := &updatePart{
		Namespace: "default", WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: e.Name},
		Request: &updatepb.Request{
			Meta: &updatepb.Meta{UpdateId: "u", Identity: Identity}, Input: &updatepb.Input{Name: "say", Args: what},
		},
	}
	if with != nil {
		with(start, update)
	}
	return &multiRequest{Namespace: "default", Operations: []*operation{
		{Operation: &workflowservice.ExecuteMultiOperationRequest_Operation_StartWorkflow{StartWorkflow: start}},
		{Operation: &workflowservice.ExecuteMultiOperationRequest_Operation_UpdateWorkflow{UpdateWorkflow: update}},
	}}
}

// sendMulti makes the call and notes all that comes of it.
func (e *Env) sendMulti(what string, req *multiRequest) {
	e.Helper()
	resp, err := e.Service.ExecuteMultiOperation(e.Ctx(), req)
	e.NoteErr(what, err)
	if err == nil {
		e.Note("%s", Message(resp))
		e.Keep(e.Name, resp.GetResponses()[0].GetStartWorkflow().GetRunId())
	}
}

func updateWithStartByHandScenarios() []Scenario {
	return alone([]Scenario{
		{"update-with-start-raw", func(e *Env) {
			e.Worker(worker.Options{}, Talk)
			e.sendMulti("first", e.multi(nil))
			e.sendMulti("the same", e.multi(nil))
			e.sendMulti("the same start", e.multi(func(_ *startPart, u *updatePart) { u.Request.Meta.UpdateId = "v" }))
			e.sendMulti("the same update", e.multi(func(s *startPart, _ *updatePart) { s.RequestId = "other" }))
			e.sendMulti("another", e.multi(func(s *startPart, u *updatePart) {
				s.RequestId, u.Request.Meta.UpdateId = "other", "w"
			}))
			e.sendMulti("in its place", e.multi(func(s *startPart, u *updatePart) {
				s.RequestId, u.Request.Meta.UpdateId = "other", ""
				s.WorkflowIdConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
			}))
			e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "stop", nil))
			e.Await(e.Name, has("WorkflowExecutionCompleted"))
			e.sendMulti("the same start after its end", e.multi(func(s *startPart, u *updatePart) {
				s.RequestId, u.Request.Meta.UpdateId = "other", "x"
			}))
		}},
		{"update-with-start-bad", badUpdateWithStart},
		{"update-with-start-ignored", func(e *Env) {
			done := e.inBackground(func() error {
				_, err := e.Service.ExecuteMultiOperation(e.Ctx(), e.multi(nil))
				return err
			})
			e.respond(e.poll(""), nil, complete())
			e.NoteErr("update with start", <-done)
			e.Keep(e.Name, "")
		}},
		{"update-with-start-closes-first", func(e *Env) {
			e.touch()
			e.Start(Listen)
			e.respond(e.poll(""), stick(e))
			done := e.inBackground(func() error {
				_, err := e.Service.ExecuteMultiOperation(e.Ctx(), e.multi(func(s *startPart, _ *updatePart) {
					s.WorkflowIdConflictPolicy = useExisting
				}))
				return err
			})
			e.respond(e.poll(sticky), nil, complete())
			t := e.poll("") // of the run that was started then
			e.respond(t, reject(t), complete())
			e.NoteErr("update with start", <-done)
			e.Keep(e.Name, t.GetWorkflowExecution().GetRunId())
		}},
		{"update-with-start-closes-twice", func(e *Env) {
			e.touch()
			e.Start(Listen)
			e.respond(e.poll(""), stick(e))
			done := e.inBackground(func() error {
				_, err := e.Service.ExecuteMultiOperation(e.Ctx(), e.multi(func(s *startPart, _ *updatePart) {
					s.WorkflowIdConflictPolicy = useExisting
					s.WorkflowIdReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
				}))
				return err
			})
			e.respond(e.poll(sticky), nil, complete())
			e.NoteErr("update with start", <-done)
		}},
		{"update-with-start-failing", func(e *Env) {
			e.Start(Listen)
			for range 3 {
				e.fail(e.poll(""))
			}
			e.sendMulti("update with start", e.multi(func(s *startPart, _ *updatePart) {
				s.WorkflowIdConflictPolicy = useExisting
			}))
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "over"))
		}},
	})
}

// badUpdateWithStart are requests that no server takes.
func badUpdateWithStart(e *Env) {
	for _, bad := range []struct {
		what  string
		spoil func(*startPart, *updatePart)
	}{
		{"no id", func(s *startPart, _ *updatePart) { s.WorkflowId = "" }},
		{"no type", func(s *startPart, _ *updatePart) { s.WorkflowType = nil }},
		{"no queue", func(s *startPart, _ *updatePart) { s.TaskQueue = nil }},
		{"another id", func(s *startPart, _ *updatePart) { s.WorkflowId = "another" }},
		{"another namespace", func(s *startPart, _ *updatePart) { s.Namespace = "other" }},
		{"eager", func(s *startPart, _ *updatePart) { s.RequestEagerExecution = true }},
		{"cron", func(s *startPart, _ *updatePart) { s.CronSchedule = "* * * * *" }},
		{"delay", func(s *startPart, _ *updatePart) { s.WorkflowStartDelay = durationpb.New(second) }},
		{"update in another namespace", func(_ *startPart, u *updatePart) { u.Namespace = "other" }},
		{"no execution", func(_ *startPart, u *updatePart) { u.WorkflowExecution = nil }},
		{"no update id of execution", func(_ *startPart, u *updatePart) { u.WorkflowExecution.WorkflowId = "" }},
		{"run id", func(_ *startPart, u *updatePart) {
			u.WorkflowExecution.RunId = "11111111-1111-4111-8111-111111111111"
		}},
		{"first run id", func(_ *startPart, u *updatePart) { u.FirstExecutionRunId = "x" }},
		{"no meta", func(_ *startPart, u *updatePart) { u.Request.Meta = nil }},
		{"no input", func(_ *startPart, u *updatePart) { u.Request.Input = nil }},
		{"no name", func(_ *startPart, u *updatePart) { u.Request.Input.Name = "" }},
		{"admitted", func(_ *startPart, u *updatePart) {
			u.WaitPolicy = &updatepb.WaitPolicy{
				LifecycleStage: enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED,
			}
		}},
		{"nothing right", func(s *startPart, u *updatePart) { s.WorkflowId, u.WorkflowExecution = "", nil }},
	} {
		e.sendMulti(bad.what, e.multi(bad.spoil))
	}
	r := e.multi(nil)
	r.Namespace = "nowhere"
	e.sendMulti("no namespace", r)
	e.sendMulti("start alone", &multiRequest{Namespace: "default", Operations: e.multi(nil).GetOperations()[:1]})
	o := e.multi(nil).GetOperations()
	o[0], o[1] = o[1], o[0]
	e.sendMulti("the other way round", &multiRequest{Namespace: "default", Operations: o})
	e.sendMulti("nothing", &multiRequest{Namespace: "default"})
}
