package env

import (
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	updatepb "go.temporal.io/api/update/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

// AcceptUpdate tells the server that the update runs.
func (e *Env) AcceptUpdate(u *runner.Update) {
	e.message(u, u.Instance+"/accept", true, &updatepb.Acceptance{
		AcceptedRequestMessageId:         u.MessageID,
		AcceptedRequestSequencingEventId: u.SequencingID,
		AcceptedRequest:                  u.Request,
	})
}

// RejectUpdate tells the server that the update was refused; history will not
// know of it.
func (e *Env) RejectUpdate(u *runner.Update, why *failurepb.Failure) {
	e.message(u, u.Instance+"/reject", false, &updatepb.Rejection{
		RejectedRequestMessageId:         u.MessageID,
		RejectedRequestSequencingEventId: u.SequencingID,
		RejectedRequest:                  u.Request,
		Failure:                          why,
	})
}

// CompleteUpdate tells the server how the update ended.
func (e *Env) CompleteUpdate(u *runner.Update, result *commonpb.Payloads, why *failurepb.Failure) {
	outcome := &updatepb.Outcome{Value: &updatepb.Outcome_Success{Success: result}}
	if why != nil {
		outcome.Value = &updatepb.Outcome_Failure{Failure: why}
	}
	e.message(u, u.Instance+"/complete", true, &updatepb.Response{
		Meta:    &updatepb.Meta{UpdateId: u.Instance},
		Outcome: outcome,
	})
}

// message sends body, and a command that gives it its place among the others
// if history is to have an event for it.
func (e *Env) message(u *runner.Update, id string, event bool, body proto.Message) {
	packed, err := anypb.New(body)
	if err != nil {
		// Marshalling fails for invalid UTF-8 only, and the request came off the wire.
		Mismatch("update message cannot be packed: " + err.Error())
	}
	e.messages = append(e.messages, &protocolpb.Message{
		Id: id, ProtocolInstanceId: u.Instance, Body: packed,
	})
	if !event || !e.TryUse(ProtocolMessageCommand) {
		return
	}
	e.Emit(&commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_PROTOCOL_MESSAGE,
		Attributes: &commandpb.Command_ProtocolMessageCommandAttributes{
			ProtocolMessageCommandAttributes: &commandpb.ProtocolMessageCommandAttributes{MessageId: id},
		},
	})
}
