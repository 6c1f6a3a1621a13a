package scenarios

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	querypb "go.temporal.io/api/query/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/mainspring-go/mainspring/testkit/service"
)

// Limited is a namespace whose limits are low, on every server that the scenarios
// run on.
const Limited = "limited"

// The limits of the namespace; all others are the server's own.
const (
	LimitedBlob           = 2000 // bytes
	LimitedBlobWarn       = 1000
	LimitedMemo           = 1500
	LimitedEvents         = 30
	LimitedEventsSuggest  = 10
	LimitedHistory        = 20000
	LimitedHistorySuggest = 8000
	LimitedPending        = 2 // activities, children, signals and cancellations, of each
	LimitedUpdates        = 3
	LimitedUpdatesAtOnce  = 2
	LimitedSignals        = 24
)

// Limits are those of the namespaces, for the service in memory.
func Limits() map[string]service.Limits {
	return map[string]service.Limits{Limited: {
		Blob: LimitedBlob, BlobWarn: LimitedBlobWarn, Memo: LimitedMemo,
		Events: LimitedEvents, EventsSuggest: LimitedEventsSuggest,
		History: LimitedHistory, HistorySuggest: LimitedHistorySuggest,
		PendingActivities: LimitedPending, PendingChildren: LimitedPending, PendingSignals: LimitedPending, PendingCancels: LimitedPending,
		Signals: LimitedSignals, Updates: LimitedUpdates, UpdatesInFlight: LimitedUpdatesAtOnce,
	}}
}

// limited is one workflow of the namespace, with its worker by hand.
type limited struct {
	*Env

	id, run string
}

func bytes(n int) *commonpb.Payloads {
	return &commonpb.Payloads{Payloads: []*commonpb.Payload{{Data: []byte(strings.Repeat("x", n))}}}
}

const tooBig, asBigAsCanBe = LimitedBlob + 1, LimitedBlob - 100

func fields(n int) map[string]*commonpb.Payload {
	return map[string]*commonpb.Payload{"color": bytes(n).GetPayloads()[0]}
}

func (e *Env) limitedRequest(id string) *workflowservice.StartWorkflowExecutionRequest {
	return &workflowservice.StartWorkflowExecutionRequest{
		Namespace: Limited, WorkflowId: id, WorkflowType: &commonpb.WorkflowType{Name: "Listen"},
		TaskQueue: &taskqueuepb.TaskQueue{Name: id}, RequestId: uuid.NewString(), Identity: Identity,
	}
}

func (e *Env) limited(id string) *limited {
	e.Helper()
	id = e.Name + "-" + id
	resp, err := e.Service.StartWorkflowExecution(e.Ctx(), e.limitedRequest(id))
	e.Must(err)
	return &limited{e, id, resp.GetRunId()}
}

// over notes what there is of the workflow in the end, and ends it.
func (l *limited) over() {
	l.Helper()
	events := func() {
		resp, err := l.Service.GetWorkflowExecutionHistory(l.Ctx(), &workflowservice.GetWorkflowExecutionHistoryRequest{
			Namespace: Limited, Execution: &commonpb.WorkflowExecution{WorkflowId: l.id, RunId: l.run},
		})
		l.Must(err)
		l.Note("history of %s", l.id)
		for _, event := range resp.GetHistory().GetEvents() {
			l.Note("%s", short(eventText(event)))
		}
	}
	events()
	_, _ = l.Service.TerminateWorkflowExecution(l.Ctx(), &workflowservice.TerminateWorkflowExecutionRequest{
		Namespace: Limited, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: l.id},
	})
}

// short leaves out most of a long row of the same letters.
func short(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, strings.Repeat("eHh4", 32), "~"), strings.Repeat("x", 32), "-")
}

func (l *limited) task() *workflowTask {
	l.Helper()
	t, err := l.Service.PollWorkflowTaskQueue(l.Ctx(), &workflowservice.PollWorkflowTaskQueueRequest{
		Namespace: Limited, Identity: Identity, TaskQueue: &taskqueuepb.TaskQueue{Name: l.id},
	})
	l.Must(err)
	return t
}

