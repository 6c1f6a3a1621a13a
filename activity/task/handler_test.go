package task_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/temporal"
)

func wantMessage(t *testing.T, f *failurepb.Failure, part string) {
	t.Helper()
	if !strings.Contains(f.GetMessage(), part) {
		t.Errorf("message %q does not contain %q", f.GetMessage(), part)
	}
}

// beatAndWait heartbeats once and returns what stop returns when the context is done.
func beatAndWait(stop func(ctx context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		activity.RecordHeartbeat(ctx, 1)
		<-ctx.Done()
		return stop(ctx)
	}
}

func ctxErr(ctx context.Context) error   { return ctx.Err() }
func ctxCause(ctx context.Context) error { return context.Cause(ctx) }
func success(context.Context) error      { return nil }

type customError struct{}

func (*customError) Error() string { return "custom" }

func TestOutcomes(t *testing.T) {
	cancelRequested := &heartbeatResponse{CancelRequested: true}
	paused := &heartbeatResponse{ActivityPaused: true}
	reset := &heartbeatResponse{ActivityReset: true}
	notFound := serviceerror.NewNotFound("gone")
	tests := map[string]struct {
		act      any
		beat     *heartbeatResponse
		beatErr  error
		input    []any
		typ      string
		shutdown bool // cancel the context of Handle after a second, before any heartbeat answer
		want     task.Outcome
		wantType string // of the application failure
		wantText string // in the failure's message
		nonRetry bool
	}{
		"result":        {act: func(n int) (int, error) { return n, nil }, input: []any{1}, want: task.Completed},
		"no result":     {act: func() error { return nil }, want: task.Completed},
		"nil pointer":   {act: func() (*int, error) { return nil, nil }, want: task.Completed},
		"plain error":   {act: func() error { return errors.New("oh") }, want: task.Failed, wantText: "oh"},
		"wrapped error": {act: func() error { return fmt.Errorf("a: %w", errPlain) }, want: task.Failed, wantType: "wrapError", wantText: "a: no luck"},
		"custom error":  {act: func() error { return &customError{} }, want: task.Failed, wantType: "customError", wantText: "custom"},
		"application error": {
			act:  func() error { return temporal.NewNonRetryableApplicationError("bad", "Bad", nil) },
			want: task.Failed, wantType: "Bad", wantText: "bad", nonRetry: true,
		},
		"panic":            {act: func() error { panic("boom") }, want: task.Failed, wantType: "PanicError", wantText: "boom"},
		"pending":          {act: func() error { return activity.ErrResultPending }, want: task.Pending},
		"pending, wrapped": {act: func() (int, error) { return 1, fmt.Errorf("x: %w", activity.ErrResultPending) }, want: task.Pending},
		"unknown type": {
			act: func() error { return nil }, typ: "Other", want: task.Failed,
			wantType: "ActivityNotRegisteredError",
			wantText: "unable to find activityType=Other. Supported types: [Act]",
		},
		"undecodable input": {
			act: func(int) error { return nil }, input: []any{"text"}, want: task.Failed,
			wantType: "wrapError", wantText: "unable to decode the activity function input payload with error",
		},
		"unencodable result": {
			act: func() (any, error) { return func() {}, nil }, want: task.Failed,
			wantType: "wrapError", wantText: "unable to encode the result of activity",
		},
		"cancelled without request": {
			act: func() error { return context.Canceled }, want: task.Failed,
			wantType: "wrapError", wantText: "unexpected activity cancel error: context canceled",
		},
		"CanceledError without request": {
			act: func() error { return temporal.NewCanceledError() }, want: task.Failed,
			wantType: "wrapError", wantText: "unexpected activity cancel error: ",
		},
		"own deadline": {
			act: func() error { return context.DeadlineExceeded }, want: task.Failed,
			wantType: "deadlineExceededError", wantText: "context deadline exceeded",
		},
		"cancel requested, ctx.Err":   {act: beatAndWait(ctxErr), beat: cancelRequested, want: task.Canceled},
		"cancel requested, cause":     {act: beatAndWait(ctxCause), beat: cancelRequested, want: task.Canceled},
		"cancel requested, succeeded": {act: beatAndWait(success), beat: cancelRequested, want: task.Completed},
		"cancel requested, failed": {
			act:  beatAndWait(func(context.Context) error { return errPlain }),
			beat: cancelRequested, want: task.Failed, wantText: "no luck",
		},
		"paused, ctx.Err":   {act: beatAndWait(ctxErr), beat: paused, want: task.Failed, wantType: "ActivityPause"},
		"paused, cause":     {act: beatAndWait(ctxCause), beat: paused, want: task.Failed, wantType: "ActivityPause"},
		"paused, succeeded": {act: beatAndWait(success), beat: paused, want: task.Completed},
		"reset, ctx.Err":    {act: beatAndWait(ctxErr), beat: reset, want: task.Failed, wantType: "ActivityReset"},
		"reset, cause":      {act: beatAndWait(ctxCause), beat: reset, want: task.Failed, wantType: "ActivityReset"},
		"paused without request": {
			act: func() error { return activity.ErrActivityPaused }, want: task.Failed, wantText: "activity paused",
		},
		"cancel ranks over pause and reset": {
			act: beatAndWait(ctxErr), want: task.Canceled,
			beat: &heartbeatResponse{CancelRequested: true, ActivityPaused: true, ActivityReset: true},
		},
		"pause ranks over reset": {
			act: beatAndWait(ctxErr), want: task.Failed, wantType: "ActivityPause",
			beat: &heartbeatResponse{ActivityPaused: true, ActivityReset: true},
		},
		"not found":            {act: beatAndWait(ctxErr), beatErr: notFound, want: task.Gone},
		"not found, succeeded": {act: beatAndWait(success), beatErr: notFound, want: task.Gone},
		"namespace not found":  {act: beatAndWait(ctxErr), beatErr: serviceerror.NewNamespaceNotFound("ns"), want: task.Gone},
		"namespace not active": {
			act: beatAndWait(ctxErr), beatErr: serviceerror.NewNamespaceNotActive("ns", "a", "b"),
			want: task.Failed, wantType: "wrapError", wantText: "unexpected activity cancel error: context canceled",
		},
		"namespace not active, succeeded": {
			act: beatAndWait(success), beatErr: serviceerror.NewNamespaceNotActive("ns", "a", "b"), want: task.Completed,
		},
		"not found, wrapped":    {act: beatAndWait(ctxErr), beatErr: fmt.Errorf("call: %w", notFound), want: task.Gone},
		"shutdown, ctx.Err":     {act: beatAndWait(ctxErr), shutdown: true, want: task.Failed, wantType: "WorkerShutdown"},
		"shutdown, cause":       {act: beatAndWait(ctxCause), shutdown: true, want: task.Failed, wantType: "WorkerShutdown"},
		"shutdown, succeeded":   {act: beatAndWait(success), shutdown: true, want: task.Completed},
		"shutdown, other error": {act: beatAndWait(func(context.Context) error { return errPlain }), shutdown: true, want: task.Failed, wantText: "no luck"},
		"shutdown, still beating: later reasons are dropped": {
			act: func(ctx context.Context) error {
				<-ctx.Done()
				activity.RecordHeartbeat(ctx, 1)
				return ctx.Err()
			},
			beat: paused, shutdown: true, want: task.Failed, wantType: "WorkerShutdown",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := &service{onHeartbeat: canceling(test.beat, test.beatErr)}
				h := newHandler(t, srv, test.act)
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if test.shutdown {
					defer time.AfterFunc(time.Second, func() { cancel(activity.ErrWorkerShutdown) }).Stop()
				}
				r := newTask(withInput(encode(t, test.input...)))
				if test.typ != "" {
					r.ActivityType.Name = test.typ
				}
				outcome, err := h.Handle(ctx, r)
				if outcome != test.want || err != nil {
					t.Fatalf("got %v, %v, want %v", outcome, err, test.want)
				}
				checkReport(t, srv, test.want, test.wantType, test.wantText, test.nonRetry)
				if test.want == task.Gone && len(srv.beats) != 1 {
					t.Errorf("sent %d heartbeats for an attempt that is gone, want 1", len(srv.beats))
				}
			})
		})
	}
}

