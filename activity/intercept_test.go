package activity_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

// spy writes down every call that passes it.
type spy struct {
	name   string
	to     *[]string
	refuse error
}

func (s *spy) note(what string) { *s.to = append(*s.to, s.name+" "+what) }

func (s *spy) InterceptActivity(
	ctx context.Context, next activity.InboundInterceptor,
) activity.InboundInterceptor {
	s.note("intercepts " + activity.GetInfo(ctx).ActivityID)
	return &spyIn{activity.InboundInterceptorBase{Next: next}, s}
}

type spyIn struct {
	activity.InboundInterceptorBase
	*spy
}

func (i *spyIn) Init(out activity.OutboundInterceptor) error {
	if i.refuse != nil {
		return i.refuse
	}
	return i.InboundInterceptorBase.Init(&spyOut{activity.OutboundInterceptorBase{Next: out}, i.spy})
}

func (i *spyIn) ExecuteActivity(ctx context.Context, in *activity.ExecuteInput) (any, error) {
	i.note("runs with " + strings.Join(slices.Sorted(maps.Keys(activity.Header(ctx))), ","))
	in.Args = []any{in.Args[0].(string) + i.name} //nolint:errcheck // a panic shows it
	result, err := i.InboundInterceptorBase.ExecuteActivity(ctx, in)
	if s, ok := result.(string); ok {
		result = s + i.name
	}
	return result, err
}

type spyOut struct {
	activity.OutboundInterceptorBase
	*spy
}

func (o *spyOut) GetInfo(ctx context.Context) activity.Info {
	o.note("GetInfo")
	return o.OutboundInterceptorBase.GetInfo(ctx)
}

func (o *spyOut) GetLogger(ctx context.Context) log.Logger {
	o.note("GetLogger")
	return o.OutboundInterceptorBase.GetLogger(ctx)
}

func (o *spyOut) GetMetricsHandler(ctx context.Context) metrics.Handler {
	o.note("GetMetricsHandler")
	return o.OutboundInterceptorBase.GetMetricsHandler(ctx)
}

func (o *spyOut) GetWorkerStopChannel(ctx context.Context) <-chan struct{} {
	o.note("GetWorkerStopChannel")
	return o.OutboundInterceptorBase.GetWorkerStopChannel(ctx)
}

func (o *spyOut) RecordHeartbeat(ctx context.Context, details ...any) {
	o.note("RecordHeartbeat")
	o.OutboundInterceptorBase.RecordHeartbeat(ctx, details...)
}

func (o *spyOut) HasHeartbeatDetails(ctx context.Context) bool {
	o.note("HasHeartbeatDetails")
	return o.OutboundInterceptorBase.HasHeartbeatDetails(ctx)
}

func (o *spyOut) GetHeartbeatDetails(ctx context.Context, pointers ...any) error {
	o.note("GetHeartbeatDetails")
	return o.OutboundInterceptorBase.GetHeartbeatDetails(ctx, pointers...)
}

// asksForEverything calls every function that interceptors see.
func asksForEverything(ctx context.Context, arg string) (string, error) {
	if activity.Header(ctx) != nil {
		return "", errors.New("the activity sees the header")
	}
	activity.GetLogger(ctx).Info("here")
	activity.GetMetricsHandler(ctx).Counter("here").Inc(1)
	activity.GetWorkerStopChannel(ctx)
	activity.RecordHeartbeat(ctx, 1)
	if !activity.HasHeartbeatDetails(ctx) {
		return "", errors.New("no details")
	}
	var n int
	if err := activity.GetHeartbeatDetails(ctx, &n); err != nil {
		return "", err
	}
	return arg + activity.GetInfo(ctx).ActivityID, nil
}

func TestInterceptorsSeeEveryCall(t *testing.T) {
	var got []string
	beats, counted := 0, int64(0)
	ctx := activity.WithOutbound(t.Context(), &activity.Environment{
		Info: activity.Info{ActivityID: "7"}, LastHeartbeatDetails: encode(t, 5),
		Heartbeat: func(context.Context, []any) { beats++ }, Metrics: tally(func(n int64) { counted += n }),
	})
	call := &activity.Call{
		Definition: define(t, asksForEverything), Input: encode(t, "x"),
		Header: &commonpb.Header{Fields: map[string]*commonpb.Payload{"k": {}}},
		Invoke: activity.Chain(activity.Intercept(&spy{name: "A", to: &got}, &spy{name: "B", to: &got})),
	}
	result, err := call.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if s := decodeOne[string](t, result); s != "xAB7BA" {
		t.Errorf("got result %q, want the arguments changed by A, then B, and the result by B, then A", s)
	}
	if beats != 1 || counted != 1 {
		t.Errorf("%d heartbeats and a count of %d got through, want 1 and 1", beats, counted)
	}
	want := []string{
		"B intercepts 7", "A intercepts 7", "A runs with k", "B runs with k",
		"B GetLogger", "A GetLogger", "B GetMetricsHandler", "A GetMetricsHandler",
		"B GetWorkerStopChannel", "A GetWorkerStopChannel", "B RecordHeartbeat", "A RecordHeartbeat",
		"B HasHeartbeatDetails", "A HasHeartbeatDetails", "B GetHeartbeatDetails", "A GetHeartbeatDetails",
		"B GetInfo", "A GetInfo",
	}
	if !slices.Equal(got, want) {
		t.Errorf("calls:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAnInterceptorThatRefusesFailsTheAttempt(t *testing.T) {
	var got []string
	refusal := errors.New("no licence")
	call := &activity.Call{
		Definition: define(t, asksForEverything), Input: encode(t, "x"),
		Invoke: activity.Chain(activity.Intercept(&spy{name: "A", to: &got, refuse: refusal})),
	}
	if _, err := call.Run(t.Context()); !errors.Is(err, refusal) {
		t.Errorf("got %v, want %v", err, refusal)
	}
}

// Outside a worker there is nothing behind the interceptors; they are called all the same.
func TestInterceptorsWithoutAnEnvironment(t *testing.T) {
	var got []string
	call := &activity.Call{
		Definition: define(t, func(ctx context.Context, s string) (string, error) {
			return s + activity.GetInfo(ctx).ActivityID, nil
		}), Input: encode(t, "x"),
		Invoke: activity.Chain(activity.Intercept(&spy{name: "A", to: &got})),
	}
	result, err := call.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"A intercepts ", "A runs with ", "A GetInfo"}
	if s := decodeOne[string](t, result); s != "xAA" || !slices.Equal(got, want) {
		t.Errorf("got %q and calls %q, want xAA and %q", s, got, want)
	}
}

func decodeOne[T any](t *testing.T, p *commonpb.Payloads) T {
	t.Helper()
	var v T
	if err := converter.GetDefaultDataConverter().FromPayloads(p, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// tally is a metrics handler that counts.
type tally func(int64)

func (c tally) WithTags(map[string]string) metrics.Handler { return c }
func (c tally) Counter(string) metrics.Counter             { return metrics.CounterFunc(c) }
func (c tally) Gauge(string) metrics.Gauge                 { return metrics.NopHandler{}.Gauge("") }

func (c tally) Timer(string) metrics.Timer { return metrics.NopHandler{}.Timer("") }
