package slots_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/slots"
)

// byType weighs a task by its type, which is a number, and one that is not known yet as unknown.
func byType(unknown int) func(slots.Request, slots.Task) int {
	return func(_ slots.Request, t slots.Task) int {
		if n, err := strconv.Atoi(t.Type); err == nil {
			return n
		}
		return unknown
	}
}

func weighted(t testing.TB, limit, unknown int) *slots.Weighted {
	t.Helper()
	w, err := slots.NewWeighted(slots.WeightedOptions{Limit: limit, Weight: byType(unknown)})
	if err != nil {
		t.Fatalf("NewWeighted: %v", err)
	}
	return w
}

func weight(n int) slots.Task { return slots.Task{Type: strconv.Itoa(n)} }

// using starts a Use and returns its result when it comes.
func using(ctx context.Context, p slots.Permit, task slots.Task) <-chan error {
	done := make(chan error, 1)
	go func() { done <- p.Use(ctx, task) }()
	synctest.Wait()
	return done
}

func mustRun(t testing.TB, done <-chan error, what string) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("%s: unexpected error: %v", what, err)
		}
	default:
		t.Errorf("%s is held", what)
	}
}

func mustBeHeld(t testing.TB, done <-chan error, what string) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-done:
		t.Errorf("%s is not held (error %v)", what, err)
	default:
	}
}

func wantReport(t testing.TB, r slots.Reporter, want slots.Stats) {
	t.Helper()
	if got := r.Stats(); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
}

func TestWeightedOptionsAreChecked(t *testing.T) {
	_, err := slots.NewWeighted(slots.WeightedOptions{Limit: 1})
	checkOptionError(t, err, "Weight")
	_, err = slots.NewWeighted(slots.WeightedOptions{Weight: byType(1)})
	checkOptionError(t, err, "Limit")
	_, err = slots.NewWeighted(slots.WeightedOptions{Limit: 1, Weight: byType(1), Observers: []any{3}})
	checkOptionError(t, err, "Observers[0]")
	checkOptionError(t, weighted(t, 3, 1).Resize(0), "Limit")
}

func TestTaskTakesItsWeight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := weighted(t, 10, 1)
		a, b, c := take(t, w), take(t, w), take(t, w)
		mustRun(t, using(t.Context(), a, weight(3)), "3 of 10")
		mustRun(t, using(t.Context(), b, weight(6)), "6 beside 3 of 10")
		wantReport(t, w, slots.Stats{Limit: 10, Issued: 10, Used: 9, Idle: 1})
		held := using(t.Context(), c, weight(2))
		mustBeHeld(t, held, "2 beside 9 of 10")
		wantReport(t, w, slots.Stats{Limit: 10, Issued: 10, Used: 9, Idle: 1, Held: 1})
		a.Release()
		mustRun(t, held, "2 beside 6 of 10")
		wantReport(t, w, slots.Stats{Limit: 10, Issued: 8, Used: 8})
		b.Release()
		c.Release()
		wantReport(t, w, slots.Stats{Limit: 10})
	})
}

// A task that has come does not wait until polls that brought nothing give back what they reserved.
func TestTasksTakePrecedenceOverReservations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := weighted(t, 4, 1)
		heavy, poll := take(t, w), take(t, w)
		take(t, w)
		mustRun(t, using(t.Context(), heavy, weight(4)), "4 of 4 beside two polls")
		wantReport(t, w, slots.Stats{Limit: 4, Issued: 6, Used: 4, Idle: 2})
		if _, ok := w.TryReserve(slots.Request{}); ok {
			t.Error("TryReserve found room beside 4 of 4")
		}
		held := using(t.Context(), poll, weight(1))
		mustBeHeld(t, held, "1 beside 4 of 4")
		heavy.Release()
		mustRun(t, held, "1 of 4")
	})
}

func TestReservationOfTheHeaviestIsNeverHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := weighted(t, 10, 4)
		a, b := take(t, w), take(t, w)
		if _, ok := w.TryReserve(slots.Request{}); ok {
			t.Error("TryReserve found 4 of 2")
		}
		mustRun(t, using(t.Context(), a, weight(4)), "4 of 4 reserved")
		mustRun(t, using(t.Context(), b, weight(1)), "1 of 4 reserved")
		wantReport(t, w, slots.Stats{Limit: 10, Issued: 5, Used: 5})
		got := make(chan slots.Permit, 1)
		go func() {
			p, err := w.Reserve(t.Context(), slots.Request{TaskType: "5"})
			if err != nil {
				t.Errorf("Reserve: %v", err)
			}
			got <- p
		}()
		(<-got).Release()
	})
}

// The rest that a light task gives back goes to those who wait, at once.
func TestLighterTaskServesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := weighted(t, 8, 8)
		p := take(t, w)
		got := make(chan slots.Permit, 1)
		go func() {
			q, err := w.Reserve(t.Context(), slots.Request{TaskType: "3"})
			if err != nil {
				t.Errorf("Reserve: %v", err)
			}
			got <- q
		}()
		synctest.Wait()
		mustRun(t, using(t.Context(), p, weight(5)), "5 of 8 reserved")
		synctest.Wait()
		wantReport(t, w, slots.Stats{Limit: 8, Issued: 8, Used: 5, Idle: 3})
		p.Release()
		(<-got).Release()
	})
}

func TestTaskHeavierThanAllRunsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := weighted(t, 4, 1)
		small, giant, next := take(t, w), take(t, w), take(t, w)
		mustRun(t, using(t.Context(), small, weight(1)), "1 of 4")
		held := using(t.Context(), giant, weight(100))
		mustBeHeld(t, held, "100 of 4 beside 1")
		behind := using(t.Context(), next, weight(1))
		mustBeHeld(t, behind, "1 of 4 behind a giant")
		small.Release()
		mustRun(t, held, "100 of 4 alone")
		mustBeHeld(t, behind, "1 of 4 beside a giant")
		giant.Release()
		mustRun(t, behind, "1 of 4")
	})
}

func TestHeldTasksGoBeforeReservations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := weighted(t, 4, 1)
		a, b := take(t, w), take(t, w)
		mustRun(t, using(t.Context(), a, weight(2)), "2 of 4")
		held := using(t.Context(), b, weight(3))
		mustBeHeld(t, held, "3 of 4 beside 2")
		// One unit is free, but a permit for it would only lead to another held task.
		if _, ok := w.TryReserve(slots.Request{}); ok {
			t.Error("TryReserve overtook a task that is held")
		}
		if err := w.Resize(5); err != nil {
			t.Fatal(err)
		}
		mustRun(t, held, "3 of 5 beside 2")
	})
}

func TestLightTaskRunsWhenTheHeavyOneGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := weighted(t, 4, 1)
		a, b, c := take(t, w), take(t, w), take(t, w)
		mustRun(t, using(t.Context(), a, weight(2)), "2 of 4")
		ctx, cancel := context.WithCancel(t.Context())
		heavy := using(ctx, b, weight(3))
		light := using(t.Context(), c, weight(2))
		mustBeHeld(t, light, "2 of 4 behind 3 of 4")
		cancel()
		if err := <-heavy; !errors.Is(err, context.Canceled) {
			t.Errorf("Use: error %v, want context.Canceled", err)
		}
		mustRun(t, light, "2 of 4 beside 2")
	})
}

func TestReservationsGoOnWhenAHoldIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := weighted(t, 4, 1)
		a, b := take(t, w), take(t, w)
		mustRun(t, using(t.Context(), a, weight(2)), "2 of 4")
		ctx, cancel := context.WithCancel(t.Context())
		mustBeHeld(t, using(ctx, b, weight(3)), "3 of 4 beside 2")
		got := reserving(t, w, slots.Request{})
		wantReport(t, w, slots.Stats{Limit: 4, Issued: 3, Used: 2, Idle: 1, Held: 1, Waiting: 1})
		cancel()
		(<-got).Release()
	})
}

