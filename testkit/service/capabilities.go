package service

import (
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

// DefaultSystemCapabilities are what the server can, unless a test says otherwise.
func DefaultSystemCapabilities() *workflowservice.GetSystemInfoResponse_Capabilities {
	return &workflowservice.GetSystemInfoResponse_Capabilities{
		SignalAndQueryHeader:            true,
		InternalErrorDifferentiation:    true,
		ActivityFailureIncludeHeartbeat: true,
		EncodedFailureAttributes:        true,
		UpsertMemo:                      true,
		EagerWorkflowStart:              true,
		SdkMetadata:                     true,
		BuildIdBasedVersioning:          true,
	}
}

// overlook takes out of a request what a server without the capabilities does not
// know and so does not see.
func (s *Service) overlook(request proto.Message) error {
	can := s.options.SystemCapabilities
	switch r := request.(type) {
	case *workflowservice.StartWorkflowExecutionRequest:
		if !can.GetEagerWorkflowStart() || !s.options.Capabilities.GetEagerWorkflowStart() {
			r.RequestEagerExecution = false
		}
	case *workflowservice.SignalWorkflowExecutionRequest:
		if !can.GetSignalAndQueryHeader() {
			r.Header = nil
		}
	case *workflowservice.QueryWorkflowRequest:
		if !can.GetSignalAndQueryHeader() && r.GetQuery() != nil {
			r.Query.Header = nil
		}
	case *workflowservice.RespondActivityTaskFailedRequest:
		if !can.GetActivityFailureIncludeHeartbeat() {
			r.LastHeartbeatDetails = nil
		}
	case *workflowservice.RespondWorkflowTaskCompletedRequest:
		if !can.GetSdkMetadata() {
			r.SdkMetadata = nil
		}
		for _, command := range r.GetCommands() {
			t := command.GetCommandType()
			if t == enumspb.COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES && !can.GetUpsertMemo() {
				return invalid("Unknown command type: %v", t)
			}
		}
	}
	return nil
}
