package task_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

// service is a server that remembers what it was told and answers as a test wishes.
type service struct {
	// onHeartbeat answers heartbeats, n counts from 1; nil accepts them.
	onHeartbeat func(ctx context.Context, n int) (*workflowservice.RecordActivityTaskHeartbeatResponse, error)
	// onReport answers reports, n counts from 1; nil accepts them.
	onReport func(ctx context.Context, n int, request proto.Message) error

	mu      sync.Mutex
	beats   []beat
	reports []proto.Message
}

type beat struct {
	at      time.Time
	request *workflowservice.RecordActivityTaskHeartbeatRequest
}

func (s *service) report(ctx context.Context, request proto.Message) error {
	s.mu.Lock()
	s.reports = append(s.reports, request)
	n := len(s.reports)
	s.mu.Unlock()
	if s.onReport != nil {
		return s.onReport(ctx, n, request)
	}
	return ctx.Err()
}

func (s *service) RespondActivityTaskCompleted(
	ctx context.Context, r *workflowservice.RespondActivityTaskCompletedRequest,
) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	return &workflowservice.RespondActivityTaskCompletedResponse{}, s.report(ctx, r)
}

func (s *service) RespondActivityTaskFailed(
	ctx context.Context, r *workflowservice.RespondActivityTaskFailedRequest,
) (*workflowservice.RespondActivityTaskFailedResponse, error) {
	return &workflowservice.RespondActivityTaskFailedResponse{}, s.report(ctx, r)
}

func (s *service) RespondActivityTaskCanceled(
	ctx context.Context, r *workflowservice.RespondActivityTaskCanceledRequest,
) (*workflowservice.RespondActivityTaskCanceledResponse, error) {
	return &workflowservice.RespondActivityTaskCanceledResponse{}, s.report(ctx, r)
}

func (s *service) RecordActivityTaskHeartbeat(
	ctx context.Context, r *workflowservice.RecordActivityTaskHeartbeatRequest,
) (*workflowservice.RecordActivityTaskHeartbeatResponse, error) {
	s.mu.Lock()
	s.beats = append(s.beats, beat{time.Now(), r})
	n := len(s.beats)
	s.mu.Unlock()
	if s.onHeartbeat != nil {
		return s.onHeartbeat(ctx, n)
	}
	return &workflowservice.RecordActivityTaskHeartbeatResponse{}, ctx.Err()
}

// details are the first heartbeat details of each call, as int.
func (s *service) details(t *testing.T) []int {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []int
	for _, b := range s.beats {
		all = append(all, decodeInt(t, b.request.GetDetails()))
	}
	return all
}

// offsets are the times of the heartbeat calls since start.
func (s *service) offsets(start time.Time) []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []time.Duration
	for _, b := range s.beats {
		all = append(all, b.at.Sub(start))
	}
	return all
}

// onlyReport is the one report; there must be just one.
func (s *service) onlyReport(t *testing.T) proto.Message {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.reports) != 1 {
		t.Fatalf("got %d reports, want 1: %v", len(s.reports), s.reports)
	}
	return s.reports[0]
}

// failure is the failure of the one report.
func (s *service) failure(t *testing.T) *failurepb.Failure {
	t.Helper()
	return asFailed(t, s.onlyReport(t)).GetFailure()
}

// asFailed is a report that must be one of a failure.
func asFailed(t *testing.T, report proto.Message) *workflowservice.RespondActivityTaskFailedRequest {
	t.Helper()
	r, ok := report.(*workflowservice.RespondActivityTaskFailedRequest)
	if !ok {
		t.Fatalf("reported %v, want a failure", report)
	}
	return r
}

func decodeInt(t *testing.T, payloads *commonpb.Payloads) int {
	t.Helper()
	var n int
	if err := converter.GetDefaultDataConverter().FromPayloads(payloads, &n); err != nil {
		t.Fatalf("decode %v: %v", payloads, err)
	}
	return n
}

func encode(t testing.TB, values ...any) *commonpb.Payloads {
	t.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayloads(values...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// newHandler makes a handler over s for one activity, "Act".
func newHandler(t testing.TB, s task.Service, act any, change ...func(*task.Options)) *task.Handler {
	t.Helper()
	registry := activity.NewRegistry()
	if err := registry.RegisterActivityWithOptions(act, activity.RegisterOptions{Name: "Act"}); err != nil {
		t.Fatal(err)
	}
	options := task.Options{
		Service: s, Registry: registry, Namespace: "ns", TaskQueue: "queue", Identity: "me",
		Logger: quiet(),
	}
	for _, c := range change {
		c(&options)
	}
	h, err := task.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

type response = workflowservice.PollActivityTaskQueueResponse

// newTask is a task for "Act", started now, with generous time.
func newTask(change ...func(*response)) *response {
	now := timestamppb.New(time.Now())
	r := &response{
		TaskToken:           []byte("token"),
		WorkflowNamespace:   "ns",
		WorkflowType:        &commonpb.WorkflowType{Name: "Flow"},
		WorkflowExecution:   &commonpb.WorkflowExecution{WorkflowId: "wf", RunId: "run"},
		ActivityType:        &commonpb.ActivityType{Name: "Act"},
		ActivityId:          "7",
		ScheduledTime:       now,
		StartedTime:         now,
		Attempt:             1,
		StartToCloseTimeout: durationpb.New(time.Hour),
	}
	for _, c := range change {
		c(r)
	}
	return r
}

func withInput(p *commonpb.Payloads) func(*response) {
	return func(r *response) { r.Input = p }
}

func withHeartbeatTimeout(d time.Duration) func(*response) {
	return func(r *response) { r.HeartbeatTimeout = duration(d) }
}

// canceling answers heartbeats with what the server wants of the activity.
func canceling(
	r *workflowservice.RecordActivityTaskHeartbeatResponse, err error,
) func(context.Context, int) (*workflowservice.RecordActivityTaskHeartbeatResponse, error) {
	return func(context.Context, int) (*workflowservice.RecordActivityTaskHeartbeatResponse, error) {
		return r, err
	}
}

// duration is d on the wire, where absent means none.
func duration(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

func timestamp(t time.Time) *timestamppb.Timestamp { return timestamppb.New(t) }
