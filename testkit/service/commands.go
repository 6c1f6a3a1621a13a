package service

import (
	"errors"
	"maps"
	"strings"
	"time"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
)

// apply performs the commands of the answer, and the messages that no command
// has called for. An error means that the server refuses the answer.
func (c *completion) apply() error {
	if err := checkSequence(c.req.GetCommands()); err != nil {
		return err
	}
	for _, command := range c.req.GetCommands() {
		e, err := c.command(command)
		if err != nil || c.failed != nil {
			return err
		}
		if e != nil {
			e.UserMetadata = command.GetUserMetadata()
		}
	}
	for len(c.messages) > 0 && c.failed == nil {
		m := c.messages[0]
		c.messages = c.messages[1:]
		c.message(m)
	}
	return nil
}

// checkSequence refuses commands behind one that closes the workflow.
func checkSequence(commands []*commandpb.Command) error {
	last := enumspb.COMMAND_TYPE_UNSPECIFIED
	for _, command := range commands {
		if last != enumspb.COMMAND_TYPE_UNSPECIFIED {
			names := make([]string, len(commands))
			for i, c := range commands {
				names[i] = c.GetCommandType().String()
			}
			return invalid("invalid command sequence: [%v], command %s must be the last command.",
				strings.Join(names, ", "), last)
		}
		switch t := command.GetCommandType(); t {
		case enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION, enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
			enumspb.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION, enumspb.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION:
			last = t
		case enumspb.COMMAND_TYPE_UNSPECIFIED:
			return invalid("unknown command type: %v", t)
		default:
		}
	}
	return nil
}

// command performs one command and returns its event.
func (c *completion) command(command *commandpb.Command) (*historypb.HistoryEvent, error) {
	if c.bounded(command) {
		return nil, nil //nolint:nilnil // it has failed the task
	}
	switch t := command.GetCommandType(); t {
	case enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK:
		return c.scheduleActivity(command.GetScheduleActivityTaskCommandAttributes())
	case enumspb.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK:
		return c.cancelActivity(command.GetRequestCancelActivityTaskCommandAttributes()), nil
	case enumspb.COMMAND_TYPE_START_TIMER:
		return c.startTimer(command.GetStartTimerCommandAttributes()), nil
	case enumspb.COMMAND_TYPE_CANCEL_TIMER:
		return c.cancelTimer(command.GetCancelTimerCommandAttributes()), nil
	case enumspb.COMMAND_TYPE_RECORD_MARKER:
		return c.recordMarker(command.GetRecordMarkerCommandAttributes()), nil
	case enumspb.COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
		return c.upsertAttributes(command.GetUpsertWorkflowSearchAttributesCommandAttributes()), nil
	case enumspb.COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES:
		return c.modifyProperties(command.GetModifyWorkflowPropertiesCommandAttributes()), nil
	case enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION:
		return c.startChild(command.GetStartChildWorkflowExecutionCommandAttributes())
	case enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION:
		return c.signalExternal(command.GetSignalExternalWorkflowExecutionCommandAttributes())
	case enumspb.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION:
		return c.cancelExternal(command.GetRequestCancelExternalWorkflowExecutionCommandAttributes())
	case enumspb.COMMAND_TYPE_PROTOCOL_MESSAGE:
		c.protocolMessage(command.GetProtocolMessageCommandAttributes())
		return nil, nil //nolint:nilnil // its event is that of the message
	case enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:
		return c.completeWorkflow(command.GetCompleteWorkflowExecutionCommandAttributes()), nil
	case enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:
		return c.failWorkflow(command.GetFailWorkflowExecutionCommandAttributes()), nil
	case enumspb.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION:
		return c.cancelWorkflow(command.GetCancelWorkflowExecutionCommandAttributes()), nil
	case enumspb.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION:
		return c.continueAsNew(command.GetContinueAsNewWorkflowExecutionCommandAttributes()), nil
	default:
		return nil, unimplemented("RespondWorkflowTaskCompleted", "command "+t.String())
	}
}

