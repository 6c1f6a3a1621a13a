package scenarios

import (
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Count counts down, one run for each number.
func Count(ctx workflow.Context, from int) (string, error) {
	if from == 0 {
		return "zero", nil
	}
	return "", workflow.NewContinueAsNewError(ctx, Count, from-1)
}

// chain makes the histories of all runs of a chain part of what was seen, from
// the given one on, and returns the last of them.
func (e *Env) chain(id, runID string) string {
	e.Helper()
	for {
		e.Keep(id, runID)
		next := successor(e.History(&commonpb.WorkflowExecution{WorkflowId: id, RunId: runID}))
		if next == "" {
			return runID
		}
		runID = next
	}
}

// successor is the id of the run that follows the one with the history.
func successor(events []*historypb.HistoryEvent) string {
	last := events[len(events)-1]
	return last.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId() +
		last.GetWorkflowExecutionCompletedEventAttributes().GetNewExecutionRunId() +
		last.GetWorkflowExecutionFailedEventAttributes().GetNewExecutionRunId() +
		last.GetWorkflowExecutionTimedOutEventAttributes().GetNewExecutionRunId()
}

// endChain waits for the end of the chain that begins with the run.
func (e *Env) endChain(run client.WorkflowRun) {
	e.Helper()
	first := run.GetRunID()
	e.End(run)
	e.chain(run.GetID(), first)
}

// next waits for the run that follows the given one, and returns it.
func (e *Env) next(run *commonpb.WorkflowExecution) *commonpb.WorkflowExecution {
	e.Helper()
	id := ""
	e.Until(func() bool {
		id = successor(e.History(run))
		return id != ""
	})
	e.Keep(run.GetWorkflowId(), id)
	return &commonpb.WorkflowExecution{WorkflowId: run.GetWorkflowId(), RunId: id}
}

func execution(run client.WorkflowRun) *commonpb.WorkflowExecution {
	return &commonpb.WorkflowExecution{WorkflowId: run.GetID(), RunId: run.GetRunID()}
}

// continueAsNew is the command with what a test changes of it.
func continueAsNew(with func(*commandpb.ContinueAsNewWorkflowExecutionCommandAttributes)) *commandpb.Command {
	a := &commandpb.ContinueAsNewWorkflowExecutionCommandAttributes{}
	if with != nil {
		with(a)
	}
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_ContinueAsNewWorkflowExecutionCommandAttributes{
			ContinueAsNewWorkflowExecutionCommandAttributes: a,
		},
	}
}

func chainScenarios() []Scenario {
	return []Scenario{
		{"continues", func(e *Env) {
			e.Worker(worker.Options{}, Count)
			e.endChain(e.StartWith(client.StartWorkflowOptions{
				Memo: map[string]any{"color": "blue"}, WorkflowExecutionTimeout: time.Hour,
				WorkflowTaskTimeout: 3 * time.Second, StaticSummary: "a countdown",
			}, Count, 2))
			e.Note("%s", describe(e, e.Name))
		}},
		{"continues-elsewhere", continuesElsewhere},
		{"continues-by-hand", continuesByHand},
		{"continues-badly", continuesBadly},
		{"continues-blind", func(e *Env) {
			first := e.Start(Listen)
			t := e.poll("")
			e.signal()
			e.respond(t, nil, continueAsNew(nil)) // there is something that it has not seen
			e.respond(e.poll(""), nil, continueAsNew(nil))
			e.next(execution(first))
			e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "over"))
		}},
		{"continues-too-long", func(e *Env) {
			// The time of the whole chain is over while the second run waits.
			first := e.StartWith(client.StartWorkflowOptions{WorkflowExecutionTimeout: 3 * time.Second}, Listen)
			e.respond(e.poll(""), nil, continueAsNew(func(a *commandpb.ContinueAsNewWorkflowExecutionCommandAttributes) {
				a.BackoffStartInterval = durationpb.New(time.Hour)
			}))
			e.endChain(first)
		}},
		{"continued-runs", continuedRuns},
		{"continued-history", continuedHistory},
		{"continued-updates", continuedUpdates},
		{"continued-meanwhile", continuedMeanwhile},
	}
}

// continuesElsewhere changes everything that the SDK lets a workflow change.
func continuesElsewhere(e *Env) {
	other := e.Name + "-other"
	elsewhere := func(ctx workflow.Context) error {
		workflow.GetVersion(ctx, "change", workflow.DefaultVersion, 1) // writes a search attribute
		if err := workflow.UpsertMemo(ctx, map[string]any{"shape": "round"}); err != nil {
			return err
		}
		ctx = workflow.WithWorkflowTaskQueue(ctx, other)
		ctx = workflow.WithWorkflowRunTimeout(ctx, 20*time.Minute)
		ctx = workflow.WithWorkflowTaskTimeout(ctx, 4*time.Second)
		return workflow.NewContinueAsNewErrorWithOptions(ctx, workflow.ContinueAsNewErrorOptions{
			RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 3},
		}, "Greet", "Ada")
	}
	e.Worker(worker.Options{}, named{"Elsewhere", elsewhere})
	w := worker.New(e.Client, other, worker.Options{Identity: Identity})
	w.RegisterWorkflow(Greet)
	e.Must(w.Start())
	e.atEnd(w.Stop)
	e.endChain(e.StartWith(client.StartWorkflowOptions{
		Memo: map[string]any{"color": "blue"}, WorkflowRunTimeout: time.Hour,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 5},
	}, "Elsewhere"))
	e.Note("%s", describe(e, e.Name))
}

