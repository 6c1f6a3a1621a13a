package native_test

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

func TestCloseRunsDeferredFunctions(t *testing.T) {
	var log []string
	note := func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
	l := start(t, func(ctx workflow.Context) error {
		defer func() { note("root recovered %v", recover()) }()
		defer func() { note("root replaying %t", workflow.IsReplaying(ctx)) }()
		c := workflow.NewNamedChannel(ctx, "c")
		workflow.GoNamed(ctx, "second", func(ctx workflow.Context) {
			defer note("second ended")
			defer c.Receive(ctx, nil) // waits again while it ends
			c.Receive(ctx, nil)
		})
		workflow.GoNamed(ctx, "third", func(ctx workflow.Context) {
			defer panic("in a deferred function")
			defer workflow.Go(ctx, func(workflow.Context) { note("started while closing") })
			c.Receive(ctx, nil)
		})
		lonely := workflow.NewChannel(ctx)
		workflow.GoNamed(ctx, "lonely", func(ctx workflow.Context) {
			defer lonely.Receive(ctx, nil)
			lonely.Receive(ctx, nil)
		})
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer note("fourth ended")
			defer lonely.Close() // finds one who waits twice
			defer c.SendAsync("to nobody")
			defer func() { _ = workflow.Sleep(ctx, time.Hour) }()
			_ = workflow.Await(ctx, func() bool { return false })
		})
		return workflow.Sleep(ctx, time.Hour)
	})
	l.does("StartTimer 5 1h0m0s")
	l.Instance.Close()
	l.Instance.Close()
	want := []string{"root replaying true", "root recovered <nil>", "second ended", "fourth ended"}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Errorf("deferred functions (-want +got):\n%s", diff)
	}
	if c := l.Instance.Activate(t.Context(), &runner.Activation{Run: true}); c.Failure == nil {
		t.Error("a closed instance was activated")
	}
}

// big is a workflow with eleven coroutines that wait in as many ways.
func big(ctx workflow.Context) error {
	c := workflow.NewChannel(ctx)
	f, _ := workflow.NewFuture(ctx)
	wg := workflow.NewWaitGroup(ctx)
	for i := range 10 {
		wg.Go(ctx, func(ctx workflow.Context) {
			switch i % 5 {
			case 0:
				c.Receive(ctx, nil)
			case 1:
				_ = f.Get(ctx, nil)
			case 2:
				workflow.NewSelector(ctx).AddFuture(f, func(workflow.Future) {}).Select(ctx)
			case 3:
				_ = workflow.Await(ctx, func() bool { return f.IsReady() })
			default:
				_ = workflow.Sleep(ctx, time.Hour)
			}
		})
	}
	wg.Wait(ctx)
	return nil
}

func small(ctx workflow.Context) error {
	workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
	return nil
}

// idle makes runs that have done their first task and wait.
func idle(tb testing.TB, fn any, n int) []runner.Instance {
	tb.Helper()
	r := native.New(native.Options{})
	if err := r.Prepare(runner.Definition{Type: "wf", Func: fn}); err != nil {
		tb.Fatal(err)
	}
	h := histories.Start("wf")
	h.Task()
	out := make([]runner.Instance, n)
	for i := range out {
		var err error
		if out[i], err = r.NewInstance(runner.Details{WorkflowType: "wf", RunID: "run"}); err != nil {
			tb.Fatal(err)
		}
		d := &histories.Driver{Instance: out[i]}
		if _, err := d.Full(h); err != nil {
			tb.Fatal(err)
		}
	}
	return out
}

func TestNoGoroutineOutlivesItsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble fails if one does
		for _, fn := range []any{big, small} {
			for _, i := range idle(t, fn, 100) {
				i.Close()
			}
		}
		// Runs that failed, exited and returned with coroutines left.
		for _, fn := range []func(workflow.Context) error{
			func(workflow.Context) error { panic("boom") },
			func(workflow.Context) error { runtime.Goexit(); return nil },
			func(workflow.Context) error { return nil },
		} {
			l := start(t, func(ctx workflow.Context) error {
				workflow.Go(ctx, func(ctx workflow.Context) { _ = workflow.Sleep(ctx, time.Hour) })
				if err := workflow.Sleep(ctx, time.Second); err != nil {
					return err
				}
				return fn(ctx)
			})
			l.failed = true
			l.task()
			l.FireTimer("5")
			l.Task()
			_, _ = l.Sticky(l.History)
			l.Instance.Close()
		}
	})
}

func TestTenThousandRunsAreEvicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble fails if one of them stays
		instances := idle(t, small, 10_000)
		if n := runtime.NumGoroutine(); n < 10_000 {
			t.Fatalf("got %d goroutines for 10,000 runs: this test measures nothing", n)
		}
		for _, i := range instances {
			i.Close()
		}
	})
}

func TestLoggersAreSilentInReplay(t *testing.T) {
	var out strings.Builder
	logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	l := startWith(t, native.Options{Logger: logger}, func(ctx workflow.Context) error {
		log := workflow.GetLogger(ctx)
		log.Info("one", "key", "value")
		if err := workflow.SetUpdateHandler(ctx, "u", func(ctx workflow.Context) error {
			return workflow.Sleep(ctx, time.Hour)
		}); err != nil {
			return err
		}
		workflow.GetSignalChannel(ctx, "end").Receive(ctx, nil)
		return nil
	})
	l.task(with(l.Update("id", "u")))
	l.Signal("left")
	l.Signal("end")
	l.does("CompleteWorkflow")
	logged := out.String()
	for _, want := range []string{
		"level=INFO msg=one Namespace=ns WorkflowType=wf WorkflowID=id RunID=run Attempt=1 key=value",
		`level=WARN msg="Workflow has unhandled signals"`, "SignalNames=left",
		`level=WARN msg="[TMPRL1102] Workflow finished while update handlers are still running`,
	} {
		if !strings.Contains(logged, want) {
			t.Errorf("log lacks %s:\n%s", want, logged)
		}
	}
	l.replay()
	if out.String() != logged {
		t.Errorf("replay logged:\n%s", strings.TrimPrefix(out.String(), logged))
	}
}

func TestInfo(t *testing.T) {
	var got workflow.Info
	var now time.Time
	l := start(t, func(ctx workflow.Context) (int, error) {
		got = *workflow.GetInfo(ctx)
		if workflow.GetInfo(ctx).GetCurrentHistoryLength() != 3 || got.GetCurrentHistorySize() != 200 {
			return 0, errors.New("history length or size is wrong")
		}
		now = workflow.Now(ctx)
		err := workflow.Sleep(ctx, time.Hour)
		return got.GetCurrentHistoryLength(), err
	})
	l.does("StartTimer 5 1h0m0s")
	if want := histories.Epoch().Add(2 * time.Second); !now.Equal(want) {
		t.Errorf("clock is %v, want the time of the task, %v", now, want)
	}
	if got.WorkflowExecution != (workflow.Execution{ID: "id", RunID: "run"}) || got.Namespace != "ns" ||
		got.WorkflowType.Name != "wf" || got.TaskQueueName != "tasks" || got.Attempt != 1 ||
		got.OriginalRunID != "original-run" || got.FirstRunID != "first-run" ||
		got.WorkflowTaskTimeout != 10*time.Second || !got.WorkflowStartTime.Equal(histories.Epoch()) {
		t.Errorf("got info %+v", got)
	}
	l.FireTimer("5")
	l.does("CompleteWorkflow 8")
}

func BenchmarkIdleRun(b *testing.B) {
	for name, fn := range map[string]any{"1 coroutine": small, "11 coroutines": big} {
		b.Run(name, func(b *testing.B) {
			const n = 2000
			b.ReportAllocs()
			for b.Loop() {
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				instances := idle(b, fn, n)
				runtime.GC()
				runtime.ReadMemStats(&after)
				stacks := after.StackInuse - before.StackInuse
				b.ReportMetric(float64(stacks+after.HeapInuse-before.HeapInuse)/n/1024, "KB/run")
				b.ReportMetric(float64(stacks)/n/1024, "stack-KB/run")
				for _, i := range instances {
					i.Close()
				}
			}
		})
	}
}
