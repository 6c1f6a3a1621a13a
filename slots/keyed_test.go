package slots_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mainspring-go/mainspring/slots"
)

func typeOf(_ slots.Request, t slots.Task) string { return t.Type }

func keyed(t testing.TB, limit, perKey int, within slots.Supplier) *slots.Keyed {
	t.Helper()
	k, err := slots.NewKeyed(slots.KeyedOptions{
		Limit: limit, Key: typeOf, PerKey: perKey, Keys: map[string]int{"Wide": 2 * perKey}, Within: within,
	})
	if err != nil {
		t.Fatalf("NewKeyed: %v", err)
	}
	return k
}

func wantKey(t testing.TB, k *slots.Keyed, key string, want slots.KeyStats) {
	t.Helper()
	if got := k.KeyStats(key); got != want {
		t.Errorf("KeyStats(%q) = %+v, want %+v", key, got, want)
	}
}

func TestKeyedOptionsAreChecked(t *testing.T) {
	good := slots.KeyedOptions{Limit: 1, Key: typeOf, PerKey: 1}
	for _, tt := range []struct {
		field string
		spoil func(o *slots.KeyedOptions)
	}{
		{"Limit", func(o *slots.KeyedOptions) { o.Limit = 0 }},
		{"Key", func(o *slots.KeyedOptions) { o.Key = nil }},
		{"PerKey", func(o *slots.KeyedOptions) { o.PerKey = 0 }},
		{`Keys["a"]`, func(o *slots.KeyedOptions) { o.Keys = map[string]int{"a": -1} }},
		{"Observers[0]", func(o *slots.KeyedOptions) { o.Observers = []any{nil} }},
	} {
		o := good
		tt.spoil(&o)
		_, err := slots.NewKeyed(o)
		checkOptionError(t, err, tt.field)
	}
	k, err := slots.NewKeyed(good)
	if err != nil {
		t.Fatal(err)
	}
	checkOptionError(t, k.Resize(0), "Limit")
	checkOptionError(t, k.ResizeKey("a", 0), `Keys["a"]`)
}

func TestEachKeyHasItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keyed(t, 10, 1, nil)
		a, b, c, w1, w2 := take(t, k), take(t, k), take(t, k), take(t, k), take(t, k)
		ctx := t.Context()
		mustRun(t, using(ctx, a, slots.Task{Type: "A"}), "the first A")
		second := using(ctx, b, slots.Task{Type: "A"})
		mustBeHeld(t, second, "the second A")
		mustRun(t, using(ctx, c, slots.Task{Type: "B"}), "B beside A")
		mustRun(t, using(ctx, w1, slots.Task{Type: "Wide"}), "the first of two Wide")
		mustRun(t, using(ctx, w2, slots.Task{Type: "Wide"}), "the second of two Wide")
		wantKey(t, k, "A", slots.KeyStats{Limit: 1, Used: 1, Held: 1})
		wantKey(t, k, "Wide", slots.KeyStats{Limit: 2, Used: 2})
		wantKey(t, k, "new", slots.KeyStats{Limit: 1})
		wantReport(t, k, slots.Stats{Limit: 10, Issued: 5, Used: 4, Idle: 1, Held: 1})
		a.Release()
		mustRun(t, second, "the second A after the first")
		for _, p := range []slots.Permit{b, c, w1, w2} {
			p.Release()
		}
		wantKey(t, k, "A", slots.KeyStats{Limit: 1})
		wantReport(t, k, slots.Stats{Limit: 10})
	})
}

func TestTasksWithoutAKeyAreNotHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keyed(t, 3, 1, nil)
		for range 3 {
			mustRun(t, using(t.Context(), take(t, k), slots.Task{}), "a task without a key")
		}
	})
}

func TestResizeKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keyed(t, 10, 1, nil)
		ctx := t.Context()
		a, b, c := take(t, k), take(t, k), take(t, k)
		mustRun(t, using(ctx, a, slots.Task{Type: "A"}), "the first A")
		second, third := using(ctx, b, slots.Task{Type: "A"}), using(ctx, c, slots.Task{Type: "A"})
		if err := k.ResizeKey("A", 2); err != nil {
			t.Fatal(err)
		}
		mustRun(t, second, "the second A of 2")
		mustBeHeld(t, third, "the third A of 2")
		if err := k.ResizeKey("A", 1); err != nil {
			t.Fatal(err)
		}
		a.Release()
		mustBeHeld(t, third, "an A beside 1 of 1")
		wantKey(t, k, "A", slots.KeyStats{Limit: 1, Used: 1, Held: 1})
		b.Release()
		mustRun(t, third, "the A that is left")
	})
}

