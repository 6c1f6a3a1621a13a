package workflow

import "github.com/mainspring-go/mainspring/temporal"

// HasLastCompletionResult reports whether a run before this one, of the same
// cron or scheduled workflow, has left a result.
func HasLastCompletionResult(ctx Context) bool {
	return runOf(ctx).outbound.HasLastCompletionResult(ctx)
}

func (o rootOutbound) HasLastCompletionResult(Context) bool {
	return o.run.lastResult != nil
}

// GetLastCompletionResult stores the result of the last run that succeeded, of
// the same cron or scheduled workflow, in the variables that d points to. It
// returns [temporal.ErrNoData] if there is none.
func GetLastCompletionResult(ctx Context, d ...any) error {
	return runOf(ctx).outbound.GetLastCompletionResult(ctx, d...)
}

func (o rootOutbound) GetLastCompletionResult(ctx Context, d ...any) error {
	last := o.run.lastResult
	if last == nil {
		return temporal.ErrNoData
	}
	return o.run.env.Decode(converterOf(ctx), last, d...)
}

// GetLastError returns why the run before this one failed, nil if it did not.
func GetLastError(ctx Context) error {
	return runOf(ctx).outbound.GetLastError(ctx)
}

func (o rootOutbound) GetLastError(Context) error {
	return o.run.env.FailureConverter.FailureToError(o.run.lastFailure)
}
