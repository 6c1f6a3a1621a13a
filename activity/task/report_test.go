package task_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

func TestReportOutlivesTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		srv := &service{onReport: func(ctx context.Context, _ int, _ proto.Message) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(2 * time.Second):
				return nil
			}
		}}
		h := newHandler(t, srv, func(ctx context.Context) error {
			cancel(activity.ErrWorkerShutdown)
			<-ctx.Done()
			return ctx.Err()
		})
		if outcome, err := h.Handle(ctx, newTask()); outcome != task.Failed || err != nil {
			t.Errorf("got %v, %v, want failed and reported", outcome, err)
		}
	})
}

func TestReportHasTimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &service{onReport: func(ctx context.Context, _ int, _ proto.Message) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		h := newHandler(t, srv, func() error { return nil },
			func(o *task.Options) { o.ReportTimeout = 3 * time.Second })
		start := time.Now()
		outcome, err := h.Handle(t.Context(), newTask())
		if outcome != task.Completed || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, %v, want completed and deadline exceeded", outcome, err)
		}
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("gave up after %v, want 3s", d)
		}
	})
}

// Whoever makes reports in contexts of its own is asked for each, and told when it is over.
func TestReportsAreBoundByOthers(t *testing.T) {
	type key struct{}
	bound, over := 0, 0
	srv := &service{onReport: func(ctx context.Context, _ int, _ proto.Message) error {
		if ctx.Value(key{}) != bound || ctx.Err() != nil || over != bound-1 {
			t.Errorf("report %d in context %v, %d are over", bound, ctx, over)
		}
		if _, limited := ctx.Deadline(); limited {
			t.Error("a deadline beside")
		}
		return nil
	}}
	h := newHandler(t, srv, func() error { return nil }, func(o *task.Options) {
		o.BoundReport = func(ctx context.Context) (context.Context, context.CancelFunc) {
			if ctx.Err() != nil {
				t.Error("the report was canceled with the activity")
			}
			bound++
			return context.WithValue(ctx, key{}, bound), func() { over++ }
		}
	})
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, ctx := range []context.Context{t.Context(), canceled} {
		if outcome, err := h.Handle(ctx, newTask()); err != nil {
			t.Errorf("got %v, %v", outcome, err)
		}
	}
	if bound != 2 || over != 2 {
		t.Errorf("%d reports were bound, %d are over", bound, over)
	}
}

func TestReportErrors(t *testing.T) {
	tests := map[string]struct {
		err     error
		refused bool
		reports int
		outcome task.Outcome
	}{
		"not found":        {serviceerror.NewNotFound("x"), true, 1, task.Completed},
		"invalid argument": {serviceerror.NewInvalidArgument("x"), true, 2, task.Failed},
		"unavailable":      {serviceerror.NewUnavailable("x"), false, 1, task.Completed},
		"any":              {errPlain, false, 1, task.Completed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv := &service{onReport: func(context.Context, int, proto.Message) error { return test.err }}
			h := newHandler(t, srv, func() error { return nil })
			outcome, err := h.Handle(t.Context(), newTask())
			if outcome != test.outcome || !errors.Is(err, test.err) {
				t.Errorf("got %v, %v, want %v, %v", outcome, err, test.outcome, test.err)
			}
			if got := errors.Is(err, task.ErrRefused); got != test.refused {
				t.Errorf("refused is %v, want %v", got, test.refused)
			}
			if len(srv.reports) != test.reports {
				t.Errorf("reported %d times, want %d: retries are the service's", len(srv.reports), test.reports)
			}
		})
	}
}