// continuesByHand says everything that the command can say.
func continuesByHand(e *Env) {
	first := e.Start(Listen)
	e.respond(e.poll(""), nil, continueAsNew(func(a *commandpb.ContinueAsNewWorkflowExecutionCommandAttributes) {
		a.WorkflowType = &commonpb.WorkflowType{Name: "Other"}
		a.TaskQueue = &taskqueuepb.TaskQueue{Name: e.Name, Kind: enumspb.TASK_QUEUE_KIND_NORMAL}
		a.Input, a.LastCompletionResult = payloads("1"), payloads("2")
		a.Failure = &failurepb.Failure{Message: "before", FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: "Before"},
		}}
		a.BackoffStartInterval = durationpb.New(1500 * time.Millisecond)
		a.Header = &commonpb.Header{Fields: map[string]*commonpb.Payload{"h": payload("3")}}
		a.Memo = &commonpb.Memo{Fields: map[string]*commonpb.Payload{"m": payload("4")}}
		a.Initiator = enumspb.CONTINUE_AS_NEW_INITIATOR_RETRY
		a.RetryPolicy = &commonpb.RetryPolicy{MaximumAttempts: 7, NonRetryableErrorTypes: []string{"Never"}}
		a.WorkflowRunTimeout, a.WorkflowTaskTimeout = durationpb.New(time.Hour), durationpb.New(time.Second)
		a.InheritBuildId = true //nolint:staticcheck // older workers ask for it
	}))
	second := e.next(execution(first))
	e.Note("%s", describe(e, e.Name))
	// Of all that, only the queue and the timeouts come from the run before.
	e.respond(e.poll(""), nil, continueAsNew(nil))
	e.next(second)
	e.Note("%s", describe(e, e.Name))
	e.respond(e.poll(""), nil, complete())
}

// continuesBadly are commands that fail their task.
func continuesBadly(e *Env) {
	type attributes = commandpb.ContinueAsNewWorkflowExecutionCommandAttributes
	e.StartWith(client.StartWorkflowOptions{WorkflowExecutionTimeout: time.Hour}, Listen)
	t := e.poll("")
	e.respond(t, nil, continueAsNew(func(a *attributes) {
		a.BackoffStartInterval = durationpb.New(-time.Second)
	}))
	t = e.poll("") // the second attempt stays in flight
	nothing := continueAsNew(nil)
	nothing.Attributes = nil
	e.respond(t, nil, nothing)
	for _, spoil := range []func(*attributes){
		func(a *attributes) { a.WorkflowRunTimeout = durationpb.New(-time.Second) },
		func(a *attributes) { a.WorkflowTaskTimeout = durationpb.New(-time.Second) },
		func(a *attributes) { a.TaskQueue = &taskqueuepb.TaskQueue{Name: "/_sys/x"} },
		func(a *attributes) { a.RetryPolicy = &commonpb.RetryPolicy{BackoffCoefficient: 0.5} },
		func(a *attributes) { a.RetryPolicy = &commonpb.RetryPolicy{MaximumAttempts: -1} },
		func(a *attributes) {
			a.RetryPolicy = &commonpb.RetryPolicy{NonRetryableErrorTypes: []string{"TemporalTimeout:Never"}}
		},
		func(a *attributes) {
			a.TaskQueue = &taskqueuepb.TaskQueue{Name: "elsewhere"}
			a.InheritBuildId = true //nolint:staticcheck // older workers ask for it
		},
		func(a *attributes) { a.CronSchedule = "nonsense" }, // taken: nobody looks at it
	} {
		e.respond(t, nil, continueAsNew(spoil))
	}
	e.next(e.runs[0])
	e.Must(e.Client.TerminateWorkflow(e.Ctx(), e.Name, "", "over"))
}

