package shutdown_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/shutdown"
)

// TestRandomShutdowns lets members of every kind, callers of every patience and late additions
// meet, and checks what must always hold: every member that was accepted is stopped once and is in
// the report, and the whole ends in the sum of the stages' times.
func TestRandomShutdowns(t *testing.T) {
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) { randomShutdown(t, seed) })
	}
}

func randomShutdown(t *testing.T, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 3))
	stages := []shutdown.Stage{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	var limit time.Duration
	for i := range stages {
		stages[i].Timeout = time.Duration(1+rng.IntN(10)) * time.Second
		limit += stages[i].Timeout + shutdown.DefaultLinger
	}
	c := newCoordinator(t, shutdown.Options{}, stages...)
	var accepted, stopped atomic.Int64
	var wg sync.WaitGroup
	for i := range rng.IntN(30) {
		kind, d := rng.IntN(5), time.Duration(rng.IntN(12000))*time.Millisecond
		at := time.Duration(max(0, rng.IntN(20)-10)) * time.Second
		stage := stages[rng.IntN(3)].Name
		wg.Go(func() {
			time.Sleep(at)
			err := c.Add(stage, fmt.Sprint(i), func(ctx context.Context) error {
				stopped.Add(1)
				switch kind {
				case 0:
					return obeys(ctx)
				case 1:
					panic("boom")
				}
				time.Sleep(d)
				return nil
			})
			if err == nil {
				accepted.Add(1)
			} else if !errors.Is(err, shutdown.ErrStageBegun) {
				t.Errorf("seed %d: Add: %v", seed, err)
			}
		})
	}
	for range 1 + rng.IntN(4) {
		patience := time.Duration(rng.IntN(15000)) * time.Millisecond
		wg.Go(func() {
			time.Sleep(time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			began := time.Now()
			_, _ = c.Shutdown(ctx, nil)
			if took := time.Since(began); took > patience {
				t.Errorf("seed %d: a caller with %v was kept for %v", seed, patience, took)
			}
			c.Fatal(errors.New("fatal"))
		})
	}
	<-c.Done()
	r, final := c.Report()
	if !final || r.Took > limit {
		t.Errorf("seed %d: final %t, took %v of %v", seed, final, r.Took, limit)
	}
	wg.Wait()
	time.Sleep(time.Minute)
	members := int64(0)
	for _, s := range r.Stages {
		members += int64(len(s.Members))
		for _, m := range s.Members {
			if m.Outcome == shutdown.Pending {
				t.Errorf("seed %d: %s/%s is pending in a final report", seed, s.Name, m.Name)
			}
		}
	}
	if accepted.Load() != members || stopped.Load() != members {
		t.Errorf("seed %d: %d accepted, %d stopped, %d reported",
			seed, accepted.Load(), stopped.Load(), members)
	}
}