// refuse fails the task because of a command. It returns no event.
func (c *completion) refuse(cause enumspb.WorkflowTaskFailedCause, err error) *historypb.HistoryEvent {
	c.failed = &failedCommand{cause: cause}
	if err != nil {
		c.failed.message = err.Error()
	}
	return nil
}

func (c *completion) startTimer(a *commandpb.StartTimerCommandAttributes) *historypb.HistoryEvent {
	const bad = enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_START_TIMER_ATTRIBUTES
	d := a.GetStartToFireTimeout().AsDuration()
	switch {
	case a == nil:
		return c.refuse(bad, invalid("StartTimerCommandAttributes is not set on StartTimerCommand."))
	case a.GetTimerId() == "":
		return c.refuse(bad, invalid("TimerId is not set on StartTimerCommand."))
	case len(a.GetTimerId()) > maxID:
		return c.refuse(bad, invalid("TimerId on StartTimerCommand exceeds length limit. "+
			"TimerId=%s Length=%d Limit=%d", a.GetTimerId(), len(a.GetTimerId()), maxID))
	case d < 0:
		return c.refuse(bad, invalid("An invalid StartToFireTimeout is set on StartTimerCommand: %v. TimerId=%s",
			errNegative, a.GetTimerId()))
	case c.r.timers[a.GetTimerId()] != nil:
		return c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_START_TIMER_DUPLICATE_ID,
			callerError("add-timer-started-event", "TimerID: "+a.GetTimerId()))
	}
	at := c.r.s.now()
	e := newEvent(enumspb.EVENT_TYPE_TIMER_STARTED, at)
	e.Attributes = &historypb.HistoryEvent_TimerStartedEventAttributes{
		TimerStartedEventAttributes: &historypb.TimerStartedEventAttributes{
			TimerId: a.GetTimerId(), StartToFireTimeout: a.GetStartToFireTimeout(),
			WorkflowTaskCompletedEventId: c.completed.GetEventId(),
		},
	}
	c.r.add(e)
	c.r.timers[a.GetTimerId()] = &timer{id: a.GetTimerId(), started: e.GetEventId(), at: at.Add(d)}
	return e
}

var errNegative = errors.New("negative duration")

func (c *completion) cancelTimer(a *commandpb.CancelTimerCommandAttributes) *historypb.HistoryEvent {
	const bad = enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_CANCEL_TIMER_ATTRIBUTES
	switch {
	case a == nil:
		return c.refuse(bad, invalid("CancelTimerCommandAttributes is not set on CancelTimerCommand."))
	case a.GetTimerId() == "":
		return c.refuse(bad, invalid("TimerId is not set on CancelTimerCommand."))
	}
	var started int64
	if t := c.r.timers[a.GetTimerId()]; t != nil {
		started = t.started
		delete(c.r.timers, a.GetTimerId())
	} else if started = c.r.takeFired(a.GetTimerId()); started == 0 {
		return c.refuse(bad, callerError("add-timer-canceled-event", "TimerID: "+a.GetTimerId()))
	}
	e := c.r.newEvent(enumspb.EVENT_TYPE_TIMER_CANCELED)
	e.Attributes = &historypb.HistoryEvent_TimerCanceledEventAttributes{
		TimerCanceledEventAttributes: &historypb.TimerCanceledEventAttributes{
			TimerId: a.GetTimerId(), StartedEventId: started, Identity: c.req.GetIdentity(),
			WorkflowTaskCompletedEventId: c.completed.GetEventId(),
		},
	}
	c.unhandled = c.unhandled && len(c.r.buffered) > 0
	return c.r.add(e)
}

// takeFired takes back that a timer has fired, which the workflow has not seen,
// and returns the event that started it; zero if it has not fired.
func (r *run) takeFired(id string) int64 {
	for i, e := range r.buffered {
		if a := e.GetTimerFiredEventAttributes(); a != nil && a.GetTimerId() == id {
			r.buffered = append(r.buffered[:i:i], r.buffered[i+1:]...)
			return a.GetStartedEventId()
		}
	}
	return 0
}

