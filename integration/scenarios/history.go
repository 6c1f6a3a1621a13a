package scenarios

import (
	"strconv"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

type historyRequest = workflowservice.GetWorkflowExecutionHistoryRequest

// manySignals sends more signals than there are events on a page.
func (e *Env) manySignals() {
	for i := range 270 {
		e.Must(e.Client.SignalWorkflow(e.Ctx(), e.Name, "", "say", strconv.Itoa(i)))
	}
}

// pages reads history page by page and notes the events.
func (e *Env) pages(req *historyRequest, events []*historypb.HistoryEvent) {
	e.Helper()
	n := 0
	for more := true; more; more = len(req.GetNextPageToken()) > 0 {
		resp, err := e.Service.GetWorkflowExecutionHistory(e.Ctx(), req)
		e.Must(err)
		events = append(events, resp.GetHistory().GetEvents()...)
		req.NextPageToken = resp.GetNextPageToken()
		n++
	}
	e.Note("%d events on one page: %v", len(events), n == 1)
	for i, event := range events {
		if event.GetEventId() != int64(i+1) {
			e.Note("event %d is in place %d", event.GetEventId(), i+1)
		}
	}
}

// backward reads history from its end and notes the events.
func (e *Env) backward(size int32) {
	e.Helper()
	var next []byte
	for first := true; first || len(next) > 0; first = false {
		resp, err := e.Service.GetWorkflowExecutionHistoryReverse(e.Ctx(),
			&workflowservice.GetWorkflowExecutionHistoryReverseRequest{
				Namespace: "default", Execution: e.execution(), MaximumPageSize: size, NextPageToken: next,
			})
		e.Must(err)
		for _, event := range resp.GetHistory().GetEvents() {
			e.Note("  %s", eventText(event))
		}
		next = resp.GetNextPageToken()
	}
}

// follow asks for events that have not happened yet, in the background.
func (e *Env) follow(req *historyRequest) <-chan *workflowservice.GetWorkflowExecutionHistoryResponse {
	done := make(chan *workflowservice.GetWorkflowExecutionHistoryResponse, 1)
	ctx := e.Ctx()
	go func() {
		resp, err := e.Service.GetWorkflowExecutionHistory(ctx, req)
		if err != nil {
			e.Errorf("long poll: %v", err)
		}
		done <- resp
	}()
	return done
}

func (e *Env) noteHistory(what string, resp *workflowservice.GetWorkflowExecutionHistoryResponse) {
	e.Note("%s: more: %v", what, len(resp.GetNextPageToken()) > 0)
	for _, event := range resp.GetHistory().GetEvents() {
		e.Note("  %s", eventText(event))
	}
}

func historyScenarios() []Scenario {
	return alone([]Scenario{
		{"history-pages", func(e *Env) {
			e.Start(Listen)
			e.manySignals()
			e.pages(&historyRequest{Namespace: "default", Execution: e.execution()}, nil)
			t, err := e.Service.PollWorkflowTaskQueue(e.Ctx(), &workflowservice.PollWorkflowTaskQueueRequest{
				Namespace: "default", Identity: Identity, TaskQueue: e.queue(),
			})
			e.Must(err)
			e.Note("the task has all: %v", len(t.GetNextPageToken()) == 0)
			e.pages(&historyRequest{
				Namespace: "default", Execution: t.GetWorkflowExecution(), NextPageToken: t.GetNextPageToken(),
			}, t.GetHistory().GetEvents())
			e.respond(t, nil, complete())
		}},
		{"history-follows", func(e *Env) {
			e.Start(Listen)
			req := &historyRequest{Namespace: "default", Execution: e.execution(), WaitNewEvent: true}
			resp, err := e.Service.GetWorkflowExecutionHistory(e.Ctx(), req)
			e.Must(err)
			e.noteHistory("at once", resp)
			req.NextPageToken = resp.GetNextPageToken()
			next := e.follow(req)
			e.signal()
			resp = <-next
			e.noteHistory("then", resp)
			req.NextPageToken = resp.GetNextPageToken()
			next = e.follow(req)
			e.over()
			e.noteHistory("at last", <-next)
			req.NextPageToken = nil
			resp, err = e.Service.GetWorkflowExecutionHistory(e.Ctx(), req)
			e.Must(err)
			e.noteHistory("afterwards", resp)
		}},
		{"history-close-event", func(e *Env) {
			e.Start(Listen)
			req := &historyRequest{
				Namespace: "default", Execution: e.execution(),
				HistoryEventFilterType: enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
			}
			resp, err := e.Service.GetWorkflowExecutionHistory(e.Ctx(), req)
			e.Must(err)
			e.Note("without waiting: %d events, more: %v", len(resp.GetHistory().GetEvents()), len(resp.GetNextPageToken()) > 0)
			req.WaitNewEvent = true
			next := e.follow(req)
			e.signal()
			e.over()
			e.noteHistory("at last", <-next)
			resp, err = e.Service.GetWorkflowExecutionHistory(e.Ctx(), req)
			e.Must(err)
			e.noteHistory("afterwards", resp)
		}},
		{"history-backward", historyBackward},
		{"deletes", deletes},
	})
}

// historyBackward reads history from its end.
func historyBackward(e *Env) {
	e.Start(Listen)
	e.signal()
	e.signal()
	e.backward(0)
	e.over()
	e.backward(2)
	for _, x := range []*commonpb.WorkflowExecution{
		nil, {WorkflowId: "nowhere"}, {WorkflowId: "nowhere", RunId: "11111111-1111-4111-8111-111111111111"},
	} {
		_, err := e.Service.GetWorkflowExecutionHistoryReverse(e.Ctx(),
			&workflowservice.GetWorkflowExecutionHistoryReverseRequest{Namespace: "default", Execution: x})
		e.NoteErr("backward", err)
	}
	_, err := e.Service.GetWorkflowExecutionHistoryReverse(e.Ctx(),
		&workflowservice.GetWorkflowExecutionHistoryReverseRequest{
			Namespace: "default", Execution: e.execution(), NextPageToken: []byte("nonsense"),
		})
	e.NoteErr("backward from nowhere", err)
}

// deletes has workflows deleted that are open and closed.
func deletes(e *Env) {
	del := func(what string, x *commonpb.WorkflowExecution) {
		_, err := e.Service.DeleteWorkflowExecution(e.Ctx(), &workflowservice.DeleteWorkflowExecutionRequest{
			Namespace: "default", WorkflowExecution: x,
		})
		e.NoteErr("delete "+what, err)
	}
	gone := func(x *commonpb.WorkflowExecution) {
		e.Until(func() bool {
			_, err := e.Client.DescribeWorkflowExecution(e.Ctx(), x.GetWorkflowId(), x.GetRunId())
			return err != nil
		})
		_, err := e.Client.DescribeWorkflowExecution(e.Ctx(), x.GetWorkflowId(), x.GetRunId())
		e.NoteErr("describe", err)
	}
	start := func() *commonpb.WorkflowExecution {
		run, err := e.Client.ExecuteWorkflow(e.Ctx(), client.StartWorkflowOptions{ID: e.Name, TaskQueue: e.Name}, Listen)
		e.Must(err)
		return &commonpb.WorkflowExecution{WorkflowId: e.Name, RunId: run.GetRunID()}
	}
	first := start()
	del("one that is open", &commonpb.WorkflowExecution{WorkflowId: e.Name})
	gone(first)
	gone(&commonpb.WorkflowExecution{WorkflowId: e.Name})
	del("it once more", first)
	second := start()
	e.over()
	del("one that is closed", second) // which may take the server half a minute
	del("nothing", nil)
	del("what is not there", &commonpb.WorkflowExecution{WorkflowId: "nowhere"})
}

func speculativeScenarios() []Scenario {
	update := func(e *Env) <-chan error {
		return e.inBackground(func() error { _, err := e.update("say", "hello"); return err })
	}
	return alone([]Scenario{
		{"speculative-times-out", func(e *Env) {
			e.touch()
			e.StartWith(client.StartWorkflowOptions{WorkflowTaskTimeout: second}, Listen)
			e.respond(e.poll(""), stick(e))
			done := update(e)
			t := e.poll(sticky)
			again := e.poll("") // when its time is over
			e.respond(t, reject(t), complete())
			e.respond(again, reject(again), complete())
			e.NoteErr("update", <-done)
		}},
		{"speculative-is-not-taken", func(e *Env) {
			e.touch()
			e.Start(Listen)
			e.respond(e.poll(""), stick(e))
			done := update(e)
			t := e.poll("") // when it has waited long enough on the other queue
			e.respond(t, reject(t), complete())
			e.NoteErr("update", <-done)
		}},
		{"speculative-then-signal", func(e *Env) {
			e.touch()
			e.StartWith(client.StartWorkflowOptions{WorkflowTaskTimeout: 10 * time.Second}, Listen)
			e.respond(e.poll(""), stick(e))
			done := update(e)
			t := e.poll(sticky)
			e.signal()
			e.respond(t, both(stick(e), reject(t)))
			e.NoteErr("update", <-done)
			e.respond(e.poll(sticky), nil, complete())
		}},
	})
}
