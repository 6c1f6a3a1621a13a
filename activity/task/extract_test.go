package task_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/activity/task"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/metrics"
)

type tenantKey struct{}

// tenantConverter writes the tenant of its context into what it encodes.
type tenantConverter struct {
	converter.DataConverter
	tenant string
}

func (c tenantConverter) WithContext(ctx context.Context) converter.DataConverter {
	c.tenant, _ = ctx.Value(tenantKey{}).(string)
	return c
}

func (c tenantConverter) WithWorkflowContext(converter.WorkflowContext) converter.DataConverter {
	return c
}

func (c tenantConverter) ToPayloads(values ...any) (*commonpb.Payloads, error) {
	return c.DataConverter.ToPayloads(fmt.Sprint(c.tenant, " ", values))
}

// What a header brings is there for the activity, for what interceptors see, and
// for converters that look at the context.
func TestExtract(t *testing.T) {
	srv := &service{}
	seen := ""
	h := newHandler(t, srv, func(ctx context.Context) (string, error) {
		tenant, _ := ctx.Value(tenantKey{}).(string)
		return tenant, nil
	}, func(o *task.Options) {
		o.DataConverter = tenantConverter{DataConverter: converter.GetDefaultDataConverter()}
		o.Extract = func(ctx context.Context, header *commonpb.Header) (context.Context, error) {
			return context.WithValue(ctx, tenantKey{}, string(header.GetFields()["tenant"].GetData())), nil
		}
		o.Middleware = []activity.Middleware{func(next activity.Invoke) activity.Invoke {
			return func(ctx context.Context, in *activity.Invocation) (any, error) {
				seen, _ = ctx.Value(tenantKey{}).(string)
				return next(ctx, in)
			}
		}}
	})
	outcome, err := h.Handle(t.Context(), newTask(func(r *response) {
		r.Header = &commonpb.Header{Fields: map[string]*commonpb.Payload{"tenant": {Data: []byte("acme")}}}
	}))
	if outcome != task.Completed || err != nil {
		t.Fatalf("got %v, %v, want completed", outcome, err)
	}
	if seen != "acme" {
		t.Errorf("middleware saw tenant %q, want acme", seen)
	}
	r, ok := srv.onlyReport(t).(*workflowservice.RespondActivityTaskCompletedRequest)
	if !ok {
		t.Fatalf("reported %v", srv.reports)
	}
	if got := string(r.GetResult().GetPayloads()[0].GetData()); got != `"acme [acme]"` {
		t.Errorf("got result %s, want one of the activity's and of the converter's tenant", got)
	}
}

func TestExtractThatFails(t *testing.T) {
	srv := &service{}
	h := newHandler(t, srv, success, func(o *task.Options) {
		o.Extract = func(context.Context, *commonpb.Header) (context.Context, error) {
			return nil, errors.New("no tenant")
		}
	})
	if outcome, err := h.Handle(t.Context(), newTask()); outcome != task.Failed || err != nil {
		t.Errorf("got %v, %v, want failed", outcome, err)
	}
	checkReport(t, srv, task.Failed, "", "no tenant", false)
}

// tagged is a metrics handler that shows its tags.
type tagged struct {
	metrics.NopHandler
	tags map[string]string
}

func (h tagged) WithTags(tags map[string]string) metrics.Handler { return tagged{tags: tags} }

func TestMetricsNameTheAttempt(t *testing.T) {
	var got metrics.Handler
	act := func(ctx context.Context) error { got = activity.GetMetricsHandler(ctx); return nil }
	for _, given := range []metrics.Handler{nil, tagged{}} {
		h := newHandler(t, &service{}, act, func(o *task.Options) { o.Metrics = given })
		if _, err := h.Handle(t.Context(), newTask()); err != nil {
			t.Fatal(err)
		}
		want := "{}"
		if given != nil {
			want = "{{} map[activity_type:Act task_queue:queue workflow_type:Flow]}"
		}
		if s := fmt.Sprint(got); s != want {
			t.Errorf("of %v the activity got %s, want %s", given, s, want)
		}
	}
}
