package native_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// stackInUse returns what the stacks of the process take, in bytes, once they have
// shrunk as far as they do.
func stackInUse() float64 {
	for range 5 { // by half each time
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.StackInuse)
}

// another starts one of many runs of a runner.
func another(t *testing.T, r *native.Runner, args ...any) *live {
	t.Helper()
	l := &live{t: t, History: histories.Start("wf", args...), runner: r, failed: true}
	l.Instance = l.instance()
	return l
}

// An order is what workflows are sent, and no basic type.
type order struct{ Item string }

func TestStacksOfRunsThatWait(t *testing.T) {
	const runs = 400
	for _, tt := range []struct {
		name string
		most float64 // KB for a run
		fn   any
		args []any
		lead func(*live) // to where it waits
	}{
		{"signal", 2.5, func(ctx workflow.Context, _ int) error {
			workflow.GetSignalChannel(ctx, "s").Receive(ctx, nil)
			return nil
		}, []any{1}, nil},
		{"each signal", 2.5, func(ctx workflow.Context) error {
			c := workflow.GetSignalChannel(ctx, "s")
			for {
				var o order
				c.Receive(ctx, &o)
			}
		}, nil, func(l *live) {
			l.Signal("s", order{"nut"})
			l.does()
		}},
		{"coroutines", 3 * 2.5, func(ctx workflow.Context) error {
			for range 2 {
				workflow.Go(ctx, func(ctx workflow.Context) { workflow.NewChannel(ctx).Receive(ctx, nil) })
			}
			workflow.NewChannel(ctx).Receive(ctx, nil)
			return nil
		}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := native.New(native.Options{})
			if err := r.Prepare(runner.Definition{Type: "wf", Func: tt.fn}); err != nil {
				t.Fatal(err)
			}
			before := stackInUse()
			for range runs {
				l := another(t, r, tt.args...)
				l.does()
				if tt.lead != nil {
					tt.lead(l)
				}
			}
			if got := (stackInUse() - before) / runs / 1024; got > tt.most*slack {
				t.Errorf("a run that waits takes %.1f KB of stacks, want %.1f at most", got, tt.most*slack)
			}
		})
	}
}

// fragile is a converter that some payloads are too much for.
type fragile struct {
	converter.DataConverter
	fails func()
}

func (f *fragile) FromPayloads(p *commonpb.Payloads, into ...any) error {
	var s string
	if err := f.DataConverter.FromPayloads(p, &s); err == nil && s == "bad" {
		f.fails()
	}
	return f.DataConverter.FromPayloads(p, into...)
}

// receiveIt is what the code of a workflow calls.
func receiveIt(ctx workflow.Context) (s string) {
	workflow.GetSignalChannel(ctx, "s").Receive(ctx, &s)
	return s
}

func TestConvertersThatFallOver(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fails func()
		want  string
		stack []string
	}{
		{"panic", func() { panic("boom") }, "boom", []string{"native_test.(*fragile).FromPayloads(", "native_test.receiveIt("}},
		{"exit", runtime.Goexit, "workflow code called runtime.Goexit", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the bubble fails if a goroutine stays
				dc := &fragile{converter.GetDefaultDataConverter(), tt.fails}
				l := startWith(t, native.Options{DataConverter: dc}, func(ctx workflow.Context) (string, error) {
					return receiveIt(ctx), nil
				})
				l.does()
				l.Signal("s", "bad")
				got := l.fails()
				checkFailure(t, got, unhandled, tt.want)
				for _, want := range tt.stack {
					if !strings.Contains(got.Failure.GetStackTrace(), want) {
						t.Errorf("the stack lacks %s:\n%s", want, got.Failure.GetStackTrace())
					}
				}
				l.Instance.Close()
			})
		})
	}
}

func TestThePanicOfAConverterCanBeRecovered(t *testing.T) {
	dc := &fragile{converter.GetDefaultDataConverter(), func() { panic("boom") }}
	l := startWith(t, native.Options{DataConverter: dc}, func(ctx workflow.Context) (s string, err error) {
		defer func() { s = fmt.Sprint("recovered ", recover()) }()
		return receiveIt(ctx), nil
	})
	l.Signal("s", "bad")
	l.does(`CompleteWorkflow "recovered boom"`)
}
