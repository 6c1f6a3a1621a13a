package typed_test

import (
	"testing"

	"github.com/mainspring-go/mainspring/workflow"
	"github.com/mainspring-go/mainspring/workflow/internal/histories"
	"github.com/mainspring-go/mainspring/workflow/machine"
	"github.com/mainspring-go/mainspring/workflow/typed"
)

func typedCharges(ctx workflow.Context) error {
	var s *shop
	for range 100 {
		if _, err := typed.ExecuteActivity(withActivities(ctx), typed.Call1(s.Charge, anOrder)).Get(ctx); err != nil {
			return err
		}
	}
	return nil
}

func untypedCharges(ctx workflow.Context) error {
	var s *shop
	for range 100 {
		var receipt string
		if err := workflow.ExecuteActivity(withActivities(ctx), s.Charge, anOrder).Get(ctx, &receipt); err != nil {
			return err
		}
	}
	return nil
}

// charges is the history of a hundred activities, one after the other.
func charges(t testing.TB) *histories.History {
	t.Helper()
	r := start(t, untypedCharges)
	for closed := false; !closed; {
		a := r.task(t)
		closed = a.Commands[0].GetCompleteWorkflowExecutionCommandAttributes() != nil
		for id := range r.Activities {
			r.CompleteActivity(id, "paid")
		}
	}
	return r.History
}

// Typed calls cost what untyped ones do.
func BenchmarkReplay(b *testing.B) {
	h := charges(b)
	for name, fn := range map[string]any{"typed": typedCharges, "untyped": untypedCharges} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				replays(b, fn, h)
			}
		})
	}
}

func TestTypedCallsAllocateNoMore(t *testing.T) {
	h := charges(t)
	events := h.Since(0)
	count := func(fn any) float64 {
		return testing.AllocsPerRun(20, func() {
			d := histories.Driver{Instance: instance(t, fn)}
			if _, err := d.Do(machine.Task{PreviousStartedID: h.Previous}, events); err != nil {
				t.Error(err)
			}
		})
	}
	typed, untyped := count(typedCharges), count(untypedCharges)
	if typed > untyped+10 { // of some four thousand: nothing for each call
		t.Errorf("a hundred typed calls make %.0f allocations, untyped ones %.0f", typed, untyped)
	}
}