// With a key before the poll Reserve waits, so that no task is held; others pass it by.
func TestReserveWaitsForAKnownKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keyed(t, 10, 1, nil)
		a := slots.Request{Kind: "activity", TaskType: "A"}
		p, ok := k.TryReserve(a)
		if !ok {
			t.Fatal("TryReserve of the first A found nothing")
		}
		if _, ok := k.TryReserve(a); ok {
			t.Error("TryReserve of a second A found a permit")
		}
		got := make(chan slots.Permit, 1)
		go func() {
			q, err := k.Reserve(t.Context(), a)
			if err != nil {
				t.Errorf("Reserve: %v", err)
			}
			got <- q
		}()
		synctest.Wait()
		wantReport(t, k, slots.Stats{Limit: 10, Issued: 1, Idle: 1, Waiting: 1})
		take(t, k).Release()
		if q, ok := k.TryReserve(slots.Request{TaskType: "B"}); !ok || !q.Release() {
			t.Error("a caller that waits for A stopped one for B")
		}
		mustRun(t, using(t.Context(), p, slots.Task{Type: "A"}), "the A that was reserved as A")
		p.Release()
		q := <-got
		// It turns out to be a B: others may have the A.
		mustRun(t, using(t.Context(), q, slots.Task{Type: "B"}), "a B that was reserved as A")
		if r, ok := k.TryReserve(a); !ok || !r.Release() {
			t.Error("a permit that became a B still counts for A")
		}
		q.Release()
		wantReport(t, k, slots.Stats{Limit: 10})
	})
}

func TestNextTaskOfAnotherKeyServesThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keyed(t, 10, 1, nil)
		ctx := t.Context()
		a, b := take(t, k), take(t, k)
		mustRun(t, using(ctx, a, slots.Task{Type: "A"}), "A")
		held := using(ctx, b, slots.Task{Type: "A"})
		mustRun(t, using(ctx, a, slots.Task{Type: "B"}), "B after A")
		mustRun(t, held, "the next A")
	})
}

// Each of two permits wants to pass on to the key of the other.
func TestPermitsCanSwapKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keyed(t, 10, 1, nil)
		ctx := t.Context()
		a, b := take(t, k), take(t, k)
		mustRun(t, using(ctx, a, slots.Task{Type: "A"}), "A")
		mustRun(t, using(ctx, b, slots.Task{Type: "B"}), "B")
		first := using(ctx, a, slots.Task{Type: "B"})
		mustBeHeld(t, first, "a second B")
		mustRun(t, using(ctx, b, slots.Task{Type: "A"}), "A, which the other has left")
		mustRun(t, first, "B, which the other has left")
	})
}

// Each of two permits was reserved for the key that the other's task turns out to have.
func TestReservationsOfEachOthersKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keyed(t, 10, 1, nil)
		a, okA := k.TryReserve(slots.Request{TaskType: "A"})
		b, okB := k.TryReserve(slots.Request{TaskType: "B"})
		if !okA || !okB {
			t.Fatal("TryReserve found nothing")
		}
		first := using(t.Context(), a, slots.Task{Type: "B"})
		mustBeHeld(t, first, "B beside a reservation for B")
		mustRun(t, using(t.Context(), b, slots.Task{Type: "A"}), "A, which is nobody's any more")
		mustRun(t, first, "B, which is nobody's any more")
	})
}

// reserving starts a Reserve and returns its permit when it comes.
func reserving(t *testing.T, s slots.Supplier, r slots.Request) <-chan slots.Permit {
	t.Helper()
	got := make(chan slots.Permit, 1)
	go func() {
		p, err := s.Reserve(t.Context(), r)
		if err != nil {
			t.Errorf("Reserve: %v", err)
		}
		got <- p
	}()
	synctest.Wait()
	return got
}

func TestFullKeyDoesNotStopThoseBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keyed(t, 2, 1, nil)
		a := slots.Request{TaskType: "A"}
		first, ok := k.TryReserve(a)
		if !ok {
			t.Fatal("TryReserve found nothing")
		}
		other := take(t, k)
		next, behind := reserving(t, k, a), reserving(t, k, slots.Request{})
		other.Release()
		(<-behind).Release()
		wantReport(t, k, slots.Stats{Limit: 2, Issued: 1, Idle: 1, Waiting: 1})
		first.Release()
		(<-next).Release()
	})
}

// What a permit was counted for goes to those who wait, in Use and in Reserve, when its task turns
// out to be another, also while that is held.
func TestKeyThatIsLeftServesThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keyed(t, 10, 1, nil)
		ctx := t.Context()
		a, ok := k.TryReserve(slots.Request{TaskType: "A"})
		if !ok {
			t.Fatal("TryReserve found nothing")
		}
		held := using(ctx, take(t, k), slots.Task{Type: "A"})
		mustBeHeld(t, held, "A beside a reservation for A")
		mustRun(t, using(ctx, a, slots.Task{Type: "B"}), "B, reserved as A")
		mustRun(t, held, "A, which is nobody's any more")

		c := take(t, k)
		mustRun(t, using(ctx, c, slots.Task{Type: "C"}), "C")
		got := reserving(t, k, slots.Request{TaskType: "C"})
		mustBeHeld(t, using(ctx, c, slots.Task{Type: "B"}), "a second B")
		(<-got).Release()
	})
}

