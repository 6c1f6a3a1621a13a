package scenarios

import (
	"context"
	"time"

	"github.com/google/uuid"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	querypb "go.temporal.io/api/query/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// unheardScenarios are queries while nobody polls the queue, nor has of late.
func unheardScenarios() []Scenario {
	return []Scenario{
		{"query-unheard", func(e *Env) {
			e.respond(e.startEagerly(uuid.NewString(), nil), nil, complete())
			e.NoteErr("query", e.ask(e.within(1500*time.Millisecond)))
		}},
		{"query-heard-late", func(e *Env) {
			e.respond(e.startEagerly(uuid.NewString(), nil), nil, complete())
			done := e.inBackground(func() error { return e.ask(e.Ctx()) })
			began := time.Now()
			e.Until(func() bool { return time.Since(began) > 100*time.Millisecond }) // the query is there first
			t := e.poll("")
			_, err := e.Service.RespondQueryTaskCompleted(e.Ctx(), &workflowservice.RespondQueryTaskCompletedRequest{
				Namespace: "default", TaskToken: t.GetTaskToken(), CompletedType: enumspb.QUERY_RESULT_TYPE_ANSWERED,
			})
			e.NoteErr("answer", err)
			e.NoteErr("query", <-done)
		}},
	}
}

// ask asks the scenario's workflow something.
func (e *Env) ask(ctx context.Context) error {
	_, err := e.Service.QueryWorkflow(ctx, &workflowservice.QueryWorkflowRequest{
		Namespace: "default", Execution: &commonpb.WorkflowExecution{WorkflowId: e.Name},
		Query: &querypb.WorkflowQuery{QueryType: "what"},
	})
	return err
}
