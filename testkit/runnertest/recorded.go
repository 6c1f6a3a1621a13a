package runnertest

import (
	"slices"

	gocmp "github.com/google/go-cmp/cmp"
	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// recorded is a workflow task that history says was completed.
type recorded struct {
	previous int64 // the WorkflowTaskStarted of the one that was completed before
	started  int64
	flags    []uint32
	// messages are the update requests that it has accepted.
	messages       []*protocolpb.Message
	recordsMarkers bool
	did            *did // what code does in it; nil if it had ended before
}

// did is what code does in a task, in all steps.
type did struct {
	commands []*commandpb.Command
	messages []*protocolpb.Message
	closed   bool
}

func (d *did) add(c *runner.Completion) {
	d.commands = append(d.commands, c.Commands...)
	d.messages = append(d.messages, c.Messages...)
	d.closed = d.closed || c.Closed
}

// diff is empty if o is the same.
func (d *did) diff(o *did) string {
	if d.closed == o.closed && slices.EqualFunc(d.commands, o.commands, equal[*commandpb.Command]) &&
		slices.EqualFunc(d.messages, o.messages, equal[*protocolpb.Message]) {
		return "" // the diff is dear, and rarely needed
	}
	return gocmp.Diff(d.commands, o.commands, protocmp.Transform()) +
		gocmp.Diff(d.messages, o.messages, protocmp.Transform()) +
		gocmp.Diff(d.closed, o.closed)
}

func equal[M proto.Message](a, b M) bool { return proto.Equal(a, b) }

// tasksOf returns the tasks that history says were completed.
func tasksOf(events []*historypb.HistoryEvent) (tasks []*recorded) {
	var started, previous int64
	admitted := make(map[string]bool) // what a reset carried over comes with history
	for _, e := range events {
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED:
			started = e.GetEventId()
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			meta := e.GetWorkflowTaskCompletedEventAttributes().GetSdkMetadata()
			tasks = append(tasks, &recorded{previous: previous, started: started, flags: meta.GetLangUsedFlags()})
			previous = started
		case enumspb.EVENT_TYPE_MARKER_RECORDED:
			if len(tasks) > 0 {
				tasks[len(tasks)-1].recordsMarkers = true
			}
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ADMITTED:
			admitted[e.GetWorkflowExecutionUpdateAdmittedEventAttributes().GetRequest().GetMeta().GetUpdateId()] = true
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
			a := e.GetWorkflowExecutionUpdateAcceptedEventAttributes()
			if len(tasks) > 0 && !admitted[a.GetProtocolInstanceId()] {
				t := tasks[len(tasks)-1]
				t.messages = append(t.messages, request(a))
			}
		default:
		}
	}
	return tasks
}

// request is the message that once carried the request of an update.
func request(a *historypb.WorkflowExecutionUpdateAcceptedEventAttributes) *protocolpb.Message {
	m := &protocolpb.Message{
		Id: a.GetAcceptedRequestMessageId(), ProtocolInstanceId: a.GetProtocolInstanceId(),
		SequencingId: &protocolpb.Message_EventId{EventId: a.GetAcceptedRequestSequencingEventId()},
	}
	if body, err := anypb.New(a.GetAcceptedRequest()); err == nil { // else the machines complain of it
		m.Body = body
	}
	return m
}
