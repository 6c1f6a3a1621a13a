package native_test

import (
	"fmt"
	"runtime/metrics"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// receiver makes a run that receives signals, and what activates it with one.
func receiver(tb testing.TB) (activate func()) {
	tb.Helper()
	r := native.New(native.Options{})
	if err := r.Prepare(runner.Definition{Type: "wf", Func: func(ctx workflow.Context) error {
		for c := workflow.GetSignalChannel(ctx, "s"); ; {
			c.Receive(ctx, nil)
		}
	}}); err != nil {
		tb.Fatal(err)
	}
	i, err := r.NewInstance(runner.Details{WorkflowType: "wf"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(i.Close)
	h := histories.Start("wf")
	h.Task()
	if _, err := (&histories.Driver{Instance: i}).Full(h); err != nil {
		tb.Fatal(err)
	}
	started := int64(3)
	signal := &runner.Signal{Name: "s"}
	return func() {
		started += 4
		if c := i.Activate(tb.Context(), &runner.Activation{
			Run: true, StartedID: started, Items: []runner.Item{{Signal: signal}},
		}); c.Failure != nil {
			tb.Fatal(c.Failure)
		}
	}
}

// What an activation costs by itself is an allocation for the completion, and
// those of this test for the activation. It has no goroutine of its own.
func TestAnActivationIsCheap(t *testing.T) {
	activate := receiver(t)
	if n := testing.AllocsPerRun(100, activate); n > 4 {
		t.Errorf("an activation allocates %v times, want 4 at most", n)
	}
	made := []metrics.Sample{{Name: "/sched/goroutines-created:goroutines"}}
	metrics.Read(made)
	before := made[0].Value.Uint64()
	for range 1000 {
		activate()
	}
	metrics.Read(made)
	if n := made[0].Value.Uint64() - before; n > 100 { // the deadlock detector has some
		t.Errorf("1,000 activations made %d goroutines", n)
	}
}

func BenchmarkActivation(b *testing.B) {
	activate := receiver(b)
	b.ReportAllocs()
	for b.Loop() {
		activate()
	}
}

// blocking is an interceptor that does not let go when it is called at a place.
type blocking struct {
	workflow.InboundInterceptorBase
	at      string
	release chan struct{}
}

func (i *blocking) call(at string) {
	if i.at == at {
		forget(i.release)
	}
}

func (i *blocking) InterceptWorkflow(_ workflow.Context, next workflow.InboundInterceptor) workflow.InboundInterceptor {
	i.call("start")
	i.Next = next
	return i
}

func (i *blocking) HandleSignal(ctx workflow.Context, in *workflow.SignalInput) error {
	i.call("signal")
	return i.Next.HandleSignal(ctx, in)
}

// blockingFailures is such a converter of failures.
type blockingFailures struct {
	converter.FailureConverter
	*blocking
}

func (c blockingFailures) ErrorToFailure(err error) *failurepb.Failure {
	if !strings.Contains(err.Error(), "TMPRL1101") {
		c.call("failure")
	}
	return c.FailureConverter.ErrorToFailure(err)
}

func (c blockingFailures) FailureToError(f *failurepb.Failure) error {
	c.call("error")
	return c.FailureConverter.FailureToError(f)
}

// Code is left behind wherever it does not let go, also outside of coroutines.
func TestWhatDoesNotLetGoOutsideOfCoroutines(t *testing.T) {
	for _, at := range []string{"start", "signal", "failure", "error"} {
		t.Run(at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the bubble fails if a goroutine stays
				b := &blocking{at: at, release: make(chan struct{})}
				failures := blockingFailures{temporal.GetDefaultFailureConverter(), b}
				ended := false
				l := startWith(t, native.Options{
					Interceptors: []workflow.Interceptor{b}, FailureConverter: failures,
				}, func(ctx workflow.Context) error {
					defer func() { ended = true }()
					ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Second})
					return workflow.ExecuteActivity(ctx, "a").Get(ctx, nil)
				})
				if at != "start" {
					l.task()
					l.Signal("s")
					l.FailActivity("5", &failurepb.Failure{Message: "no"})
				}
				limit := "1s"
				if at == "failure" || at == "error" {
					limit = "30s" // they convert
				}
				got := l.fails()
				checkFailure(t, got, unhandled, fmt.Sprintf(`workflow goroutine "none: a handler" didn't yield for over %s`, limit))
				if !strings.Contains(got.Failure.GetStackTrace(), "native_test.forget(") {
					t.Errorf("the stack of the code is missing:\n%s", got.Failure.GetStackTrace())
				}
				l.Instance.Close()
				close(b.release)
				synctest.Wait()
				if at != "start" && !ended {
					t.Error("the run was not ended when its code had let go")
				}
			})
		})
	}
}

// brokenFailures converts no error.
type brokenFailures struct{ converter.FailureConverter }

func (brokenFailures) ErrorToFailure(error) *failurepb.Failure { panic("cannot convert") }

func TestAConverterThatPanicsFailsTheTask(t *testing.T) {
	for name, fn := range map[string]func(workflow.Context) error{
		"at the end of a workflow": func(workflow.Context) error { return temporal.NewCanceledError() },
		"when a task fails":        func(workflow.Context) error { panic("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			o := native.Options{FailureConverter: brokenFailures{temporal.GetDefaultFailureConverter()}}
			l := startWith(t, o, fn)
			want := "boom"
			if name != "when a task fails" {
				want = "cannot convert"
			}
			checkFailure(t, l.fails(), unhandled, want)
			l.failed = true
		})
	}
}