// What does not fit is a failure with its size, which is not retried unless it is an error.
func TestTooLarge(t *testing.T) {
	tooLarge := serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_UNSPECIFIED,
		"grpc: received message larger than max (5 vs. 4)")
	big := strings.Repeat("x", 10000)
	returnBig := func() (string, error) { return big, nil }
	beatBig := func(ctx context.Context) (string, error) {
		activity.RecordHeartbeat(ctx, big)
		if ctx.Err() == nil {
			return "", errors.New("the activity was not told")
		}
		return "done", nil // too late: what a heartbeat said is lost
	}
	cancelBig := func(ctx context.Context) error {
		activity.RecordHeartbeat(ctx)
		<-ctx.Done()
		return temporal.NewCanceledError(big)
	}
	failBig := func() error { return temporal.NewApplicationError("why: "+big, "Big") }
	tests := map[string]struct {
		act       any
		limit     int
		refuse    error // of all that is large
		wantType  string
		wantTexts []string
		retried   bool
	}{
		"result over our limit": {
			act: returnBig, limit: 500, wantType: "PayloadsTooLarge",
			wantTexts: []string{"activity result has 10032 bytes, over the error limit of 500"},
		},
		"result over gRPC's limit": {
			act: returnBig, refuse: tooLarge, wantType: "PayloadsTooLarge",
			wantTexts: []string{"activity result of 10032 bytes is too large", "(5 vs. 4)"},
		},
		"result that is refused": {
			act: returnBig, refuse: serviceerror.NewInvalidArgument("Blob data size exceeds limit."),
			wantType: "ReportRefused", wantTexts: []string{"activity result of 10032 bytes was refused", "Blob data size"},
		},
		"heartbeat over our limit": {
			act: beatBig, limit: 500, wantType: "PayloadsTooLarge",
			wantTexts: []string{"activity heartbeat has 10032 bytes, over the error limit of 500"},
		},
		"heartbeat over gRPC's limit": {
			act: beatBig, refuse: tooLarge, wantType: "PayloadsTooLarge",
			wantTexts: []string{"activity heartbeat of 10032 bytes is too large", "(5 vs. 4)"},
		},
		"cancellation over our limit": {
			act: cancelBig, limit: 500, wantType: "PayloadsTooLarge",
			wantTexts: []string{"activity cancellation has 10032 bytes, over the error limit of 500"},
		},
		"cancellation over gRPC's limit": {
			act: cancelBig, refuse: tooLarge, wantType: "PayloadsTooLarge",
			wantTexts: []string{"activity cancellation of 10032 bytes is too large", "(5 vs. 4)"},
		},
		"failure over our limit": {
			act: failBig, limit: 500, wantType: "Big", retried: true,
			wantTexts: []string{"why: xxx", "bytes, over the error limit of 500"},
		},
		"failure over gRPC's limit": {
			act: failBig, refuse: tooLarge, wantType: "Big", retried: true,
			wantTexts: []string{"why: xxx", "bytes, too large to be sent", "(5 vs. 4)"},
		},
		"failure that is not retried": {
			act:   func() error { return temporal.NewNonRetryableApplicationError(big, "Big", nil) },
			limit: 500, wantType: "Big", wantTexts: []string{"xxx"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv := &service{
				onReport: func(_ context.Context, _ int, m proto.Message) error {
					if proto.Size(m) > 5000 {
						return test.refuse
					}
					return nil
				},
				onHeartbeat: func(context.Context, int) (*heartbeatResponse, error) {
					if strings.HasPrefix(name, "heartbeat") {
						return nil, test.refuse
					}
					return &heartbeatResponse{CancelRequested: true}, nil
				},
			}
			h := newHandler(t, srv, test.act, func(o *task.Options) { o.MaxResultBytes = test.limit })
			if outcome, err := h.Handle(t.Context(), newTask()); outcome != task.Failed || err != nil {
				t.Fatalf("got %v, %v, want failed", outcome, err)
			}
			checkUnfit(t, srv, test.wantType, test.retried, test.wantTexts)
			if len(srv.beats) > 1 {
				t.Errorf("a heartbeat that does not fit was sent %d times", len(srv.beats))
			}
		})
	}
}

