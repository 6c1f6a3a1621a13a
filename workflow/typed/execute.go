package typed

import (
	"context"

	"github.com/mainspring-go/mainspring/workflow"
)

// ExecuteActivity is [workflow.ExecuteActivity] of a call.
func ExecuteActivity[R any](ctx workflow.Context, call Call[context.Context, R]) Future[R] {
	return Future[R]{workflow.ExecuteActivity(ctx, call.function, call.args...)}
}

// ExecuteLocalActivity is [workflow.ExecuteLocalActivity] of a call.
func ExecuteLocalActivity[R any](ctx workflow.Context, call Call[context.Context, R]) Future[R] {
	return Future[R]{workflow.ExecuteLocalActivity(ctx, call.function, call.args...)}
}

// ExecuteChildWorkflow is [workflow.ExecuteChildWorkflow] of a call.
func ExecuteChildWorkflow[R any](
	ctx workflow.Context, call Call[workflow.Context, R],
) ChildFuture[R] {
	child := workflow.ExecuteChildWorkflow(ctx, call.function, call.args...)
	return ChildFuture[R]{Future[R]{child}, child}
}

// NewContinueAsNewError is [workflow.NewContinueAsNewError] of a call, which need
// not be of the workflow that returns the error, nor return the same.
func NewContinueAsNewError[R any](ctx workflow.Context, call Call[workflow.Context, R]) error {
	return workflow.NewContinueAsNewError(ctx, call.function, call.args...)
}

// NewContinueAsNewErrorWithOptions is [NewContinueAsNewError] with options.
func NewContinueAsNewErrorWithOptions[R any](
	ctx workflow.Context, options workflow.ContinueAsNewErrorOptions, call Call[workflow.Context, R],
) error {
	return workflow.NewContinueAsNewErrorWithOptions(ctx, options, call.function, call.args...)
}

// GetLastCompletionResult returns the result of the last run of a cron workflow
// that completed, if the run of ctx follows one: see
// [workflow.GetLastCompletionResult].
func GetLastCompletionResult[R any](ctx workflow.Context) (result R, ok bool, err error) {
	if !workflow.HasLastCompletionResult(ctx) {
		return result, false, nil
	}
	err = workflow.GetLastCompletionResult(ctx, &result)
	return result, err == nil, err
}
