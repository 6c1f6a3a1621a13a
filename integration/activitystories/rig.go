package activitystories

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/connect"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
)

const (
	// patience is how long a story waits for what should come within moments.
	patience = 90 * time.Second
	// pause is the longest one between two heartbeats, unless a story says otherwise.
	pause      = 50 * time.Millisecond
	namespace  = "default"
	identity   = "tester"
	activityID = "act"
)

// A Server is something that stories run on.
type Server struct {
	// Address and DialOptions reach it.
	Address     string
	DialOptions []grpc.DialOption
}

// rig is one workflow with one activity, its worker, and what goes between that and the server.
type rig struct {
	testing.TB

	name   string // of the workflow and the task queue
	dial   Server
	client workflowservice.WorkflowServiceClient
	wire   *wire

	causes chan error // why attempts were told to stop
	begun  chan activity.Info
}

// A plan says how the activity of a story runs.
type plan struct {
	workflow.ActivityOptions

	act      func(ctx context.Context) (string, error)
	register activity.RegisterOptions
	worker   worker.Options
}

// begin starts a worker and the workflow. The function that is returned stops the worker.
func (r *rig) begin(p plan) (stop func()) {
	r.Helper()
	stop = r.work(p)
	_, err := r.client.StartWorkflowExecution(r.ctx(), &workflowservice.StartWorkflowExecutionRequest{
		Namespace: namespace, WorkflowId: r.name, RequestId: r.name, Identity: identity,
		WorkflowType: &commonpb.WorkflowType{Name: "Flow"}, TaskQueue: &taskqueuepb.TaskQueue{Name: r.name},
	})
	r.must(err)
	return stop
}

// work starts a worker.
func (r *rig) work(p plan) (stop func()) {
	r.Helper()
	client, err := connect.Dial(connect.Options{
		Address: r.dial.Address, Identity: identity,
		DialOptions: append([]grpc.DialOption{grpc.WithChainUnaryInterceptor(r.wire.intercept)}, r.dial.DialOptions...),
	})
	r.must(err)
	o := p.worker
	o.Logger = slog.New(slog.DiscardHandler)
	if o.MaxHeartbeatThrottleInterval == 0 {
		o.MaxHeartbeatThrottleInterval = pause
	}
	w, err := worker.New(client, r.name, o)
	r.must(err)
	r.must(w.RegisterWorkflowWithOptions(func(ctx workflow.Context) (string, error) {
		p.ActivityID, p.WaitForCancellation = activityID, true
		var out string
		err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, p.ActivityOptions), "Act").Get(ctx, &out)
		return out, err
	}, workflow.RegisterOptions{Name: "Flow"}))
	p.register.Name = "Act"
	r.must(w.RegisterActivityWithOptions(func(ctx context.Context) (string, error) {
		r.begun <- activity.GetInfo(ctx)
		return p.act(ctx)
	}, p.register))
	r.must(w.Start(r.Context()))
	stop = sync.OnceFunc(func() {
		r.must(w.Shutdown(context.WithoutCancel(r.Context())))
		r.must(client.Close())
	})
	r.Cleanup(stop)
	return stop
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	r.Cleanup(cancel)
	return ctx
}

// beating heartbeats until it is told to stop, and tells why.
func (r *rig) beating(ctx context.Context) error {
	for {
		activity.RecordHeartbeat(ctx, "alive")
		select {
		case <-ctx.Done():
			r.causes <- context.Cause(ctx)
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// idling is beating without heartbeats.
func (r *rig) idling(ctx context.Context) error {
	<-ctx.Done()
	r.causes <- context.Cause(ctx)
	return ctx.Err()
}

// once does what it is given at the first attempt, and is done at the next one.
func once(first func(ctx context.Context) error) func(ctx context.Context) (string, error) {
	var again bool
	return func(ctx context.Context) (string, error) {
		if again {
			return "again", nil
		}
		again = true
		return "", first(ctx)
	}
}

// started waits until an attempt has begun.
func (r *rig) started() activity.Info {
	r.Helper()
	return receive(r, r.begun, "the activity to begin")
}

// told waits until the activity is told to stop, which must be for a cause of this type.
func told[E error](r *rig) {
	r.Helper()
	err := receive(r, r.causes, "the activity to be told to stop")
	if e, ok := errors.AsType[E](err); !ok {
		r.Errorf("the cause is %T: %v, want a %T", err, err, e)
	}
}

// toldIs waits until the activity is told to stop, which must be for this cause.
func (r *rig) toldIs(want error) {
	r.Helper()
	if err := receive(r, r.causes, "the activity to be told to stop"); !errors.Is(err, want) {
		r.Errorf("the cause is %v, want %v", err, want)
	}
}

func receive[T any](r *rig, from <-chan T, what string) (v T) {
	r.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		r.Fatalf("waited for %s in vain", what)
	}
	return v
}

// until waits until the condition holds.
func (r *rig) until(what string, holds func() bool) {
	r.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.Fatalf("waited for %s in vain", what)
		}
	}
}

func (r *rig) execution() *commonpb.WorkflowExecution {
	return &commonpb.WorkflowExecution{WorkflowId: r.name}
}

func (r *rig) cancel() {
	r.Helper()
	_, err := r.client.RequestCancelWorkflowExecution(r.ctx(), &workflowservice.RequestCancelWorkflowExecutionRequest{
		Namespace: namespace, WorkflowExecution: r.execution(), Identity: identity, RequestId: "cancel " + r.name,
	})
	r.must(err)
}

