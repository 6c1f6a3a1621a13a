package service_test

import (
	"context"
	"strings"
	"testing"
	"time"

	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/testkit/service"
	"github.com/mainspring-go/mainspring/workflow"
)

// heavy has activities that have so many bytes to tell.
type heavy struct{ bytes int }

func (h *heavy) Result() (string, error) { return strings.Repeat("x", h.bytes), nil }

func (h *heavy) Beat(ctx context.Context) error {
	activity.RecordHeartbeat(ctx, strings.Repeat("x", h.bytes))
	<-ctx.Done()
	return ctx.Err()
}

func (h *heavy) Fail() error {
	return temporal.NewApplicationError("it broke: "+strings.Repeat("x", h.bytes), "Broken")
}

// CarryResult, CarryBeat and CarryFail have one of them done.
func CarryResult(ctx workflow.Context) error { return carry(ctx, "Result") }
func CarryBeat(ctx workflow.Context) error   { return carry(ctx, "Beat") }
func CarryFail(ctx workflow.Context) error   { return carry(ctx, "Fail") }

func carry(ctx workflow.Context, what string) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Hour, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 2},
	})
	return workflow.ExecuteActivity(ctx, what).Get(ctx, nil)
}

// What is too large is a failure, at once, and none of a timeout: here, in gRPC and on the server.
func TestOversizedActivities(t *testing.T) {
	t.Parallel()
	const three, five = 3 << 20, 5 << 20
	for _, tt := range []struct {
		name     string
		disabled bool // the limits of the worker
		what     string
		bytes    int
		want     string
	}{
		{"result", false, "Result", three, "activity result has 3145764 bytes, over the error limit of 2097152"},
		{"heartbeat", false, "Beat", three, "activity heartbeat has 3145764 bytes, over the error limit of 2097152"},
		{"error", false, "Fail", three, "bytes, over the error limit of 2097152]"},
		{"result, by the server", true, "Result", three, "Complete result exceeds size limit."},
		{"heartbeat, by the server", true, "Beat", three, "Heartbeat details exceed size limit."},
		{"result, by gRPC", true, "Result", five, "activity result of 5242916 bytes is too large to be sent: grpc: received message"},
		{"heartbeat, by gRPC", true, "Beat", five, "activity heartbeat of 5242916 bytes is too large to be sent: grpc: received message"},
		{"error, by gRPC", true, "Fail", five, "bytes, too large to be sent: grpc: received message"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in(t, service.Options{}, func(r rig) {
				c := dialled(t, r.s)
				defer func() { _ = c.Close() }()
				stop := r.workerOver(c, worker.Options{
					Workflows: []any{CarryResult, CarryBeat, CarryFail}, Activities: []any{&heavy{tt.bytes}},
					DisablePayloadErrorLimit: tt.disabled,
				})
				defer stop()
				began := time.Now()
				last := r.end(r.start("heavy", "Carry"+tt.what))
				failure := last.GetWorkflowExecutionFailedEventAttributes().GetFailure()
				if got := innermost(failure).GetMessage(); !strings.Contains(got, tt.want) {
					t.Errorf("the activity failed with %.1000s, want ...%s...", got, tt.want)
				}
				if took := time.Since(began); took > time.Minute {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func innermost(f *failurepb.Failure) *failurepb.Failure {
	for f.GetCause() != nil {
		f = f.GetCause()
	}
	return f
}
