package interceptor

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/workflow"
)

// What stands before and behind workflow code. The types live where the code
// lives that calls them.
type (
	// WorkflowInboundInterceptor stands between the server and a workflow.
	WorkflowInboundInterceptor = workflow.InboundInterceptor
	// WorkflowInboundInterceptorBase passes every call on; implementations embed it.
	WorkflowInboundInterceptorBase = workflow.InboundInterceptorBase
	// WorkflowOutboundInterceptor stands between a workflow and what it asks for.
	WorkflowOutboundInterceptor = workflow.OutboundInterceptor
	// WorkflowOutboundInterceptorBase passes every call on; implementations embed it.
	WorkflowOutboundInterceptorBase = workflow.OutboundInterceptorBase
	// ExecuteWorkflowInput is the input of WorkflowInboundInterceptor.ExecuteWorkflow.
	ExecuteWorkflowInput = workflow.ExecuteInput
	// HandleSignalInput is the input of WorkflowInboundInterceptor.HandleSignal.
	HandleSignalInput = workflow.SignalInput
	// HandleQueryInput is the input of WorkflowInboundInterceptor.HandleQuery.
	HandleQueryInput = workflow.QueryInput
	// UpdateInput is the input of WorkflowInboundInterceptor.ValidateUpdate and ExecuteUpdate.
	UpdateInput = workflow.UpdateInput
)

// What stands before and behind activities.
type (
	// ActivityInboundInterceptor stands before an activity.
	ActivityInboundInterceptor = activity.InboundInterceptor
	// ActivityInboundInterceptorBase passes every call on; implementations embed it.
	ActivityInboundInterceptorBase = activity.InboundInterceptorBase
	// ActivityOutboundInterceptor stands between an activity and what it asks for.
	ActivityOutboundInterceptor = activity.OutboundInterceptor
	// ActivityOutboundInterceptorBase passes every call on; implementations embed it.
	ActivityOutboundInterceptorBase = activity.OutboundInterceptorBase
	// ExecuteActivityInput is the input of ActivityInboundInterceptor.ExecuteActivity.
	ExecuteActivityInput = activity.ExecuteInput
)

// Header returns the header of an activity to read, within
// ActivityInboundInterceptor.ExecuteActivity. Elsewhere it is nil.
func Header(ctx context.Context) map[string]*commonpb.Payload { return activity.Header(ctx) }

// WorkflowHeader returns the header to read, within the methods of
// [WorkflowInboundInterceptor], or to write, within those methods of
// [WorkflowOutboundInterceptor] whose commands have a header. Workflow code itself
// gets nil.
func WorkflowHeader(ctx workflow.Context) map[string]*commonpb.Payload { return workflow.Header(ctx) }
