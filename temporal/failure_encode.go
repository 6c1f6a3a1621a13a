package temporal

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mainspring-go/mainspring/temporal/converter"
)

// encoder turns one error into a failure. hide moves messages into encoded attributes.
type encoder struct {
	dc   converter.DataConverter
	hide bool
}

func (c encoder) encode(err error) *failurepb.Failure {
	if original := originalFailure(err); original != nil {
		return proto.CloneOf(original)
	}
	failure := &failurepb.Failure{Source: FailureSource}
	c.describe(failure, err)
	failure.Message = strings.ToValidUTF8(failure.Message, "\uFFFD") // else it could not be sent
	if cause := errors.Unwrap(err); cause != nil {
		failure.Cause = c.encode(cause)
	}
	if c.hide {
		c.hideAttributes(failure)
	}
	return failure
}

// hideAttributes must not let a plain message out, even when the data converter fails.
func (c encoder) hideAttributes(failure *failurepb.Failure) {
	if err := converter.EncodeCommonFailureAttributes(c.dc, failure); err != nil {
		failure.Message = "Encoded failure (its attributes could not be encoded)"
		failure.StackTrace = ""
	}
}

// describe fills in the message and the kind. The kind is that of the outermost error only: what
// it wraps becomes the cause.
func (c encoder) describe(failure *failurepb.Failure, err error) {
	switch e := err.(type) { //nolint:errorlint // see above
	case *ApplicationError:
		c.describeApplication(failure, e)
	case *CanceledError:
		failure.Message = e.Error()
		failure.FailureInfo = &failurepb.Failure_CanceledFailureInfo{
			CanceledFailureInfo: &failurepb.CanceledFailureInfo{
				Details: c.payloads(failure, e.details),
			},
		}
	case *PanicError:
		failure.Message = e.Error()
		failure.StackTrace = e.stackTrace
		failure.FailureInfo = applicationInfo(panicErrorType, e.nonRetryable)
	case *TimeoutError:
		failure.Message = e.msg
		failure.FailureInfo = &failurepb.Failure_TimeoutFailureInfo{
			TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{
				TimeoutType:          e.timeoutType,
				LastHeartbeatDetails: c.payloads(failure, e.details),
			},
		}
	case *TerminatedError:
		failure.Message = e.Error()
		failure.FailureInfo = &failurepb.Failure_TerminatedFailureInfo{
			TerminatedFailureInfo: &failurepb.TerminatedFailureInfo{},
		}
	case *ServerError:
		failure.Message = e.msg
		failure.FailureInfo = &failurepb.Failure_ServerFailureInfo{
			ServerFailureInfo: &failurepb.ServerFailureInfo{NonRetryable: e.nonRetryable},
		}
	case *ActivityError:
		describeActivity(failure, e.attributes)
	case *ChildWorkflowExecutionError:
		describeChildWorkflow(failure, e.attributes)
	case *NexusOperationError:
		describeNexusOperation(failure, e)
	case *NexusHandlerError:
		describeNexusHandler(failure, e)
	default:
		failure.Message = err.Error()
		failure.FailureInfo = applicationInfo(ErrorType(err), false)
	}
}

func (c encoder) describeApplication(failure *failurepb.Failure, e *ApplicationError) {
	failure.Message = e.msg
	info := &failurepb.ApplicationFailureInfo{
		Type:         e.errType,
		NonRetryable: e.nonRetryable,
		Details:      c.payloads(failure, e.details),
		Category:     categoryToProto(e.category),
	}
	if e.nextRetryDelay != 0 {
		info.NextRetryDelay = durationpb.New(e.nextRetryDelay)
	}
	failure.FailureInfo = &failurepb.Failure_ApplicationFailureInfo{ApplicationFailureInfo: info}
}

// payloads encodes details. An error about an error must not hide it: details that cannot be
// encoded are left out and the message tells.
func (c encoder) payloads(failure *failurepb.Failure, d details) *commonpb.Payloads {
	payloads, err := d.payloads(c.dc)
	if err != nil {
		failure.Message = fmt.Sprintf("%s (details left out: %v)", failure.GetMessage(), err)
		return nil
	}
	return payloads
}