// continuedRuns asks the runs of a chain, by their ids and without one.
func continuedRuns(e *Env) {
	first := e.Start(Listen)
	e.respond(e.poll(""), nil, continueAsNew(func(a *commandpb.ContinueAsNewWorkflowExecutionCommandAttributes) {
		a.BackoffStartInterval = durationpb.New(time.Hour)
	}))
	second := e.next(execution(first))
	e.Note("first: %s", describeRun(e, e.Name, first.GetRunID()))
	e.Note("latest: %s", describe(e, e.Name))
	e.NoteErr("signal", e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "say", "hello"))
	e.NoteErr("signal the first", e.Client.SignalWorkflow(e.Ctx(), e.Name, first.GetRunID(), "say", "hello"))
	e.NoteErr("cancel the first", e.Client.CancelWorkflow(e.Ctx(), e.Name, first.GetRunID()))
	e.NoteErr("terminate the first", e.Client.TerminateWorkflow(e.Ctx(), e.Name, first.GetRunID(), "over"))
	_, err := e.Client.QueryWorkflow(e.Ctx(), e.Name, "", "what")
	e.NoteErr("query", err)
	for _, p := range []enumspb.WorkflowIdConflictPolicy{
		enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL, enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	} {
		resp, err := e.Service.StartWorkflowExecution(e.Ctx(), &workflowservice.StartWorkflowExecutionRequest{
			Namespace: "default", WorkflowId: e.Name, WorkflowType: &commonpb.WorkflowType{Name: "Listen"},
			TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name}, RequestId: p.String(), WorkflowIdConflictPolicy: p,
		})
		e.NoteErr("start", err)
		e.Note("%s", Message(resp))
	}
	terminate := func(chain string) {
		_, err := e.Service.TerminateWorkflowExecution(e.Ctx(), &workflowservice.TerminateWorkflowExecutionRequest{
			Namespace: "default", FirstExecutionRunId: chain, Identity: Identity,
			WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: e.Name, RunId: first.GetRunID()},
		})
		e.NoteErr("terminate", err)
	}
	terminate(second.GetRunId()) // which began no chain
	terminate(first.GetRunID())
	e.Note("latest: %s", describe(e, e.Name))
}

// continuedHistory waits for the end of a run that another follows.
func continuedHistory(e *Env) {
	e.Worker(worker.Options{}, Count)
	first := e.Start(Count, 1)
	ask := func(filter enumspb.HistoryEventFilterType) {
		resp, err := e.Service.GetWorkflowExecutionHistory(e.Ctx(), &workflowservice.GetWorkflowExecutionHistoryRequest{
			Namespace: "default", Execution: execution(first), WaitNewEvent: true, HistoryEventFilterType: filter,
		})
		e.NoteErr("history", err)
		events := resp.GetHistory().GetEvents()
		e.Note("%d events, more: %v, the last: %s", len(events), len(resp.GetNextPageToken()) > 0,
			eventText(events[len(events)-1]))
	}
	ask(enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT)
	ask(enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	by := e.Client.GetWorkflow(e.Ctx(), e.Name, first.GetRunID())
	e.NoteErr("this run alone", by.GetWithOptions(e.Ctx(), nil, client.WorkflowRunGetOptions{DisableFollowingRuns: true}))
	e.endChain(first)
	e.End(by) // the whole chain
	e.Note("it ended with the last run: %v", by.GetRunID() != execution(first).GetRunId())
	e.End(e.Client.GetWorkflow(e.Ctx(), e.Name, ""))
}

// continuedUpdates updates a workflow while it continues as new.
func continuedUpdates(e *Env) {
	e.Worker(worker.Options{}, named{"Renew", renew})
	first := e.StartWith(client.StartWorkflowOptions{}, "Renew", true)
	e.Await(e.Name, has("WorkflowTaskCompleted"))
	h, err := e.Client.UpdateWorkflow(e.Ctx(), client.UpdateWorkflowOptions{
		UpdateID: "u", WorkflowID: e.Name, UpdateName: "say", WaitForStage: client.WorkflowUpdateStageAccepted,
	})
	e.NoteErr("update", err)
	e.NoteErr("its end", h.Get(e.Ctx(), nil)) // the run ended before
	_, err = e.update("say", "")
	e.NoteErr("update the next run", err)
	e.endChain(first)
}

// renew continues as new once it has been updated, before the update has ended.
func renew(ctx workflow.Context, again bool) (string, error) {
	updated := false
	err := workflow.SetUpdateHandler(ctx, "say", func(ctx workflow.Context) error {
		updated = true
		if !again {
			return nil
		}
		return workflow.Await(ctx, func() bool { return false })
	})
	if err != nil {
		return "", err
	}
	if err := workflow.Await(ctx, func() bool { return updated }); err != nil || !again {
		return "updated", err
	}
	return "", workflow.NewContinueAsNewError(ctx, "Renew", false)
}

// continuedMeanwhile updates a workflow that continues as new before it has seen
// the update: the next run gets it, and at once, though it is to wait.
func continuedMeanwhile(e *Env) {
	first := e.Start(Listen)
	t := e.poll("")
	done := e.inBackground(func() error { _, err := e.update("say", "hello"); return err })
	e.awaitUpdate(execution(first), "say-hello")
	e.respond(t, nil, continueAsNew(func(a *commandpb.ContinueAsNewWorkflowExecutionCommandAttributes) {
		a.BackoffStartInterval = durationpb.New(time.Hour)
	}))
	e.next(execution(first))
	t = e.poll("")
	e.respond(t, reject(t))
	e.NoteErr("update", <-done)
	e.signal() // nothing is left of that task: the run waits as before
	e.Note("%s", describe(e, e.Name))
	e.Must(e.Client.CancelWorkflow(e.Ctx(), e.Name, ""))
	e.respond(e.poll(""), nil, complete())
}
