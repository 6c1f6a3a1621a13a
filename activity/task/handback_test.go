package task_test

import (
	"context"
	"errors"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// A task that will not be run is reported so that it runs elsewhere at once, whatever became of
// the worker's context.
func TestHandBack(t *testing.T) {
	ran := false
	srv, all := &service{}, &everything{}
	h := newHandler(t, srv, func() error { ran = true; return nil },
		func(o *task.Options) { o.Observers = []any{all} })
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(activity.ErrWorkerShutdown)
	r := newTask()
	r.ScheduledTime = timestamp(r.GetStartedTime().AsTime().Add(-time.Minute))
	outcome, err := h.HandBack(ctx, r, context.Cause(ctx))
	if outcome != task.Failed || err != nil || ran {
		t.Errorf("got %v, %v, and the activity ran: %v", outcome, err, ran)
	}
	checkReport(t, srv, task.Failed, task.WorkerShutdownErrorType, "not started", false)
	wantMessage(t, srv.failure(t).GetCause(), activity.ErrWorkerShutdown.Error())
	if len(all.started) != 0 || len(all.ended) != 1 {
		t.Fatalf("observers saw %+v", all)
	}
	if e := all.ended[0]; e.Outcome != task.Failed || !errors.Is(e.Err, activity.ErrWorkerShutdown) ||
		e.Execution != 0 || e.EndToEnd != time.Minute || e.Info.ActivityID != "7" {
		t.Errorf("ended: %+v", e)
	}
}

func TestHandBackThatTheServerDoesNotWant(t *testing.T) {
	srv := &service{onReport: func(context.Context, int, proto.Message) error {
		return serviceerror.NewNotFound("it timed out")
	}}
	_, err := newHandler(t, srv, success).HandBack(t.Context(), newTask(), activity.ErrWorkerShutdown)
	if !errors.Is(err, task.ErrRefused) {
		t.Errorf("got %v, want it refused", err)
	}
	if _, err := newHandler(t, srv, success).HandBack(t.Context(), &response{}, nil); err == nil {
		t.Error("an empty poll response was handed back")
	}
}

// The converters see what the header brings, as with a task that runs, and a header that cannot
// be read does not keep the report back.
func TestHandBackReadsTheHeader(t *testing.T) {
	for name, c := range map[string]struct {
		extract func(context.Context, *commonpb.Header) (context.Context, error)
		want    string
	}{
		"read": {func(ctx context.Context, _ *commonpb.Header) (context.Context, error) {
			return context.WithValue(ctx, tenantKey{}, "acme"), nil
		}, "acme"},
		"fails": {func(context.Context, *commonpb.Header) (context.Context, error) {
			return nil, errors.New("no tenant")
		}, ""},
		"panics": {func(context.Context, *commonpb.Header) (context.Context, error) { panic("no tenant") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			srv, seen := &service{}, &seesTenant{DataConverter: converter.GetDefaultDataConverter()}
			h := newHandler(t, srv, success, func(o *task.Options) { o.Extract, o.DataConverter = c.extract, seen })
			if _, err := h.HandBack(t.Context(), newTask(), activity.ErrWorkerShutdown); err != nil {
				t.Fatal(err)
			}
			if seen.tenant != c.want {
				t.Errorf("the converter saw tenant %q", seen.tenant)
			}
			checkReport(t, srv, task.Failed, task.WorkerShutdownErrorType, "not started", false)
		})
	}
}

// seesTenant remembers the tenant of the context that it was given.
type seesTenant struct {
	converter.DataConverter
	tenant string
}

func (c *seesTenant) WithContext(ctx context.Context) converter.DataConverter {
	c.tenant, _ = ctx.Value(tenantKey{}).(string)
	return c
}

func (c *seesTenant) WithWorkflowContext(converter.WorkflowContext) converter.DataConverter { return c }
