package machine_test

import (
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	protocolpb "go.temporal.io/api/protocol/v1"
	updatepb "go.temporal.io/api/update/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/mainspring-go/mainspring/workflow/runner"
)

func does(commands ...*commandpb.Command) *runner.Completion {
	return &runner.Completion{Commands: commands}
}

func schedule(id, name string) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
		Attributes: &commandpb.Command_ScheduleActivityTaskCommandAttributes{
			ScheduleActivityTaskCommandAttributes: &commandpb.ScheduleActivityTaskCommandAttributes{
				ActivityId: id, ActivityType: &commonpb.ActivityType{Name: name},
			},
		},
	}
}

func cancelActivity(scheduled int64) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK,
		Attributes: &commandpb.Command_RequestCancelActivityTaskCommandAttributes{
			RequestCancelActivityTaskCommandAttributes: &commandpb.
				RequestCancelActivityTaskCommandAttributes{ScheduledEventId: scheduled},
		},
	}
}

func timer(id string) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_START_TIMER,
		Attributes: &commandpb.Command_StartTimerCommandAttributes{
			StartTimerCommandAttributes: &commandpb.StartTimerCommandAttributes{TimerId: id},
		},
	}
}

func cancelTimer(id string) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_CANCEL_TIMER,
		Attributes: &commandpb.Command_CancelTimerCommandAttributes{
			CancelTimerCommandAttributes: &commandpb.CancelTimerCommandAttributes{TimerId: id},
		},
	}
}

func message(id string) *commandpb.Command {
	return &commandpb.Command{
		CommandType: enumspb.COMMAND_TYPE_PROTOCOL_MESSAGE,
		Attributes: &commandpb.Command_ProtocolMessageCommandAttributes{
			ProtocolMessageCommandAttributes: &commandpb.ProtocolMessageCommandAttributes{MessageId: id},
		},
	}
}

func completeWorkflow() *commandpb.Command {
	return &commandpb.Command{CommandType: enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION}
}

func failWorkflow() *commandpb.Command {
	return &commandpb.Command{CommandType: enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION}
}

func cancelWorkflow() *commandpb.Command {
	return &commandpb.Command{CommandType: enumspb.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION}
}

// protocolMessage is what an instance of the update protocol says.
func protocolMessage(instance, kind string, body proto.Message) *protocolpb.Message {
	packed, err := anypb.New(body)
	if err != nil {
		panic(err)
	}
	return &protocolpb.Message{Id: instance + "/" + kind, ProtocolInstanceId: instance, Body: packed}
}

func acceptance(instance string, sequencing int64) *protocolpb.Message {
	return protocolMessage(instance, "accept", &updatepb.Acceptance{
		AcceptedRequestMessageId: instance + "/request", AcceptedRequestSequencingEventId: sequencing,
	})
}

func response(instance string) *protocolpb.Message {
	return protocolMessage(instance, "complete", &updatepb.Response{Meta: &updatepb.Meta{UpdateId: instance}})
}

func rejection(instance string) *protocolpb.Message {
	return protocolMessage(instance, "reject", &updatepb.Rejection{})
}