func (l *limited) answer(t *workflowTask, commands ...*commandpb.Command) {
	l.Helper()
	_, err := l.Service.RespondWorkflowTaskCompleted(l.Ctx(), &answer{
		Namespace: Limited, Identity: Identity, TaskToken: t.GetTaskToken(), Commands: commands,
	})
	l.NoteErr("respond", err)
}

func (l *limited) send(n int) {
	_, err := l.Service.SignalWorkflowExecution(l.Ctx(), &workflowservice.SignalWorkflowExecutionRequest{
		Namespace: Limited, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: l.id},
		SignalName: "say", Input: bytes(n), Identity: Identity,
	})
	l.NoteErr(fmt.Sprintf("signal with %d bytes", n), err)
}

func (l *limited) activityCommand(id string, input *commonpb.Payloads) *commandpb.Command {
	c := scheduleActivity(l.Env, id)
	a := c.GetScheduleActivityTaskCommandAttributes()
	a.Input, a.TaskQueue = input, &taskqueuepb.TaskQueue{Name: l.id}
	a.RetryPolicy = &commonpb.RetryPolicy{MaximumAttempts: 1}
	return c
}

func (l *limited) activity() *workflowservice.PollActivityTaskQueueResponse {
	l.Helper()
	a, err := l.Service.PollActivityTaskQueue(l.Ctx(), &workflowservice.PollActivityTaskQueueRequest{
		Namespace: Limited, Identity: Identity, TaskQueue: &taskqueuepb.TaskQueue{Name: l.id},
	})
	l.Must(err)
	return a
}

func bigFailure(n int) *failurepb.Failure {
	return &failurepb.Failure{
		Message: strings.Repeat("x", n/2), Source: "GoSDK", StackTrace: strings.Repeat("x", n/2),
		Cause: &failurepb.Failure{Message: "the cause"},
		FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: "Big"},
		},
	}
}

func limitScenarios() []Scenario {
	return []Scenario{
		{"limit-start", limitedStart},
		{"limit-commands", limitedCommands},
		{"limit-activity-reports", limitedActivities},
		{"limit-task-failure", func(e *Env) {
			l := e.limited("failure")
			_, err := l.Service.RespondWorkflowTaskFailed(l.Ctx(), &workflowservice.RespondWorkflowTaskFailedRequest{
				Namespace: Limited, Identity: Identity, TaskToken: l.task().GetTaskToken(), Failure: bigFailure(tooBig),
				Cause: enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
			})
			e.NoteErr("fail", err)
			l.over()
		}},
		{"limit-query", limitedQueries},
		{"limit-pending", limitedPending},
		{"limit-signals", func(e *Env) {
			l := e.limited("signals")
			for range LimitedSignals + 1 {
				l.send(1)
			}
			l.over()
		}},
		{"limit-events", func(e *Env) {
			l := e.limited("events")
			for range 8 {
				l.send(1)
			}
			l.answer(l.task()) // the start of this one suggests to continue as new
			for range LimitedSignals - 8 {
				l.send(1)
			}
			l.answer(l.task(), l.activityCommand("1", nil), l.activityCommand("2", nil))
			l.send(1)
			l.over()
		}},
		{"limit-updates", limitedUpdates},
		{"limit-history-size", func(e *Env) {
			l := e.limited("size")
			for range 5 {
				l.send(asBigAsCanBe)
			}
			l.answer(l.task())
			for range 7 {
				l.send(asBigAsCanBe)
			}
			l.over()
		}},
	}
}

