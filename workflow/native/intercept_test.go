package native_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/log"
	"github.com/mainspring-go/mainspring/temporal/metrics"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/typed"
)

// counting counts the calls of every method of the interceptors.
type counting struct{ calls map[string]int }

func (c *counting) InterceptWorkflow(
	_ workflow.Context, next workflow.InboundInterceptor,
) workflow.InboundInterceptor {
	return &countingIn{workflow.InboundInterceptorBase{Next: next}, c}
}

func (c *counting) saw(method string) { c.calls[method]++ }

type countingIn struct {
	workflow.InboundInterceptorBase
	*counting
}

func (i *countingIn) Init(out workflow.OutboundInterceptor) error {
	i.saw("Init")
	return i.InboundInterceptorBase.Init(&countingOut{workflow.OutboundInterceptorBase{Next: out}, i.counting})
}

func (i *countingIn) ExecuteWorkflow(ctx workflow.Context, in *workflow.ExecuteInput) (any, error) {
	i.saw("ExecuteWorkflow")
	return i.Next.ExecuteWorkflow(ctx, in)
}

func (i *countingIn) HandleSignal(ctx workflow.Context, in *workflow.SignalInput) error {
	i.saw("HandleSignal")
	return i.Next.HandleSignal(ctx, in)
}

func (i *countingIn) HandleQuery(ctx workflow.Context, in *workflow.QueryInput) (any, error) {
	i.saw("HandleQuery")
	return i.Next.HandleQuery(ctx, in)
}

func (i *countingIn) ValidateUpdate(ctx workflow.Context, in *workflow.UpdateInput) error {
	i.saw("ValidateUpdate")
	return i.Next.ValidateUpdate(ctx, in)
}

func (i *countingIn) ExecuteUpdate(ctx workflow.Context, in *workflow.UpdateInput) (any, error) {
	i.saw("ExecuteUpdate")
	return i.Next.ExecuteUpdate(ctx, in)
}

type countingOut struct {
	workflow.OutboundInterceptorBase
	*counting
}

func (o *countingOut) Go(ctx workflow.Context, name string, f func(workflow.Context)) workflow.Context {
	o.saw("Go")
	return o.Next.Go(ctx, name, f)
}

func (o *countingOut) Await(ctx workflow.Context, condition func() bool) error {
	o.saw("Await")
	return o.Next.Await(ctx, condition)
}

func (o *countingOut) AwaitWithTimeout(
	ctx workflow.Context, d time.Duration, condition func() bool,
) (bool, error) {
	o.saw("AwaitWithTimeout")
	return o.Next.AwaitWithTimeout(ctx, d, condition)
}

func (o *countingOut) AwaitWithOptions(
	ctx workflow.Context, options workflow.AwaitOptions, condition func() bool,
) (bool, error) {
	o.saw("AwaitWithOptions")
	return o.Next.AwaitWithOptions(ctx, options, condition)
}

func (o *countingOut) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	o.saw("ExecuteActivity")
	return o.Next.ExecuteActivity(ctx, name, args...)
}

func (o *countingOut) ExecuteLocalActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	o.saw("ExecuteLocalActivity")
	return o.Next.ExecuteLocalActivity(ctx, name, args...)
}

func (o *countingOut) GetInfo(ctx workflow.Context) *workflow.Info {
	o.saw("GetInfo")
	return o.Next.GetInfo(ctx)
}

func (o *countingOut) GetCurrentUpdateInfo(ctx workflow.Context) *workflow.UpdateInfo {
	o.saw("GetCurrentUpdateInfo")
	return o.Next.GetCurrentUpdateInfo(ctx)
}

func (o *countingOut) GetLogger(ctx workflow.Context) log.Logger {
	o.saw("GetLogger")
	return o.Next.GetLogger(ctx)
}

func (o *countingOut) GetMetricsHandler(ctx workflow.Context) metrics.Handler {
	o.saw("GetMetricsHandler")
	return o.Next.GetMetricsHandler(ctx)
}

