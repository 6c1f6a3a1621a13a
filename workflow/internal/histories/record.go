package histories

import (
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
)

// record adds the event e of a command that history only keeps: a marker, an
// upsert.
func (h *History) record(c *commandpb.Command, e *historypb.HistoryEvent) {
	switch c.GetCommandType() {
	case enumspb.COMMAND_TYPE_RECORD_MARKER:
		a := c.GetRecordMarkerCommandAttributes()
		e.Attributes = &historypb.HistoryEvent_MarkerRecordedEventAttributes{
			MarkerRecordedEventAttributes: &historypb.MarkerRecordedEventAttributes{
				MarkerName: a.GetMarkerName(), Details: a.GetDetails(), Failure: a.GetFailure(),
			},
		}
		h.Add(enumspb.EVENT_TYPE_MARKER_RECORDED, e)
	case enumspb.COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
		e.Attributes = &historypb.HistoryEvent_UpsertWorkflowSearchAttributesEventAttributes{
			UpsertWorkflowSearchAttributesEventAttributes: &historypb.
				UpsertWorkflowSearchAttributesEventAttributes{
				SearchAttributes: c.GetUpsertWorkflowSearchAttributesCommandAttributes().GetSearchAttributes(),
			},
		}
		h.Add(enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES, e)
	default:
		e.Attributes = &historypb.HistoryEvent_WorkflowPropertiesModifiedEventAttributes{
			WorkflowPropertiesModifiedEventAttributes: &historypb.WorkflowPropertiesModifiedEventAttributes{
				UpsertedMemo: c.GetModifyWorkflowPropertiesCommandAttributes().GetUpsertedMemo(),
			},
		}
		h.Add(enumspb.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED, e)
	}
}

// Marker is the command that records a marker.
func Marker(name string, details map[string]*commonpb.Payloads) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_RECORD_MARKER,
		Attributes: &commandpb.Command_RecordMarkerCommandAttributes{
			RecordMarkerCommandAttributes: &commandpb.RecordMarkerCommandAttributes{
				MarkerName: name, Details: details,
			},
		},
	}
}

// UpsertSearchAttributes is the command that sets a search attribute.
func UpsertSearchAttributes(name string, value any) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
		Attributes: &commandpb.Command_UpsertWorkflowSearchAttributesCommandAttributes{
			UpsertWorkflowSearchAttributesCommandAttributes: &commandpb.
				UpsertWorkflowSearchAttributesCommandAttributes{
				SearchAttributes: &commonpb.SearchAttributes{IndexedFields: fields(name, value)},
			},
		},
	}
}

// UpsertMemo is the command that sets a field of the memo.
func UpsertMemo(name string, value any) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES,
		Attributes: &commandpb.Command_ModifyWorkflowPropertiesCommandAttributes{
			ModifyWorkflowPropertiesCommandAttributes: &commandpb.
				ModifyWorkflowPropertiesCommandAttributes{
				UpsertedMemo: &commonpb.Memo{Fields: fields(name, value)},
			},
		},
	}
}

func fields(name string, value any) map[string]*commonpb.Payload {
	return map[string]*commonpb.Payload{name: Payloads(value).GetPayloads()[0]}
}

// Reset fails the open task because the run that follows is a copy, named to,
// of the one so far.
func (h *History) Reset(to string) {
	h.FailTask()
	attr := h.Events[len(h.Events)-1].GetWorkflowTaskFailedEventAttributes()
	attr.Cause = enumspb.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW
	attr.NewRunId = to
}
