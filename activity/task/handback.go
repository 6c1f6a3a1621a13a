package task

import (
	"context"
	"errors"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/temporal"
)

// HandBack answers t without running it, because its worker will not: it stops before the
// activity had leave to run. Reason says why, and ends up in the report: a failure of the retryable
// type [WorkerShutdownErrorType], so that the activity is tried again elsewhere at once instead
// of after its timeout. Observers are told of the end of t but of no start.
//
// Like [Handler.Handle] it blocks until the report is made, which the end of ctx does not cut
// short, and its error is about the report.
func (h *Handler) HandBack(
	ctx context.Context, t *workflowservice.PollActivityTaskQueueResponse, reason error,
) (Outcome, error) {
	if len(t.GetTaskToken()) == 0 {
		return None, errors.New("activity task has no token: do not hand back empty poll responses")
	}
	a := h.newAttempt(ctx, t)
	a.bindConverters(a.contextOfHeader(ctx))
	return a.tellEnd(Failed, nil, temporal.NewApplicationErrorWithCause(
		"activity was not started because its worker shuts down", WorkerShutdownErrorType, reason), 0)
}

// contextOfHeader is what the converters get of an attempt that does not run. A header that cannot
// be read is no reason not to report it.
func (a *attempt) contextOfHeader(ctx context.Context) (extracted context.Context) {
	extract := a.handler.options.Extract
	if extract == nil {
		return ctx
	}
	defer func() {
		if p := recover(); p != nil {
			extracted = ctx
		}
	}()
	extracted, err := extract(ctx, a.header)
	if err != nil {
		return ctx
	}
	return extracted
}