// A hold that ends as ctx does is one or the other: the task runs, or the permit carries none.
func TestEndOfHoldRacesWithCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := weighted(t, 2, 1)
		for round := range 500 {
			a, b := take(t, w), take(t, w)
			mustRun(t, using(t.Context(), a, weight(2)), "2 of 2")
			ctx, cancel := context.WithCancel(t.Context())
			held := using(ctx, b, weight(2))
			if round%2 == 0 {
				go cancel()
				go a.Release()
			} else { // the end of ctx wakes the Use, and before it has looked the hold ends too
				cancel()
				a.Release()
			}
			want := slots.Stats{Limit: 2, Issued: 2, Used: 2}
			if err := <-held; err != nil {
				want = slots.Stats{Limit: 2, Issued: 1, Idle: 1}
			}
			synctest.Wait()
			wantReport(t, w, want)
			b.Release()
			if t.Failed() {
				return
			}
		}
	})
}

func TestReservationHeavierThanAllIsGivenAlone(t *testing.T) {
	w := weighted(t, 4, 6)
	p := take(t, w)
	if _, ok := w.TryReserve(slots.Request{}); ok {
		t.Error("TryReserve found 6 of 4 twice")
	}
	p.Release()
	take(t, w).Release()
}

// After a Resize to fewer, what was out may still run, but only that, and nothing on top of it.
func TestShrinkLetsRunOnlyWhatWasOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := weighted(t, 4, 1)
		var permits []slots.Permit
		for range 4 {
			permits = append(permits, take(t, w))
		}
		if err := w.Resize(2); err != nil {
			t.Fatal(err)
		}
		permits[0].Release()
		permits[1].Release()
		mustRun(t, using(t.Context(), permits[2], weight(2)), "2 of 2")
		mustBeHeld(t, using(t.Context(), permits[3], weight(1)), "1 beside 2 of 2")
	})
	synctest.Test(t, func(t *testing.T) {
		w := weighted(t, 4, 1)
		heavy, poll := take(t, w), take(t, w)
		take(t, w)
		mustRun(t, using(t.Context(), heavy, weight(4)), "4 of 4")
		if err := w.Resize(3); err != nil {
			t.Fatal(err)
		}
		held := using(t.Context(), poll, weight(1))
		mustBeHeld(t, held, "1 beside 4 of 3")
		heavy.Release()
		mustRun(t, held, "1 of 3")
	})
}

// A heavy reservation that gives up was all that stood in the way of a light one behind it.
func TestLightReservationGoesWhenTheHeavyOneGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := weighted(t, 4, 1)
		p, ok := w.TryReserve(slots.Request{TaskType: "2"})
		if !ok {
			t.Fatal("TryReserve found no 2 of 4")
		}
		defer p.Release()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			if _, err := w.Reserve(ctx, slots.Request{TaskType: "3"}); !errors.Is(err, context.Canceled) {
				t.Errorf("Reserve: error %v, want context.Canceled", err)
			}
		}()
		synctest.Wait()
		got := make(chan slots.Permit, 1)
		go func() {
			q, err := w.Reserve(t.Context(), slots.Request{TaskType: "1"})
			if err != nil {
				t.Errorf("Reserve: %v", err)
			}
			got <- q
		}()
		synctest.Wait()
		wantReport(t, w, slots.Stats{Limit: 4, Issued: 2, Idle: 2, Waiting: 2})
		if _, ok := w.TryReserve(slots.Request{}); ok {
			t.Error("TryReserve of 1 overtook a Reserve of 3")
		}
		cancel()
		(<-got).Release()
	})
}

// All that could be reserved is, and every task turns out to be heavier: one after the other runs.
func TestHeavyTasksDoNotLockEachOtherOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := weighted(t, 4, 1)
		reserved := []slots.Permit{take(t, w), take(t, w), take(t, w), take(t, w)}
		var wg sync.WaitGroup
		start := time.Now()
		for _, p := range reserved {
			wg.Go(func() {
				defer p.Release()
				if err := p.Use(t.Context(), weight(3)); err != nil {
					t.Errorf("Use: %v", err)
				}
				time.Sleep(time.Second)
			})
		}
		wg.Wait()
		if d := time.Since(start); d != 4*time.Second {
			t.Errorf("four tasks of 3 in 4 took %v, want 4s, one after the other", d)
		}
		wantReport(t, w, slots.Stats{Limit: 4})
	})
}

