package machine

import (
	"slices"
	"strings"

	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	updatepb "go.temporal.io/api/update/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// A Step is one thing that a workflow task made of a workflow: a command that
// the code made, or the event that history has of one.
type Step struct {
	// EventID is the id of the event; zero for a command.
	EventID int64
	// Type is the type of the event or command, as "TimerStarted" or "StartTimer".
	Type string
	// Fields tell it from others of its type; they are what is compared.
	Fields []Field

	kind enumspb.EventType // the event that it is or causes
	name string            // what it is about, whatever its id
}

// A Field is one attribute of a step.
type Field struct{ Name, Value string }

// String is the step in one line.
func (s Step) String() string {
	var b strings.Builder
	b.WriteString(s.Type)
	open := " ("
	field := func(name, value string) {
		b.WriteString(open + name + ": " + value)
		open = ", "
	}
	if s.EventID != 0 {
		field("EventId", itoa(s.EventID))
	}
	for _, f := range s.Fields {
		field(f.Name, f.Value)
	}
	if open == ", " {
		b.WriteByte(')')
	}
	return b.String()
}

// same reports whether one of s and o is the event that the other one causes.
func (s Step) same(o Step) bool { return s.kind == o.kind && slices.Equal(s.Fields, o.Fields) }

// like reports whether s and o are about the same thing, whatever their ids.
func (s Step) like(o Step) bool { return s.kind == o.kind && s.name == o.name }

func describeEvent(e *historypb.HistoryEvent) string { return eventStep(e).String() }

// eventStep returns what e is of.
func eventStep(e *historypb.HistoryEvent) Step {
	s := Step{EventID: e.GetEventId(), Type: e.GetEventType().String(), kind: e.GetEventType()}
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		a := e.GetActivityTaskScheduledEventAttributes()
		s = s.activity(a.GetActivityId(), a.GetActivityType().GetName())
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED:
		s = s.field("ScheduledEventId", itoa(e.GetActivityTaskCancelRequestedEventAttributes().GetScheduledEventId()))
	case enumspb.EVENT_TYPE_TIMER_STARTED:
		s = s.field("TimerId", e.GetTimerStartedEventAttributes().GetTimerId())
	case enumspb.EVENT_TYPE_TIMER_CANCELED:
		s = s.field("TimerId", e.GetTimerCanceledEventAttributes().GetTimerId())
	case enumspb.EVENT_TYPE_MARKER_RECORDED:
		s = s.named("MarkerName", e.GetMarkerRecordedEventAttributes().GetMarkerName())
	case enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
		a := e.GetStartChildWorkflowExecutionInitiatedEventAttributes()
		s = s.child(a.GetWorkflowId(), a.GetWorkflowType().GetName())
	case enumspb.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
		a := e.GetRequestCancelExternalWorkflowExecutionInitiatedEventAttributes()
		s = s.named("WorkflowId", a.GetWorkflowExecution().GetWorkflowId())
	case enumspb.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
		a := e.GetSignalExternalWorkflowExecutionInitiatedEventAttributes()
		s = s.signal(a.GetWorkflowExecution().GetWorkflowId(), a.GetSignalName())
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
		a := e.GetWorkflowExecutionUpdateAcceptedEventAttributes()
		s = s.named("UpdateId", a.GetProtocolInstanceId())
		s = s.field("SequencingEventId", itoa(a.GetAcceptedRequestSequencingEventId()))
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
		s = s.named("UpdateId", e.GetWorkflowExecutionUpdateCompletedEventAttributes().GetMeta().GetUpdateId())
	default:
	}
	return s
}

