package native_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// Two coroutines hand a value to and fro; an operation is one hand-over.
func BenchmarkPingPong(b *testing.B) {
	b.ReportAllocs()
	n := 0
	wf := func(ctx workflow.Context) error {
		ping, pong := workflow.NewChannel(ctx), workflow.NewChannel(ctx)
		workflow.Go(ctx, func(ctx workflow.Context) {
			var ball *int
			for ping.Receive(ctx, &ball) {
				*ball++
				pong.Send(ctx, ball)
			}
		})
		ball := new(int)
		b.ResetTimer()
		for range b.N / 2 {
			ping.Send(ctx, ball)
			pong.Receive(ctx, &ball)
		}
		n = *ball
		ping.Close()
		return nil
	}
	r := native.New(native.Options{})
	if err := r.Prepare(runner.Definition{Type: "wf", Func: wf}); err != nil {
		b.Fatal(err)
	}
	i, err := r.NewInstance(runner.Details{WorkflowType: "wf"})
	if err != nil {
		b.Fatal(err)
	}
	defer i.Close()
	h := histories.Start("wf")
	h.Task()
	d := &histories.Driver{Instance: i}
	if a, err := d.Full(h); err != nil || !a.Closed || n != b.N/2 {
		b.Fatalf("got %v, %v after %d of %d", a, err, n, b.N/2)
	}
}

func sequential(ctx workflow.Context, n int) (int, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	sum := 0
	for i := range n {
		var got int
		if err := workflow.ExecuteActivity(ctx, "a", i).Get(ctx, &got); err != nil {
			return 0, err
		}
		sum += got
	}
	return sum, nil
}

func parallel(ctx workflow.Context, n int) (int, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var all []workflow.Future
	for i := range n {
		all = append(all, workflow.ExecuteActivity(ctx, "a", i))
	}
	sum := 0
	for _, f := range all {
		var got int
		if err := f.Get(ctx, &got); err != nil {
			return 0, err
		}
		sum += got
	}
	return sum, nil
}

func BenchmarkReplay(b *testing.B) {
	for _, wf := range []struct {
		name string
		fn   func(workflow.Context, int) (int, error)
		per  int // events per activity
	}{{"sequential", sequential, 6}, {"parallel", parallel, 3}} {
		for _, events := range []int{1000, 10_000, 50_000} {
			b.Run(fmt.Sprintf("%s/%d", wf.name, events), func(b *testing.B) {
				replayMany(b, wf.fn, events/wf.per)
			})
		}
	}
}

func replayMany(b *testing.B, fn any, n int) {
	b.Helper()
	r := native.New(native.Options{})
	if err := r.Prepare(runner.Definition{Type: "wf", Func: fn}); err != nil {
		b.Fatal(err)
	}
	newDriver := func() *histories.Driver {
		i, err := r.NewInstance(runner.Details{WorkflowType: "wf"})
		if err != nil {
			b.Fatal(err)
		}
		return &histories.Driver{Instance: i}
	}
	h := histories.Start("wf", n)
	live := newDriver()
	for !h.Closed {
		h.Task()
		a, err := live.Sticky(h)
		if err != nil {
			b.Fatal(err)
		}
		h.Complete(a)
		for id := range h.Activities {
			h.CompleteActivity(id, 1)
		}
	}
	live.Instance.Close()
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	for range b.N {
		d := newDriver()
		if _, err := d.Do(machine.Task{PreviousStartedID: h.Previous}, h.Events); err != nil || !d.Machine.Closed() {
			b.Fatal("not replayed to its end: ", err)
		}
		d.Instance.Close()
	}
	b.StopTimer()
	runtime.ReadMemStats(&after)
	events := float64(b.N) * float64(len(h.Events))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/events, "ns/event")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/events, "allocs/event")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/events, "B/event")
}