func TestPermitPassesOnToAnotherWeight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := weighted(t, 4, 1)
		a, b := take(t, w), take(t, w)
		mustRun(t, using(t.Context(), a, weight(2)), "2 of 4")
		mustRun(t, using(t.Context(), b, weight(2)), "2 beside 2 of 4")
		ctx, cancel := context.WithCancel(t.Context())
		held := using(ctx, a, weight(3))
		mustBeHeld(t, held, "3 of 4 beside 2")
		wantReport(t, w, slots.Stats{Limit: 4, Issued: 4, Used: 2, Idle: 2, Held: 1})
		cancel()
		if err := <-held; !errors.Is(err, context.Canceled) {
			t.Errorf("Use: error %v, want context.Canceled", err)
		}
		wantReport(t, w, slots.Stats{Limit: 4, Issued: 4, Used: 2, Idle: 2})
		mustRun(t, using(t.Context(), a, weight(1)), "1 of 4 beside 2")
		a.Release()
		b.Release()
		wantReport(t, w, slots.Stats{Limit: 4})
	})
}

func TestSecondUseEndsTheHoldOfTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := weighted(t, 2, 1)
		a, b := take(t, w), take(t, w)
		mustRun(t, using(t.Context(), a, weight(2)), "2 of 2")
		first := using(t.Context(), b, weight(1))
		second := using(t.Context(), b, weight(2))
		if err := <-first; err == nil || errors.Is(err, slots.ErrReleased) {
			t.Errorf("the first Use of two: error %v, want one that tells of the second", err)
		}
		wantReport(t, w, slots.Stats{Limit: 2, Issued: 3, Used: 2, Idle: 1, Held: 1})
		a.Release()
		mustRun(t, second, "2 of 2")
		wantReport(t, w, slots.Stats{Limit: 2, Issued: 2, Used: 2})
	})
}

// scale is the dumb twin of Weighted: it weighs what runs.
type scale struct {
	mu    sync.Mutex
	now   int
	fault string
}

func (s *scale) put(n, limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now += n; n > 0 && s.now > limit && s.now != n {
		s.fault = strconv.Itoa(s.now) + " units run at once, the limit is " + strconv.Itoa(limit)
	}
}

// Whatever weighs whatever and gives up whenever: what runs is never too heavy, nothing is left
// over, and everything gets its turn.
func TestWeightsUnderStress(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			const limit = 12
			var s scale
			w := weighted(t, limit, 1+int(seed%3))
			var wg sync.WaitGroup
			for caller := range uint64(10) {
				wg.Go(func() {
					rng := rand.New(rand.NewPCG(seed, caller))
					for range 80 {
						weighOnce(t, w, rng, &s, limit)
					}
				})
			}
			wg.Wait()
			if s.fault != "" {
				t.Error(s.fault)
			}
			wantReport(t, w, slots.Stats{Limit: limit})
		})
	}
}

func weighOnce(t *testing.T, w *slots.Weighted, rng *rand.Rand, s *scale, limit int) {
	ms := func(n int) time.Duration { return time.Duration(1+rng.IntN(n)) * time.Millisecond }
	patience, cancel := context.WithTimeout(t.Context(), ms(60))
	defer cancel()
	p, err := w.Reserve(patience, slots.Request{})
	if err != nil {
		return
	}
	defer p.Release()
	for range 1 + rng.IntN(3) { // tasks that follow each other in one permit
		n := 1 + rng.IntN(limit+2)
		if err := p.Use(patience, weight(n)); err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Use: error %v, want context.DeadlineExceeded", err)
			}
			return
		}
		s.put(n, limit)
		time.Sleep(ms(4))
		if st := w.Stats(); st.Issued != st.Used+st.Idle || st.Held < 0 || st.Idle < 0 {
			t.Errorf("Stats() = %+v: issued is not used + idle", st)
		}
		s.put(-n, limit)
	}
}
