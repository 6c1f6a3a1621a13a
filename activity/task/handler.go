package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal"
)

// Handler runs activity tasks. Make one with [New]. It may be used from any number of
// goroutines, holds nothing between tasks and needs no closing.
type Handler struct {
	options   Options
	observers observers
	invoke    activity.Invoke // nil without middleware
}

// New makes a handler. An error names every option that is wrong.
func New(options Options) (*Handler, error) {
	observers, observersErr := sortObservers(options.Observers)
	if err := errors.Join(options.validate(), observersErr); err != nil {
		return nil, fmt.Errorf("activity task handler: %w", err)
	}
	options.setDefaults()
	h := &Handler{options: options, observers: observers}
	if len(options.Middleware) > 0 {
		h.invoke = activity.Chain(options.Middleware...)
	}
	return h, nil
}

// Handle runs t and reports how it ended. It blocks until the report is made, or known not to
// be needed. The error is about the report: nil if the server has it or needs none,
// [ErrRefused] if the server does not want it, anything else if it may not have arrived, so
// that the attempt will time out. An activity that fails is no error of Handle.
//
// When ctx is done the activity's context is, with the same cause. An activity that stops for
// it is reported as failed with the retryable error type [WorkerShutdownErrorType]. ctx does
// not end the report, which has a time limit of its own.
//
// If the activity ends its goroutine with runtime.Goexit while it runs in place, the report
// is made and Handle never returns, like any function in that position.
func (h *Handler) Handle(
	ctx context.Context, t *workflowservice.PollActivityTaskQueueResponse,
) (Outcome, error) {
	if len(t.GetTaskToken()) == 0 {
		return None, errors.New("activity task has no token: do not handle empty poll responses")
	}
	a := h.newAttempt(ctx, t)
	run := a.begin(ctx)
	defer a.end()
	h.options.Running.Begin(&a.info, a.received)
	defer h.options.Running.End(&a.info)
	h.observers.started(ctx, Started{
		Info:            &a.info,
		ScheduleToStart: between(t.GetCurrentAttemptScheduledTime(), t.GetStartedTime()),
	})
	return a.execute(run, t.GetInput())
}

// execute runs the function and concludes.
func (a *attempt) execute(run context.Context, input *commonpb.Payloads) (Outcome, error) {
	returned := false
	defer func() {
		if !returned {
			// Goexit: nobody else will conclude, and Handle will not return.
			_, _ = a.conclude(run, nil, activity.ErrGoexit)
		}
	}()
	result, err := a.call(run, input)
	returned = true
	return a.conclude(run, result, err)
}

// call hands the task to the executor. Executors are users' code, too: a panic of one is
// treated like one of the activity.
func (a *attempt) call(run context.Context, input *commonpb.Payloads) (result *commonpb.Payloads, err error) {
	defer func() {
		if p := recover(); p != nil {
			result, err = nil, temporal.NewPanicError(p, string(debug.Stack()))
		}
	}()
	o := &a.handler.options
	definition, err := o.Registry.Lookup(a.info.ActivityType.Name)
	if err != nil {
		return nil, err
	}
	a.suit(definition)
	if o.Extract != nil {
		if run, err = o.Extract(run, a.header); err != nil {
			return nil, err
		}
		a.bindConverters(run)
	}
	return o.Executor.Execute(run, &activity.Call{
		Type:          a.info.ActivityType.Name,
		Input:         input,
		Header:        a.header,
		Definition:    definition,
		DataConverter: a.dc,
		Invoke:        a.handler.invoke,
	})
}

// conclude turns what the function returned into an outcome and reports it.
func (a *attempt) conclude(
	run context.Context, result *commonpb.Payloads, err error,
) (Outcome, error) {
	execution := time.Since(a.received)
	why, cause := a.whyStopped(run)
	a.end()
	outcome, reported := a.settle(err, why, cause)
	if p := asA[*temporal.PanicError](err); p != nil {
		if outcome == Failed {
			a.handler.observers.panicked(a.outer, Panicked{Info: &a.info, Err: p})
		}
		defer a.handler.options.OnPanic.Tell(a.outer, a.info, p, a.logger())
	}
	return a.tellEnd(outcome, result, reported, execution)
}