func (r *rig) terminate() {
	r.Helper()
	_, err := r.client.TerminateWorkflowExecution(r.ctx(), &workflowservice.TerminateWorkflowExecutionRequest{
		Namespace: namespace, WorkflowExecution: r.execution(), Identity: identity, Reason: "enough",
	})
	r.must(err)
}

func (r *rig) pauseActivity() {
	r.Helper()
	_, err := r.client.PauseActivity(r.ctx(), &workflowservice.PauseActivityRequest{
		Namespace: namespace, Execution: r.execution(), Identity: identity, Reason: "lunch",
		Activity: &workflowservice.PauseActivityRequest_Id{Id: activityID},
	})
	r.must(err)
}

func (r *rig) resetActivity() {
	r.Helper()
	_, err := r.client.ResetActivity(r.ctx(), &workflowservice.ResetActivityRequest{
		Namespace: namespace, Execution: r.execution(), Identity: identity,
		Activity: &workflowservice.ResetActivityRequest_Id{Id: activityID},
	})
	r.must(err)
}

// pending is how the server describes the activity, which is not over.
func (r *rig) pending() *workflowpb.PendingActivityInfo {
	r.Helper()
	d, err := r.client.DescribeWorkflowExecution(r.ctx(), &workflowservice.DescribeWorkflowExecutionRequest{
		Namespace: namespace, Execution: r.execution(),
	})
	r.must(err)
	if len(d.GetPendingActivities()) != 1 {
		return nil
	}
	return d.GetPendingActivities()[0]
}

// end waits for the workflow to close and returns the event that closed its activity, nil if none.
func (r *rig) end() *historypb.HistoryEvent {
	r.Helper()
	var events []*historypb.HistoryEvent
	r.until("the workflow to close", func() bool {
		resp, err := r.client.GetWorkflowExecutionHistory(r.ctx(), &workflowservice.GetWorkflowExecutionHistoryRequest{
			Namespace: namespace, Execution: r.execution(),
		})
		r.must(err)
		events = resp.GetHistory().GetEvents()
		return strings.HasPrefix(events[len(events)-1].GetEventType().String(), "WorkflowExecution") && len(events) > 1
	})
	for _, e := range events {
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED,
			enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT, enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
			return e
		default:
		}
	}
	return nil
}

// endsWith checks how the activity ended for the server.
func (r *rig) endsWith(want enumspb.EventType) *historypb.HistoryEvent {
	r.Helper()
	e := r.end()
	if e.GetEventType() != want {
		r.Fatalf("history says of the activity: %v, want %v", e, want)
	}
	return e
}

// reported checks what the worker has reported of the activity, one word for each report.
func (r *rig) reported(want ...string) {
	r.Helper()
	var got []string
	for _, m := range r.wire.told() {
		got = append(got, string(m.ProtoReflect().Descriptor().Name()))
	}
	for i, w := range want {
		want[i] = "RespondActivityTask" + w + "Request"
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		r.Errorf("the worker has reported %v, want %v", got, want)
	}
}

// failedAs checks the type of an application failure.
func (r *rig) failedAs(f *failurepb.Failure, typ string) {
	r.Helper()
	if got := f.GetApplicationFailureInfo(); got.GetType() != typ || got.GetNonRetryable() {
		r.Errorf("the failure is %v, want the retryable type %q", f, typ)
	}
}

// holds checks what is in payloads.
func (r *rig) holds(what string, p *commonpb.Payloads, want string) {
	r.Helper()
	var got string
	err := converter.GetDefaultDataConverter().FromPayloads(p, &got)
	if err != nil || got != want {
		r.Errorf("%s: %q, %v; want %q", what, got, err, want)
	}
}

// wire is what stands between a worker and the server.
type wire struct {
	mu      sync.Mutex
	reports []proto.Message
	beats   int
	cut     []byte                                   // calls with this task token are lost
	meddle  func(ctx context.Context, req any) error // nil, or what comes before each call; set at first
}

func (w *wire) told() []proto.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]proto.Message(nil), w.reports...)
}

func (w *wire) heartbeats() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.beats
}

// cutOff has the network swallow the calls of an attempt.
func (w *wire) cutOff(attempt activity.Info) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = attempt.TaskToken
}

func (w *wire) intercept(
	ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, call grpc.UnaryInvoker,
	opts ...grpc.CallOption,
) error {
	w.mu.Lock()
	switch m := req.(type) {
	case *workflowservice.RespondActivityTaskCompletedRequest:
		w.reports = append(w.reports, m)
	case *workflowservice.RespondActivityTaskFailedRequest:
		w.reports = append(w.reports, m)
	case *workflowservice.RespondActivityTaskCanceledRequest:
		w.reports = append(w.reports, m)
	case *workflowservice.RecordActivityTaskHeartbeatRequest:
		w.beats++
	}
	of, isAbout := req.(interface{ GetTaskToken() []byte })
	lost := isAbout && w.cut != nil && string(of.GetTaskToken()) == string(w.cut)
	w.mu.Unlock()
	if lost {
		<-ctx.Done()
		return ctx.Err()
	}
	if w.meddle != nil {
		if err := w.meddle(ctx, req); err != nil {
			return err
		}
	}
	return call(ctx, method, req, reply, conn, opts...)
}