func checkReport(
	t *testing.T, srv *service, want task.Outcome, wantType, wantText string, nonRetryable bool,
) {
	t.Helper()
	switch want {
	case task.Pending, task.Gone, task.TimedOut:
		if len(srv.reports) != 0 {
			t.Errorf("reported %v, want nothing", srv.reports)
		}
	case task.Completed:
		if _, ok := srv.onlyReport(t).(*workflowservice.RespondActivityTaskCompletedRequest); !ok {
			t.Errorf("reported %v, want a result", srv.reports[0])
		}
	case task.Canceled:
		if _, ok := srv.onlyReport(t).(*workflowservice.RespondActivityTaskCanceledRequest); !ok {
			t.Errorf("reported %v, want canceled", srv.reports[0])
		}
	default:
		failure := srv.failure(t)
		wantMessage(t, failure, wantText)
		info := failure.GetApplicationFailureInfo()
		if info.GetType() != wantType || info.GetNonRetryable() != nonRetryable {
			t.Errorf("failure has type %q, non-retryable %v, want %q, %v",
				info.GetType(), info.GetNonRetryable(), wantType, nonRetryable)
		}
	}
}

func TestCauseOfCancellation(t *testing.T) {
	notFound := serviceerror.NewNotFound("gone")
	tests := map[string]struct {
		beat *heartbeatResponse
		err  error
		is   func(cause error) bool
	}{
		"requested": {beat: &heartbeatResponse{CancelRequested: true}, is: temporal.IsCanceledError},
		"paused":    {beat: &heartbeatResponse{ActivityPaused: true}, is: func(err error) bool { return err == activity.ErrActivityPaused }}, //nolint:errorlint // users compare it
		"reset":     {beat: &heartbeatResponse{ActivityReset: true}, is: func(err error) bool { return err == activity.ErrActivityReset }},   //nolint:errorlint // users compare it
		"not found": {err: notFound, is: func(err error) bool { return errors.Is(err, notFound) }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv := &service{onHeartbeat: canceling(test.beat, test.err)}
			h := newHandler(t, srv, func(ctx context.Context) error {
				activity.RecordHeartbeat(ctx)
				// The call went out at once, so its answer is known when it returns.
				if cause := context.Cause(ctx); !test.is(cause) {
					t.Errorf("cause is %v", cause)
				}
				if !errors.Is(ctx.Err(), context.Canceled) {
					t.Errorf("ctx.Err() is %v, want canceled", ctx.Err())
				}
				return nil
			})
			_, _ = h.Handle(t.Context(), newTask())
		})
	}
}

