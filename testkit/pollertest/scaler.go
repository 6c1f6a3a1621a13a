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
	// Idle is how low the target gets when poll after poll waits a minute and comes back empty,
	// without a suggestion; Busy how high when every poll brings a task within 20 ms and
	// suggests one poll more, and none waits for a ticket. Zero of either: it promises nothing.
	Idle, Busy int
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
		{
			"StartBeginsAnew", "Started makes it forget: then the same events give the same targets",
			startBeginsAnew,
		},
		{"IdleShrinks", "empty polls make it shrink to Idle, also after it was busy", idleShrinks},
		{"BusyGrows", "a backlog makes it grow to Busy, also after it was idle", busyGrows},
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

func startBeginsAnew(_ context.Context, mk MakeScaler) error {
	s := mk()
	begin := time.Now()
	for seed := range uint64(5) {
		fresh, err := mk().feed(seed, 500, begin)
		if err != nil {
			return err
		}
		again, err := s.feed(seed, 500, begin)
		if err != nil {
			return err
		}
		for i := range fresh {
			if fresh[i] != again[i] {
				return fmt.Errorf("start %d, event %d: target %d, and %d when it was fresh",
					seed+1, i, again[i], fresh[i])
			}
		}
	}
	return nil
}

// idle gives rounds of polls that waited for a minute in vain, and returns the target and the
// time after them.
func (s ScalerUnderTest) idle(target int, now time.Time) (int, time.Time, error) {
	var err error
	for range 30 {
		now = now.Add(time.Minute)
		for left := target; left > 0; left-- {
			target, err = s.next(poller.Event{
				Kind: poller.Polled, Now: now, Outcome: poller.GotNothing, Latency: time.Minute,
				Feedback: poller.Feedback{Empty: true}, Target: target, InFlight: max(0, target-1),
			})
			if err != nil {
				return 0, now, err
			}
			now = now.Add(time.Millisecond)
		}
	}
	return target, now, nil
}

// busy gives a minute of polls that bring a task within 20 ms each, and returns the
// target and the time after it.
func (s ScalerUnderTest) busy(target int, now time.Time) (int, time.Time, error) {
	var err error
	const trip = 20 * time.Millisecond
	for end := now.Add(time.Minute); now.Before(end); {
		now = now.Add(trip / time.Duration(target))
		target, err = s.next(poller.Event{
			Kind: poller.Polled, Now: now, Outcome: poller.GotTask, Latency: trip,
			Feedback: poller.Feedback{HasDecision: true, Delta: 1, Backlog: 1000},
			Target:   target, InFlight: target - 1,
		})
		if err != nil {
			return 0, now, err
		}
	}
	return target, now, nil
}

func idleShrinks(_ context.Context, mk MakeScaler) error {
	s := mk()
	if s.Idle == 0 {
		return nil
	}
	now := time.Now()
	target, err := s.start(now)
	if err != nil {
		return err
	}
	for _, after := range []string{"the start", "a busy minute"} {
		if target, now, err = s.idle(target, now); err != nil {
			return err
		}
		if target > s.Idle {
			return fmt.Errorf("half an hour of empty polls after %s left %d polls, want %d",
				after, target, s.Idle)
		}
		if target, now, err = s.busy(target, now); err != nil {
			return err
		}
	}
	return nil
}

func busyGrows(_ context.Context, mk MakeScaler) error {
	s := mk()
	if s.Busy == 0 {
		return nil
	}
	now := time.Now()
	target, err := s.start(now)
	if err != nil {
		return err
	}
	for _, after := range []string{"the start", "an idle half hour"} {
		if target, now, err = s.busy(target, now); err != nil {
			return err
		}
		if target < s.Busy {
			return fmt.Errorf("a minute of backlog after %s made %d polls, want %d",
				after, target, s.Busy)
		}
		if target, now, err = s.idle(target, now); err != nil {
			return err
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
