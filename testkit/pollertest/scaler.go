package pollertest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/mainspring-go/mainspring/poller"
)

// ScalerUnderTest is a scaler and the bounds it keeps.
type ScalerUnderTest struct {
	// Scaler has seen no event yet.
	Scaler poller.Scaler
	// Min and Max bound every target. Defaults 1 and [poller.MaxTarget].
	Min, Max int
}

// MakeScaler makes a fresh scaler, always the same.
type MakeScaler func() ScalerUnderTest

// TestScaler runs every clause of [ScalerClauses] against the scalers that mk makes.
func TestScaler(t *testing.T, mk func(t *testing.T) ScalerUnderTest) {
	t.Helper()
	run(t, ScalerClauses(), func(t *testing.T) MakeScaler {
		t.Helper()
		return func() ScalerUnderTest { return mk(t) }
	})
}

// ScalerClauses returns the contract of a [poller.Scaler], always in the same order.
func ScalerClauses() []Clause[MakeScaler] {
	return []Clause[MakeScaler]{
		{"StartsInBounds", "the first target is within the bounds", startsInBounds},
		{"StaysInBounds", "every target is within the bounds, whatever happens", staysInBounds},
		{"SurvivesOddEvents", "extreme numbers and a clock that jumps do no harm", survivesOddEvents},
		{"TimeIsTheEvents", "the same events give the same targets: time is Event.Now", timeIsTheEvents},
	}
}

// bounds returns the bounds with their defaults.
func (s ScalerUnderTest) bounds() (lo, hi int) {
	lo, hi = max(1, s.Min), s.Max
	if hi == 0 {
		hi = poller.MaxTarget
	}
	return lo, hi
}

// next gives e to the scaler and checks the target.
func (s ScalerUnderTest) next(e poller.Event) (int, error) {
	lo, hi := s.bounds()
	target := s.Scaler.Next(e)
	if target < lo || target > hi {
		return 0, fmt.Errorf("target %d after %+v, want %d to %d", target, e, lo, hi)
	}
	return target, nil
}

// start gives the first event.
func (s ScalerUnderTest) start(now time.Time) (int, error) {
	return s.next(poller.Event{Kind: poller.Started, Now: now})
}

// feed gives n seeded events and returns the targets. The events are such as a poller makes.
func (s ScalerUnderTest) feed(seed uint64, n int, now time.Time) ([]int, error) {
	rnd := rand.New(rand.NewPCG(seed, seed))
	target, err := s.start(now)
	if err != nil {
		return nil, err
	}
	targets := []int{target}
	for range n {
		now = now.Add(time.Duration(rnd.Int64N(int64(200 * time.Millisecond))))
		e := poller.Event{Kind: poller.Polled, Now: now, Target: target}
		e.InFlight = rnd.IntN(target + 1)
		e.Admitting = max(0, rnd.IntN(8)-5)
		e.Latency = time.Duration(rnd.Int64N(int64(time.Minute)))
		switch e.Outcome = poller.Outcome(rnd.IntN(3)); e.Outcome {
		case poller.GotNothing:
			e.Feedback.Empty = true
		case poller.Failed:
			e.Class = poller.Class(rnd.IntN(3))
		case poller.GotTask, poller.Interrupted:
			e.Feedback.Backlog = rnd.Int64N(100)
		}
		if e.Outcome != poller.Failed && rnd.IntN(2) == 0 {
			e.Feedback.HasDecision, e.Feedback.Delta = true, rnd.IntN(9)-4
		}
		if rnd.IntN(10) == 0 {
			e = poller.Event{Kind: poller.Ticked, Now: now, Target: target, InFlight: e.InFlight}
		}
		if target, err = s.next(e); err != nil {
			return nil, err
		}
		targets = append(targets, target)
	}
	return targets, nil
}

func startsInBounds(_ context.Context, mk MakeScaler) error {
	_, err := mk().start(time.Now())
	return err
}

func staysInBounds(_ context.Context, mk MakeScaler) error {
	for seed := range uint64(20) {
		if _, err := mk().feed(seed, 2000, time.Now()); err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
	}
	return nil
}

func survivesOddEvents(_ context.Context, mk MakeScaler) error {
	s := mk()
	now := time.Now()
	if _, err := s.start(now); err != nil {
		return err
	}
	times := []time.Time{now, {}, now.Add(-time.Hour), now.AddDate(200, 0, 0), now}
	numbers := []int{0, 1, -1, math.MaxInt, math.MinInt}
	for _, at := range times {
		for _, delta := range numbers {
			for outcome := poller.GotTask; outcome <= poller.Failed; outcome++ {
				e := poller.Event{
					Kind: poller.Polled, Now: at, Outcome: outcome,
					Target: 1, InFlight: max(0, delta), Latency: time.Duration(math.MaxInt64),
					Feedback: poller.Feedback{
						Empty: outcome == poller.GotNothing, HasDecision: true, Delta: delta,
						Backlog: math.MaxInt64,
					},
				}
				if _, err := s.next(e); err != nil {
					return err
				}
				if _, err := s.next(poller.Event{Kind: poller.Ticked, Now: at, Target: 1}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func timeIsTheEvents(_ context.Context, mk MakeScaler) error {
	begin := time.Now()
	for seed := range uint64(5) {
		first, err := mk().feed(seed, 500, begin)
		if err != nil {
			return err
		}
		time.Sleep(time.Hour + 37*time.Minute)
		second, err := mk().feed(seed, 500, begin)
		if err != nil {
			return err
		}
		for i := range first {
			if first[i] != second[i] {
				return fmt.Errorf("seed %d, event %d: target %d, and %d from the same events later",
					seed, i, first[i], second[i])
			}
		}
	}
	return nil
}
