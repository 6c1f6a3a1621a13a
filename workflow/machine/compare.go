package machine

import (
	"slices"
	"strconv"
	"strings"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	updatepb "go.temporal.io/api/update/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// compare checks that the commands of a completion are those that history
// recorded, one by one. What is compared is what later events depend on: ids,
// names, kinds and order; inputs and timeouts may change.
func compare(c *runner.Completion, events []*historypb.HistoryEvent) *NondeterminismError {
	messages := make(map[string]*protocolpb.Message, len(c.Messages))
	for _, m := range c.Messages {
		messages[m.GetId()] = m
	}
	commands := checkedCommands(c.Commands)
	if slices.ContainsFunc(commands, isCancel) {
		events = slices.Clone(events) // findCancel moves them
	}
	for i, cmd := range commands {
		if i >= len(events) {
			return mismatch(events, commands, messages, i)
		}
		findCancel(cmd, events[i:])
		if !matches(cmd, events[i], messages) {
			return mismatch(events, commands, messages, i)
		}
	}
	if i := len(commands); i < len(events) {
		return mismatch(events, commands, messages, i)
	}
	return nil
}

// mismatch is the error of events and commands that part at index i.
func mismatch(
	events []*historypb.HistoryEvent, commands []*commandpb.Command, messages map[string]*protocolpb.Message, i int,
) *NondeterminismError {
	nd := &NondeterminismError{At: i}
	for _, e := range events {
		nd.History = append(nd.History, eventStep(e))
	}
	for _, cmd := range commands {
		nd.Code = append(nd.Code, commandStep(cmd, messages))
	}
	if i < len(events) {
		nd.EventID, nd.Event = events[i].GetEventId(), nd.History[i].String()
	}
	if i < len(commands) {
		nd.Command = nd.Code[i].String()
	}
	return nd
}

// isCancel reports whether a cancellation of a context makes commands like cmd.
func isCancel(cmd *commandpb.Command) bool {
	switch cmd.GetCommandType() {
	case enumspb.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK, enumspb.COMMAND_TYPE_CANCEL_TIMER:
		return true
	default:
		return isChildCancel(cmd)
	}
}

// findCancel brings the event of a cancellation to the front of its group. One
// cancellation of a context can cancel several things, and the official SDK did
// so in random order; which came first has no consequence.
func findCancel(cmd *commandpb.Command, events []*historypb.HistoryEvent) {
	if !isCancel(cmd) {
		return
	}
	for i, e := range events {
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED, enumspb.EVENT_TYPE_TIMER_CANCELED:
		default:
			if !e.GetRequestCancelExternalWorkflowExecutionInitiatedEventAttributes().GetChildWorkflowOnly() {
				return
			}
		}
		if matches(cmd, e, nil) {
			copy(events[1:i+1], events[:i])
			events[0] = e
			return
		}
	}
}

// matches reports whether e is what cmd would have caused.
func matches(
	cmd *commandpb.Command, e *historypb.HistoryEvent, messages map[string]*protocolpb.Message,
) bool {
	switch cmd.GetCommandType() {
	case enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK:
		have, want := cmd.GetScheduleActivityTaskCommandAttributes(), e.GetActivityTaskScheduledEventAttributes()
		return want != nil && have.GetActivityId() == want.GetActivityId() &&
			lastPart(have.GetActivityType().GetName()) == lastPart(want.GetActivityType().GetName())
	case enumspb.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK:
		want := e.GetActivityTaskCancelRequestedEventAttributes()
		return want != nil && want.GetScheduledEventId() ==
			cmd.GetRequestCancelActivityTaskCommandAttributes().GetScheduledEventId()
	case enumspb.COMMAND_TYPE_START_TIMER:
		want := e.GetTimerStartedEventAttributes()
		return want != nil && want.GetTimerId() == cmd.GetStartTimerCommandAttributes().GetTimerId()
	case enumspb.COMMAND_TYPE_CANCEL_TIMER:
		want := e.GetTimerCanceledEventAttributes()
		return want != nil && want.GetTimerId() == cmd.GetCancelTimerCommandAttributes().GetTimerId()
	case enumspb.COMMAND_TYPE_PROTOCOL_MESSAGE:
		return matchesMessage(messages[cmd.GetProtocolMessageCommandAttributes().GetMessageId()], e)
	case enumspb.COMMAND_TYPE_RECORD_MARKER:
		want := e.GetMarkerRecordedEventAttributes()
		return want != nil && want.GetMarkerName() == cmd.GetRecordMarkerCommandAttributes().GetMarkerName()
	case enumspb.COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
		return e.GetEventType() == enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES
	case enumspb.COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES:
		return e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED
	case enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:
		return e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
	case enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:
		return e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED
	case enumspb.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION:
		return e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED
	default:
		return matchesOther(cmd, e)
	}
}

// matchesMessage reports whether e is what m would have caused.
func matchesMessage(m *protocolpb.Message, e *historypb.HistoryEvent) bool {
	var accept updatepb.Acceptance
	if m.GetBody().MessageIs(&accept) && m.GetBody().UnmarshalTo(&accept) == nil {
		want := e.GetWorkflowExecutionUpdateAcceptedEventAttributes()
		return want != nil && want.GetProtocolInstanceId() == m.GetProtocolInstanceId() &&
			want.GetAcceptedRequestMessageId() == accept.GetAcceptedRequestMessageId() &&
			want.GetAcceptedRequestSequencingEventId() == accept.GetAcceptedRequestSequencingEventId()
	}
	var response updatepb.Response
	if m.GetBody().MessageIs(&response) && m.GetBody().UnmarshalTo(&response) == nil {
		want := e.GetWorkflowExecutionUpdateCompletedEventAttributes()
		return want != nil && want.GetMeta().GetUpdateId() == response.GetMeta().GetUpdateId()
	}
	return false
}

// lastPart is the name of a type without its package: old releases recorded both.
func lastPart(name string) string {
	return name[strings.LastIndexByte(name, '.')+1:]
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