func (o *countingOut) Now(ctx workflow.Context) time.Time {
	o.saw("Now")
	return o.Next.Now(ctx)
}

func (o *countingOut) NewTimer(ctx workflow.Context, d time.Duration) workflow.Future {
	o.saw("NewTimer")
	return o.Next.NewTimer(ctx, d)
}

func (o *countingOut) NewTimerWithOptions(
	ctx workflow.Context, d time.Duration, options workflow.TimerOptions,
) workflow.Future {
	o.saw("NewTimerWithOptions")
	return o.Next.NewTimerWithOptions(ctx, d, options)
}

func (o *countingOut) Sleep(ctx workflow.Context, d time.Duration) error {
	o.saw("Sleep")
	return o.Next.Sleep(ctx, d)
}

func (o *countingOut) GetSignalChannel(ctx workflow.Context, name string) workflow.ReceiveChannel {
	o.saw("GetSignalChannel")
	return o.Next.GetSignalChannel(ctx, name)
}

func (o *countingOut) GetSignalChannelWithOptions(
	ctx workflow.Context, name string, options workflow.SignalChannelOptions,
) workflow.ReceiveChannel {
	o.saw("GetSignalChannelWithOptions")
	return o.Next.GetSignalChannelWithOptions(ctx, name, options)
}

func (o *countingOut) SetQueryHandler(ctx workflow.Context, name string, handler any) error {
	o.saw("SetQueryHandler")
	return o.Next.SetQueryHandler(ctx, name, handler)
}

func (o *countingOut) SetQueryHandlerWithOptions(
	ctx workflow.Context, name string, handler any, options workflow.QueryHandlerOptions,
) error {
	o.saw("SetQueryHandlerWithOptions")
	return o.Next.SetQueryHandlerWithOptions(ctx, name, handler, options)
}

func (o *countingOut) SetUpdateHandler(
	ctx workflow.Context, name string, handler any, options workflow.UpdateHandlerOptions,
) error {
	o.saw("SetUpdateHandler")
	return o.Next.SetUpdateHandler(ctx, name, handler, options)
}

func (o *countingOut) IsReplaying(ctx workflow.Context) bool {
	o.saw("IsReplaying")
	return o.Next.IsReplaying(ctx)
}

// uses calls every function of package workflow that interceptors see, so that
// none is left out unseen.
func uses(ctx workflow.Context, _ string) (string, error) {
	yes := func() bool { return true }
	workflow.Go(ctx, func(workflow.Context) {})
	workflow.GoNamed(ctx, "named", func(workflow.Context) {})
	workflow.GetLogger(ctx).Info("here")
	workflow.GetMetricsHandler(ctx).Counter("here").Inc(1)
	workflow.NewTimer(ctx, 0)
	workflow.NewTimerWithOptions(ctx, 0, workflow.TimerOptions{})
	workflow.GetSignalChannelWithOptions(ctx, "other", workflow.SignalChannelOptions{})
	_, timeoutErr := workflow.AwaitWithTimeout(ctx, time.Hour, yes)
	_, optionsErr := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{Timeout: time.Hour}, yes)
	err := errors.Join(
		timeoutErr, optionsErr,
		workflow.Await(ctx, yes),
		workflow.Sleep(ctx, time.Second),
		workflow.ExecuteActivity(options(ctx), "a").Get(ctx, nil),
		workflow.ExecuteLocalActivity(locally(ctx), "l").Get(ctx, nil),
		workflow.SetQueryHandler(ctx, "q", func() (int, error) { return 1, nil }),
		workflow.SetQueryHandlerWithOptions(ctx, "p", func() (int, error) { return 1, nil },
			workflow.QueryHandlerOptions{}),
		workflow.SetUpdateHandler(ctx, "u", func(ctx workflow.Context) (string, error) {
			return workflow.GetCurrentUpdateInfo(ctx).ID, nil
		}),
		workflow.SetUpdateHandlerWithOptions(ctx, "v", func(workflow.Context) error { return nil },
			workflow.UpdateHandlerOptions{}),
	)
	if workflow.IsReplaying(ctx) {
		workflow.Now(ctx)
	}
	workflow.Now(ctx)
	err = errors.Join(err, usesOthers(ctx))
	workflow.GetSignalChannel(ctx, "end").Receive(ctx, nil)
	return workflow.GetInfo(ctx).WorkflowType.Name, errors.Join(err, remember(ctx))
}

