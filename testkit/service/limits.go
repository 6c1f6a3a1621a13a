package service

import (
	"fmt"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	"go.temporal.io/api/serviceerror"
	"google.golang.org/protobuf/proto"
)

// Limits of a namespace. The zero value of each is the server's own.
type Limits struct {
	// Blob is how many bytes a payload may have that goes into an event, default
	// 2 MiB; failures that are larger are cut down to BlobWarn, default 512 KiB.
	Blob, BlobWarn int
	// Memo is how many bytes a memo may have, default 2 MiB.
	Memo int
	// Events is how many events a history may have before its workflow is
	// terminated, default 51200; from EventsSuggest on, default 4096, workers are
	// told to continue as new.
	Events, EventsSuggest int
	// History and HistorySuggest are the same in bytes, default 50 MiB and 4 MiB.
	History, HistorySuggest int
	// PendingActivities, PendingChildren, PendingSignals and PendingCancels are how
	// many of each a workflow may wait for, default 2000.
	PendingActivities, PendingChildren, PendingSignals, PendingCancels int
	// Signals is how many signals a run may get, default 10000.
	Signals int
	// Updates is how many updates a run may get, default 2000, and UpdatesInFlight
	// how many of them at a time, default 10.
	Updates, UpdatesInFlight int
}

// limits are the limits with their defaults.
func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		field *int
		value int
	}{
		{&l.Blob, blobLimit},
		{&l.BlobWarn, blobLimit / 4},
		{&l.Memo, memoLimit},
		{&l.Events, 50 << 10},
		{&l.EventsSuggest, 4 << 10},
		{&l.History, 50 << 20},
		{&l.HistorySuggest, 4 << 20},
		{&l.PendingActivities, 2000},
		{&l.PendingChildren, 2000},
		{&l.PendingSignals, 2000},
		{&l.PendingCancels, 2000},
		{&l.Signals, 10000},
		{&l.Updates, 2000},
		{&l.UpdatesInFlight, 10},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return l
}

func (l Limits) negative() bool {
	return min(l.Blob, l.BlobWarn, l.Memo, l.Events, l.EventsSuggest, l.History, l.HistorySuggest,
		l.PendingActivities, l.PendingChildren, l.PendingSignals, l.PendingCancels, l.Signals, l.Updates, l.UpdatesInFlight) < 0
}

// checkStart refuses a start that carries too much.
func (l Limits) checkStart(input *commonpb.Payloads, memo *commonpb.Memo) error {
	switch {
	case proto.Size(input) > l.Blob:
		return invalid(textBlob)
	case proto.Size(memo) > l.Memo:
		return invalid("Memo size exceeds limit.")
	}
	return nil
}

// limits are those of the namespace; the defaults if there is none.
func (s *Service) limits(space string) Limits {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.namespaces[space]; n != nil {
		return n.limits
	}
	return Limits{}.withDefaults()
}