func describeActivity(failure *failurepb.Failure, a ActivityErrorAttributes) {
	failure.Message = "activity error"
	failure.FailureInfo = &failurepb.Failure_ActivityFailureInfo{
		ActivityFailureInfo: &failurepb.ActivityFailureInfo{
			ScheduledEventId: a.ScheduledEventID,
			StartedEventId:   a.StartedEventID,
			Identity:         a.Identity,
			ActivityType:     &commonpb.ActivityType{Name: a.ActivityType},
			ActivityId:       a.ActivityID,
			RetryState:       a.RetryState,
		},
	}
}

func describeChildWorkflow(failure *failurepb.Failure, a ChildWorkflowExecutionErrorAttributes) {
	failure.Message = "child workflow execution error"
	failure.FailureInfo = &failurepb.Failure_ChildWorkflowExecutionFailureInfo{
		ChildWorkflowExecutionFailureInfo: &failurepb.ChildWorkflowExecutionFailureInfo{
			Namespace: a.Namespace,
			WorkflowExecution: &commonpb.WorkflowExecution{
				WorkflowId: a.WorkflowID,
				RunId:      a.RunID,
			},
			WorkflowType:     &commonpb.WorkflowType{Name: a.WorkflowType},
			InitiatedEventId: a.InitiatedEventID,
			StartedEventId:   a.StartedEventID,
			RetryState:       a.RetryState,
		},
	}
}

func describeNexusOperation(failure *failurepb.Failure, e *NexusOperationError) {
	failure.Message = e.Message
	info := &failurepb.NexusOperationFailureInfo{
		ScheduledEventId: e.ScheduledEventID,
		Endpoint:         e.Endpoint,
		Service:          e.Service,
		Operation:        e.Operation,
		OperationToken:   e.OperationToken,
	}
	info.OperationId = e.OperationToken //nolint:staticcheck // older readers know only this name
	failure.FailureInfo = &failurepb.Failure_NexusOperationExecutionFailureInfo{
		NexusOperationExecutionFailureInfo: info,
	}
}

func describeNexusHandler(failure *failurepb.Failure, e *NexusHandlerError) {
	failure.Message = e.Message
	failure.StackTrace = e.StackTrace
	failure.FailureInfo = &failurepb.Failure_NexusHandlerFailureInfo{
		NexusHandlerFailureInfo: &failurepb.NexusHandlerFailureInfo{
			Type:          e.Type,
			RetryBehavior: e.RetryBehavior,
		},
	}
}

func applicationInfo(
	errType string, nonRetryable bool,
) *failurepb.Failure_ApplicationFailureInfo {
	return &failurepb.Failure_ApplicationFailureInfo{
		ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{
			Type:         errType,
			NonRetryable: nonRetryable,
		},
	}
}

func categoryToProto(category ApplicationErrorCategory) enumspb.ApplicationErrorCategory {
	if category == ApplicationErrorCategoryBenign {
		return enumspb.APPLICATION_ERROR_CATEGORY_BENIGN
	}
	return enumspb.APPLICATION_ERROR_CATEGORY_UNSPECIFIED
}

// ErrorType returns what retry policies match in NonRetryableErrorTypes: the type of an
// *ApplicationError, and for any other error the bare name of its Go type, which is empty for
// what errors.New returns. It looks at err only, not at what err wraps.
func ErrorType(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := err.(*ApplicationError); ok { //nolint:errorlint // see above
		return e.errType
	}
	t := reflect.TypeOf(err)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if name := t.Name(); name != "errorString" {
		return name
	}
	return ""
}

// originalFailure returns the failure that err was made from, if it was; errors of other packages
// tell by a method Failure. It looks at err only, not at what err wraps.
func originalFailure(err error) *failurepb.Failure {
	switch e := err.(type) { //nolint:errorlint // see above
	case *NexusOperationError:
		return e.Failure
	case *NexusHandlerError:
		return e.Failure
	case *ApplicationError:
		return e.failure
	case *CanceledError:
		return e.failure
	case *PanicError:
		return e.failure
	case *TimeoutError:
		return e.failure
	case *TerminatedError:
		return e.failure
	case *ServerError:
		return e.failure
	case *ActivityError:
		return e.failure
	case *ChildWorkflowExecutionError:
		return e.failure
	case interface{ Failure() *failurepb.Failure }:
		return e.Failure()
	default:
		return nil
	}
}
