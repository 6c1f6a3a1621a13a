package service_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/testkit/service"
)

// on lets the hook have the calls of one method.
func on(method string, hook service.Hook) service.Hook {
	return func(ctx context.Context, call *service.Call) (proto.Message, error) {
		if call.Method == method {
			return hook(ctx, call)
		}
		return call.Do(ctx)
	}
}

func (r rig) signal(e *commonpb.WorkflowExecution) error {
	_, err := r.c.SignalWorkflowExecution(r.t.Context(), &workflowservice.SignalWorkflowExecutionRequest{
		Namespace: service.DefaultNamespace, WorkflowExecution: e, SignalName: "say",
	})
	return err
}

func (r rig) terminate(e *commonpb.WorkflowExecution) {
	r.t.Helper()
	_, err := r.c.TerminateWorkflowExecution(r.t.Context(), &workflowservice.TerminateWorkflowExecutionRequest{
		Namespace: service.DefaultNamespace, WorkflowExecution: e,
	})
	if err != nil {
		r.t.Error(err)
	}
}

func TestHookDecides(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hook    service.Hook
		code    codes.Code
		signals int
		takes   time.Duration
	}{
		"passes": {
			hook: func(ctx context.Context, call *service.Call) (proto.Message, error) { return call.Do(ctx) },
			code: codes.OK, signals: 1,
		},
		"fails before": {
			hook: func(context.Context, *service.Call) (proto.Message, error) {
				return nil, serviceerror.NewUnavailable("no")
			},
			code: codes.Unavailable,
		},
		"loses the response": {
			hook: func(ctx context.Context, call *service.Call) (proto.Message, error) {
				_, _ = call.Do(ctx)
				return nil, status.Error(codes.DataLoss, "lost")
			},
			code: codes.DataLoss, signals: 1,
		},
		"delivers twice": {
			hook: func(ctx context.Context, call *service.Call) (proto.Message, error) {
				_, _ = call.Do(ctx)
				return call.Do(ctx)
			},
			code: codes.OK, signals: 2,
		},
		"delays": {
			hook: func(ctx context.Context, call *service.Call) (proto.Message, error) {
				time.Sleep(time.Hour)
				return call.Do(ctx)
			},
			code: codes.OK, signals: 1, takes: time.Hour,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, service.Options{Hook: on("SignalWorkflowExecution", c.hook)}, func(r rig) {
				e := r.start("w", "Any")
				began := time.Now()
				if got := status.Code(r.signal(e)); got != c.code {
					t.Errorf("the call ended with %v, want %v", got, c.code)
				}
				if took := time.Since(began); took != c.takes {
					t.Errorf("it took %v, want %v", took, c.takes)
				}
				signals := 0
				for _, e := range r.history(e) {
					if e.GetWorkflowExecutionSignaledEventAttributes() != nil {
						signals++
					}
				}
				if signals != c.signals {
					t.Errorf("%d signals have arrived, want %d", signals, c.signals)
				}
				r.terminate(e)
			})
		})
	}
}

// TestWorkerSurvivesLostResponses loses every second answer of the service to
// what a worker reports.
func TestWorkerSurvivesLostResponses(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	lossy := func(ctx context.Context, call *service.Call) (proto.Message, error) {
		response, err := call.Do(ctx)
		if calls.Add(1)%2 == 0 {
			return nil, serviceerror.NewUnavailable("lost on the way")
		}
		return response, err
	}
	in(t, service.Options{
		WaitTimeout: month, Hook: on("RespondWorkflowTaskCompleted", lossy),
	}, func(r rig) {
		stop := r.worker(worker.Options{Workflows: []any{Sleepy}, Activities: []any{&shop{}}})
		defer stop()
		last := r.end(r.start("sleeper", "Sleepy"))
		if last.GetWorkflowExecutionCompletedEventAttributes() == nil {
			t.Errorf("it ended with %v", last)
		}
		if calls.Load() < 3 {
			t.Errorf("only %d tasks were answered", calls.Load())
		}
	})
}

func TestUnimplementedSaysSo(t *testing.T) {
	t.Parallel()
	in(t, service.Options{}, func(r rig) {
		_, err := r.c.CreateSchedule(t.Context(), &workflowservice.CreateScheduleRequest{Namespace: service.DefaultNamespace})
		if status.Code(err) != codes.Unimplemented || status.Convert(err).Message() != "method CreateSchedule not implemented" {
			t.Errorf("a method that is missing says %v", err)
		}
		_, err = r.c.StartWorkflowExecution(t.Context(), &workflowservice.StartWorkflowExecutionRequest{
			Namespace: service.DefaultNamespace, WorkflowId: "w", TaskQueue: queue(),
			WorkflowType: &commonpb.WorkflowType{Name: "Any"}, TimeSkippingConfig: &commonpb.TimeSkippingConfig{},
		})
		if status.Code(err) != codes.Unimplemented ||
			status.Convert(err).Message() != "StartWorkflowExecution: TimeSkippingConfig is not implemented" {
			t.Errorf("a field that is missing says %v", err)
		}
	})
}

func TestLeftoversAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := service.New(service.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := rig{t, s, s.Client()}
		e := r.start("w", "Any")
		err = s.Leftovers()
		if err == nil {
			t.Error("an open run and its task are not told")
		}
		r.terminate(e)
		if err := s.Leftovers(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := r.signal(e); status.Code(err) != codes.Unavailable {
			t.Errorf("a call after Close: %v", err)
		}
	})
}

func TestServesGRPC(t *testing.T) {
	t.Parallel()
	s, listener, served := listening(t)
	conns := map[string]*grpc.ClientConn{}
	for name, target := range map[string]string{"pipe": "passthrough:///service", "tcp": listener.Addr().String()} {
		o := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
		if name == "pipe" {
			o = append(o, grpc.WithContextDialer(s.Dial))
		}
		conn, err := grpc.NewClient(target, o...)
		if err != nil {
			t.Fatal(err)
		}
		conns[name] = conn
	}
	for name, conn := range conns {
		info, err := workflowservice.NewWorkflowServiceClient(conn).GetSystemInfo(t.Context(), &workflowservice.GetSystemInfoRequest{})
		if err != nil || info.GetServerVersion() != service.DefaultServerVersion {
			t.Errorf("%s: %v, %v", name, info, err)
		}
		_, err = workflowservice.NewWorkflowServiceClient(conn).DescribeNamespace(t.Context(),
			&workflowservice.DescribeNamespaceRequest{Namespace: "nowhere"})
		if status.Code(err) != codes.NotFound {
			t.Errorf("%s: a namespace that is not there: %v", name, err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve returned %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	_, err := service.New(service.Options{PollTimeout: -1, Namespaces: []string{""}})
	const want = "service options: PollTimeout is -1ns: use zero for the default or a positive duration\n" +
		"service options: Namespaces[0] is empty: give the namespace a name"
	if err == nil || err.Error() != want {
		t.Errorf("New says %v", err)
	}
}