// commandStep returns what c is of; messages are those of its task, by id.
func commandStep(c *commandpb.Command, messages map[string]*protocolpb.Message) Step {
	s := Step{Type: c.GetCommandType().String(), kind: causes[c.GetCommandType()]}
	switch c.GetCommandType() {
	case enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK:
		a := c.GetScheduleActivityTaskCommandAttributes()
		s = s.activity(a.GetActivityId(), a.GetActivityType().GetName())
	case enumspb.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK:
		s = s.field("ScheduledEventId", itoa(c.GetRequestCancelActivityTaskCommandAttributes().GetScheduledEventId()))
	case enumspb.COMMAND_TYPE_START_TIMER:
		s = s.field("TimerId", c.GetStartTimerCommandAttributes().GetTimerId())
	case enumspb.COMMAND_TYPE_CANCEL_TIMER:
		s = s.field("TimerId", c.GetCancelTimerCommandAttributes().GetTimerId())
	case enumspb.COMMAND_TYPE_RECORD_MARKER:
		s = s.named("MarkerName", c.GetRecordMarkerCommandAttributes().GetMarkerName())
	case enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION:
		a := c.GetStartChildWorkflowExecutionCommandAttributes()
		s = s.child(a.GetWorkflowId(), a.GetWorkflowType().GetName())
	case enumspb.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION:
		s = s.named("WorkflowId", c.GetRequestCancelExternalWorkflowExecutionCommandAttributes().GetWorkflowId())
	case enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION:
		a := c.GetSignalExternalWorkflowExecutionCommandAttributes()
		s = s.signal(a.GetExecution().GetWorkflowId(), a.GetSignalName())
	case enumspb.COMMAND_TYPE_PROTOCOL_MESSAGE:
		id := c.GetProtocolMessageCommandAttributes().GetMessageId()
		s = s.field("MessageId", id)
		s = s.message(messages[id])
	default:
	}
	return s
}

// Steps returns what the commands of a completion are of, in their order.
func Steps(c *runner.Completion) []Step {
	messages := make(map[string]*protocolpb.Message, len(c.Messages))
	for _, m := range c.Messages {
		messages[m.GetId()] = m
	}
	steps := make([]Step, 0, len(c.Commands))
	for _, cmd := range c.Commands {
		steps = append(steps, commandStep(cmd, messages))
	}
	return steps
}

// causes has the event that a command of each type causes; that of a message
// depends on the message.
//
//nolint:gochecknoglobals // a table that nothing changes
var causes = map[enumspb.CommandType]enumspb.EventType{
	enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK:             enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
	enumspb.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK:       enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED,
	enumspb.COMMAND_TYPE_START_TIMER:                        enumspb.EVENT_TYPE_TIMER_STARTED,
	enumspb.COMMAND_TYPE_CANCEL_TIMER:                       enumspb.EVENT_TYPE_TIMER_CANCELED,
	enumspb.COMMAND_TYPE_RECORD_MARKER:                      enumspb.EVENT_TYPE_MARKER_RECORDED,
	enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION:     enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
	enumspb.COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:  enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
	enumspb.COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES:         enumspb.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED,
	enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:        enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
	enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:            enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
	enumspb.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION:          enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
	enumspb.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
	enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION: enumspb.
		EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
	enumspb.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION: enumspb.
		EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
}

func (s Step) field(name, value string) Step {
	s.Fields = append(s.Fields, Field{name, value})
	return s
}

// named adds the field that says what s is about.
func (s Step) named(name, value string) Step {
	s.name = lastPart(value)
	return s.field(name, value)
}

func (s Step) activity(id, typ string) Step {
	return s.field("ActivityId", id).named("ActivityType", typ)
}

func (s Step) child(id, typ string) Step {
	return s.field("WorkflowId", id).named("WorkflowType", typ)
}

func (s Step) signal(id, name string) Step {
	return s.field("WorkflowId", id).named("SignalName", name)
}

// message adds what m is about, which its command only names.
func (s Step) message(m *protocolpb.Message) Step {
	var accept updatepb.Acceptance
	switch {
	case m.GetBody().MessageIs(&accept):
		s.kind = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
		s.name = lastPart(m.GetProtocolInstanceId())
		if m.GetBody().UnmarshalTo(&accept) == nil {
			s = s.field("SequencingEventId", itoa(accept.GetAcceptedRequestSequencingEventId()))
		}
	case m.GetBody().MessageIs((*updatepb.Response)(nil)):
		s.kind = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED
		s.name = lastPart(m.GetProtocolInstanceId())
	}
	return s
}
