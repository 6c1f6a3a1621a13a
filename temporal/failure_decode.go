package temporal

import (
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// decoder turns failures into errors that keep, and must not change, what they are made from.
type decoder struct {
	dc converter.DataConverter
}

func (c decoder) decode(failure *failurepb.Failure) error {
	if failure == nil {
		return nil
	}
	message, stackTrace := c.attributes(failure)
	cause := c.decode(failure.GetCause())
	switch failure.GetFailureInfo().(type) {
	case *failurepb.Failure_ApplicationFailureInfo:
		return c.application(failure, message, stackTrace, cause)
	case *failurepb.Failure_CanceledFailureInfo:
		d := failure.GetCanceledFailureInfo().GetDetails()
		return &CanceledError{
			message: message,
			details: decodedDetails(d, c.dc),
			cause:   cause,
			failure: failure,
		}
	case *failurepb.Failure_TimeoutFailureInfo:
		info := failure.GetTimeoutFailureInfo()
		return &TimeoutError{
			msg:         message,
			timeoutType: info.GetTimeoutType(),
			details:     decodedDetails(info.GetLastHeartbeatDetails(), c.dc),
			cause:       cause,
			failure:     failure,
		}
	case *failurepb.Failure_TerminatedFailureInfo:
		return &TerminatedError{failure: failure}
	case *failurepb.Failure_ServerFailureInfo:
		return &ServerError{
			msg:          message,
			nonRetryable: failure.GetServerFailureInfo().GetNonRetryable(),
			cause:        cause,
			failure:      failure,
		}
	case *failurepb.Failure_ResetWorkflowFailureInfo:
		d := failure.GetResetWorkflowFailureInfo().GetLastHeartbeatDetails()
		return &ApplicationError{
			msg:          message,
			nonRetryable: true,
			details:      decodedDetails(d, c.dc),
			cause:        cause,
			failure:      failure,
		}
	case *failurepb.Failure_ActivityFailureInfo:
		return activityError(failure, cause)
	case *failurepb.Failure_ChildWorkflowExecutionFailureInfo:
		return childWorkflowError(failure, cause)
	case *failurepb.Failure_NexusOperationExecutionFailureInfo:
		return nexusOperationError(failure, message, cause)
	case *failurepb.Failure_NexusHandlerFailureInfo:
		return nexusHandlerError(failure, message, stackTrace, cause)
	default:
		return &ApplicationError{msg: message, cause: cause, failure: failure}
	}
}

// attributes reads the message and stack trace without changing the failure, which is to be sent
// on as it came.
func (c decoder) attributes(failure *failurepb.Failure) (message, stackTrace string) {
	plain := failurepb.Failure{
		Message:           failure.GetMessage(),
		StackTrace:        failure.GetStackTrace(),
		EncodedAttributes: failure.GetEncodedAttributes(),
	}
	converter.DecodeCommonFailureAttributes(c.dc, &plain)
	return plain.GetMessage(), plain.GetStackTrace()
}

func (c decoder) application(
	failure *failurepb.Failure, message, stackTrace string, cause error,
) error {
	info := failure.GetApplicationFailureInfo()
	if info.GetType() == panicErrorType {
		return &PanicError{
			value:        message,
			stackTrace:   stackTrace,
			nonRetryable: info.GetNonRetryable(),
			failure:      failure,
		}
	}
	return &ApplicationError{
		msg:            message,
		errType:        info.GetType(),
		nonRetryable:   info.GetNonRetryable(),
		details:        decodedDetails(info.GetDetails(), c.dc),
		cause:          cause,
		nextRetryDelay: info.GetNextRetryDelay().AsDuration(),
		category:       categoryFromProto(info.GetCategory()),
		failure:        failure,
	}
}

func activityError(failure *failurepb.Failure, cause error) error {
	info := failure.GetActivityFailureInfo()
	return &ActivityError{
		attributes: ActivityErrorAttributes{
			ScheduledEventID: info.GetScheduledEventId(),
			StartedEventID:   info.GetStartedEventId(),
			Identity:         info.GetIdentity(),
			ActivityType:     info.GetActivityType().GetName(),
			ActivityID:       info.GetActivityId(),
			RetryState:       info.GetRetryState(),
		},
		cause:   cause,
		failure: failure,
	}
}

func childWorkflowError(failure *failurepb.Failure, cause error) error {
	info := failure.GetChildWorkflowExecutionFailureInfo()
	return &ChildWorkflowExecutionError{
		attributes: ChildWorkflowExecutionErrorAttributes{
			Namespace:        info.GetNamespace(),
			WorkflowID:       info.GetWorkflowExecution().GetWorkflowId(),
			RunID:            info.GetWorkflowExecution().GetRunId(),
			WorkflowType:     info.GetWorkflowType().GetName(),
			InitiatedEventID: info.GetInitiatedEventId(),
			StartedEventID:   info.GetStartedEventId(),
			RetryState:       info.GetRetryState(),
		},
		cause:   cause,
		failure: failure,
	}
}

func nexusOperationError(failure *failurepb.Failure, message string, cause error) error {
	info := failure.GetNexusOperationExecutionFailureInfo()
	token := info.GetOperationToken()
	if token == "" {
		token = info.GetOperationId() //nolint:staticcheck // older writers know only this name
	}
	return &NexusOperationError{
		Failure:          failure,
		Message:          message,
		ScheduledEventID: info.GetScheduledEventId(),
		Endpoint:         info.GetEndpoint(),
		Service:          info.GetService(),
		Operation:        info.GetOperation(),
		OperationToken:   token,
		Cause:            cause,
	}
}

func nexusHandlerError(
	failure *failurepb.Failure, message, stackTrace string, cause error,
) error {
	info := failure.GetNexusHandlerFailureInfo()
	if strings.HasPrefix(message, "handler error ("+info.GetType()+")") {
		message = "" // a text made up by a server that had none; Error makes it again
	}
	return &NexusHandlerError{
		Type:          info.GetType(),
		Message:       message,
		RetryBehavior: info.GetRetryBehavior(),
		StackTrace:    stackTrace,
		Cause:         cause,
		Failure:       failure,
	}
}

func categoryFromProto(category enumspb.ApplicationErrorCategory) ApplicationErrorCategory {
	if category == enumspb.APPLICATION_ERROR_CATEGORY_BENIGN {
		return ApplicationErrorCategoryBenign
	}
	return ApplicationErrorCategoryUnspecified
}