func limitedStart(e *Env) {
	start := func(what string, spoil func(*workflowservice.StartWorkflowExecutionRequest)) {
		r := e.limitedRequest(e.Name)
		spoil(r)
		_, err := e.Service.StartWorkflowExecution(e.Ctx(), r)
		e.NoteErr(what, err)
	}
	start("input", func(r *workflowservice.StartWorkflowExecutionRequest) { r.Input = bytes(tooBig) })
	start("memo", func(r *workflowservice.StartWorkflowExecutionRequest) {
		r.Memo = &commonpb.Memo{Fields: fields(LimitedMemo)}
	})
	start("header", func(r *workflowservice.StartWorkflowExecutionRequest) {
		r.Header = &commonpb.Header{Fields: fields(tooBig)}
		r.WorkflowId += "-header"
	})
	(&limited{Env: e, id: e.Name + "-header"}).over()
	with := func(what string, spoil func(*workflowservice.SignalWithStartWorkflowExecutionRequest)) {
		r := &workflowservice.SignalWithStartWorkflowExecutionRequest{
			Namespace: Limited, WorkflowId: e.Name, WorkflowType: &commonpb.WorkflowType{Name: "Listen"},
			TaskQueue: &taskqueuepb.TaskQueue{Name: e.Name}, RequestId: uuid.NewString(), Identity: Identity,
			SignalName: "say",
		}
		spoil(r)
		_, err := e.Service.SignalWithStartWorkflowExecution(e.Ctx(), r)
		e.NoteErr("with a signal: "+what, err)
	}
	with("input", func(r *workflowservice.SignalWithStartWorkflowExecutionRequest) { r.Input = bytes(tooBig) })
	with("signal", func(r *workflowservice.SignalWithStartWorkflowExecutionRequest) { r.SignalInput = bytes(tooBig) })
	with("memo", func(r *workflowservice.SignalWithStartWorkflowExecutionRequest) {
		r.Memo = &commonpb.Memo{Fields: fields(LimitedMemo)}
	})
	l := e.limited("signaled")
	l.send(tooBig)
	l.send(asBigAsCanBe)
	l.over()
}

// limitedCommands are commands with too much in them.
func limitedCommands(e *Env) {
	try := func(name string, commands func(l *limited) []*commandpb.Command) {
		l := e.limited(name)
		t := l.task()
		l.send(1) // it is held back
		l.answer(t, commands(l)...)
		l.over()
	}
	try("activity", func(l *limited) []*commandpb.Command {
		return []*commandpb.Command{l.activityCommand("1", nil), l.activityCommand("2", bytes(tooBig))}
	})
	try("marker", func(*limited) []*commandpb.Command {
		return []*commandpb.Command{{
			CommandType: enumspb.COMMAND_TYPE_RECORD_MARKER,
			Attributes: &commandpb.Command_RecordMarkerCommandAttributes{
				RecordMarkerCommandAttributes: &commandpb.RecordMarkerCommandAttributes{
					MarkerName: "m", Details: map[string]*commonpb.Payloads{"data": bytes(tooBig)},
				},
			},
		}}
	})
	memo := func(n int) *commandpb.Command {
		return &commandpb.Command{
			CommandType: enumspb.COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES,
			Attributes: &commandpb.Command_ModifyWorkflowPropertiesCommandAttributes{
				ModifyWorkflowPropertiesCommandAttributes: &commandpb.ModifyWorkflowPropertiesCommandAttributes{
					UpsertedMemo: &commonpb.Memo{Fields: fields(n)},
				},
			},
		}
	}
	try("memo", func(*limited) []*commandpb.Command { return []*commandpb.Command{memo(LimitedMemo)} })
	try("memo-blob", func(*limited) []*commandpb.Command { return []*commandpb.Command{memo(tooBig)} })
	closing := func(name string, c *commandpb.Command) {
		l := e.limited(name)
		l.answer(l.task(), c)
		l.over()
	}
	result := complete()
	result.GetCompleteWorkflowExecutionCommandAttributes().Result = bytes(tooBig)
	closing("result", result)
	closing("fails", &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_FailWorkflowExecutionCommandAttributes{
			FailWorkflowExecutionCommandAttributes: &commandpb.FailWorkflowExecutionCommandAttributes{
				Failure: bigFailure(tooBig),
			},
		},
	})
	closing("continues", &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_ContinueAsNewWorkflowExecutionCommandAttributes{
			ContinueAsNewWorkflowExecutionCommandAttributes: &commandpb.ContinueAsNewWorkflowExecutionCommandAttributes{
				WorkflowType: &commonpb.WorkflowType{Name: "Listen"}, Input: bytes(tooBig),
			},
		},
	})
	try("child", func(*limited) []*commandpb.Command {
		return []*commandpb.Command{childCommand("child", bytes(tooBig))}
	})
	try("signals", func(*limited) []*commandpb.Command {
		return []*commandpb.Command{signalCommand("other", bytes(tooBig))}
	})
}

