package native_test

import (
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// forget takes no part in workflow code: it blocks what calls it.
func forget(c chan struct{}) { <-c }

func TestCodeThatDoesNotLetGo(t *testing.T) {
	for _, tt := range []struct {
		name string
		fn   func(release chan struct{}) func(workflow.Context) error
		want string
	}{
		{"root", func(release chan struct{}) func(workflow.Context) error {
			return func(ctx workflow.Context) error {
				c := workflow.NewChannel(ctx)
				workflow.Go(ctx, func(workflow.Context) { c.Close() })
				c.Receive(ctx, nil)
				forget(release)
				return nil
			}
		}, `workflow goroutine "root" didn't yield for over 1s`},
		{"named", func(release chan struct{}) func(workflow.Context) error {
			return func(ctx workflow.Context) error {
				workflow.GoNamed(ctx, "sleeper", func(workflow.Context) { forget(release) })
				return workflow.Sleep(ctx, time.Hour)
			}
		}, `workflow goroutine "sleeper" didn't yield for over 1s`},
		{"numbered", func(release chan struct{}) func(workflow.Context) error {
			return func(ctx workflow.Context) error {
				workflow.Go(ctx, func(ctx workflow.Context) { _ = workflow.Sleep(ctx, time.Hour) })
				workflow.Go(ctx, func(workflow.Context) { forget(release) })
				return workflow.Sleep(ctx, time.Hour)
			}
		}, `workflow goroutine "4" didn't yield for over 1s`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the bubble fails if a goroutine stays
				var log strings.Builder
				release, unwound := make(chan struct{}), false
				l := startWith(t, native.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))},
					func(ctx workflow.Context) error {
						workflow.GoNamed(ctx, "other", func(ctx workflow.Context) {
							defer func() { unwound = true }()
							_ = workflow.Sleep(ctx, time.Hour)
						})
						return tt.fn(release)(ctx)
					})
				began := time.Now()
				got := l.fails()
				if took := time.Since(began); took < time.Second || took > 1200*time.Millisecond {
					t.Errorf("it took %v to find out, want a little more than 1s", took)
				}
				checkFailure(t, got, unhandled, "[TMPRL1101] Potential deadlock detected: ")
				stack := got.Failure.GetStackTrace()
				if !strings.Contains(got.Failure.GetMessage(), tt.want) ||
					got.Failure.GetApplicationFailureInfo().GetType() != "PanicError" {
					t.Errorf("got %v", got.Failure)
				}
				if !strings.Contains(stack, "native_test.forget(") || strings.Contains(stack, "workflow.Sleep") ||
					strings.Contains(stack, "coro.") {
					t.Errorf("this is not the stack of the coroutine alone:\n%s", stack)
				}
				again := l.Instance.Activate(t.Context(), &runner.Activation{Run: true})
				checkFailure(t, again.Failure, unhandled, "must be rebuilt")

				l.Instance.Close()
				if unwound || !strings.Contains(log.String(), "still stuck") {
					t.Errorf("Close did not say that it cannot wait:\n%s", &log)
				}
				close(release)
				synctest.Wait()
				if !unwound || !strings.Contains(log.String(), "has let go") {
					t.Errorf("what was stuck and has let go was not ended:\n%s", &log)
				}
			})
		})
	}
}

func TestHandlersThatDoNotLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		l := start(t, func(ctx workflow.Context) error {
			if err := workflow.SetQueryHandler(ctx, "q", func() (int, error) {
				forget(release)
				return 1, nil
			}); err != nil {
				return err
			}
			if err := workflow.SetUpdateHandler(ctx, "u", func(workflow.Context) error {
				forget(release)
				return nil
			}); err != nil {
				return err
			}
			return workflow.Sleep(ctx, time.Hour)
		})
		l.task()
		checkFailure(t, l.fails(with(l.Update("id", "u"))), unhandled, `workflow goroutine "u" didn't yield for over 1s`)
		l.Instance.Close()

		asked := l.instance()
		a := &runner.Activation{
			Run: true, StartedID: 3, Items: []runner.Item{{Start: &runner.Start{
				Attributes: l.Events[0].GetWorkflowExecutionStartedEventAttributes(),
			}}},
			Queries: []runner.Query{{ID: "1", Type: "q"}},
		}
		c := asked.Activate(t.Context(), a)
		checkFailure(t, c.Failure, unhandled, "[TMPRL1101]")
		if !strings.Contains(c.Failure.Failure.GetStackTrace(), "native_test.forget(") {
			t.Errorf("the stack of the handler is missing:\n%s", c.Failure.Failure.GetStackTrace())
		}
		asked.Close()
		close(release)
	})
}

func TestCodeMayTakeAsLongAsItIsAllowed(t *testing.T) {
	for _, tt := range []struct{ limit, takes time.Duration }{
		{0, 950 * time.Millisecond}, {10 * time.Second, 9 * time.Second}, {-1, time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := startWith(t, native.Options{DeadlockDetectionTimeout: tt.limit}, func(workflow.Context) error {
				time.Sleep(tt.takes)
				return nil
			})
			l.does("CompleteWorkflow")
		})
	}
}

// keyed is a converter that cannot be compared.
type keyed struct {
	converter.DataConverter
	keys map[string]string
}

func TestConvertersNeedNotBeComparable(t *testing.T) {
	dc := keyed{DataConverter: converter.GetDefaultDataConverter(), keys: map[string]string{"k": "v"}}
	l := startWith(t, native.Options{DataConverter: dc}, func(workflow.Context) (string, error) { return dc.keys["k"], nil })
	l.does(`CompleteWorkflow "v"`)
}

