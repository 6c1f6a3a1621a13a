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

// report tells the server how the attempt ended, if it needs to know, and returns what it was told:
// what cannot be sent is reported as a failure. The last error is about the report.
func (a *attempt) report(outcome Outcome, result *commonpb.Payloads, err error) (Outcome, error, error) {
	switch outcome {
	case None, Pending, TimedOut, Gone:
		return outcome, err, nil
	case Completed, Failed, Canceled:
	}
	// What an activity has to say matters most when it was canceled.
	ctx, done := a.handler.options.BoundReport(context.WithoutCancel(a.outer))
	defer done()
	var reportErr error
	switch outcome {
	case Completed:
		reportErr = a.reportCompleted(ctx, result)
	case Canceled:
		reportErr = a.reportCanceled(ctx, err)
	default:
		reportErr = a.reportFailed(ctx, err)
	}
	if unfit := asA[*unfitError](reportErr); unfit != nil && outcome != Failed {
		// Without an answer the attempt would time out, and the next one would do the same.
		a.logger().LogAttrs(ctx, slog.LevelError, "activity outcome cannot be reported, so the attempt fails",
			slog.String("outcome", outcome.String()), slog.Any("error", unfit))
		outcome, err = Failed, unfit
		reportErr = a.reportFailed(ctx, unfit)
	}
	return outcome, err, a.classify(outcome, reportErr)
}

// An unfitError says that something an activity wants to tell the server will never get there.
type unfitError struct {
	message  string
	tooLarge bool
}

func (e *unfitError) Error() string { return e.message }

// fits says what is wrong with the size of something to be sent.
func (a *attempt) fits(what string, payloads *commonpb.Payloads) error {
	limit := a.handler.options.MaxResultBytes
	if limit == 0 {
		return nil
	}
	if size := proto.Size(payloads); size > limit {
		return &unfitError{fmt.Sprintf("%s has %d bytes, over the error limit of %d", what, size, limit), true}
	}
	return nil
}

// unfit tells an error of a call that sends payloads, because of which they will never be taken,
// from others, which it returns.
func unfit(what string, payloads *commonpb.Payloads, err error) error {
	switch {
	case isTooLarge(err):
		return &unfitError{fmt.Sprintf("%s of %d bytes is too large to be sent: %v", what, proto.Size(payloads), err), true}
	case isA[*serviceerror.InvalidArgument](err):
		return &unfitError{fmt.Sprintf("%s of %d bytes was refused by the server: %v", what, proto.Size(payloads), err), false}
	default:
		return err
	}
}

func (a *attempt) reportCompleted(ctx context.Context, result *commonpb.Payloads) error {
	const what = "activity result"
	if err := a.fits(what, result); err != nil {
		return err
	}
	o := &a.handler.options
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
	return unfit(what, result, err)
}

func (a *attempt) reportCanceled(ctx context.Context, canceled error) error {
	const what = "activity cancellation"
	var details *commonpb.Payloads
	if e := asA[*temporal.CanceledError](canceled); e != nil {
		details = a.failureOf(e).GetCanceledFailureInfo().GetDetails()
	}
	if err := a.fits(what, details); err != nil {
		return err
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
	return unfit(what, details, err)
}

func (a *attempt) reportFailed(ctx context.Context, failed error) error {
	cause := enumspb.ACTIVITY_TASK_FAILED_CAUSE_UNSPECIFIED
	if e := asA[*activity.NotRegisteredError](failed); e != nil {
		failed = temporal.NewApplicationError(e.Error(), NotRegisteredErrorType)
	}
	if e := asA[*unfitError](failed); e != nil {
		typ := RefusedErrorType
		if e.tooLarge {
			typ, cause = PayloadsTooLargeErrorType, enumspb.ACTIVITY_TASK_FAILED_CAUSE_PAYLOADS_TOO_LARGE
		}
		failed = temporal.NewNonRetryableApplicationError(e.Error(), typ, nil)
	}
	failure := a.failureOf(failed)
	if failure.GetApplicationFailureInfo() == nil {
		failed = takable(failed, failure)
		failure = a.failureOf(failed)
	}
	size, limit := proto.Size(failure), a.handler.options.MaxResultBytes
	if limit > 0 && size > limit {
		return a.sendShortened(ctx, failed, failure, fmt.Sprintf("over the error limit of %d", limit))
	}
	err := a.sendFailure(ctx, failure, cause)
	if isTooLarge(err) {
		return a.sendShortened(ctx, failed, failure, "too large to be sent: "+err.Error())
	}
	return err
}

// takable wraps an error of a kind that the server makes itself, such as a timeout of something
// that the activity has waited for. The server refuses it as the failure of an activity, and the
// attempt would time out instead.
func takable(err error, failure *failurepb.Failure) error {
	return temporal.NewApplicationErrorWithOptions(err.Error(), temporal.ErrorType(err),
		temporal.ApplicationErrorOptions{
			Cause: err, NonRetryable: failure.GetServerFailureInfo().GetNonRetryable(),
		})
}

// sendShortened sends what fits of a failure. The server would make one of it that is never retried.
func (a *attempt) sendShortened(ctx context.Context, failed error, failure *failurepb.Failure, why string) error {
	size := proto.Size(failure)
	a.logger().LogAttrs(ctx, slog.LevelError, "activity error is too large: it was shortened",
		slog.Int("bytes", size), slog.String("reason", why))
	short := replacementFor(failed, fmt.Sprintf("%s [activity error of %d bytes, %s]",
		beginOf(failure.GetMessage()), size, why))
	if info := failure.GetApplicationFailureInfo(); info != nil {
		short.GetApplicationFailureInfo().Type = beginOf(info.GetType())
		short.GetApplicationFailureInfo().NextRetryDelay = info.GetNextRetryDelay()
		short.GetApplicationFailureInfo().Category = info.GetCategory()
	}
	short.Source, short.StackTrace = failure.GetSource(), beginOf(failure.GetStackTrace())
	return a.sendFailure(ctx, short, enumspb.ACTIVITY_TASK_FAILED_CAUSE_PAYLOADS_TOO_LARGE)
}

// beginOf is as much of a text as a shortened failure has.
func beginOf(text string) string {
	const enough = 1000
	if len(text) <= enough {
		return text
	}
	return strings.ToValidUTF8(text[:enough], "") + "..."
}

func (a *attempt) sendFailure(
	ctx context.Context, failure *failurepb.Failure, cause enumspb.ActivityTaskFailedCause,
) error {
	o := &a.handler.options
	//nolint:staticcheck // servers of older versions know WorkerVersion only
	_, err := o.Service.RespondActivityTaskFailed(ctx,
		&workflowservice.RespondActivityTaskFailedRequest{
			TaskToken:            a.info.TaskToken,
			Failure:              failure,
			Identity:             o.Identity,
			Namespace:            o.Namespace,
			ResourceId:           a.resourceID(),
			WorkerVersion:        o.WorkerVersion,
			DeploymentOptions:    o.DeploymentOptions,
			Cause:                cause,
			LastHeartbeatDetails: a.parting,
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
	case isGone(err), isA[*serviceerror.InvalidArgument](err),
		isA[*serviceerror.NamespaceNotActive](err):
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
