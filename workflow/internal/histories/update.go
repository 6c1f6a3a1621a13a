package histories

import (
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	updatepb "go.temporal.io/api/update/v1"
	"google.golang.org/protobuf/types/known/anypb"
)

// Request is a request for an update.
func Request(id, name string, args ...any) *updatepb.Request {
	return &updatepb.Request{
		Meta:  &updatepb.Meta{UpdateId: id},
		Input: &updatepb.Input{Name: name, Args: Payloads(args...), Header: &commonpb.Header{}},
	}
}

// Update is the message that brings a request with the open task.
func (h *History) Update(id, name string, args ...any) *protocolpb.Message {
	body, err := anypb.New(Request(id, name, args...))
	if err != nil {
		panic(err) //nolint:forbidigo // a mistake of the test
	}
	return &protocolpb.Message{
		Id: id + "/request", ProtocolInstanceId: id, Body: body,
		// The server orders updates after the WorkflowTaskScheduled.
		SequencingId: &protocolpb.Message_EventId{EventId: h.Started - 1},
	}
}

// Admit records a request that a reset has carried over.
func (h *History) Admit(id, name string, args ...any) {
	h.Add(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ADMITTED, &historypb.HistoryEvent{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionUpdateAdmittedEventAttributes{
			WorkflowExecutionUpdateAdmittedEventAttributes: &historypb.
				WorkflowExecutionUpdateAdmittedEventAttributes{Request: Request(id, name, args...)},
		},
	})
}

// Accept records that the request of a message was accepted, without a command.
func (h *History) Accept(m *protocolpb.Message) {
	var request updatepb.Request
	if err := m.GetBody().UnmarshalTo(&request); err != nil {
		panic(err) //nolint:forbidigo // a mistake of the test
	}
	body, err := anypb.New(&updatepb.Acceptance{
		AcceptedRequestMessageId: m.GetId(), AcceptedRequestSequencingEventId: m.GetEventId(),
		AcceptedRequest: &request,
	})
	if err != nil {
		panic(err) //nolint:forbidigo // a mistake of the test
	}
	h.message(&protocolpb.Message{ProtocolInstanceId: m.GetProtocolInstanceId(), Body: body})
}