// exceeds says what is too much in the command, and with which cause the workflow
// ends for it.
func (l Limits) exceeds(command *commandpb.Command) (enumspb.WorkflowTaskFailedCause, string) {
	what, size := "", 0
	cause := enumspb.WORKFLOW_TASK_FAILED_CAUSE_UNSPECIFIED
	switch a := command.GetAttributes().(type) {
	case *commandpb.Command_ScheduleActivityTaskCommandAttributes:
		cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_SCHEDULE_ACTIVITY_ATTRIBUTES
		what, size = "ScheduleActivityTaskCommandAttributes.Input",
			proto.Size(a.ScheduleActivityTaskCommandAttributes.GetInput())
	case *commandpb.Command_RecordMarkerCommandAttributes:
		cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_RECORD_MARKER_ATTRIBUTES
		what, size = "RecordMarkerCommandAttributes.Details", sizes(a.RecordMarkerCommandAttributes.GetDetails())
	case *commandpb.Command_CompleteWorkflowExecutionCommandAttributes:
		cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_SCHEDULE_ACTIVITY_ATTRIBUTES // so says the server
		what, size = "CompleteWorkflowExecutionCommandAttributes.Result",
			proto.Size(a.CompleteWorkflowExecutionCommandAttributes.GetResult())
	case *commandpb.Command_FailWorkflowExecutionCommandAttributes:
		cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_FAIL_WORKFLOW_EXECUTION_ATTRIBUTES
		what, size = "FailWorkflowExecutionCommandAttributes.Failure",
			proto.Size(a.FailWorkflowExecutionCommandAttributes.GetFailure())
	case *commandpb.Command_ContinueAsNewWorkflowExecutionCommandAttributes:
		cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_CONTINUE_AS_NEW_ATTRIBUTES
		what, size = "ContinueAsNewWorkflowExecutionCommandAttributes. Input",
			proto.Size(a.ContinueAsNewWorkflowExecutionCommandAttributes.GetInput())
		if size <= l.Blob && proto.Size(a.ContinueAsNewWorkflowExecutionCommandAttributes.GetMemo()) > l.Memo {
			return cause, "ContinueAsNewWorkflowExecutionCommandAttributes. Memo exceeds size limit."
		}
	case *commandpb.Command_StartChildWorkflowExecutionCommandAttributes:
		cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_START_CHILD_EXECUTION_ATTRIBUTES
		what, size = "StartChildWorkflowExecutionCommandAttributes. Input",
			proto.Size(a.StartChildWorkflowExecutionCommandAttributes.GetInput())
		if size <= l.Blob && proto.Size(a.StartChildWorkflowExecutionCommandAttributes.GetMemo()) > l.Memo {
			return cause, "StartChildWorkflowExecutionCommandAttributes.Memo exceeds size limit."
		}
	case *commandpb.Command_SignalExternalWorkflowExecutionCommandAttributes:
		cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_SIGNAL_WORKFLOW_EXECUTION_ATTRIBUTES
		what, size = "SignalExternalWorkflowExecutionCommandAttributes.Input",
			proto.Size(a.SignalExternalWorkflowExecutionCommandAttributes.GetInput())
	case *commandpb.Command_UpsertWorkflowSearchAttributesCommandAttributes:
		cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES
		what, size = "UpsertWorkflowSearchAttributesCommandAttributes",
			sizes(a.UpsertWorkflowSearchAttributesCommandAttributes.GetSearchAttributes().GetIndexedFields())
	case *commandpb.Command_ModifyWorkflowPropertiesCommandAttributes:
		cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_MODIFY_WORKFLOW_PROPERTIES_ATTRIBUTES
		what, size = "ModifyWorkflowPropertiesCommandAttributes",
			sizes(a.ModifyWorkflowPropertiesCommandAttributes.GetUpsertedMemo().GetFields())
	}
	if size > l.Blob {
		return cause, what + " exceeds size limit."
	}
	return 0, ""
}

// sizes is the size of a map as the server counts it: names and values.
func sizes[M proto.Message](m map[string]M) int {
	n := 0
	for k, v := range m {
		n += len(k) + proto.Size(v)
	}
	return n
}

// bounded refuses a command that carries or adds too much, and reports whether it
// has.
func (c *completion) bounded(command *commandpb.Command) bool {
	l := c.r.namespace.limits
	t := command.GetCommandType()
	if c.unhandled && closing(t) {
		return false // it is refused for that
	}
	if cause, what := l.exceeds(command); what != "" {
		c.terminate(cause, what)
		return true
	}
	var pending, most int
	var what string
	var cause enumspb.WorkflowTaskFailedCause
	switch t {
	case enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK:
		pending, most, what = len(c.r.activities), l.PendingActivities, "pending activities"
		cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_PENDING_ACTIVITIES_LIMIT_EXCEEDED
	case enumspb.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION:
		pending, most, what = len(c.r.children), l.PendingChildren, "pending child workflow executions"
		cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_PENDING_CHILD_WORKFLOWS_LIMIT_EXCEEDED
	case enumspb.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION:
		pending, most, what = c.sent[t], l.PendingSignals, "pending signals to external workflows"
		cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_PENDING_SIGNALS_LIMIT_EXCEEDED
	case enumspb.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION:
		pending, most, what = c.sent[t], l.PendingCancels, "pending requests to cancel external workflows"
		cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_PENDING_REQUEST_CANCEL_LIMIT_EXCEEDED
	default:
		return false
	}
	if pending >= most {
		c.refuse(cause, fmt.Errorf("the number of %s, %d, has reached the per-workflow limit of %d", what, pending, most))
		return true
	}
	if c.sent == nil {
		c.sent = make(map[enumspb.CommandType]int)
	}
	c.sent[t]++
	return false
}