// checkUnfit looks at the last report, which is all that is left of something large.
func checkUnfit(t *testing.T, srv *service, wantType string, retried bool, wantTexts []string) {
	t.Helper()
	last, ok := srv.reports[len(srv.reports)-1].(*workflowservice.RespondActivityTaskFailedRequest)
	if !ok {
		t.Fatalf("reported %v, want a failure", srv.reports)
	}
	info := last.GetFailure().GetApplicationFailureInfo()
	if info.GetType() != wantType || info.GetNonRetryable() == retried {
		t.Errorf("got %v, want type %s, retried %v", info, wantType, retried)
	}
	for _, text := range wantTexts {
		wantMessage(t, last.GetFailure(), text)
	}
	wantCause := enumspb.ACTIVITY_TASK_FAILED_CAUSE_PAYLOADS_TOO_LARGE
	if wantType == "ReportRefused" {
		wantCause = enumspb.ACTIVITY_TASK_FAILED_CAUSE_UNSPECIFIED
	}
	if last.GetCause() != wantCause {
		t.Errorf("cause is %v", last.GetCause())
	}
	if size := proto.Size(last); size > 2500 {
		t.Errorf("the replacement has %d bytes", size)
	}
}

type brokenFailureConverter struct {
	converter.FailureConverter
	panics bool
}

func (b brokenFailureConverter) ErrorToFailure(error) *failurepb.Failure {
	if b.panics {
		panic("broken")
	}
	return nil
}

func TestFailureThatDoesNotEncodeIsReplaced(t *testing.T) {
	for _, panics := range []bool{true, false} {
		srv := &service{}
		h := newHandler(t, srv, func() error {
			return temporal.NewNonRetryableApplicationError("secret", "Bad", nil)
		}, func(o *task.Options) { o.FailureConverter = brokenFailureConverter{panics: panics} })
		outcome, err := h.Handle(t.Context(), newTask())
		if outcome != task.Failed || err != nil {
			t.Fatalf("got %v, %v, want failed", outcome, err)
		}
		checkReport(t, srv, task.Failed, "Bad", "could not be encoded", true)
		if strings.Contains(srv.failure(t).String(), "secret") {
			t.Error("the replacement gives away the text of the error")
		}
	}
}

// TestErrorsOfTheServersKindsAreWrapped has activities return errors of kinds that the server
// makes itself, which it would refuse as failures of an activity.
func TestErrorsOfTheServersKindsAreWrapped(t *testing.T) {
	timeout := temporal.NewHeartbeatTimeoutError()
	for name, test := range map[string]struct {
		err          error
		typ          string
		nonRetryable bool
		kept         func(cause *failurepb.Failure) bool
	}{
		"timeout": {timeout, "TimeoutError", false, func(f *failurepb.Failure) bool {
			return f.GetTimeoutFailureInfo().GetTimeoutType() == enumspb.TIMEOUT_TYPE_HEARTBEAT
		}},
		"terminated": {&temporal.TerminatedError{}, "TerminatedError", false, func(f *failurepb.Failure) bool {
			return f.GetTerminatedFailureInfo() != nil
		}},
		"server": {temporal.NewServerError("no", true, nil), "ServerError", true, func(f *failurepb.Failure) bool {
			return f.GetServerFailureInfo().GetNonRetryable()
		}},
		"activity": {
			temporal.NewActivityError(temporal.ActivityErrorAttributes{ActivityID: "7"}, timeout),
			"ActivityError", false, func(f *failurepb.Failure) bool {
				return f.GetActivityFailureInfo().GetActivityId() == "7" && f.GetCause().GetTimeoutFailureInfo() != nil
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := &service{}
			h := newHandler(t, srv, func() error { return test.err })
			if outcome, err := h.Handle(t.Context(), newTask()); outcome != task.Failed || err != nil {
				t.Fatalf("got %v, %v, want failed and reported", outcome, err)
			}
			f := srv.failure(t)
			info := f.GetApplicationFailureInfo()
			if info.GetType() != test.typ || info.GetNonRetryable() != test.nonRetryable ||
				f.GetMessage() != test.err.Error() {
				t.Errorf("got %v, want type %s, message %q, non-retryable %v", f, test.typ, test.err, test.nonRetryable)
			}
			if !test.kept(f.GetCause()) {
				t.Errorf("got the cause %v, want what the activity returned", f.GetCause())
			}
		})
	}
}
