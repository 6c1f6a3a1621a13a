package compat

import (
	"fmt"
	"strings"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	"google.golang.org/protobuf/types/known/anypb"
)

// A task is a workflow task that history says was completed.
type task struct {
	// previous is the WorkflowTaskStarted of the one before, started its own.
	previous, started int64
	// messages are the updates that came with it.
	messages []*protocolpb.Message
	// events are those that its commands have caused.
	events []*historypb.HistoryEvent
}

// tasksOf are the completed tasks of a history.
func tasksOf(events []*historypb.HistoryEvent) (tasks []task) {
	previous := int64(0)
	for i, e := range events {
		a := e.GetWorkflowTaskCompletedEventAttributes()
		if a == nil {
			continue
		}
		t := task{previous: previous, started: a.GetStartedEventId()}
		for _, e := range events[i+1:] {
			if !isCommand(e) {
				break
			}
			t.events = append(t.events, e)
			if m := request(e); m != nil {
				t.messages = append(t.messages, m)
			}
		}
		tasks = append(tasks, t)
		previous = t.started
	}
	return tasks
}

// request is the message that brought the update which the event accepts.
func request(e *historypb.HistoryEvent) *protocolpb.Message {
	a := e.GetWorkflowExecutionUpdateAcceptedEventAttributes()
	if a == nil {
		return nil
	}
	body, err := anypb.New(a.GetAcceptedRequest())
	if err != nil {
		return nil // history has just been decoded
	}
	return &protocolpb.Message{
		Id: a.GetAcceptedRequestMessageId(), ProtocolInstanceId: a.GetProtocolInstanceId(), Body: body,
		SequencingId: &protocolpb.Message_EventId{EventId: a.GetAcceptedRequestSequencingEventId()},
	}
}

// isCommand reports whether a command has caused the event.
func isCommand(e *historypb.HistoryEvent) bool {
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
		return true
	default:
		return commandOf(e) != ""
	}
}

// asked checks that the commands are those that history has, in its order.
func (t task) asked(commands []*commandpb.Command) error {
	var want, got []string
	for _, e := range t.events {
		if c := commandOf(e); c != "" {
			want = append(want, c)
			continue
		}
		want = append(want, enumspb.COMMAND_TYPE_PROTOCOL_MESSAGE.String())
	}
	for _, c := range commands {
		got = append(got, c.GetCommandType().String())
	}
	if w, g := strings.Join(want, " "), strings.Join(got, " "); w != g {
		return fmt.Errorf("the code asks for [%s], history has [%s]", g, w)
	}
	return nil
}

// commandOf is the type of the command that has caused the event; empty if none
// has, or a message.
func commandOf(e *historypb.HistoryEvent) string {
	c, ok := map[enumspb.EventType]enumspb.CommandType{
		enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:                              enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED:                       enumspb.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK,
		enumspb.EVENT_TYPE_TIMER_STARTED:                                        enumspb.COMMAND_TYPE_START_TIMER,
		enumspb.EVENT_TYPE_TIMER_CANCELED:                                       enumspb.COMMAND_TYPE_CANCEL_TIMER,
		enumspb.EVENT_TYPE_MARKER_RECORDED:                                      enumspb.COMMAND_TYPE_RECORD_MARKER,
		enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:             enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION,
		enumspb.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: enumspb.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION,
		enumspb.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:         enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION,
		enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:                    enumspb.COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
		enumspb.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:                         enumspb.COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:                         enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:                            enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:                          enumspb.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:                  enumspb.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION,
	}[e.GetEventType()]
	if !ok {
		return ""
	}
	return c.String()
}