// closing reports whether commands of the type close the workflow.
func closing(t enumspb.CommandType) bool {
	switch t {
	case enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION, enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
		enumspb.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION, enumspb.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION:
		return true
	default:
		return false
	}
}

// boundedMessage is bounded for a message.
func (c *completion) boundedMessage(m *protocolpb.Message) bool {
	if proto.Size(m.GetBody()) <= c.r.namespace.limits.Blob {
		return false
	}
	c.terminate(badMessage, fmt.Sprintf("Message type %v exceeds size limit.", m.GetBody().MessageName()))
	return true
}

// terminate fails the task and ends the workflow.
func (c *completion) terminate(cause enumspb.WorkflowTaskFailedCause, why string) {
	c.failed = &failedCommand{cause: cause, message: why, fatal: true}
}

// checkMemo ends the workflow if the memo that a command leaves is too large.
func (c *completion) checkMemo(change map[string]*commonpb.Payload) bool {
	memo := &commonpb.Memo{Fields: merged(c.r.memo, change)}
	if proto.Size(memo) <= c.r.namespace.limits.Memo {
		return true
	}
	c.terminate(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_MODIFY_WORKFLOW_PROPERTIES_ATTRIBUTES,
		"ModifyWorkflowPropertiesCommandAttributes. Memo exceeds size limit.")
	return false
}

// updatesSuggest is the part of the limit of updates from which on workers are told
// to continue as new.
const updatesSuggest = 0.9

// suggestions are the reasons to continue as new when a task starts.
func (r *run) suggestions() []enumspb.SuggestContinueAsNewReason {
	var out []enumspb.SuggestContinueAsNewReason
	l := r.namespace.limits
	if r.size() >= int64(l.HistorySuggest) {
		out = append(out, enumspb.SUGGEST_CONTINUE_AS_NEW_REASON_HISTORY_SIZE_TOO_LARGE)
	}
	if r.nextID() >= int64(l.EventsSuggest) {
		out = append(out, enumspb.SUGGEST_CONTINUE_AS_NEW_REASON_TOO_MANY_HISTORY_EVENTS)
	}
	if float64(len(r.updates)) >= updatesSuggest*float64(l.Updates) {
		out = append(out, enumspb.SUGGEST_CONTINUE_AS_NEW_REASON_TOO_MANY_UPDATES)
	}
	return out
}

// The server's reasons to terminate a workflow.
const (
	textHistoryTooBig = "Workflow history size exceeds limit."
	textTooManyEvents = "Workflow history count exceeds limit."
)

// overgrown ends the run instead of what is about to be committed, if its history
// is too large. The server looks at the size that it had before, and at the number
// of events that it would have.
func (r *run) overgrown() bool {
	l := r.namespace.limits
	var why string
	switch {
	case !r.running() || r.exceeded != nil:
		return false
	case r.keptSize > int64(l.History):
		why = textHistoryTooBig
	case r.nextID()-1 > int64(l.Events):
		why = textTooManyEvents
	default:
		return false
	}
	if r.kept != nil {
		queries := r.queries
		r.undo(*r.kept)
		r.queries = queries
	}
	r.exceeded = serviceerror.NewInvalidArgument(why)
	r.terminate(why, nil, historyIdentity)
	return true
}

// keep remembers the state that was committed, if the history has become so large
// that the next operation may have to be undone.
func (r *run) keep() {
	l := r.namespace.limits
	r.keptSize = r.size()
	if r.running() && (r.nextID() > int64(l.Events)/2 || r.keptSize > int64(l.History)/2 || l.Events < 1000) {
		kept := r.snapshot()
		r.kept = &kept
	}
}
