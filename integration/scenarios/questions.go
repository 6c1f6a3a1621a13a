package scenarios

import (
	"errors"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Talk answers queries and updates until it is signaled.
func Talk(ctx workflow.Context) (string, error) {
	said := "nothing"
	err := workflow.SetQueryHandler(ctx, "what", func(punctuation string) (string, error) {
		if punctuation == "?" {
			return "", errors.New("no idea")
		}
		return said + punctuation, nil
	})
	if err != nil {
		return "", err
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, "say", func(ctx workflow.Context, what string) (string, error) {
		was := said
		said = what
		if what == "slowly" {
			if err := workflow.Sleep(ctx, 100*time.Millisecond); err != nil {
				return "", err
			}
		}
		if what == "nonsense" {
			return "", errors.New("that is nonsense")
		}
		if what == "forever" {
			err := workflow.Await(ctx, func() bool { return false })
			return "", err
		}
		return was, nil
	}, workflow.UpdateHandlerOptions{Validator: func(what string) error {
		if what == "" {
			return errors.New("say something")
		}
		return nil
	}})
	if err != nil {
		return "", err
	}
	workflow.GetSignalChannel(ctx, "stop").Receive(ctx, nil)
	return said, nil
}

func (e *Env) query(args ...any) {
	v, err := e.Client.QueryWorkflow(e.Ctx(), e.Name, "", "what", args...)
	e.NoteErr("query", err)
	if err == nil {
		var answer string
		e.Must(v.Get(&answer))
		e.Note("answer: %s", answer)
	}
}

// update makes an update of the scenario's workflow and waits for its end.
func (e *Env) update(name, what string) (string, error) {
	h, err := e.Client.UpdateWorkflow(e.Ctx(), client.UpdateWorkflowOptions{
		UpdateID: name + "-" + what, WorkflowID: e.Name, UpdateName: name, Args: []any{what},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return "", err
	}
	var out string
	err = h.Get(e.Ctx(), &out)
	return out, err
}

func (e *Env) say(what string) {
	out, err := e.update("say", what)
	if err != nil {
		e.NoteErr("say "+what, err)
		return
	}
	e.Note("say %s: it was %s", what, out)
}

// awaitUpdate waits until the server has the update.
func (e *Env) awaitUpdate(of *commonpb.WorkflowExecution, id string) {
	e.Helper()
	e.Until(func() bool {
		_, err := e.Service.PollWorkflowExecutionUpdate(e.Ctx(), &workflowservice.PollWorkflowExecutionUpdateRequest{
			Namespace: "default", UpdateRef: &updatepb.UpdateRef{WorkflowExecution: of, UpdateId: id},
		})
		return err == nil
	})
}

// talks starts the workflow and stops it at the end.
func talks(tell func(e *Env)) func(e *Env) {
	return func(e *Env) {
		e.Worker(worker.Options{}, Talk)
		run := e.Start(Talk)
		e.Await(e.Name, has("WorkflowTaskCompleted"))
		tell(e)
		e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "stop", nil))
		e.End(run)
	}
}

func queryScenarios() []Scenario {
	return []Scenario{
		{"queries", talks(func(e *Env) {
			e.query("!")
			e.query("?")
			_, err := e.Client.QueryWorkflow(e.Ctx(), e.Name, "", "unknown")
			e.NoteErr("unknown query", err)
		})},
		{"queries-closed", func(e *Env) {
			talks(func(*Env) {})(e)
			e.query("!")
			for _, c := range []enumspb.QueryRejectCondition{
				enumspb.QUERY_REJECT_CONDITION_NOT_OPEN, enumspb.QUERY_REJECT_CONDITION_NOT_COMPLETED_CLEANLY,
			} {
				resp, err := e.Client.QueryWorkflowWithOptions(e.Ctx(), &client.QueryWorkflowWithOptionsRequest{
					WorkflowID: e.Name, QueryType: "what", Args: []any{"."}, QueryRejectCondition: c,
				})
				e.NoteErr("query", err)
				e.Note("rejected: %v", resp.QueryRejected)
			}
		}},
		{"queries-after-the-worker", func(e *Env) {
			stop := e.Worker(worker.Options{}, Talk)
			run := e.Start(Talk)
			e.Await(e.Name, has("WorkflowTaskCompleted"))
			stop()
			e.Worker(worker.Options{}, Talk)
			e.query("!")
			e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "stop", nil))
			e.End(run)
		}},
	}
}

func updateScenarios() []Scenario {
	return []Scenario{
		{"updates", talks(func(e *Env) {
			e.say("hello")
			e.say("again")
			e.query("!")
		})},
		{"updates-rejected", talks(func(e *Env) {
			e.say("")
			_, err := e.update("shout", "hello")
			e.NoteErr("unknown update", err)
			e.say("hello")
		})},
		{"updates-slowly", talks(func(e *Env) {
			e.say("slowly")
			e.say("nonsense")
			e.say("slowly") // the same id: it has been done
		})},
		{"updates-accepted", talks(func(e *Env) {
			h, err := e.Client.UpdateWorkflow(e.Ctx(), client.UpdateWorkflowOptions{
				UpdateID: "u", WorkflowID: e.Name, UpdateName: "say", Args: []any{"slowly"},
				WaitForStage: client.WorkflowUpdateStageAccepted,
			})
			e.NoteErr("update", err)
			var out string
			e.NoteErr("its end", h.Get(e.Ctx(), &out))
			e.Note("it was %s", out)
			e.NoteErr("another", e.Client.GetWorkflowUpdateHandle(client.GetWorkflowUpdateHandleOptions{
				WorkflowID: e.Name, RunID: "", UpdateID: "unknown",
			}).Get(e.Ctx(), nil))
		})},
		{"update-outlived", func(e *Env) {
			var h client.WorkflowUpdateHandle
			talks(func(e *Env) {
				var err error
				h, err = e.Client.UpdateWorkflow(e.Ctx(), client.UpdateWorkflowOptions{
					UpdateID: "u", WorkflowID: e.Name, UpdateName: "say", Args: []any{"forever"},
					WaitForStage: client.WorkflowUpdateStageAccepted,
				})
				e.Must(err)
			})(e)
			e.NoteErr("its end", h.Get(e.Ctx(), nil))
		}},
		{"updates-first", func(e *Env) {
			run := e.Start(Talk)
			said := e.inBackground(func() error { e.say("hello"); return nil })
			e.awaitUpdate(execution(run), "say-hello")
			e.Worker(worker.Options{}, Talk)
			e.Must(<-said)
			e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "stop", nil))
			e.End(run)
		}},
	}
}
