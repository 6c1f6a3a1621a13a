package histories

import (
	"fmt"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	updatepb "go.temporal.io/api/update/v1"

	"github.com/mainspring-go/mainspring/workflow/machine"
)

// Complete completes the open task with an answer.
func (h *History) Complete(a machine.Answer) {
	meta := &sdkpb.WorkflowTaskCompletedMetadata{LangUsedFlags: a.Flags}
	if h.Previous == 0 { // only what changes is recorded
		meta.SdkName, meta.SdkVersion = "mainspring-go", "0.1.0"
	}
	h.CompleteTask(meta)
	h.Command(a.Commands, a.Messages)
}

// Command adds the events that commands cause.
func (h *History) Command(commands []*commandpb.Command, messages []*protocolpb.Message) {
	byID := make(map[string]*protocolpb.Message, len(messages))
	for _, m := range messages {
		byID[m.GetId()] = m
	}
	for _, c := range commands {
		if m := c.GetProtocolMessageCommandAttributes(); m != nil {
			h.message(byID[m.GetMessageId()])
			continue
		}
		h.command(c)
	}
}

func (h *History) command(c *commandpb.Command) {
	e := &historypb.HistoryEvent{UserMetadata: c.GetUserMetadata()}
	switch c.GetCommandType() {
	case enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK:
		a := c.GetScheduleActivityTaskCommandAttributes()
		e.Attributes = &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{
			ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{
				ActivityId: a.GetActivityId(), ActivityType: a.GetActivityType(), Input: a.GetInput(),
			},
		}
		h.Activities[a.GetActivityId()] = h.Add(enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, e)
	case enumspb.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK:
		a := c.GetRequestCancelActivityTaskCommandAttributes()
		e.Attributes = &historypb.HistoryEvent_ActivityTaskCancelRequestedEventAttributes{
			ActivityTaskCancelRequestedEventAttributes: &historypb.
				ActivityTaskCancelRequestedEventAttributes{ScheduledEventId: a.GetScheduledEventId()},
		}
		h.Add(enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED, e)
	case enumspb.COMMAND_TYPE_START_TIMER:
		a := c.GetStartTimerCommandAttributes()
		e.Attributes = &historypb.HistoryEvent_TimerStartedEventAttributes{
			TimerStartedEventAttributes: &historypb.TimerStartedEventAttributes{
				TimerId: a.GetTimerId(), StartToFireTimeout: a.GetStartToFireTimeout(),
			},
		}
		h.Timers[a.GetTimerId()] = h.Add(enumspb.EVENT_TYPE_TIMER_STARTED, e)
	case enumspb.COMMAND_TYPE_CANCEL_TIMER:
		id := c.GetCancelTimerCommandAttributes().GetTimerId()
		e.Attributes = &historypb.HistoryEvent_TimerCanceledEventAttributes{
			TimerCanceledEventAttributes: &historypb.TimerCanceledEventAttributes{
				TimerId: id, StartedEventId: need(h.Timers, id),
			},
		}
		h.Add(enumspb.EVENT_TYPE_TIMER_CANCELED, e)
		delete(h.Timers, id)
	case enumspb.COMMAND_TYPE_RECORD_MARKER, enumspb.COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
		enumspb.COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES:
		h.record(c, e)
	case enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:
		h.close(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED)
	case enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:
		h.close(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED)
	case enumspb.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION:
		h.close(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED)
	default:
		h.other(c, e)
	}
}

func (h *History) close(typ enumspb.EventType) {
	h.Add(typ, &historypb.HistoryEvent{})
	h.Closed = true
}

func (h *History) message(m *protocolpb.Message) {
	body, err := m.GetBody().UnmarshalNew()
	if err != nil {
		panic(err) //nolint:forbidigo // a mistake of the test
	}
	switch b := body.(type) {
	case *updatepb.Acceptance:
		h.Add(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, &historypb.HistoryEvent{
			Attributes: &historypb.HistoryEvent_WorkflowExecutionUpdateAcceptedEventAttributes{
				WorkflowExecutionUpdateAcceptedEventAttributes: &historypb.
					WorkflowExecutionUpdateAcceptedEventAttributes{
					ProtocolInstanceId:               m.GetProtocolInstanceId(),
					AcceptedRequestMessageId:         b.GetAcceptedRequestMessageId(),
					AcceptedRequestSequencingEventId: b.GetAcceptedRequestSequencingEventId(),
					AcceptedRequest:                  b.GetAcceptedRequest(),
				},
			},
		})
	case *updatepb.Response:
		h.Add(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED, &historypb.HistoryEvent{
			Attributes: &historypb.HistoryEvent_WorkflowExecutionUpdateCompletedEventAttributes{
				WorkflowExecutionUpdateCompletedEventAttributes: &historypb.
					WorkflowExecutionUpdateCompletedEventAttributes{
					Meta: b.GetMeta(), Outcome: b.GetOutcome(),
				},
			},
		})
	default:
		panic(fmt.Sprintf("no event for %v", m)) //nolint:forbidigo // a mistake of the test
	}
}