// fireTimers fires those that are due, in their order.
func (r *run) fireTimers(at time.Time) bool {
	fired := false
	for {
		var next *timer
		for _, t := range r.timers {
			if !t.at.After(at) && (next == nil || t.at.Before(next.at) ||
				t.at.Equal(next.at) && t.started < next.started) {
				next = t
			}
		}
		if next == nil {
			break
		}
		e := r.newEvent(enumspb.EVENT_TYPE_TIMER_FIRED)
		e.Attributes = &historypb.HistoryEvent_TimerFiredEventAttributes{
			TimerFiredEventAttributes: &historypb.TimerFiredEventAttributes{
				TimerId: next.id, StartedEventId: next.started,
			},
		}
		r.add(e)
		delete(r.timers, next.id)
		fired = true
	}
	if fired {
		r.ensureTask()
	}
	return fired
}

func (c *completion) recordMarker(a *commandpb.RecordMarkerCommandAttributes) *historypb.HistoryEvent {
	if a.GetMarkerName() == "" {
		return c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_RECORD_MARKER_ATTRIBUTES,
			invalid("MarkerName is not set on RecordMarkerCommand."))
	}
	e := c.r.newEvent(enumspb.EVENT_TYPE_MARKER_RECORDED)
	e.Attributes = &historypb.HistoryEvent_MarkerRecordedEventAttributes{
		MarkerRecordedEventAttributes: &historypb.MarkerRecordedEventAttributes{
			MarkerName: a.GetMarkerName(), Details: a.GetDetails(), Header: a.GetHeader(), Failure: a.GetFailure(),
			WorkflowTaskCompletedEventId: c.completed.GetEventId(),
		},
	}
	return c.r.add(e)
}

// changeVersion is the search attribute that tells the versions of changes.
const changeVersion = "TemporalChangeVersion"

func (c *completion) upsertAttributes(
	a *commandpb.UpsertWorkflowSearchAttributesCommandAttributes,
) *historypb.HistoryEvent {
	if len(a.GetSearchAttributes().GetIndexedFields()) == 0 {
		return c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES,
			invalid("IndexedFields is not set on UpsertWorkflowSearchAttributesCommand."))
	}
	if err := c.r.s.checkAttributes(c.r.namespace, a.GetSearchAttributes()); err != nil {
		return c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES, err)
	}
	e := c.r.newEvent(enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES)
	e.Attributes = &historypb.HistoryEvent_UpsertWorkflowSearchAttributesEventAttributes{
		UpsertWorkflowSearchAttributesEventAttributes: &historypb.UpsertWorkflowSearchAttributesEventAttributes{
			WorkflowTaskCompletedEventId: c.completed.GetEventId(), SearchAttributes: a.GetSearchAttributes(),
		},
	}
	c.r.attributes = merged(c.r.attributes, a.GetSearchAttributes().GetIndexedFields())
	return c.r.add(e)
}

func (c *completion) modifyProperties(
	a *commandpb.ModifyWorkflowPropertiesCommandAttributes,
) *historypb.HistoryEvent {
	if len(a.GetUpsertedMemo().GetFields()) == 0 {
		return c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_MODIFY_WORKFLOW_PROPERTIES_ATTRIBUTES,
			invalid("UpsertedMemo.Fields is not set on ModifyWorkflowPropertiesCommand."))
	}
	if !c.checkMemo(a.GetUpsertedMemo().GetFields()) {
		return nil
	}
	e := c.r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED)
	e.Attributes = &historypb.HistoryEvent_WorkflowPropertiesModifiedEventAttributes{
		WorkflowPropertiesModifiedEventAttributes: &historypb.WorkflowPropertiesModifiedEventAttributes{
			WorkflowTaskCompletedEventId: c.completed.GetEventId(), UpsertedMemo: a.GetUpsertedMemo(),
		},
	}
	c.r.memo = merged(c.r.memo, a.GetUpsertedMemo().GetFields())
	return c.r.add(e)
}