func TestInterceptorsSeeEveryCall(t *testing.T) {
	c := &counting{calls: make(map[string]int)}
	l := startWith(t, native.Options{Interceptors: []workflow.Interceptor{c}}, uses, "x")
	l.does("StartTimer 5 1h0m0s", "StartTimer 6 1h0m0s", "StartTimer 7 1s")
	l.FireTimer("7")
	l.does("ScheduleActivity 12 a")
	l.CompleteActivity("12")
	l.ends(result("1", 13, 1))
	l.does(mark("1", "l", 13, " result=1"), "StartChildWorkflow c Child", "SignalExternalWorkflow 20 other s 1",
		"RequestCancelExternalWorkflow 21 other")
	l.StartChild("c")
	l.does("SignalExternalWorkflow 26 c s 2")
	l.ask("q")
	l.task(with(l.Update("u1", "u")))
	l.Signal("end")
	l.task()

	// Those that another call contains are in it: a sleep is a timer with options.
	want := map[string]int{
		"Init": 1, "ExecuteWorkflow": 1, "HandleSignal": 1, "HandleQuery": 1, "ValidateUpdate": 1,
		"ExecuteUpdate": 1, "Go": 4, "NewTimerWithOptions": 4, "Now": 2, "SetUpdateHandler": 2,
	}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[workflow.InboundInterceptor](), reflect.TypeFor[workflow.OutboundInterceptor](),
	} {
		for m := range typ.Methods() {
			if _, special := want[m.Name]; !special && m.IsExported() {
				want[m.Name] = 1
			}
		}
	}
	if diff := cmp.Diff(want, c.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	clear(c.calls)
	l.replay()
	want["ValidateUpdate"], want["HandleQuery"], want["Now"] = 0, 0, 3
	maps.DeleteFunc(want, func(_ string, n int) bool { return n == 0 })
	if diff := cmp.Diff(want, c.calls); diff != "" {
		t.Errorf("calls in replay (-want +got):\n%s", diff)
	}
}

// tracing writes down what passes, and where it stands in the chain.
type tracing struct {
	name string
	to   *[]string
	seed func(workflow.OutboundInterceptor) error
}

func (c *tracing) InterceptWorkflow(
	_ workflow.Context, next workflow.InboundInterceptor,
) workflow.InboundInterceptor {
	return &tracingIn{workflow.InboundInterceptorBase{Next: next}, c}
}

func (c *tracing) note(what string, header map[string]*commonpb.Payload) {
	*c.to = append(*c.to, c.name+" "+what+" "+strings.Join(slices.Sorted(maps.Keys(header)), ","))
}

type tracingIn struct {
	workflow.InboundInterceptorBase
	*tracing
}

func (i *tracingIn) Init(out workflow.OutboundInterceptor) error {
	if i.seed != nil {
		if err := i.seed(out); err != nil {
			return err
		}
	}
	return i.Next.Init(&tracingOut{workflow.OutboundInterceptorBase{Next: out}, i.tracing})
}

func (i *tracingIn) ExecuteWorkflow(ctx workflow.Context, in *workflow.ExecuteInput) (any, error) {
	i.note("runs", workflow.Header(ctx))
	for n := range in.Args {
		if s, ok := in.Args[n].(string); ok {
			in.Args[n] = s + i.name
		}
	}
	result, err := i.Next.ExecuteWorkflow(ctx, in)
	if s, ok := result.(string); ok {
		result = s + i.name
	}
	return result, err
}

func (i *tracingIn) HandleSignal(ctx workflow.Context, in *workflow.SignalInput) error {
	i.note("signal "+in.SignalName, workflow.Header(ctx))
	if in.SignalName == "dropped" {
		return nil
	}
	return i.Next.HandleSignal(ctx, in)
}

