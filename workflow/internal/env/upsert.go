package env

import (
	"maps"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
)

// UpsertSearchAttributes makes the command that changes search attributes, and
// changes them in Info.
func (e *Env) UpsertSearchAttributes(upsert *commonpb.SearchAttributes) {
	e.Emit(&commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
		Attributes: &commandpb.Command_UpsertWorkflowSearchAttributesCommandAttributes{
			UpsertWorkflowSearchAttributesCommandAttributes: &commandpb.
				UpsertWorkflowSearchAttributesCommandAttributes{SearchAttributes: upsert},
		},
	})
	e.SearchAttributesUpserted(upsert)
}

// SearchAttributesUpserted changes search attributes in Info. One that is unset
// stays there, without data.
func (e *Env) SearchAttributesUpserted(upsert *commonpb.SearchAttributes) {
	fields := upsert.GetIndexedFields()
	if len(fields) == 0 {
		return
	}
	// What Info holds is shared: with the event that the run began with, with
	// commands, with workflow code.
	all := make(map[string]*commonpb.Payload, len(fields)+len(e.Info.SearchAttributes.GetIndexedFields()))
	maps.Copy(all, e.Info.SearchAttributes.GetIndexedFields())
	maps.Copy(all, fields)
	e.Info.SearchAttributes = &commonpb.SearchAttributes{IndexedFields: all}
}

// UpsertMemo makes the command that changes the memo, and changes it in Info.
func (e *Env) UpsertMemo(upsert *commonpb.Memo) {
	e.Emit(&commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES,
		Attributes: &commandpb.Command_ModifyWorkflowPropertiesCommandAttributes{
			ModifyWorkflowPropertiesCommandAttributes: &commandpb.
				ModifyWorkflowPropertiesCommandAttributes{UpsertedMemo: upsert},
		},
	})
	e.MemoUpserted(upsert)
}

// MemoUpserted changes the memo in Info: fields without data go.
func (e *Env) MemoUpserted(upsert *commonpb.Memo) {
	fields := upsert.GetFields()
	if len(fields) == 0 {
		return
	}
	all := make(map[string]*commonpb.Payload, len(fields)+len(e.Info.Memo.GetFields()))
	maps.Copy(all, e.Info.Memo.GetFields())
	for name, p := range fields {
		if len(p.GetData()) == 0 {
			delete(all, name)
			continue
		}
		all[name] = p
	}
	e.Info.Memo = &commonpb.Memo{Fields: all}
	e.Hooks.MemoChanged(e.Info.Memo)
}
