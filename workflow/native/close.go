package native

import (
	"errors"

	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/env"
)

// closeCommand is how the run ends for what its function returned. A canceled
// error anywhere in the chain ends it as canceled, whoever asked for it.
func closeCommand(
	e *env.Env, b *workflow.Binding, result *commonpb.Payloads, err error,
) *commandpb.Command {
	canceled, isCanceled := errors.AsType[*temporal.CanceledError](err)
	again, isAgain := errors.AsType[*workflow.ContinueAsNewError](err)
	switch {
	case isCanceled:
		return &commandpb.Command{
			CommandType: enumspb.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION,
			Attributes: &commandpb.Command_CancelWorkflowExecutionCommandAttributes{
				CancelWorkflowExecutionCommandAttributes: &commandpb.
					CancelWorkflowExecutionCommandAttributes{
					Details: e.FailureConverter.ErrorToFailure(canceled).
						GetCanceledFailureInfo().GetDetails(),
				},
			},
		}
	case isAgain:
		return b.ContinueCommand(again)
	case err != nil:
		return &commandpb.Command{
			CommandType: enumspb.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
			Attributes: &commandpb.Command_FailWorkflowExecutionCommandAttributes{
				FailWorkflowExecutionCommandAttributes: &commandpb.
					FailWorkflowExecutionCommandAttributes{
					Failure: e.FailureConverter.ErrorToFailure(err),
				},
			},
		}
	default:
		return &commandpb.Command{
			CommandType: enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
			Attributes: &commandpb.Command_CompleteWorkflowExecutionCommandAttributes{
				CompleteWorkflowExecutionCommandAttributes: &commandpb.
					CompleteWorkflowExecutionCommandAttributes{Result: result},
			},
		}
	}
}