// tellEnd tells everyone how the attempt ended: the log, the server and the observers.
func (a *attempt) tellEnd(
	outcome Outcome, result *commonpb.Payloads, err error, execution time.Duration,
) (Outcome, error) {
	a.logOutcome(outcome, err)
	outcome, err, reportErr := a.report(outcome, result, err)
	a.handler.observers.ended(a.outer, Ended{
		Info:      &a.info,
		Outcome:   outcome,
		Err:       err,
		Execution: execution,
		EndToEnd:  a.waited + execution,
		ReportErr: reportErr,
	})
	return outcome, reportErr
}

// settle ends the heartbeats and decides on the outcome and the error to report. why and cause
// are those at the moment when the function returned err.
func (a *attempt) settle(err error, why reason, cause error) (Outcome, error) {
	timedOut := why == reasonDeadline || why == reasonHeartbeatTimeout
	a.beats.close(timedOut)
	if timedOut {
		return TimedOut, err
	}
	if _, _, gone := a.stopped(); err != nil && !gone {
		a.partWithDetails(err, cause)
	}
	late, lateCause, gone := a.stopped()
	switch {
	case gone:
		return Gone, err
	case late == reasonHeartbeatEncoding:
		return Failed, lateCause
	case err != nil && a.cancelRequested():
		// Whatever else it was told to stop for: the server waits for this answer.
		return judge(err, reasonRequested, cause)
	case why == reasonNone:
		// What the last call learnt counts too, although the function did not see it.
		return judge(err, late, lateCause)
	default:
		return judge(err, why, cause)
	}
}

// maxParting is the size in bytes up to which heartbeat details go with the report of a failure.
// Larger ones might be what makes that too large to be sent.
const maxParting = 64 << 10

// partWithDetails has the server get what it does not have of the heartbeats: the next attempt
// should find the newest details. A result has no use for them.
func (a *attempt) partWithDetails(err, cause error) {
	details, fresh := a.beats.take()
	certain := !isStop(err, cause) && !errors.Is(err, activity.ErrResultPending)
	switch {
	case !fresh:
	case a.handler.options.FailureIncludesHeartbeat && certain && details != nil && proto.Size(details) <= maxParting:
		a.parting = details // the answer of a heartbeat would change nothing
	default:
		a.beats.flush(details, a.handler.options.ReportTimeout)
	}
}

// whyStopped says why the activity's context is done, if it is.
func (a *attempt) whyStopped(run context.Context) (reason, error) {
	if run.Err() == nil {
		return reasonNone, nil
	}
	cause := context.Cause(run)
	why, ours, _ := a.stopped()
	switch {
	case a.expiry != nil && errors.Is(cause, a.expiry):
		return reasonDeadline, cause
	case ours != nil && errors.Is(cause, ours):
		return why, cause
	default:
		return reasonShutdown, cause // by whoever owns the context of Handle
	}
}

func (a *attempt) logOutcome(outcome Outcome, err error) {
	switch outcome {
	case None, Completed, Pending, Canceled:
	case Failed:
		level := slog.LevelWarn
		attrs := []slog.Attr{slog.Any("error", err)}
		if p := asA[*temporal.PanicError](err); p != nil {
			level = slog.LevelError
			attrs = append(attrs, slog.String("stack", p.StackTrace()))
		} else if e := asA[*temporal.ApplicationError](err); e != nil &&
			e.Category() == temporal.ApplicationErrorCategoryBenign {
			level = slog.LevelDebug
		}
		a.logger().LogAttrs(a.outer, level, "activity failed", attrs...)
	case TimedOut, Gone:
		a.logger().LogAttrs(a.outer, slog.LevelWarn,
			"activity attempt is over for the server, its outcome is not reported",
			slog.String("outcome", outcome.String()), slog.Any("error", err))
	}
}
