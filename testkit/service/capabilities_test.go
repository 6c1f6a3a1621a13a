package service_test

import (
	"testing"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/testkit/service"
)

// TestServersThatCanLess does on a server that can nothing what needs a capability.
func TestServersThatCanLess(t *testing.T) {
	t.Parallel()
	o := service.Options{
		Capabilities:       &namespacepb.NamespaceInfo_Capabilities{},
		SystemCapabilities: &workflowservice.GetSystemInfoResponse_Capabilities{},
	}
	in(t, o, func(r rig) {
		ctx := r.t.Context()
		info, err := r.c.GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
		if err != nil || !proto.Equal(info.GetCapabilities(), o.SystemCapabilities) {
			t.Errorf("it says that it can %v, %v", info.GetCapabilities(), err)
		}
		started, err := r.c.StartWorkflowExecution(ctx, &workflowservice.StartWorkflowExecutionRequest{
			Namespace: service.DefaultNamespace, WorkflowId: "w", WorkflowType: &commonpb.WorkflowType{Name: "Any"},
			TaskQueue: queue(), RequestId: "r", RequestEagerExecution: true,
		})
		if err != nil || started.GetEagerWorkflowTask() != nil {
			t.Errorf("it hands out the first task: %v, %v", started, err)
		}
		e := &commonpb.WorkflowExecution{WorkflowId: "w"}
		_, err = r.c.SignalWorkflowExecution(ctx, &workflowservice.SignalWorkflowExecutionRequest{
			Namespace: service.DefaultNamespace, WorkflowExecution: e, SignalName: "say",
			Header: &commonpb.Header{Fields: map[string]*commonpb.Payload{"a": number(1).GetPayloads()[0]}},
		})
		if err != nil {
			t.Error(err)
		}
		task := r.poll()
		answer := &workflowservice.RespondWorkflowTaskCompletedRequest{
			Namespace: service.DefaultNamespace, TaskToken: task.GetTaskToken(),
			SdkMetadata: &sdkpb.WorkflowTaskCompletedMetadata{SdkName: "any"},
			Commands: []*commandpb.Command{anActivity(), {
				CommandType: enumspb.COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES,
				Attributes: &commandpb.Command_ModifyWorkflowPropertiesCommandAttributes{
					ModifyWorkflowPropertiesCommandAttributes: &commandpb.ModifyWorkflowPropertiesCommandAttributes{
						UpsertedMemo: &commonpb.Memo{Fields: map[string]*commonpb.Payload{"color": number(1).GetPayloads()[0]}},
					},
				},
			}},
		}
		if _, err := r.c.RespondWorkflowTaskCompleted(ctx, answer); status.Code(err) != codes.InvalidArgument {
			t.Errorf("a memo is changed: %v", err)
		}
		answer.Commands = answer.Commands[:1]
		if _, err := r.c.RespondWorkflowTaskCompleted(ctx, answer); err != nil {
			t.Error(err)
		}
		_, err = r.c.RespondActivityTaskFailed(ctx, &workflowservice.RespondActivityTaskFailedRequest{
			Namespace: service.DefaultNamespace, TaskToken: r.pollActivity().GetTaskToken(),
			LastHeartbeatDetails: number(1), Failure: &failurepb.Failure{
				Message: "no", FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
					ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{},
				},
			},
		})
		if err != nil {
			t.Error(err)
		}
		for _, event := range r.history(e) {
			if a := event.GetWorkflowExecutionSignaledEventAttributes(); a.GetHeader() != nil {
				t.Errorf("the signal has a header: %v", a)
			}
			if a := event.GetWorkflowTaskCompletedEventAttributes(); a.GetSdkMetadata() != nil {
				t.Errorf("the task has metadata: %v", a)
			}
		}
		r.terminate(e)
	})
}

// TestNamespacesWithoutUpdates sends updates to those.
func TestNamespacesWithoutUpdates(t *testing.T) {
	t.Parallel()
	const none = "UpdateWorkflowExecution operation is disabled on this namespace."
	for name, c := range map[string]struct {
		can   *namespacepb.NamespaceInfo_Capabilities
		stage enumspb.UpdateWorkflowExecutionLifecycleStage
		want  string
	}{
		"none at all": {&namespacepb.NamespaceInfo_Capabilities{AsyncUpdate: true}, 0, none},
		"only synchronous ones": {
			&namespacepb.NamespaceInfo_Capabilities{SyncUpdate: true},
			enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED,
			"UpdateWorkflowExecution issued asynchronously and waiting on update accepted is disabled on this namespace.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, service.Options{Capabilities: c.can}, func(r rig) {
				_, err := r.c.UpdateWorkflowExecution(r.t.Context(), &workflowservice.UpdateWorkflowExecutionRequest{
					Namespace: service.DefaultNamespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: "w"},
					Request: &updatepb.Request{
						Meta: &updatepb.Meta{UpdateId: "u"}, Input: &updatepb.Input{Name: "say"},
					},
					WaitPolicy: &updatepb.WaitPolicy{LifecycleStage: c.stage},
				})
				if status.Code(err) != codes.PermissionDenied || status.Convert(err).Message() != c.want {
					t.Errorf("an update: %v", err)
				}
				if c.want != none {
					return
				}
				_, err = r.c.PollWorkflowExecutionUpdate(r.t.Context(), &workflowservice.PollWorkflowExecutionUpdateRequest{
					Namespace: service.DefaultNamespace, UpdateRef: &updatepb.UpdateRef{UpdateId: "u"},
				})
				if status.Code(err) != codes.PermissionDenied || status.Convert(err).Message() != none {
					t.Errorf("a poll of one: %v", err)
				}
			})
		})
	}
}
