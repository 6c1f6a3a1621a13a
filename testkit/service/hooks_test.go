package service_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mainspring-go/mainspring/testkit/service"
)

const signaling = "SignalWorkflowExecution"

// signals are the names of the signals that have arrived.
func signals(events []*historypb.HistoryEvent) []string {
	var out []string
	for _, e := range events {
		if a := e.GetWorkflowExecutionSignaledEventAttributes(); a != nil {
			out = append(out, a.GetSignalName())
		}
	}
	return out
}

// TestEveryCodeArrives fails a call with every code, with and without a connection.
func TestEveryCodeArrives(t *testing.T) {
	t.Parallel()
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		t.Run(code.String(), func(t *testing.T) {
			t.Parallel()
			in(t, service.Options{Hook: service.Only(service.Fail(status.Error(code, "no")), signaling)}, func(r rig) {
				e := r.start("w", "Any")
				conn := dialled(r.t, r.s)
				for name, c := range map[string]workflowservice.WorkflowServiceClient{
					"direct": r.c, "gRPC": conn.WorkflowService(),
				} {
					err := rig{r.t, r.s, c}.signal(e)
					if status.Code(err) != code || status.Convert(err).Message() != "no" {
						t.Errorf("%s: the call ended with %v", name, err)
					}
				}
				if got := signals(r.history(e)); len(got) > 0 {
					t.Errorf("the service got %v", got)
				}
				r.terminate(e)
				_ = conn.Close()
			})
		})
	}
}

// TestFaults injects each kind of fault into the first of two calls.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hook    service.Hook
		code    codes.Code
		arrived int
		takes   time.Duration
	}{
		"fail":            {service.Fail(errors.New("no")), codes.Unknown, 1, 0},
		"lose":            {service.Lose(), codes.Unavailable, 2, 0},
		"repeat":          {service.Repeat(), codes.OK, 3, 0},
		"delay":           {service.Delay(time.Hour), codes.OK, 2, time.Hour},
		"delay response":  {service.DelayResponse(time.Hour), codes.OK, 2, time.Hour},
		"delay too long":  {service.Delay(48 * time.Hour), codes.DeadlineExceeded, 1, 24 * time.Hour},
		"answer too late": {service.DelayResponse(48 * time.Hour), codes.DeadlineExceeded, 2, 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, service.Options{Hook: service.Only(service.Times(1, c.hook), signaling)}, func(r rig) {
				e := r.start("w", "Any")
				began := time.Now()
				ctx, cancel := context.WithTimeout(r.t.Context(), 24*time.Hour)
				defer cancel()
				_, err := r.c.SignalWorkflowExecution(ctx, &workflowservice.SignalWorkflowExecutionRequest{
					Namespace: service.DefaultNamespace, WorkflowExecution: e, SignalName: "say",
				})
				if status.Code(err) != c.code {
					t.Errorf("the call ended with %v", err)
				}
				if took := time.Since(began); took != c.takes {
					t.Errorf("it took %v, want %v", took, c.takes)
				}
				if err := r.signal(e); err != nil {
					t.Errorf("the second call: %v", err)
				}
				if got := signals(r.history(e)); len(got) != c.arrived {
					t.Errorf("%d signals have arrived, want %d", len(got), c.arrived)
				}
				r.terminate(e)
			})
		})
	}
}

func TestSwap(t *testing.T) {
	t.Parallel()
	in(t, service.Options{Hook: service.Only(service.Swap(), signaling)}, func(r rig) {
		e := r.start("w", "Any")
		send := func(ctx context.Context, name string) error {
			_, err := r.c.SignalWorkflowExecution(ctx, &workflowservice.SignalWorkflowExecutionRequest{
				Namespace: service.DefaultNamespace, WorkflowExecution: e, SignalName: name,
			})
			return err
		}
		first := make(chan error)
		go func() { first <- send(r.t.Context(), "first") }()
		synctest.Wait()
		if err := errors.Join(send(r.t.Context(), "second"), <-first); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
		defer cancel()
		if err := send(ctx, "alone"); status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("a call that none follows: %v", err)
		}
		if got := signals(r.history(e)); len(got) != 2 || got[0] != "second" || got[1] != "first" {
			t.Errorf("the signals came as %v", got)
		}
		r.terminate(e)
	})
}
