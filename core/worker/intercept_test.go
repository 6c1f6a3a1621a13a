package worker_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/core/worker"
	"github.com/mainspring-go/mainspring/interceptor"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/temporal/metrics"
	"github.com/mainspring-go/mainspring/workflow"
)

// labeling adds its name to what strings workflows and activities return.
type labeling struct {
	interceptor.WorkerInterceptorBase
	name string
}

func (l *labeling) InterceptWorkflow(
	_ workflow.Context, next interceptor.WorkflowInboundInterceptor,
) interceptor.WorkflowInboundInterceptor {
	return &labelingWorkflow{interceptor.WorkflowInboundInterceptorBase{Next: next}, l.name}
}

func (l *labeling) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &labelingActivity{interceptor.ActivityInboundInterceptorBase{Next: next}, l.name}
}

type labelingWorkflow struct {
	interceptor.WorkflowInboundInterceptorBase
	name string
}

func (l *labelingWorkflow) ExecuteWorkflow(
	ctx workflow.Context, in *interceptor.ExecuteWorkflowInput,
) (any, error) {
	result, err := l.Next.ExecuteWorkflow(ctx, in)
	return fmt.Sprint(result, " ", l.name), err
}

type labelingActivity struct {
	interceptor.ActivityInboundInterceptorBase
	name string
}

func (l *labelingActivity) ExecuteActivity(
	ctx context.Context, in *interceptor.ExecuteActivityInput,
) (any, error) {
	result, err := l.Next.ExecuteActivity(ctx, in)
	return fmt.Sprint(result, " ", l.name), err
}

func testInterceptors(t *testing.T, f *frontend) {
	o := both()
	o.Interceptors = []interceptor.WorkerInterceptor{&labeling{name: "outer"}, &labeling{name: "inner"}}
	f.start(t, o)
	f.workflowTasks <- firstTask("Greet", "run", "world")
	f.activityTasks <- activityTask("Echo", 1, "x")
	pass(time.Second)
	answer := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
	result := answer.GetCommands()[0].GetCompleteWorkflowExecutionCommandAttributes().GetResult()
	if got := string(result.GetPayloads()[0].GetData()); got != `"hello world inner outer"` {
		t.Errorf("the workflow returned %s", got)
	}
	result = only[*workflowservice.RespondActivityTaskCompletedRequest](t, f).GetResult()
	if got := string(result.GetPayloads()[0].GetData()); got != `"x inner outer"` {
		t.Errorf("the activity returned %s", got)
	}
}

// tenants propagates a tenant.
type tenants struct{}

type tenantKey struct{}

func (tenants) read(r workflow.HeaderReader) string {
	p, _ := r.Get("tenant")
	return string(p.GetData())
}

func (tenants) Inject(ctx context.Context, w workflow.HeaderWriter) error {
	tenant, _ := ctx.Value(tenantKey{}).(string)
	w.Set("tenant", &commonpb.Payload{Data: []byte(tenant)})
	return nil
}

func (p tenants) Extract(ctx context.Context, r workflow.HeaderReader) (context.Context, error) {
	return context.WithValue(ctx, tenantKey{}, p.read(r)), nil
}

func (tenants) InjectFromWorkflow(ctx workflow.Context, w workflow.HeaderWriter) error {
	tenant, _ := ctx.Value(tenantKey{}).(string)
	w.Set("tenant", &commonpb.Payload{Data: []byte(tenant)})
	return nil
}

func (p tenants) ExtractToWorkflow(
	ctx workflow.Context, r workflow.HeaderReader,
) (workflow.Context, error) {
	return workflow.WithValue(ctx, tenantKey{}, p.read(r)), nil
}

// Delegate is a workflow that calls an activity.
func Delegate(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Hour})
	return workflow.ExecuteActivity(ctx, "Tenant").Get(ctx, nil)
}

// Tenant is an activity that returns the tenant that it works for.
func Tenant(ctx context.Context) (string, error) {
	tenant, _ := ctx.Value(tenantKey{}).(string)
	return tenant, nil
}

func testContextPropagators(t *testing.T, f *frontend) {
	f.start(t, worker.Options{
		Workflows: []any{Delegate}, Activities: []any{Tenant},
		ContextPropagators: []workflow.ContextPropagator{tenants{}},
	})
	header := &commonpb.Header{Fields: map[string]*commonpb.Payload{"tenant": {Data: []byte("acme")}}}
	first := firstTask("Delegate", "run")
	first.GetHistory().GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().Header = header
	f.workflowTasks <- first
	act := activityTask("Tenant", 1)
	act.Header = header
	f.activityTasks <- act
	pass(time.Second)
	answer := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
	sent := answer.GetCommands()[0].GetScheduleActivityTaskCommandAttributes().GetHeader().GetFields()
	if got := string(sent["tenant"].GetData()); got != "acme" {
		t.Errorf("the workflow sent tenant %q to its activity", got)
	}
	result := only[*workflowservice.RespondActivityTaskCompletedRequest](t, f).GetResult()
	if got := string(result.GetPayloads()[0].GetData()); got != `"acme"` {
		t.Errorf("the activity worked for %s", got)
	}
}

