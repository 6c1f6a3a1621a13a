package interceptor_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/interceptor"
	"github.com/mainspring-go/mainspring/workflow"
)

// nothing overrides nothing.
type nothing struct {
	interceptor.WorkerInterceptorBase
}

// upper makes what activities return upper case.
type upper struct {
	interceptor.WorkerInterceptorBase
}

func (*upper) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &uppered{interceptor.ActivityInboundInterceptorBase{Next: next}}
}

type uppered struct {
	interceptor.ActivityInboundInterceptorBase
}

func (u *uppered) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	header := string(interceptor.Header(ctx)["say"].GetData())
	result, err := u.Next.ExecuteActivity(ctx, in)
	if s, ok := result.(string); ok {
		result = strings.ToUpper(s + header)
	}
	return result, err
}

func TestActivities(t *testing.T) {
	all := []interceptor.WorkerInterceptor{&nothing{}, &upper{}, &nothing{}}
	invoke := activity.Chain(activity.Intercept(interceptor.Activities(all)...))
	registry := activity.NewRegistry()
	hello := func(ctx context.Context, name string) (string, error) {
		if interceptor.Header(ctx) != nil {
			return "", errors.New("the activity sees the header")
		}
		return "hello " + name, nil
	}
	if err := registry.RegisterActivityWithOptions(hello, activity.RegisterOptions{Name: "hello"}); err != nil {
		t.Fatal(err)
	}
	d, err := registry.Lookup("hello")
	if err != nil {
		t.Fatal(err)
	}
	got, err := invoke(t.Context(), &activity.Invocation{
		Definition: d, Args: []any{"you"},
		Header: &commonpb.Header{Fields: map[string]*commonpb.Payload{"say": {Data: []byte("!")}}},
	})
	if got != "HELLO YOU!" || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// The workflow half is tested where workflows run: packages native and worker.
func TestWorkflows(t *testing.T) {
	first, second := &nothing{}, &upper{}
	got := interceptor.Workflows([]interceptor.WorkerInterceptor{first, second})
	if len(got) != 2 || got[0] != workflow.Interceptor(first) || got[1] != workflow.Interceptor(second) {
		t.Errorf("got %v", got)
	}
}

// keyed propagates the value of one key of a header to one of the context.
type keyed struct {
	workflow.ContextPropagator
	key string
	err error
}

type contextKey string

func (k keyed) Extract(ctx context.Context, r workflow.HeaderReader) (context.Context, error) {
	err := r.ForEachKey(func(string, *commonpb.Payload) error {
		return k.err
	})
	p, ok := r.Get(k.key)
	if !ok || err != nil {
		return ctx, err
	}
	before, _ := ctx.Value(contextKey("all")).(string)
	return context.WithValue(ctx, contextKey("all"), before+string(p.GetData())), nil
}

func TestExtract(t *testing.T) {
	if interceptor.Extract(nil) != nil {
		t.Error("there is something to extract without propagators")
	}
	header := &commonpb.Header{Fields: map[string]*commonpb.Payload{
		"a": {Data: []byte("1")}, "b": {Data: []byte("2")},
	}}
	extract := interceptor.Extract([]workflow.ContextPropagator{keyed{key: "b"}, keyed{key: "none"}, keyed{key: "a"}})
	ctx, err := extract(t.Context(), header)
	if err != nil {
		t.Fatal(err)
	}
	if got := ctx.Value(contextKey("all")); got != "21" {
		t.Errorf("extracted %v, want 2 and then 1", got)
	}
	if _, err := extract(t.Context(), nil); err != nil {
		t.Errorf("no header: %v", err)
	}
	refusal := errors.New("not yours")
	_, err = interceptor.Extract([]workflow.ContextPropagator{keyed{err: refusal}})(t.Context(), header)
	if !errors.Is(err, refusal) || !strings.HasPrefix(err.Error(), "failed propagating header: ") {
		t.Errorf("got %v", err)
	}
}
