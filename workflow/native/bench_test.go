package native_test

import (
	"fmt"
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
	pingPong(b, b.N, b.ResetTimer)
}

func TestHandOversAllocateNothing(t *testing.T) {
	few := testing.AllocsPerRun(3, func() { pingPong(t, 100, func() {}) })
	many := testing.AllocsPerRun(3, func() { pingPong(t, 2100, func() {}) })
	if n := many - few; n > 20 { // stacks and the like
		t.Errorf("2,000 hand-overs allocate %v times", n)
	}
}

// pingPong runs a workflow that makes n hand-overs, and calls begin before them.
func pingPong(tb testing.TB, n int, begin func()) {
	tb.Helper()
	made := 0
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
		begin()
		for range n / 2 {
			ping.Send(ctx, ball)
			pong.Receive(ctx, &ball)
		}
		made = *ball
		ping.Close()
		return nil
	}
	r := native.New(native.Options{})
	if err := r.Prepare(runner.Definition{Type: "wf", Func: wf}); err != nil {
		tb.Fatal(err)
	}
	i, err := r.NewInstance(runner.Details{WorkflowType: "wf"})
	if err != nil {
		tb.Fatal(err)
	}
	defer i.Close()
	h := histories.Start("wf")
	h.Task()
	d := &histories.Driver{Instance: i}
	if a, err := d.Full(h); err != nil || !a.Closed || made != n/2 {
		tb.Fatalf("got %v, %v after %d of %d", a, err, made, n)
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

// activities are the workflows whose replays are measured, and how many events
// an activity of theirs has.
var activities = []struct {
	name   string
	fn     func(workflow.Context, int) (int, error)
	per    int
	allocs float64 // for an event, at most
}{{"sequential", sequential, 6, 4}, {"parallel", parallel, 3, 6.5}}

func BenchmarkReplay(b *testing.B) {
	for _, wf := range activities {
		for _, events := range []int{1000, 10_000, 50_000} {
			b.Run(fmt.Sprintf("%s/%d", wf.name, events), func(b *testing.B) {
				replay, events := replayOf(b, wf.fn, events/wf.per)
				b.ReportAllocs()
				b.ResetTimer()
				for range b.N {
					replay()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(events), "ns/event")
			})
		}
	}
}

func TestReplaysAllocateLittle(t *testing.T) {
	for _, wf := range activities {
		replay, events := replayOf(t, wf.fn, 3000/wf.per)
		if n := testing.AllocsPerRun(3, replay) / float64(events); n > wf.allocs {
			t.Errorf("%s activities: replay allocates %.2f times an event, want %v at most", wf.name, n, wf.allocs)
		}
	}
}

// replayOf makes the history of a run with n activities. It returns what replays
// it, and how many events it has.
func replayOf(tb testing.TB, fn any, n int) (replay func(), events int) {
	tb.Helper()
	r := native.New(native.Options{})
	if err := r.Prepare(runner.Definition{Type: "wf", Func: fn}); err != nil {
		tb.Fatal(err)
	}
	newDriver := func() *histories.Driver {
		i, err := r.NewInstance(runner.Details{WorkflowType: "wf"})
		if err != nil {
			tb.Fatal(err)
		}
		return &histories.Driver{Instance: i}
	}
	h := histories.Start("wf", n)
	live := newDriver()
	for !h.Closed {
		h.Task()
		a, err := live.Sticky(h)
		if err != nil {
			tb.Fatal(err)
		}
		h.Complete(a)
		for id := range h.Activities {
			h.CompleteActivity(id, 1)
		}
	}
	live.Instance.Close()
	return func() {
		d := newDriver()
		if _, err := d.Do(machine.Task{PreviousStartedID: h.Previous}, h.Events); err != nil || !d.Machine.Closed() {
			tb.Fatal("not replayed to its end: ", err)
		}
		d.Instance.Close()
	}, len(h.Events)
}