// ledger is a metrics handler that writes down what is counted, with its tags.
type ledger struct {
	metrics.NopHandler
	mu    *sync.Mutex
	lines *[]string
	tags  map[string]string
}

func (l ledger) WithTags(tags map[string]string) metrics.Handler {
	l.tags = maps.Clone(l.tags)
	if l.tags == nil {
		l.tags = make(map[string]string)
	}
	maps.Copy(l.tags, tags)
	return l
}

func (l ledger) Counter(name string) metrics.Counter {
	return metrics.CounterFunc(func(int64) {
		l.mu.Lock()
		defer l.mu.Unlock()
		*l.lines = append(*l.lines, fmt.Sprint(name, l.tags))
	})
}

func testMetricsHandler(t *testing.T, f *frontend) {
	var lines []string
	f.start(t, worker.Options{
		Workflows: []any{Counting}, Activities: []any{Count},
		Namespace: "shop", MetricsHandler: ledger{mu: new(sync.Mutex), lines: &lines},
	})
	f.workflowTasks <- firstTask("Counting", "run")
	f.activityTasks <- activityTask("Count", 1)
	pass(time.Second)
	slices.Sort(lines)
	want := []string{
		"activitymap[activity_type:Count client_name:temporal_mainspring namespace:shop " +
			"task_queue:orders worker_type:none workflow_type:Order]",
		"workflowmap[activity_type:none client_name:temporal_mainspring namespace:shop " +
			"task_queue:orders worker_type:none workflow_type:Counting]",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("counted:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

// Counting is a workflow that counts.
func Counting(ctx workflow.Context) error {
	workflow.GetMetricsHandler(ctx).Counter("workflow").Inc(1)
	return nil
}

// Count is an activity that counts.
func Count(ctx context.Context) error {
	activity.GetMetricsHandler(ctx).Counter("activity").Inc(1)
	return nil
}

func testEnableLoggingInReplay(t *testing.T, f *frontend) {
	for _, enabled := range []bool{false, true} {
		logs := new(logbook)
		w := f.worker(t, worker.Options{Logger: logs.logger(), EnableLoggingInReplay: enabled})
		err := w.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
			workflow.GetLogger(ctx).Info("a line of the first task")
			return Await(ctx)
		}, workflow.RegisterOptions{Name: "Await"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		rebuilt := signaledTask("run")
		rebuilt.History = signaledHistory(1)
		f.workflowTasks <- rebuilt
		pass(time.Second)
		stop(t, w)
		if logs.has("a line of the first task") != enabled {
			t.Errorf("EnableLoggingInReplay is %v and the log: %s", enabled, &logs.text)
		}
	}
}

// Built is a workflow that returns the build that runs it.
func Built(ctx workflow.Context) (string, error) {
	return workflow.GetInfo(ctx).GetCurrentBuildID(), nil
}

func TestWorkflowsSeeTheirBuild(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		f.start(t, worker.Options{Workflows: []any{Built}, BuildID: "v42"})
		f.workflowTasks <- firstTask("Built", "run")
		pass(time.Second)
		answer := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
		result := answer.GetCommands()[0].GetCompleteWorkflowExecutionCommandAttributes().GetResult()
		if got := string(result.GetPayloads()[0].GetData()); got != `"v42"` {
			t.Errorf("got build %s", got)
		}
	})
}

func TestDynamicWorkflowsRun(t *testing.T) {
	in(t, func(t *testing.T, f *frontend) {
		w := f.worker(t, worker.Options{})
		err := w.RegisterDynamicWorkflow(func(ctx workflow.Context, _ converter.EncodedValues) (string, error) {
			return workflow.GetInfo(ctx).WorkflowType.Name, nil
		}, workflow.DynamicRegisterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.workflowTasks <- firstTask("Anything", "run")
		pass(time.Second)
		stop(t, w)
		answer := only[*workflowservice.RespondWorkflowTaskCompletedRequest](t, f)
		result := answer.GetCommands()[0].GetCompleteWorkflowExecutionCommandAttributes().GetResult()
		if got := string(result.GetPayloads()[0].GetData()); got != `"Anything"` {
			t.Errorf("got %s", got)
		}
	})
}