func TestLateAnswerCounts(t *testing.T) {
	// The function gives up on its own; the flush of its last details then learns that the
	// server had asked for it.
	srv := &service{onHeartbeat: func(_ context.Context, n int) (*heartbeatResponse, error) {
		return &heartbeatResponse{CancelRequested: n == 2}, nil
	}}
	h := newHandler(t, srv, func(ctx context.Context) error {
		activity.RecordHeartbeat(ctx, 1)
		activity.RecordHeartbeat(ctx, 2)
		return context.Canceled
	})
	if outcome, err := h.Handle(t.Context(), newTask()); outcome != task.Canceled || err != nil {
		t.Errorf("got %v, %v, want canceled", outcome, err)
	}
}

func TestFirstReasonStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &service{onHeartbeat: func(_ context.Context, n int) (*heartbeatResponse, error) {
			return &heartbeatResponse{ActivityPaused: n == 1, CancelRequested: n > 1}, nil
		}}
		h := newHandler(t, srv, func(ctx context.Context) error {
			activity.RecordHeartbeat(ctx, 1)
			time.Sleep(time.Minute)
			activity.RecordHeartbeat(ctx, 2)
			if cause := context.Cause(ctx); !errors.Is(cause, activity.ErrActivityPaused) {
				t.Errorf("the cause became %v", cause)
			}
			return ctx.Err()
		})
		// But the server, which wants it cancelled by now, is told that it is.
		outcome, err := h.Handle(t.Context(), newTask())
		if outcome != task.Canceled || err != nil {
			t.Errorf("got %v, %v, want canceled", outcome, err)
		}
		checkReport(t, srv, task.Canceled, "", "", false)
	})
}

func TestContextEndsWhenTheFunctionReturns(t *testing.T) {
	var leaked func() error
	srv := &service{onHeartbeat: func(_ context.Context, n int) (*heartbeatResponse, error) {
		if n == 2 && leaked() == nil { // the flush, before the report
			t.Error("the activity's context is alive after the function returned")
		}
		return nil, nil
	}}
	h := newHandler(t, srv, func(ctx context.Context) error {
		leaked = ctx.Err
		activity.RecordHeartbeat(ctx, 1)
		activity.RecordHeartbeat(ctx, 2)
		return errPlain
	})
	_, _ = h.Handle(t.Context(), newTask())
	if len(srv.beats) != 2 {
		t.Errorf("sent %d heartbeats, want 2", len(srv.beats))
	}
}

func TestCanceledDetailsAreReported(t *testing.T) {
	srv := &service{onHeartbeat: canceling(&heartbeatResponse{CancelRequested: true}, nil)}
	h := newHandler(t, srv, beatAndWait(func(context.Context) error {
		return temporal.NewCanceledError(9)
	}))
	_, _ = h.Handle(t.Context(), newTask())
	report, ok := srv.onlyReport(t).(*workflowservice.RespondActivityTaskCanceledRequest)
	if !ok || decodeInt(t, report.GetDetails()) != 9 {
		t.Errorf("reported %v, want details 9", srv.reports[0])
	}
}