func childCommand(id string, input *commonpb.Payloads) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_StartChildWorkflowExecutionCommandAttributes{
			StartChildWorkflowExecutionCommandAttributes: &commandpb.StartChildWorkflowExecutionCommandAttributes{
				WorkflowId: id, WorkflowType: &commonpb.WorkflowType{Name: "Listen"}, Input: input,
			},
		},
	}
}

func signalCommand(id string, input *commonpb.Payloads) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_SignalExternalWorkflowExecutionCommandAttributes{
			SignalExternalWorkflowExecutionCommandAttributes: &commandpb.SignalExternalWorkflowExecutionCommandAttributes{
				Execution: &commonpb.WorkflowExecution{WorkflowId: id}, SignalName: "say", Input: input,
			},
		},
	}
}

func cancelCommand(id string) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION,
		Attributes: &commandpb.Command_RequestCancelExternalWorkflowExecutionCommandAttributes{
			RequestCancelExternalWorkflowExecutionCommandAttributes: &commandpb.RequestCancelExternalWorkflowExecutionCommandAttributes{
				WorkflowId: id,
			},
		},
	}
}

// limitedPending has more of one kind pending than may be.
func limitedPending(e *Env) {
	try := func(name string, command func(l *limited, id string) *commandpb.Command) {
		l := e.limited(name)
		var commands []*commandpb.Command
		for i := range LimitedPending + 1 {
			commands = append(commands, command(l, fmt.Sprint("id-", i)))
		}
		l.answer(l.task(), commands...)
		l.over()
	}
	try("activities", func(l *limited, id string) *commandpb.Command { return l.activityCommand(id, nil) })
	try("children", func(_ *limited, id string) *commandpb.Command { return childCommand(id, nil) })
	try("signals", func(_ *limited, id string) *commandpb.Command { return signalCommand(id, nil) })
	try("cancels", func(_ *limited, id string) *commandpb.Command { return cancelCommand(id) })
}

// limitedActivities are reports about activities with too much in them.
func limitedActivities(e *Env) {
	try := func(name string, report func(l *limited, token []byte) error) {
		l := e.limited(name)
		l.answer(l.task(), l.activityCommand("1", nil))
		e.NoteErr(name, report(l, l.activity().GetTaskToken()))
		l.over()
	}
	try("result", func(l *limited, token []byte) error {
		_, err := l.Service.RespondActivityTaskCompleted(l.Ctx(), &workflowservice.RespondActivityTaskCompletedRequest{
			Namespace: Limited, Identity: Identity, TaskToken: token, Result: bytes(tooBig),
		})
		return err
	})
	try("result-by-id", func(l *limited, _ []byte) error {
		_, err := l.Service.RespondActivityTaskCompletedById(l.Ctx(), &workflowservice.RespondActivityTaskCompletedByIdRequest{
			Namespace: Limited, Identity: Identity, WorkflowId: l.id, ActivityId: "1", Result: bytes(tooBig),
		})
		return err
	})
	try("heartbeat", func(l *limited, token []byte) error {
		resp, err := l.Service.RecordActivityTaskHeartbeat(l.Ctx(), &workflowservice.RecordActivityTaskHeartbeatRequest{
			Namespace: Limited, Identity: Identity, TaskToken: token, Details: bytes(tooBig),
		})
		e.Note("cancel requested: %v", resp.GetCancelRequested())
		return err
	})
	fail := func(f *failurepb.Failure, details *commonpb.Payloads) func(l *limited, token []byte) error {
		return func(l *limited, token []byte) error {
			resp, err := l.Service.RespondActivityTaskFailed(l.Ctx(), &workflowservice.RespondActivityTaskFailedRequest{
				Namespace: Limited, Identity: Identity, TaskToken: token, Failure: f, LastHeartbeatDetails: details,
			})
			e.Note("%s", short(Message(resp)))
			return err
		}
	}
	try("failure", fail(bigFailure(tooBig), nil))
	try("failure-and-details", fail(bigFailure(tooBig), bytes(tooBig)))
	try("last-details", fail(bigFailure(10), bytes(tooBig)))
	try("canceled", func(l *limited, token []byte) error {
		_, err := l.Service.RespondActivityTaskCanceled(l.Ctx(), &workflowservice.RespondActivityTaskCanceledRequest{
			Namespace: Limited, Identity: Identity, TaskToken: token, Details: bytes(tooBig),
		})
		return err
	})
}

