package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
)

// ErrRefused is matched by errors of [Handler.Handle] when the server does not want the report
// and never will: it has ended the attempt, or the report is invalid.
var ErrRefused = errors.New("the server refused the report of the activity")

// report tells the server how the attempt ended, if it needs to know.
func (a *attempt) report(outcome Outcome, result *commonpb.Payloads, err error) error {
	switch outcome {
	case None, Pending, TimedOut, Gone:
		return nil
	case Completed, Failed, Canceled:
	}
	ctx, cancel := withTimeout(a.outer, a.handler.options.ReportTimeout)
	defer cancel()
	var reportErr error
	switch outcome {
	case Completed:
		reportErr = a.reportCompleted(ctx, result)
	case Canceled:
		reportErr = a.reportCanceled(ctx, err)
	default:
		reportErr = a.reportFailed(ctx, err)
	}
	return a.classify(outcome, reportErr)
}

func (a *attempt) reportCompleted(ctx context.Context, result *commonpb.Payloads) error {
	o := &a.handler.options
	if o.MaxResultBytes > 0 {
		if size := proto.Size(result); size > o.MaxResultBytes {
			return a.reportTooLarge(ctx, fmt.Sprintf(
				"activity result has %d bytes, over the error limit of %d", size, o.MaxResultBytes))
		}
	}
	//nolint:staticcheck // servers of older versions know WorkerVersion only
	_, err := o.Service.RespondActivityTaskCompleted(ctx,
		&workflowservice.RespondActivityTaskCompletedRequest{
			TaskToken:         a.info.TaskToken,
			Result:            result,
			Identity:          o.Identity,
			Namespace:         o.Namespace,
			ResourceId:        a.resourceID(),
			WorkerVersion:     o.WorkerVersion,
			DeploymentOptions: o.DeploymentOptions,
		})
	if isTooLarge(err) {
		return a.reportTooLarge(ctx, "activity result is too large to be sent")
	}
	return err
}

func (a *attempt) reportCanceled(ctx context.Context, canceled error) error {
	var details *commonpb.Payloads
	if e := asA[*temporal.CanceledError](canceled); e != nil {
		details = a.failureOf(e).GetCanceledFailureInfo().GetDetails()
	}
	o := &a.handler.options
	//nolint:staticcheck // servers of older versions know WorkerVersion only
	_, err := o.Service.RespondActivityTaskCanceled(ctx,
		&workflowservice.RespondActivityTaskCanceledRequest{
			TaskToken:         a.info.TaskToken,
			Details:           details,
			Identity:          o.Identity,
			Namespace:         o.Namespace,
			ResourceId:        a.resourceID(),
			WorkerVersion:     o.WorkerVersion,
			DeploymentOptions: o.DeploymentOptions,
		})
	if isTooLarge(err) {
		return a.reportTooLarge(ctx, "details of the canceled activity are too large to be sent")
	}
	return err
}

func (a *attempt) reportFailed(ctx context.Context, failed error) error {
	if e := asA[*activity.NotRegisteredError](failed); e != nil {
		failed = temporal.NewApplicationError(e.Error(), NotRegisteredErrorType)
	}
	err := a.sendFailure(ctx, a.failureOf(failed), enumspb.ACTIVITY_TASK_FAILED_CAUSE_UNSPECIFIED)
	if isTooLarge(err) {
		replacement := replacementFor(failed, "activity error is too large to be sent")
		return a.sendFailure(ctx, replacement, enumspb.ACTIVITY_TASK_FAILED_CAUSE_PAYLOADS_TOO_LARGE)
	}
	return err
}

func (a *attempt) reportTooLarge(ctx context.Context, message string) error {
	a.logger().LogAttrs(ctx, slog.LevelError, "activity outcome does not fit into a message",
		slog.String("error", message))
	failure := a.failureOf(temporal.NewApplicationError(message, PayloadsTooLargeErrorType))
	return a.sendFailure(ctx, failure, enumspb.ACTIVITY_TASK_FAILED_CAUSE_PAYLOADS_TOO_LARGE)
}

func (a *attempt) sendFailure(
	ctx context.Context, failure *failurepb.Failure, cause enumspb.ActivityTaskFailedCause,
) error {
	o := &a.handler.options
	//nolint:staticcheck // servers of older versions know WorkerVersion only
	_, err := o.Service.RespondActivityTaskFailed(ctx,
		&workflowservice.RespondActivityTaskFailedRequest{
			TaskToken:         a.info.TaskToken,
			Failure:           failure,
			Identity:          o.Identity,
			Namespace:         o.Namespace,
			ResourceId:        a.resourceID(),
			WorkerVersion:     o.WorkerVersion,
			DeploymentOptions: o.DeploymentOptions,
			Cause:             cause,
		})
	return err
}

// failureOf encodes err. Converters are users' code: one that panics or makes nothing must not
// cost us the report.
func (a *attempt) failureOf(err error) (failure *failurepb.Failure) {
	defer func() {
		p := recover()
		if failure != nil && p == nil {
			return
		}
		a.logger().LogAttrs(a.outer, slog.LevelError, "activity error could not be encoded",
			slog.Any("error", err), slog.Any("panic", p))
		failure = replacementFor(err, "activity failed with an error that could not be encoded")
	}()
	return a.fc.ErrorToFailure(err)
}

// replacementFor stands in for the failure of err. It keeps what decides about the retry, and
// nothing of the text: that may be what was meant to be encrypted.
func replacementFor(err error, message string) *failurepb.Failure {
	info := &failurepb.ApplicationFailureInfo{Type: fmt.Sprintf("%T", err)}
	if e := asA[*temporal.ApplicationError](err); e != nil {
		info.Type, info.NonRetryable = e.Type(), e.NonRetryable()
	}
	return &failurepb.Failure{
		Message: message,
		FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: info,
		},
	}
}

// classify tells a report that the server does not want from one that may be lost.
func (a *attempt) classify(outcome Outcome, err error) error {
	switch {
	case err == nil:
		return nil
	case isGone(err), isA[*serviceerror.InvalidArgument](err):
		a.logger().LogAttrs(a.outer, slog.LevelWarn, "activity report was refused",
			slog.String("outcome", outcome.String()), slog.Any("error", err))
		return fmt.Errorf("%w: %w", ErrRefused, err)
	default:
		a.logger().LogAttrs(a.outer, slog.LevelError, "activity report was not delivered",
			slog.String("outcome", outcome.String()), slog.Any("error", err))
		return fmt.Errorf("report activity as %s: %w", outcome, err)
	}
}

// isTooLarge says whether the transport refused a message for its size. It has no code of its
// own: both ends of gRPC say it in words.
func isTooLarge(err error) bool {
	e := asA[*serviceerror.ResourceExhausted](err)
	return e != nil && strings.Contains(e.Error(), "message larger than max")
}

// asA finds an error of type E in the chain of err, nil if there is none.
func asA[E interface {
	error
	comparable
}](err error) E {
	e, _ := errors.AsType[E](err)
	return e
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