// slow is a converter that asks somebody else.
type slow struct {
	converter.DataConverter
	takes time.Duration
}

func (s *slow) ToPayloads(v ...any) (*commonpb.Payloads, error) {
	time.Sleep(s.takes)
	return s.DataConverter.ToPayloads(v...)
}

// WithWorkflowContext binds the converter to a run.
func (s *slow) WithWorkflowContext(workflow.Context) converter.DataConverter { return s }

func TestConversionsMayTakeLonger(t *testing.T) {
	plain := func(takes time.Duration) converter.DataConverter {
		return &slow{converter.GetDefaultDataConverter(), takes}
	}
	unaware := func(takes time.Duration) converter.DataConverter {
		return struct{ converter.DataConverter }{plain(takes)}
	}
	for _, tt := range []struct {
		name string
		dc   converter.DataConverter
		want string // the failure
	}{
		{"some seconds", plain(20 * time.Second), ""},
		{"one that is not bound to contexts", unaware(20 * time.Second), ""},
		{"too long", plain(time.Minute), `workflow goroutine "root" didn't yield for over 30s`},
		{"for ever", workflow.DataConverterWithoutDeadlockDetection(plain(time.Hour)), ""},
		{"for ever within another", converter.NewCodecDataConverter(
			workflow.DataConverterWithoutDeadlockDetection(unaware(10 * time.Second))), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := startWith(t, native.Options{DataConverter: tt.dc}, func(workflow.Context) (string, error) {
					return "result", nil
				})
				if tt.want != "" {
					checkFailure(t, l.fails(), unhandled, tt.want)
					l.Instance.Close()
					time.Sleep(time.Minute)
					return
				}
				l.does(`CompleteWorkflow "result"`)
			})
		})
	}
	// Outside of workflows it converts and that is all.
	dc := workflow.DataConverterWithoutDeadlockDetection(converter.GetDefaultDataConverter())
	p, err := dc.ToPayload(7)
	var got int
	if err != nil || dc.FromPayload(p, &got) != nil || got != 7 || dc.ToString(p) != "7" {
		t.Errorf("got %d and %v, want 7", got, err)
	}
}

// slowFailures is slow for errors.
type slowFailures struct {
	converter.FailureConverter
	takes time.Duration
}

func (s slowFailures) ErrorToFailure(err error) *failurepb.Failure {
	time.Sleep(s.takes)
	return s.FailureConverter.ErrorToFailure(err)
}

func TestConversionsOfErrorsMayTakeLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fc := slowFailures{temporal.GetDefaultFailureConverter(), 20 * time.Second}
		l := startWith(t, native.Options{FailureConverter: fc}, func(ctx workflow.Context) error {
			if err := workflow.SetQueryHandler(ctx, "q", func() (int, error) { return 0, errors.New("none") }); err != nil {
				return err
			}
			workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
			panic("boom")
		})
		l.task()
		if a := l.ask("q"); a.Error != "none" || a.Failure.GetMessage() != "none" {
			t.Errorf("got answer %v", a)
		}
		l.Signal("s")
		checkFailure(t, l.fails(), unhandled, "boom")
	})
}

func TestDeferredFunctionsThatDoNotReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble fails if a goroutine stays
		var log strings.Builder
		release, unwound := make(chan struct{}), false
		l := startWith(t, native.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))},
			func(ctx workflow.Context) error {
				workflow.GoNamed(ctx, "last", func(ctx workflow.Context) {
					defer func() { unwound = true }()
					_ = workflow.Sleep(ctx, time.Hour)
				})
				defer forget(release)
				return workflow.Sleep(ctx, time.Hour)
			})
		l.failed = true
		l.task()
		began := time.Now()
		l.Instance.Close()
		l.Instance.Close()
		if took := time.Since(began); took < time.Second || took > 1200*time.Millisecond {
			t.Errorf("Close took %v, want a little more than 1s", took)
		}
		for _, want := range []string{
			`level=WARN msg="Workflow coroutine \"root\" didn't exit within 1s"`, "WorkflowID=id", "native_test.forget(",
		} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("log lacks %s:\n%s", want, &log)
			}
		}
		if unwound {
			t.Error("the coroutine after the one that is stuck was ended early")
		}
		close(release)
		synctest.Wait()
		if !unwound {
			t.Error("the other coroutine was not ended")
		}
	})
}

func TestEvictionThatIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble fails if a goroutine stays
		var unwound atomic.Int32
		l := startWith(t, native.Options{DisableSafeEviction: true}, func(ctx workflow.Context) error {
			defer func() {
				time.Sleep(time.Hour) // far over any limit
				unwound.Add(1)
			}()
			return workflow.Sleep(ctx, time.Hour)
		})
		l.failed = true
		l.task()
		began := time.Now()
		l.Instance.Close()
		l.Instance.Close()
		if took := time.Since(began); took != 0 || unwound.Load() != 0 {
			t.Errorf("Close waited for %v", took)
		}
		c := l.Instance.Activate(t.Context(), &runner.Activation{Run: true})
		checkFailure(t, c.Failure, unhandled, "must be rebuilt")
		time.Sleep(2 * time.Hour)
		if n := unwound.Load(); n != 1 {
			t.Errorf("deferred functions ran %d times, want once", n)
		}
	})
}