// merged returns the fields with those of change; what is nil there goes.
func merged(fields, change map[string]*commonpb.Payload) map[string]*commonpb.Payload {
	out := maps.Clone(fields)
	if out == nil {
		out = make(map[string]*commonpb.Payload, len(change))
	}
	for k, p := range change {
		if len(p.GetData()) == 0 || string(p.GetData()) == "null" || string(p.GetData()) == "[]" {
			delete(out, k)
			continue
		}
		out[k] = p
	}
	return out
}

// given leaves out of a memo what says that there is nothing.
func given(m *commonpb.Memo) *commonpb.Memo {
	fields := merged(nil, m.GetFields())
	if len(fields) == 0 {
		return nil
	}
	return &commonpb.Memo{Fields: fields}
}

// givenAttributes is given for search attributes.
func givenAttributes(a *commonpb.SearchAttributes) *commonpb.SearchAttributes {
	fields := merged(nil, a.GetIndexedFields())
	if len(fields) == 0 {
		return nil
	}
	return &commonpb.SearchAttributes{IndexedFields: fields}
}

// closes reports whether a command that closes the workflow may do so. It may
// not while something has come in that the workflow has not seen.
func (c *completion) closes() bool {
	if c.unhandled {
		c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND, nil)
		return false
	}
	return c.r.running()
}

func (c *completion) completeWorkflow(
	a *commandpb.CompleteWorkflowExecutionCommandAttributes,
) *historypb.HistoryEvent {
	if !c.closes() {
		return nil
	}
	n := c.r.afterCompletion(a.GetResult())
	e := c.r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED)
	e.Attributes = &historypb.HistoryEvent_WorkflowExecutionCompletedEventAttributes{
		WorkflowExecutionCompletedEventAttributes: &historypb.WorkflowExecutionCompletedEventAttributes{
			Result: a.GetResult(), WorkflowTaskCompletedEventId: c.completed.GetEventId(),
			NewExecutionRunId: n.id(),
		},
	}
	c.r.end(enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, e)
	c.r.follow(n)
	return e
}

func (c *completion) failWorkflow(a *commandpb.FailWorkflowExecutionCommandAttributes) *historypb.HistoryEvent {
	if !c.closes() {
		return nil
	}
	if a.GetFailure() == nil {
		return c.refuse(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_FAIL_WORKFLOW_EXECUTION_ATTRIBUTES,
			serviceerror.NewInvalidArgument("Failure is not set on FailWorkflowExecutionCommand."))
	}
	n, retry := c.r.afterFailure(a.GetFailure())
	e := c.r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED)
	e.Attributes = &historypb.HistoryEvent_WorkflowExecutionFailedEventAttributes{
		WorkflowExecutionFailedEventAttributes: &historypb.WorkflowExecutionFailedEventAttributes{
			Failure: a.GetFailure(), RetryState: retry, NewExecutionRunId: n.id(),
			WorkflowTaskCompletedEventId: c.completed.GetEventId(),
		},
	}
	c.r.end(enumspb.WORKFLOW_EXECUTION_STATUS_FAILED, e)
	c.r.follow(n)
	return e
}

func (c *completion) cancelWorkflow(
	a *commandpb.CancelWorkflowExecutionCommandAttributes,
) *historypb.HistoryEvent {
	if !c.closes() {
		return nil
	}
	e := c.r.newEvent(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED)
	e.Attributes = &historypb.HistoryEvent_WorkflowExecutionCanceledEventAttributes{
		WorkflowExecutionCanceledEventAttributes: &historypb.WorkflowExecutionCanceledEventAttributes{
			Details: a.GetDetails(), WorkflowTaskCompletedEventId: c.completed.GetEventId(),
		},
	}
	c.r.end(enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED, e)
	return e
}
