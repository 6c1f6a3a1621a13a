package machine

import (
	"fmt"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// items adds what happened in a chunk to its activation, messages at the place
// where they belong: right after the event that they are sequenced by, which
// may be one that the chunk no longer shows.
func (m *Machine) items(a *runner.Activation, c *chunk, messages []*protocolpb.Message) error {
	messages = slices.Clone(messages)
	deliver := func(upTo int64) error {
		for i := 0; i < len(messages); {
			if messages[i].GetEventId() > upTo {
				i++
				continue
			}
			u, err := m.updates.request(messages[i])
			if err != nil {
				return err
			}
			messages = slices.Delete(messages, i, i+1)
			if u != nil {
				a.Items = append(a.Items, runner.Item{Replaying: a.Replaying, Update: u})
			}
		}
		return nil
	}
	for _, e := range c.events {
		if err := deliver(e.GetEventId() - 1); err != nil {
			return err
		}
		if err := m.happened(a, e); err != nil {
			return err
		}
		if err := deliver(e.GetEventId()); err != nil {
			return err
		}
	}
	if c.started == nil {
		return nil
	}
	return deliver(c.started.GetEventId())
}

// replayed says whether an event was seen by a task that was completed.
func (m *Machine) replayed(e *historypb.HistoryEvent) bool {
	return e.GetEventId() <= m.task.PreviousStartedID || isCommandEvent(e.GetEventType())
}

// happened lets the machines see an event and adds what the workflow is to
// know of it.
func (m *Machine) happened(a *runner.Activation, e *historypb.HistoryEvent) error {
	item, err := m.item(e)
	if err != nil || item == (runner.Item{}) {
		return err
	}
	item.EventID, item.Replaying = e.GetEventId(), m.replayed(e)
	a.Items = appendTo(a.Items, item, len(a.Items))
	return nil
}

// appendTo is append for lists that can get long at once. When there is no room it makes some for more
// of them, where append makes many copies, each a quarter longer.
func appendTo[T any](list []T, v T, more int) []T {
	if len(list) == cap(list) {
		list = slices.Grow(list, max(more, 1))
	}
	return append(list, v)
}

// item is what the workflow is to know of an event; zero if nothing.
func (m *Machine) item(e *historypb.HistoryEvent) (item runner.Item, err error) {
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
		m.taskTimeout = e.GetWorkflowExecutionStartedEventAttributes().GetWorkflowTaskTimeout().AsDuration()
		item.Start = &runner.Start{
			Time:       e.GetEventTime().AsTime(),
			Attributes: e.GetWorkflowExecutionStartedEventAttributes(),
		}
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
		s := e.GetWorkflowExecutionSignaledEventAttributes()
		item.Signal = &runner.Signal{
			Name: s.GetSignalName(), Input: s.GetInput(), Header: s.GetHeader(), Identity: s.GetIdentity(),
		}
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
		item.Cancel = &runner.Cancel{
			Cause: e.GetWorkflowExecutionCancelRequestedEventAttributes().GetCause(),
		}
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
		enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
		item.Resolve, err = m.activities.event(e)
	case enumspb.EVENT_TYPE_TIMER_STARTED,
		enumspb.EVENT_TYPE_TIMER_FIRED,
		enumspb.EVENT_TYPE_TIMER_CANCELED:
		item.Resolve, err = m.timers.event(e)
	case enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
		item.SearchAttributes = e.GetUpsertWorkflowSearchAttributesEventAttributes().GetSearchAttributes()
	case enumspb.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
		item.Memo = e.GetWorkflowPropertiesModifiedEventAttributes().GetUpsertedMemo()
	case enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED:
		attr := e.GetWorkflowTaskFailedEventAttributes()
		if attr.GetCause() == enumspb.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW {
			item.Reset = &runner.Reset{RunID: attr.GetNewRunId()}
		}
	case enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
		enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED,
		enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED,
		enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED,
		enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED,
		enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED,
		enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT,
		enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED:
		item.Resolve, err = m.children.event(e)
	case enumspb.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
		enumspb.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED,
		enumspb.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED:
		item.Resolve, err = m.signals.event(runner.ExternalSignal, e)
	case enumspb.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
		enumspb.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED,
		enumspb.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
		item.Resolve, err = m.cancellation(e)
	default:
		if !ofNoConcern(e.GetEventType()) && !e.GetWorkerMayIgnore() {
			err = fmt.Errorf("unknown history event: %s (event id %d): this release cannot replay it",
				e.GetEventType(), e.GetEventId())
		}
	}
	return item, err
}

// ofNoConcern reports whether a workflow need not know of events of this type,
// or knows of them through messages or look-ahead.
func ofNoConcern(t enumspb.EventType) bool {
	switch t {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ADMITTED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_REJECTED,
		enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
		enumspb.EVENT_TYPE_MARKER_RECORDED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED:
		return true
	default:
		return false
	}
}
