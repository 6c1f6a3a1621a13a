package sandboxed_test

import (
	"math"
	"syscall"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/mainspring-go/mainspring/activity"
	"github.com/mainspring-go/mainspring/integration/bench/idle"
	"github.com/mainspring-go/mainspring/integration/sandboxed/workflows"
	"github.com/mainspring-go/mainspring/temporal/converter"
	"github.com/mainspring-go/mainspring/workflow/native"
	"github.com/mainspring-go/mainspring/workflow/runner"
)

// processor is how much processor time the process has used.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // never fails for oneself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measured does do for each round, and reports the processor time beside the time: other
// programs on the machine do not count then.
func measured(b *testing.B, do func()) {
	b.Helper()
	b.ReportAllocs()
	do() // what is done once
	before := processor()
	for b.Loop() {
		do()
	}
	b.ReportMetric(float64(processor()-before)/float64(b.N), "cpu-ns/op")
}

// sides calls f for a runner of each kind that knows Steps.
func sides(b *testing.B, f func(b *testing.B, r runner.Runner)) {
	b.Helper()
	for _, side := range []string{"native", "sandboxed"} {
		b.Run(side, func(b *testing.B) {
			var r runner.Runner = native.New(native.Options{ActivityName: activity.NewRegistry().Name})
			if side == "sandboxed" {
				r = newRunner(b, "suite")
			}
			if err := r.Prepare(runner.Definition{Type: "Steps", Func: workflows.Steps}); err != nil {
				b.Fatal(err)
			}
			f(b, r)
		})
	}
}

// A stepper drives a run of Steps.
type stepper struct {
	testing.TB

	instance runner.Instance
	started  int64
	waiting  string // the activity that is open
}

func (s *stepper) task(items ...runner.Item) {
	s.Helper()
	s.started += 6
	c := s.instance.Activate(s.Context(), &runner.Activation{
		Run: true, StartedID: s.started, Time: time.Unix(s.started, 0), HistoryLength: s.started, Items: items,
	})
	if c.Failure != nil || len(c.Commands) != 1 {
		s.Fatalf("%d commands, failure %v", len(c.Commands), c.Failure)
	}
	s.waiting = c.Commands[0].GetScheduleActivityTaskCommandAttributes().GetActivityId()
}

func (s *stepper) next(result *commonpb.Payloads) {
	s.task(runner.Item{EventID: s.started + 4, Resolve: &runner.Resolve{Kind: runner.Activity, ID: s.waiting, Result: result}})
}

func begun(b testing.TB, r runner.Runner) *stepper {
	b.Helper()
	i, err := r.NewInstance(runner.Details{Namespace: "ns", WorkflowID: "id", RunID: "run", WorkflowType: "Steps"})
	if err != nil {
		b.Fatal(err)
	}
	s := &stepper{TB: b, instance: i, started: -3}
	s.task(runner.Item{EventID: 1, Start: &runner.Start{
		Time: time.Unix(1, 0), Attributes: &historypb.WorkflowExecutionStartedEventAttributes{Input: one(math.MaxInt32)},
	}})
	return s
}

func one(n int) *commonpb.Payloads {
	p, err := converter.GetDefaultDataConverter().ToPayloads(n)
	if err != nil {
		panic(err) // it is a number
	}
	return p
}

// A run starts, does its first task and is dropped.
func BenchmarkStart(b *testing.B) {
	sides(b, func(b *testing.B, r runner.Runner) {
		b.Helper()
		measured(b, func() { begun(b, r).instance.Close() })
	})
}

// A run starts, does its first task and lives on, as when the cache fills: nothing is there to use
// again.
func BenchmarkFill(b *testing.B) {
	sides(b, func(b *testing.B, r runner.Runner) {
		b.Helper()
		var runs []runner.Instance
		measured(b, func() { runs = append(runs, begun(b, r).instance) })
		for _, run := range runs {
			run.Close()
		}
	})
}

// A task: an activity has ended, the next one starts.
func BenchmarkTask(b *testing.B) {
	sides(b, func(b *testing.B, r runner.Runner) {
		b.Helper()
		s := begun(b, r)
		defer s.instance.Close()
		result := one(7)
		measured(b, func() { s.next(result) })
	})
}

// idleRuns are how many wait at once in BenchmarkIdle.
const idleRuns = 500

// A run that waits for an activity: what it adds to the memory that the process shares with nobody.
func BenchmarkIdle(b *testing.B) {
	sides(b, func(b *testing.B, r runner.Runner) {
		b.Helper()
		begun(b, r).instance.Close() // what is made once
		grown := 0.0
		for b.Loop() {
			before := idle.Read().Resident
			runs := make([]runner.Instance, idleRuns)
			for i := range runs {
				runs[i] = begun(b, r).instance
			}
			grown += idle.Read().Resident - before
			for _, run := range runs {
				run.Close()
			}
		}
		b.ReportMetric(grown/idleRuns/float64(b.N)/1024, "KiB/run")
		b.ReportMetric(0, "ns/op") // the time is that of reading
	})
}