func TestDeadlines(t *testing.T) {
	s := time.Second
	tests := map[string]struct {
		startToClose, scheduleToClose, waited, skew time.Duration
		want                                        time.Duration
		kind                                        enumspb.TimeoutType
	}{
		"start to close":                {startToClose: 10 * s, want: 10 * s, kind: enumspb.TIMEOUT_TYPE_START_TO_CLOSE},
		"schedule to close":             {scheduleToClose: 10 * s, want: 10 * s, kind: enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE},
		"the earlier one":               {startToClose: 10 * s, scheduleToClose: 12 * s, want: 10 * s, kind: enumspb.TIMEOUT_TYPE_START_TO_CLOSE},
		"earlier attempts count":        {startToClose: 10 * s, scheduleToClose: 12 * s, waited: 5 * s, want: 7 * s, kind: enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE},
		"our clock is an hour ahead":    {startToClose: 10 * s, skew: -3600 * s, want: 10 * s, kind: enumspb.TIMEOUT_TYPE_START_TO_CLOSE},
		"our clock is an hour behind":   {scheduleToClose: 12 * s, waited: 5 * s, skew: 3600 * s, want: 7 * s, kind: enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE},
		"no timeout at all, no deadine": {want: 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				srv := &service{}
				h := newHandler(t, srv, func(ctx context.Context) (string, error) {
					deadline, ok := ctx.Deadline()
					if test.want == 0 {
						if ok || !activity.GetInfo(ctx).Deadline.IsZero() {
							t.Errorf("deadline is %v, want none", deadline)
						}
						return "in time", nil
					}
					if got := activity.GetInfo(ctx).Deadline; !got.Equal(deadline) {
						t.Errorf("Info.Deadline is %v, the context's %v", got, deadline)
					}
					<-ctx.Done()
					var timeout *temporal.TimeoutError
					if !errors.As(context.Cause(ctx), &timeout) || timeout.TimeoutType() != test.kind {
						t.Errorf("cause is %v, want %v", context.Cause(ctx), test.kind)
					}
					return "late", nil
				})
				r := newTask()
				r.StartToCloseTimeout = duration(test.startToClose)
				r.ScheduleToCloseTimeout = duration(test.scheduleToClose)
				r.StartedTime = timestamp(start.Add(test.skew))
				r.ScheduledTime = timestamp(start.Add(test.skew - test.waited))
				outcome, err := h.Handle(t.Context(), r)
				want := task.TimedOut
				if test.want == 0 {
					want = task.Completed
				}
				if outcome != want || err != nil {
					t.Errorf("got %v, %v, want %v", outcome, err, want)
				}
				if d := time.Since(start); d != test.want {
					t.Errorf("ended after %v, want %v", d, test.want)
				}
				checkReport(t, srv, want, "", "", false)
			})
		})
	}
}

func TestGoexitIsReported(t *testing.T) {
	srv := &service{}
	h := newHandler(t, srv, func() error { runtime.Goexit(); return nil })
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = h.Handle(t.Context(), newTask())
		t.Error("Handle returned")
	}()
	<-done
	checkReport(t, srv, task.Failed, "", "runtime.Goexit", false)
}

type panickingExecutor struct{ activity.InPlace }

func (panickingExecutor) Execute(context.Context, *activity.Call) (*commonpb.Payloads, error) {
	panic("no executor")
}

func TestPanicOfExecutorIsReported(t *testing.T) {
	srv := &service{}
	h := newHandler(t, srv, func() error { return nil },
		func(o *task.Options) { o.Executor = panickingExecutor{} })
	if outcome, err := h.Handle(t.Context(), newTask()); outcome != task.Failed || err != nil {
		t.Errorf("got %v, %v, want failed", outcome, err)
	}
	checkReport(t, srv, task.Failed, "PanicError", "no executor", false)
}

func TestEmptyTaskIsRefused(t *testing.T) {
	srv := &service{}
	h := newHandler(t, srv, func() error { return nil })
	for _, r := range []*response{nil, {}} {
		if outcome, err := h.Handle(t.Context(), r); outcome != task.None || err == nil {
			t.Errorf("got %v, %v, want none and an error", outcome, err)
		}
	}
	if len(srv.reports) != 0 {
		t.Errorf("reported %v", srv.reports)
	}
}
