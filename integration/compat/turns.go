package compat

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
)

// Turns has workers of both sides take turns: after one or two tasks the one that
// is there stops, and a worker of the other side, or a new one of the same,
// starts before or after that. The seed says which and when.
func Turns(seed uint64) Workers {
	return func(t testing.TB, c client.Client, queue string) (func(client.WorkflowRun), func()) {
		t.Helper()
		r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // a seed is wanted
		side := Sides()[r.IntN(2)]
		stop, err := side.start(t, c, queue, role{workflows: true})
		if err != nil {
			t.Fatal(err)
		}
		// Activities are no matter here, and a worker of the SDK that stops drops those
		// that it has polled.
		stopActivities, err := SDK.start(t, c, queue, role{activities: true})
		if err != nil {
			t.Fatal(err)
		}
		turns := &turns{TB: t, client: c, queue: queue, rand: r, side: side, stop: stop}
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		var wg sync.WaitGroup
		return func(run client.WorkflowRun) { wg.Go(func() { turns.take(ctx, run) }) },
			func() {
				cancel()
				wg.Wait()
				turns.stop()
				stopActivities()
			}
	}
}

type turns struct {
	testing.TB

	client client.Client
	queue  string
	rand   *rand.Rand
	side   Side
	stop   func()
}

// take changes workers until the run is over.
func (t *turns) take(ctx context.Context, run client.WorkflowRun) {
	for done := 0; ; {
		done += 1 + t.rand.IntN(2)
		_, err := follow(ctx, t.client, run.GetID(), run.GetRunID(), func(events []*historypb.HistoryEvent) bool {
			return completed(events) >= done && !closes(events[len(events)-1])
		})
		if err != nil {
			return // it is over
		}
		if err := t.change(); err != nil {
			t.Errorf("change workers: %v", err)
			return
		}
	}
}

// change lets one worker go and another one come.
func (t *turns) change() error {
	next := t.side.other()
	if t.rand.IntN(4) == 0 {
		next = t.side // which knows nothing of the run
	}
	stop := t.stop
	overlap := t.rand.IntN(2) == 0 // both are there for a moment
	if !overlap {
		stop()
		t.stop = func() {}
	}
	started, err := next.start(t.TB, t.client, t.queue, role{workflows: true})
	if err != nil {
		return err
	}
	if overlap {
		stop()
	}
	t.stop, t.side = started, next
	return nil
}

// completed counts the tasks that were.
func completed(events []*historypb.HistoryEvent) (n int) {
	for _, e := range events {
		if e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			n++
		}
	}
	return n
}