type tracingOut struct {
	workflow.OutboundInterceptorBase
	*tracing
}

func (o *tracingOut) ExecuteChildWorkflow(
	ctx workflow.Context, typ string, args ...any,
) workflow.ChildWorkflowFuture {
	o.note("child "+typ, workflow.Header(ctx))
	workflow.Header(ctx)[o.name] = &commonpb.Payload{}
	return o.Next.ExecuteChildWorkflow(ctx, typ, args...)
}

func (o *tracingOut) SignalExternalWorkflow(
	ctx workflow.Context, id, runID, name string, arg any,
) workflow.Future {
	workflow.Header(ctx)[o.name] = &commonpb.Payload{}
	return o.Next.SignalExternalWorkflow(ctx, id, runID, name, arg)
}

func (o *tracingOut) SignalChildWorkflow(ctx workflow.Context, id, name string, arg any) workflow.Future {
	workflow.Header(ctx)[o.name] = &commonpb.Payload{}
	return o.Next.SignalChildWorkflow(ctx, id, name, arg)
}

func (o *tracingOut) NewContinueAsNewError(ctx workflow.Context, wfn any, args ...any) error {
	workflow.Header(ctx)[o.name] = &commonpb.Payload{}
	return o.Next.NewContinueAsNewError(ctx, wfn, args...)
}

func (o *tracingOut) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	o.note("activity "+name, workflow.Header(ctx))
	workflow.Header(ctx)[o.name] = &commonpb.Payload{}
	return o.Next.ExecuteActivity(ctx, name, args...)
}

func header(keys ...string) *commonpb.Header {
	h := &commonpb.Header{Fields: make(map[string]*commonpb.Payload)}
	for _, k := range keys {
		h.Fields[k] = &commonpb.Payload{Data: []byte(k)}
	}
	return h
}

