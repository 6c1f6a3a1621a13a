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

func TestReportErrors(t *testing.T) {
	tests := map[string]struct {
		err     error
		refused bool
	}{
		"not found":        {serviceerror.NewNotFound("x"), true},
		"invalid argument": {serviceerror.NewInvalidArgument("x"), true},
		"unavailable":      {serviceerror.NewUnavailable("x"), false},
		"any":              {errPlain, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv := &service{onReport: func(context.Context, int, proto.Message) error { return test.err }}
			h := newHandler(t, srv, func() error { return nil })
			outcome, err := h.Handle(t.Context(), newTask())
			if outcome != task.Completed || !errors.Is(err, test.err) {
				t.Errorf("got %v, %v, want completed, %v", outcome, err, test.err)
			}
			if got := errors.Is(err, task.ErrRefused); got != test.refused {
				t.Errorf("refused is %v, want %v", got, test.refused)
			}
			if len(srv.reports) != 1 {
				t.Errorf("reported %d times, want once: retries are the service's", len(srv.reports))
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	tooLarge := serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_UNSPECIFIED,
		"grpc: received message larger than max (5 vs. 4)")
	big := strings.Repeat("x", 1000)
	tests := map[string]struct {
		act         any
		limit       int
		refuseFirst bool
		wantType    string
		nonRetry    bool
	}{
		"result over our limit":    {act: func() (string, error) { return big, nil }, limit: 500, wantType: "PayloadsTooLarge"},
		"result over gRPC's limit": {act: func() (string, error) { return big, nil }, refuseFirst: true, wantType: "PayloadsTooLarge"},
		"failure over gRPC's limit": {
			act:         func() error { return temporal.NewNonRetryableApplicationError(big, "Big", nil) },
			refuseFirst: true, wantType: "Big", nonRetry: true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			srv := &service{onReport: func(_ context.Context, n int, _ proto.Message) error {
				if test.refuseFirst && n == 1 {
					return tooLarge
				}
				return nil
			}}
			h := newHandler(t, srv, test.act, func(o *task.Options) { o.MaxResultBytes = test.limit })
			if _, err := h.Handle(t.Context(), newTask()); err != nil {
				t.Fatal(err)
			}
			last, ok := srv.reports[len(srv.reports)-1].(*workflowservice.RespondActivityTaskFailedRequest)
			if !ok {
				t.Fatalf("reported %v, want a failure", srv.reports)
			}
			info := last.GetFailure().GetApplicationFailureInfo()
			if info.GetType() != test.wantType || info.GetNonRetryable() != test.nonRetry {
				t.Errorf("got %v, want type %s, non-retryable %v", info, test.wantType, test.nonRetry)
			}
			if last.GetCause() != enumspb.ACTIVITY_TASK_FAILED_CAUSE_PAYLOADS_TOO_LARGE {
				t.Errorf("cause is %v", last.GetCause())
			}
			if size := proto.Size(last); size > 500 {
				t.Errorf("the replacement has %d bytes", size)
			}
		})
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