// One permit waits for a key with the weight of its earlier task in hand, the other has the key and
// waits for weight.
func TestChainsDoNotLockEachOtherOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		byID, err := slots.NewWeighted(slots.WeightedOptions{
			Limit: 4, Weight: func(_ slots.Request, t slots.Task) int { return len(t.ID) },
		})
		if err != nil {
			t.Fatal(err)
		}
		k := keyed(t, 10, 1, byID)
		ctx := t.Context()
		a, b := take(t, k), take(t, k)
		mustRun(t, using(ctx, a, slots.Task{Type: "A", ID: "xxx"}), "A of 3")
		second := using(ctx, b, slots.Task{Type: "B", ID: "xxxx"})
		mustBeHeld(t, second, "B of 4 beside A of 3")
		first := using(ctx, a, slots.Task{Type: "B", ID: "x"})
		mustRun(t, second, "B of 4, after the A of 3")
		mustBeHeld(t, first, "the next B")
		wantReport(t, byID, slots.Stats{Limit: 4, Issued: 7, Used: 4, Idle: 3})
		b.Release()
		mustRun(t, first, "the next B")
		a.Release()
		wantReport(t, byID, slots.Stats{Limit: 4})
		wantReport(t, k, slots.Stats{Limit: 10})
	})
}

// A hold that ends within leaves the outer key to others.
func TestHoldWithinGivesTheKeyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := weighted(t, 2, 1)
		byGroup, err := slots.NewKeyed(slots.KeyedOptions{
			Limit: 10, PerKey: 1, Within: inner,
			Key: func(_ slots.Request, t slots.Task) string { return t.Group },
		})
		if err != nil {
			t.Fatal(err)
		}
		a, b := take(t, byGroup), take(t, byGroup)
		mustRun(t, using(t.Context(), a, slots.Task{Type: "2"}), "2 of 2")
		ctx, cancel := context.WithCancel(t.Context())
		held := using(ctx, b, slots.Task{Type: "1", Group: "tenant"})
		mustBeHeld(t, held, "1 beside 2 of 2")
		wantKey(t, byGroup, "tenant", slots.KeyStats{Limit: 1, Used: 1})
		cancel()
		if err := <-held; !errors.Is(err, context.Canceled) {
			t.Errorf("Use: error %v, want context.Canceled", err)
		}
		wantKey(t, byGroup, "tenant", slots.KeyStats{Limit: 1})
		wantReport(t, byGroup, slots.Stats{Limit: 10, Issued: 2, Used: 1, Idle: 1})
	})
}

// Random tasks of few keys: no key runs too many, nor all together, and nothing is left over.
func TestKeysUnderStress(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			const limit, perKey = 7, 2
			k := keyed(t, limit, perKey, nil)
			var mu sync.Mutex
			running := map[string]int{}
			count := func(key string, n int) {
				mu.Lock()
				defer mu.Unlock()
				if running[key] += n; running[key] > perKey {
					t.Errorf("%d tasks of key %s run at once, want at most %d", running[key], key, perKey)
				}
			}
			var wg sync.WaitGroup
			for caller := range uint64(12) {
				wg.Go(func() {
					rng := rand.New(rand.NewPCG(seed, caller))
					for range 60 {
						keyOnce(t, k, rng, count)
					}
				})
			}
			wg.Wait()
			wantReport(t, k, slots.Stats{Limit: limit})
			for key := range running {
				wantKey(t, k, key, slots.KeyStats{Limit: perKey})
			}
		})
	}
}

func keyOnce(t *testing.T, k *slots.Keyed, rng *rand.Rand, count func(string, int)) {
	ms := func(n int) time.Duration { return time.Duration(1+rng.IntN(n)) * time.Millisecond }
	patience, cancel := context.WithTimeout(t.Context(), ms(50))
	defer cancel()
	var r slots.Request
	if rng.IntN(3) == 0 {
		r.TaskType = fmt.Sprintf("key%d", rng.IntN(3))
	}
	p, err := k.Reserve(patience, r)
	if err != nil {
		return
	}
	defer p.Release()
	for range 1 + rng.IntN(3) {
		key := fmt.Sprintf("key%d", rng.IntN(3))
		if err := p.Use(patience, slots.Task{Type: key}); err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Use: error %v, want context.DeadlineExceeded", err)
			}
			return
		}
		count(key, 1)
		time.Sleep(ms(3))
		if s := k.Stats(); s.Issued != s.Used+s.Idle || s.Issued > s.Limit {
			t.Errorf("Stats() = %+v: issued is not used + idle within the limit", s)
		}
		count(key, -1)
	}
}