// limitedUpdates sends more updates than may be.
func limitedUpdates(e *Env) {
	l := e.limited("updates")
	update := func(id string) func() error {
		return func() error {
			_, err := l.Service.UpdateWorkflowExecution(l.Ctx(), &workflowservice.UpdateWorkflowExecutionRequest{
				Namespace: Limited, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: l.id},
				Request: &updatepb.Request{
					Meta:  &updatepb.Meta{UpdateId: id, Identity: Identity},
					Input: &updatepb.Input{Name: "say", Args: bytes(1)},
				},
				WaitPolicy: &updatepb.WaitPolicy{LifecycleStage: enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED},
			})
			return err
		}
	}
	l.answer(l.task())
	respond := func(t *workflowTask, messages ...*protocolpb.Message) {
		_, err := l.Service.RespondWorkflowTaskCompleted(l.Ctx(), &answer{
			Namespace: Limited, Identity: Identity, TaskToken: t.GetTaskToken(), Messages: messages,
		})
		e.NoteErr("respond", err)
	}
	for _, id := range []string{"1", "2"} {
		done := l.inBackground(update(id))
		t := l.task()
		respond(t, accepted(t)...)
		e.NoteErr("update "+id, <-done)
	}
	e.NoteErr("one more", update("3")())
	l.send(1)
	respond(l.task(), done("1"), done("2"))
	third := l.inBackground(update("3"))
	t := l.task()
	respond(t, append(accepted(t), done("3"))...)
	e.NoteErr("once more", <-third)
	e.NoteErr("one too many", update("4")())
	l.over()
}

// accepted says yes to the updates of a task.
func accepted(t *workflowTask) []*protocolpb.Message {
	var out []*protocolpb.Message
	for _, m := range t.GetMessages() {
		out = append(out, message(m.GetProtocolInstanceId(), "accept", &updatepb.Acceptance{
			AcceptedRequestMessageId: m.GetId(), AcceptedRequestSequencingEventId: m.GetEventId(),
		}))
	}
	return out
}

// done says that an update has come to its end.
func done(id string) *protocolpb.Message {
	return message(id, "respond", &updatepb.Response{
		Meta:    &updatepb.Meta{UpdateId: id},
		Outcome: &updatepb.Outcome{Value: &updatepb.Outcome_Success{Success: bytes(1)}},
	})
}

func message(id, what string, m proto.Message) *protocolpb.Message {
	body, err := anypb.New(m)
	if err != nil {
		return nil
	}
	return &protocolpb.Message{Id: id + "/" + what, ProtocolInstanceId: id, Body: body}
}

// limitedQueries answers queries with too much.
func limitedQueries(e *Env) {
	l := e.limited("query")
	ask := func() <-chan error {
		return l.inBackground(func() error {
			_, err := l.Service.QueryWorkflow(l.Ctx(), &workflowservice.QueryWorkflowRequest{
				Namespace: Limited, Execution: &commonpb.WorkflowExecution{WorkflowId: l.id},
				Query: &querypb.WorkflowQuery{QueryType: "what"},
			})
			return err
		})
	}
	l.answer(l.task())
	answer := ask()
	_, err := l.Service.RespondQueryTaskCompleted(l.Ctx(), &workflowservice.RespondQueryTaskCompletedRequest{
		Namespace: Limited, TaskToken: l.task().GetTaskToken(),
		CompletedType: enumspb.QUERY_RESULT_TYPE_ANSWERED, QueryResult: bytes(tooBig),
	})
	e.NoteErr("answer", err)
	e.NoteErr("the query", <-answer)
	l.over()
}