func TestTheFirstInterceptorIsOutermost(t *testing.T) {
	var got []string
	l := startWith(t, native.Options{Interceptors: []workflow.Interceptor{
		&tracing{name: "A", to: &got}, &tracing{name: "B", to: &got},
	}}, func(ctx workflow.Context, arg string) (string, error) {
		if workflow.Header(ctx) != nil {
			return "", errors.New("workflow code sees the header")
		}
		err := workflow.ExecuteActivity(options(ctx), "a").Get(ctx, nil)
		workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
		if names := workflow.GetUnhandledSignalNames(ctx); len(names) > 0 {
			return "", errors.New("signals were not dropped")
		}
		return arg, err
	}, "arg")
	l.Events[0].GetWorkflowExecutionStartedEventAttributes().Header = header("start")
	a := l.does("ScheduleActivity 5 a")
	sent := a.Commands[0].GetScheduleActivityTaskCommandAttributes().GetHeader().GetFields()
	if keys := slices.Sorted(maps.Keys(sent)); !slices.Equal(keys, []string{"A", "B"}) {
		t.Errorf("the activity has the header %q, want A and B", keys)
	}
	l.CompleteActivity("5")
	l.Signal("dropped")
	l.Signal("s")
	l.Events[len(l.Events)-1].GetWorkflowExecutionSignaledEventAttributes().Header = header("sent", "with")
	l.does(`CompleteWorkflow "argABBA"`)
	// Once it is called, an interceptor calls the one after it: outbound, that is
	// the one that was there before it.
	want := []string{
		"A runs start", "B runs start", "B activity a ", "A activity a B",
		"A signal dropped ", "A signal s sent,with", "B signal s sent,with",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if left := l.Events[0].GetWorkflowExecutionStartedEventAttributes().GetHeader(); len(left.GetFields()) != 1 {
		t.Errorf("the header in history became %v", left)
	}
}

func TestInterceptorsThatRefuse(t *testing.T) {
	wf := func(workflow.Context, string) error { return nil }
	for _, tt := range []struct {
		name string
		by   workflow.Interceptor
		want string
	}{
		{
			"Init fails",
			&tracing{seed: func(workflow.OutboundInterceptor) error { return errors.New("no licence") }},
			"an interceptor refused to start: no licence",
		},
		{"arguments are taken away", &spoiling{}, "takes 1 arguments and was given 0"},
		{"arguments are of another type", &spoiling{args: []any{7}}, "was given a int as argument 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := startWith(t, native.Options{Interceptors: []workflow.Interceptor{tt.by}}, wf, "arg")
			if got := l.fails().Failure.GetMessage(); !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// spoiling calls the workflow with other arguments.
type spoiling struct {
	workflow.InboundInterceptorBase
	args []any
}

func (s *spoiling) InterceptWorkflow(
	_ workflow.Context, next workflow.InboundInterceptor,
) workflow.InboundInterceptor {
	s.Next = next
	return s
}

func (s *spoiling) ExecuteWorkflow(ctx workflow.Context, in *workflow.ExecuteInput) (any, error) {
	in.Args = s.args
	return s.Next.ExecuteWorkflow(ctx, in)
}

// A run whose headers somebody looks at makes the commands that others make.
func TestHeadersAreThereForActivitiesOfEveryContext(t *testing.T) {
	var got []string
	l := startWith(t, native.Options{
		Interceptors: []workflow.Interceptor{&tracing{name: "A", to: &got}},
	}, func(ctx workflow.Context) error {
		workflow.Go(ctx, func(ctx workflow.Context) {
			workflow.ExecuteActivity(options(ctx), "b")
		})
		clean, _ := workflow.NewDisconnectedContext(ctx)
		return workflow.ExecuteActivity(options(clean), "a").Get(ctx, nil)
	})
	a := l.does("ScheduleActivity 5 a", "ScheduleActivity 6 b")
	for _, c := range a.Commands {
		if h := c.GetScheduleActivityTaskCommandAttributes().GetHeader(); h.GetFields()["A"] == nil {
			t.Errorf("%v has no header", c)
		}
	}
	l.CompleteActivity("5")
	l.does("CompleteWorkflow")
}

// Without interceptors and propagators, nothing is made for headers.
func TestNobodyLooksAtHeaders(t *testing.T) {
	l := start(t, func(ctx workflow.Context) error {
		if workflow.Header(ctx) != nil {
			return errors.New("workflow code sees the header")
		}
		return workflow.ExecuteActivity(options(ctx), "a").Get(ctx, nil)
	})
	l.Events[0].GetWorkflowExecutionStartedEventAttributes().Header = header("start")
	a := l.does("ScheduleActivity 5 a")
	if h := a.Commands[0].GetScheduleActivityTaskCommandAttributes().GetHeader(); h == nil || h.Fields != nil {
		t.Errorf("got header %v, want an empty one", h)
	}
	l.CompleteActivity("5")
	l.does("CompleteWorkflow")
}

// An interceptor may give arguments that a call without reflection cannot take.
func TestArgumentsThatAreNotOfTheirTypes(t *testing.T) {
	type names []string
	wf := typed.Workflow2(func(_ workflow.Context, n names, extra any) (string, error) {
		return fmt.Sprint(n, extra == nil), nil
	})
	for _, tt := range []struct {
		args []any
		want string
	}{
		{[]any{names{"a"}, 7}, `CompleteWorkflow "[a] false"`},
		{[]any{[]string{"b"}, nil}, `CompleteWorkflow "[b] true"`},
		{[]any{nil, nil}, `CompleteWorkflow "[] true"`},
	} {
		l := startWith(t, native.Options{Interceptors: []workflow.Interceptor{&spoiling{args: tt.args}}}, wf, []string{"arg"}, 1)
		l.does(tt.want)
	}
	l := startWith(t, native.Options{Interceptors: []workflow.Interceptor{&spoiling{args: []any{7, 7}}}}, wf, []string{"arg"}, 1)
	if got := l.fails().Failure.GetMessage(); !strings.Contains(got, "was given a int as argument 1") {
		t.Errorf("got %q, want the argument to be refused", got)
	}
}
